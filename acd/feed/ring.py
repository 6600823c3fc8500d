"""The last entries in memory, and those who wait for the next."""

import asyncio
from collections import deque
from itertools import islice

from acd.ports import JournalEntry

CAPACITY = 8_192
"""Entries in memory for consumers that are a little behind; the others read the journal."""
CAPACITY_BYTES = 16 * 1024 * 1024


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

    def start_from(self, seq: int) -> None:
        """The last entry before the first that will be offered; it is written."""
        self._last = self._reported = self.written = seq

    def offer(self, entry: JournalEntry) -> None:
        """The next entry, appended but perhaps not written."""
        self._entries.append(entry)
        self._last = entry.seq
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
        """Return as soon as something after `seq` is written, or after `patience_s`."""
        if self.written <= seq:
            await asyncio.wait([self._news], timeout=patience_s)

    def _open(self) -> None:
        self._woken = False
        self.written = min(self._reported, self._last)
        news, self._news = self._news, self._loop.create_future()
        news.set_result(None)
