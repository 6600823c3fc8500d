"""The embedded journal: SQLite files; a writer, a sync thread, and a keeper of snapshots and archive."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Thread

from acd.journal.errors import JournalClosedError, JournalError, JournalFullError, JournalOpenError
from acd.journal.flow import Flow
from acd.journal.order import AppendOrder
from acd.journal.store import Store
from acd.journal.threads import DISK_FAULTS, Keeper, Signal, Syncer, Writer
from acd.ports import ChannelRecord, JournalEntry, Progress, Recovered, Snapshot

CLOSE_S = 30.0
"""So long the disk may take for what is not synced yet when the journal is closed."""
END_S = 10.0
"""And each thread for what it does at that moment."""


class SqliteJournal:
    """A journal in `directory`: *written* = committed to the WAL, *synced* = fsync done; each has its thread.

    **When the disk fails.** `on_failure` is called once per episode with a JournalWriteError. What was
    appended, and what is appended from then on, is kept in memory and tried again every `retry_s`
    seconds, in order; nothing of it is reported until it is on disk. At `backlog_limit` appends not yet
    synced, `append` raises JournalFullError and takes nothing. After a failed fsync the kernel may have
    dropped the pages it could not write, so everything not yet synced is written once more, to a new file.
    """

    def __init__(
        self,
        directory: Path,
        *,
        fsync: Callable[[int], None] = os.fdatasync,
        retry_s: float = 0.5,
        backlog_limit: int = 200_000,
        accept_loss: bool = False,
    ) -> None:
        """`accept_loss`: open it although entries that were synced are gone."""
        self._directory = directory
        self._fsync = fsync
        self._retry_s = retry_s
        self._backlog_limit = backlog_limit
        self._accept_loss = accept_loss
        self._running: _Running | None = None

    @property
    def failures(self) -> tuple[Exception, ...]:
        """What is failing at the moment; empty when all is well."""
        return tuple(self._running.flow.failures.values()) if self._running else ()

    @property
    def backlog(self) -> int:
        """Appends that are not synced yet."""
        return self._opened().backlog

    @property
    def discarded(self) -> tuple[Path, ...]:
        """Files that `open` set aside: written, never synced, and cut off by the death of the machine."""
        return tuple(self._opened().store.discarded)

    def open(
        self, on_written: Progress, on_synced: Progress, on_failure: Callable[[Exception], None]
    ) -> Recovered:
        """As the port says; all that is returned is synced. May be called again after `close`.

        Raises JournalOpenError, JournalLockedError, JournalFormatError, JournalDamagedError.
        """
        if self._running is not None:
            raise JournalError("this journal is already open")
        store, recovered = Store.open(self._directory, accept_loss=self._accept_loss)
        try:
            flow = Flow(store.last_seq, store.new_segment(), on_written, on_synced, on_failure)
        except DISK_FAULTS as error:
            store.close()
            raise JournalOpenError(f"cannot write to {self._directory}: {error}") from error
        snapshot_seq = recovered.snapshot.seq if recovered.snapshot else 0
        self._running = _Running(
            store, flow, AppendOrder(store.last_seq, snapshot_seq), self._fsync, self._retry_s
        )
        return recovered

    def append(self, entry: JournalEntry | None, records: Iterable[ChannelRecord] = ()) -> None:
        """As the port says. Raises JournalOrderError, JournalFullError, JournalClosedError: nothing taken."""
        running = self._running
        if running is None or running.flow.stopped:
            raise JournalClosedError("the journal is not open")
        flow = running.flow
        if flow.appended - flow.synced >= self._backlog_limit:
            raise JournalFullError(
                f"{self._backlog_limit} journal entries wait for the disk: free space in {self._directory}"
            )
        appended = running.order.take(entry, records)
        flow.appended += 1
        running.writer.inbox.put(appended)

    def snapshot(self, snapshot: Snapshot) -> None:
        """As the port says; it is stored once entry `snapshot.seq` is synced.

        A snapshot that cannot be stored is reported to `on_failure` and dropped: the one before still holds.
        Raises JournalOrderError, JournalClosedError.
        """
        running = self._opened()
        running.order.take_snapshot(snapshot)
        running.keeper.inbox.put(snapshot)

    def facts(self, after_seq: int = 0) -> Iterator[JournalEntry]:
        """As the port says. Reads files on the caller's thread, a thousand entries at a time."""
        return self._opened().store.entries(after_seq)

    def flush(self) -> None:
        """As the port says; raises JournalWriteError if another attempt fails meanwhile."""
        self._opened().flow.wait_synced()

    def close(self) -> None:
        """As the port says, waiting snapshots too; raises JournalWriteError if anything is not saved."""
        running, self._running = self._running, None
        if running is not None:
            running.finish()

    def _opened(self) -> "_Running":
        if self._running is None or self._running.flow.stopped:
            raise JournalClosedError("the journal is not open")
        return self._running


class _Running:
    """The threads of an open journal and what they work on."""

    def __init__(
        self, store: Store, flow: Flow, order: AppendOrder, fsync: Callable[[int], None], retry_s: float
    ) -> None:
        self.store = store
        self.flow = flow
        self.order = order
        self.writer = Writer(flow, store, retry_s)
        self.keeper = Keeper(flow, store, self.writer)
        self._writing = self._start("writer", self.writer.run)
        self._keeping = self._start("keeper", self.keeper.run)
        self._syncing = self._start("sync", Syncer(flow, store, self.writer, fsync).run)

    @property
    def backlog(self) -> int:
        return self.flow.appended - self.flow.synced

    def finish(self) -> None:
        """A disk that hangs keeps its threads and open files: whoever closed them would hang, too."""
        try:
            self.flow.wait_synced(CLOSE_S)
        finally:
            if self._stop():
                for segment in self.flow.segments:
                    segment.close()
                self.store.close()

    def _stop(self) -> bool:
        """Whether all threads have ended."""
        flow = self.flow
        with flow.state:
            flow.giving_up = flow.synced < flow.appended
            flow.state.notify_all()
        self.keeper.inbox.put(Signal.STOP)
        self._keeping.join(END_S)
        self.writer.inbox.put(Signal.STOP)
        self._writing.join(END_S)
        with flow.state:
            flow.stopped = True
            flow.state.notify_all()
        self._syncing.join(END_S)
        return not any(thread.is_alive() for thread in (self._keeping, self._writing, self._syncing))

    def _start(self, name: str, job: Callable[[], None]) -> Thread:
        thread = Thread(target=self._guarded, args=(job,), name=f"journal-{name}", daemon=True)
        thread.start()
        return thread

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            self.flow.crash(error)
