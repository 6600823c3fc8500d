"""The server's end of the feed: a consumer is served from memory while he keeps up, else from the journal."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

from acd.feed import cursor as cursors
from acd.feed.cursor import Cursor, Epochs
from acd.feed.messages import Base, Delivery, Entries, Follow, Gone
from acd.feed.ring import Ring
from acd.ports import Journal, JournalEntry, Snapshot

BATCH = 256
"""Sent in one frame: enough that the frame costs little, few enough that the loop is not held up."""
BATCH_OF_JOURNAL = 1_000
BATCH_BYTES = 4 * 1024 * 1024
BEAT_S = 2.0
"""After so long without news an empty batch says that the server lives."""
PART_BYTES = 1024 * 1024

Send = Callable[[Delivery], Awaitable[None]]
"""Returns when the consumer's socket took it; raises when he is too slow."""


class Source:
    """Serves any number of consumers; none of them costs the others more than his own sends."""

    def __init__(
        self, ring: Ring, epochs: Epochs, journal: Journal, snapshot: Callable[[], Snapshot | None]
    ) -> None:
        """`snapshot`: the last one taken."""
        self._ring = ring
        self.epochs = epochs
        self._journal = journal
        self._snapshot = snapshot

    @property
    def head(self) -> Cursor:
        """The last entry that has left or may leave."""
        return Cursor(self.epochs.current, self._ring.written)

    async def serve(self, follow: Follow, send: Send) -> None:
        """Send what is wanted and all that comes, until `send` raises or the cursor is not ours."""
        try:
            wanted = cursors.parse(follow.cursor) if follow.cursor else None
        except ValueError as mistake:
            await send(Gone(str(mistake)))
            return
        if wanted is not None and not self.epochs.holds(wanted, self._ring.written):
            await send(Gone("the entries before this cursor are not those of this journal"))
            return
        seq = wanted.seq if wanted else await self._send_base(send)
        while True:
            entries = await self._after(seq)
            if entries is None:
                await send(Gone(f"entry {seq + 1} is not kept any more"))
                return
            if not entries:
                await self._ring.more(seq, BEAT_S)
                entries = _fitting(self._ring.after(seq, BATCH) or [])
            seq = entries[-1].seq if entries else seq
            await send(Entries(str(Cursor(self.epochs.current, seq)), entries, *self._ring.unwritten))

    async def _send_base(self, send: Send) -> int:
        snapshot = self._snapshot() or Snapshot(0, 0, b"")
        cursor = str(Cursor(self.epochs.current, snapshot.seq))
        for index in range(max(1, -(-len(snapshot.state) // PART_BYTES))):
            part = snapshot.state[index * PART_BYTES : (index + 1) * PART_BYTES]
            last = (index + 1) * PART_BYTES >= len(snapshot.state)
            await send(Base(index, cursor, snapshot.version, part, last))
        return snapshot.seq

    async def _after(self, seq: int) -> list[JournalEntry] | None:
        """What follows, as far as it is written; None: the journal has lost it."""
        entries = self._ring.after(seq, BATCH)
        if entries is None:
            entries = await asyncio.to_thread(self._read, seq)
            if not entries or entries[0].seq != seq + 1:
                return None
        return _fitting(entries)

    def _read(self, seq: int) -> list[JournalEntry]:
        """Of the journal, but nothing that the ring has not reported as written, and nothing after a gap."""
        until = self._ring.written
        found: Iterator[JournalEntry] = iter(self._journal.facts(seq))
        entries = [entry for entry in islice(found, BATCH_OF_JOURNAL) if entry.seq <= until]
        first = entries[0].seq if entries else 0
        return [entry for number, entry in enumerate(entries, first) if entry.seq == number]


def _fitting(entries: list[JournalEntry]) -> list[JournalEntry]:
    """As many from the first on as one frame takes: a desk of thousands of agents is a large event."""
    size = 0
    for count, entry in enumerate(entries):
        size += len(entry.event) + len(entry.facts)
        if size > BATCH_BYTES and count:
            return entries[:count]
    return entries
