"""A journal that lives in memory: for tests and simulation; nothing survives the process."""

from collections.abc import Callable, Iterable, Iterator

from acd.journal.errors import JournalClosedError, JournalLockedError
from acd.journal.order import AppendOrder
from acd.ports import ChannelRecord, JournalEntry, Progress, Recovered, Snapshot

KEPT_SNAPSHOTS = 2


class MemoryJournal:
    """Keeps everything in lists; closing and opening the same object again plays a restart.

    Unlike the durable journals it reports progress at once, inside `append`, on the caller's thread:
    written and synced are the same here, and tests stay deterministic.
    """

    def __init__(self) -> None:
        self._entries: list[JournalEntry] = []
        self._records: dict[tuple[str, str], bytes] = {}
        self._snapshots: list[Snapshot] = []
        self._archived = 0
        self._order: AppendOrder | None = None
        self._on_written: Progress = _ignore
        self._on_synced: Progress = _ignore

    @property
    def archived(self) -> int:
        """How many entries two snapshots cover; a restart does not read them."""
        return self._archived

    def open(
        self,
        on_written: Progress,
        on_synced: Progress,
        on_failure: Callable[[Exception], None],  # noqa: ARG002
    ) -> Recovered:
        """As the port says; `on_failure` is never called. Raises JournalLockedError if already open."""
        if self._order is not None:
            raise JournalLockedError("this memory journal is already open: close it first")
        self._on_written, self._on_synced = on_written, on_synced
        snapshot = self._snapshots[-1] if self._snapshots else None
        after = snapshot.seq if snapshot else 0
        self._order = AppendOrder(len(self._entries), after)
        return Recovered(snapshot, self._entries[after:], dict(self._records))

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        """As the port says. Raises JournalOrderError, JournalClosedError; then nothing has changed."""
        appended = self._opened().take(entry, records)
        for channel, key, value in appended.records:
            if value is None:
                self._records.pop((channel, key), None)
            else:
                self._records[channel, key] = value
        if entry is not None:
            self._entries.append(entry)
            self._on_written(entry.seq)
            self._on_synced(entry.seq)

    def snapshot(self, snapshot: Snapshot) -> None:
        """As the port says. Raises JournalOrderError, JournalClosedError."""
        self._opened().take_snapshot(snapshot)
        self._snapshots = [*self._snapshots, snapshot][-KEPT_SNAPSHOTS:]
        if len(self._snapshots) == KEPT_SNAPSHOTS:
            self._archived = self._snapshots[0].seq

    def facts(self, after_seq: int = 0) -> Iterator[JournalEntry]:
        """As the port says."""
        self._opened()
        return iter(self._entries[max(0, after_seq) :])

    def flush(self) -> None:
        """Nothing is ever waiting."""
        self._opened()

    def close(self) -> None:
        """Forget the callbacks; what was appended is there when it is opened again."""
        self._order = None
        self._on_written = self._on_synced = _ignore

    def _opened(self) -> AppendOrder:
        if self._order is None:
            raise JournalClosedError("the journal is not open")
        return self._order


def _ignore(_seq: int) -> None:
    pass
