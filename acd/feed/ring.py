"""The last entries in memory, and those who wait for the next."""

import asyncio
import time
from collections import deque
from itertools import islice
from typing import NamedTuple

from acd.ports import JournalEntry

CAPACITY = 8_192
"""Entries in memory for consumers that are a little behind; the others read the journal."""
CAPACITY_BYTES = 16 * 1024 * 1024
LATE_MS = 500
"""What is not written for longer is late: followers are told that there is something they do not see."""
_MARK_MS = 100


class Unwritten(NamedTuple):
    """Entries that were decided, and perhaps acted upon, but are late to be written: no copy shows them."""

    entries: int = 0
    since_ms: int = 0
    """When the first of them was decided; 0: there are none."""


class _Marks:
    """When the entries came that are not written yet, to a tenth of a second and never too late."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, int]] = deque()
        """Entry, and when it came: those between two marks came after the first."""

    def came(self, seq: int, written: int, now_ms: int) -> None:
        """Entry `seq` is the last; up to `written` all is written."""
        if written == seq - 1:
            self._marks.clear()
        if not self._marks or now_ms - self._marks[-1][1] >= _MARK_MS:
            self._marks.append((seq, now_ms))

    def since_ms(self, written: int) -> int:
        """When the first entry after `written` came; there is one."""
        while len(self._marks) > 1 and self._marks[1][0] <= written + 1:
            self._marks.popleft()
        return self._marks[0][1]


class Ring:
    """Takes each entry when it is appended, lets it out when it is written; bounded, whoever reads or not.

    `offer` and `on_written` are all that the server's loop does for its followers, however many there are.
    """

    def __init__(self, *, capacity: int = CAPACITY, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._loop = asyncio.get_running_loop()
        self.capacity = capacity
        self.capacity_bytes = capacity_bytes
        self._bytes = 0
        self._entries: deque[JournalEntry] = deque()
        self._last = self._reported = self.written = 0
        self._woken = False
        self._news: asyncio.Future[None] = self._loop.create_future()
        self._marks = _Marks()
        self._look: asyncio.TimerHandle | None = None

    @property
    def unwritten(self) -> Unwritten:
        """What is late now, by the machine's monotonic clock."""
        if self._last <= self.written:
            return Unwritten()
        since_ms = self._marks.since_ms(self.written)
        late = _now_ms() - since_ms >= LATE_MS
        return Unwritten(self._last - self.written, since_ms) if late else Unwritten()

    def start_from(self, seq: int) -> None:
        """The last entry before the first that will be offered; it is written."""
        self._last = self._reported = self.written = seq

    def offer(self, entry: JournalEntry) -> None:
        """The next entry, appended but perhaps not written."""
        self._entries.append(entry)
        self._last = entry.seq
        self._marks.came(entry.seq, self.written, _now_ms())
        if self._look is None:
            self._look = self._loop.call_later(LATE_MS / 1000, self._look_for_late)
        self._bytes += len(entry.event) + len(entry.facts)
        while len(self._entries) > self.capacity or self._bytes > self.capacity_bytes:
            oldest = self._entries.popleft()
            self._bytes -= len(oldest.event) + len(oldest.facts)

    def on_written(self, seq: int) -> None:
        """Everything up to `seq` is written (any one thread of the journal)."""
        self._reported = max(seq, self._reported)
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._open)

    def after(self, seq: int, limit: int) -> list[JournalEntry] | None:
        """Up to `limit` written entries after `seq`, oldest first; None: they are only in the journal."""
        first = self._entries[0].seq if self._entries else self._last + 1
        if seq + 1 < first:
            return None if seq < self.written else []
        start = seq + 1 - first
        ready = self.written - seq
        return list(islice(self._entries, start, start + max(0, min(limit, ready))))

    async def more(self, seq: int, patience_s: float) -> None:
        """Return as soon as something after `seq` is written or late, or after `patience_s`."""
        if self.written <= seq:
            await asyncio.wait([self._news], timeout=patience_s)

    def _look_for_late(self) -> None:
        self._look = None
        if self._last > self.written:
            self._look = self._loop.call_later(LATE_MS / 1000, self._look_for_late)
            if self.unwritten.entries:
                self._wake()

    def _open(self) -> None:
        self._woken = False
        self.written = min(self._reported, self._last)
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, self._loop.create_future()
        news.set_result(None)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
