"""The journal of a contact: where its entries are, and the engine as it was before any of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.errors import UnreadableSnapshot
from acd.core.events import ContactId
from acd.journal.errors import JournalDamagedError
from acd.journal.reading import JournalReader
from acd.journal.snapshots import good_snapshots
from acd.ports import JournalEntry, Snapshot, Told
from acd.replay.divergence import Divergence
from acd.replay.replayer import repeat
from acd.reports.history import contact_history

OnRead = Callable[[int, int], None]
"""Called now and then with how many entries were replayed, of how many."""

EVERY = 500


class CannotExplain(Exception):
    """There is no answer; the text says why, and what would help."""


class Record:
    """A journal that is only read: beside the server that writes it, or in a copy."""

    def __init__(self, directory: Path) -> None:
        """Raises JournalError."""
        self._reader = JournalReader(directory)
        self.last_seq = self._reader.last_seq()
        self.snapshots = good_snapshots(directory)
        """The oldest first."""
        self.first_seq = self._first()
        """Before it nothing is left; 1: everything is there."""

    def entries(self, after_seq: int) -> Iterator[JournalEntry]:
        """Those that were there when it was opened. Raises JournalError."""
        for entry in self._reader.entries(after_seq):
            if entry.seq > self.last_seq:
                return
            yield entry

    def history(self, contact: int) -> list[Told]:
        """All that was decided about it. Raises CannotExplain: nothing is known of it."""
        found = contact_history(_Facts(self), ContactId(contact), self.last_seq, after_seq=self.first_seq - 1)
        if found:
            return found
        gone = ""
        if self.first_seq > 1:
            gone = f"; entries 1 to {self.first_seq - 1} are gone, and with them what arrived then"
        raise CannotExplain(f"there is no contact {contact} in this journal{gone}")

    def before(self, seq: int) -> tuple[Engine, int]:
        """An engine from the last snapshot before entry `seq`, and the entry that it stands after.

        Raises CannotExplain: there is neither such a snapshot nor the first entry.
        """
        for snapshot in reversed(self.snapshots):
            if snapshot.seq < seq and (engine := _restored(snapshot)) is not None:
                return engine, snapshot.seq
        if self.first_seq > 1:
            raise CannotExplain(
                f"entries 1 to {self.first_seq - 1} are gone, and no snapshot of engine version "
                f"{ENGINE_VERSION} is left from before entry {seq}: ask in a backup that has them"
            )
        return Engine(), 0

    def seq_before(self, t_ms: int, until_seq: int) -> int:
        """The last entry before that moment, and before entry `until_seq`. Raises JournalError."""
        low, high = self.first_seq - 1, until_seq - 1
        while low < high:
            middle = (low + high + 1) // 2
            entry = next(iter(self._reader.entries(middle - 1)), None)
            low, high = (middle, high) if entry is not None and entry.t_ms < t_ms else (low, middle - 1)
        return low

    def _first(self) -> int:
        try:
            next(iter(self._reader.entries(0)), None)
        except JournalDamagedError:
            if not self.snapshots:
                raise
            return self.snapshots[0].seq + 1
        return 1


class _Facts:
    """As much of a journal as a history needs."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def facts(self, after_seq: int = 0) -> Iterator[JournalEntry]:
        return self._record.entries(after_seq)


def again(engine: Engine, entry: JournalEntry) -> None:
    """The entry once more. Raises CannotExplain unless the engine decides the same."""
    try:
        repeat(engine, entry, any_version=True)
    except Divergence as found:
        if entry.version == ENGINE_VERSION:
            raise CannotExplain(str(found)) from found
        raise CannotExplain(
            f"entry {entry.seq} was decided by engine version {entry.version}, and this one, version "
            f"{ENGINE_VERSION}, would decide otherwise: ask the program of that time, or of a later contact"
        ) from found


def _restored(snapshot: Snapshot) -> Engine | None:
    try:
        return Engine.restore(snapshot.state)
    except UnreadableSnapshot:
        return None
