"""The rule of consecutive sequence numbers, shared by all journals. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from acd.journal.errors import JournalOrderError
from acd.ports import ChannelRecord, JournalEntry, Snapshot


class Appended(NamedTuple):
    """What one call of `append` brought: it becomes durable as a whole."""

    entry: JournalEntry | None
    records: tuple[ChannelRecord, ...]


class AppendOrder:
    """Knows the last sequence number taken and refuses what does not follow."""

    def __init__(self, last_seq: int, snapshot_seq: int) -> None:
        self.last_seq = last_seq
        self._snapshot_seq = snapshot_seq

    def take(self, entry: JournalEntry | None, records: Iterable[ChannelRecord]) -> Appended:
        """The pair as a whole; raises JournalOrderError if the entry is not the next one."""
        appended = Appended(entry, tuple(records))
        if entry is not None:
            if entry.seq != self.last_seq + 1:
                raise JournalOrderError(self.last_seq + 1, entry.seq)
            self.last_seq = entry.seq
        return appended

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Raises JournalOrderError for a snapshot of what was not appended, or older than the last one."""
        if snapshot.seq > self.last_seq:
            raise JournalOrderError(self.last_seq + 1, snapshot.seq)
        if snapshot.seq < self._snapshot_seq:
            raise JournalOrderError(self._snapshot_seq, snapshot.seq)
        self._snapshot_seq = snapshot.seq
