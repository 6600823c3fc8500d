"""The three jobs of the embedded journal: writing, syncing, and keeping snapshots and archive."""

import sqlite3
from collections import deque
from collections.abc import Callable
from enum import Enum
from itertools import islice
from queue import Empty, SimpleQueue
from time import monotonic, sleep

from acd.journal.flow import SNAPSHOT, SYNC, WRITE, Flow
from acd.journal.order import Appended
from acd.journal.segment import Segment
from acd.journal.store import Store
from acd.ports import Snapshot

GROUP = 512
"""Most appends in one transaction, so that *written* is reported in small steps even after a stall."""

SYNC_PACE_S = 0.05
"""A sync begins no sooner after the one before: a busy desk would otherwise sync after every entry."""

DISK_FAULTS = (OSError, sqlite3.Error)


class Signal(Enum):
    """What a thread is told besides its work."""

    STOP = "finish what you have"
    RESYNC = "a sync failed: write the unsynced again"


class Writer:
    """Commits what is appended, as much at a time as there is; never waits for the disk to sync."""

    def __init__(self, flow: Flow, store: Store, retry_s: float) -> None:
        self.inbox: SimpleQueue[Appended | Segment | Signal] = SimpleQueue()
        """Appends; a Segment to go on in; signals."""
        self._flow = flow
        self._store = store
        self._retry_s = retry_s
        self._pending: deque[Appended] = deque()
        self._fresh: Segment | None = None
        self._stopping = False
        self._retry_at_s = 0.0
        self._rewrite_at_s = 0.0

    def run(self) -> None:
        """Until STOP, and until one more attempt was made for what is pending."""
        while not self._stopping:
            self._collect()
            try:
                self._write()
            except DISK_FAULTS as error:
                self._retry_at_s = monotonic() + self._retry_s
                self._flow.fail(WRITE, error)
            else:
                self._flow.heal(WRITE)
        if self._fresh is not None:
            self._fresh.close()

    def _collect(self) -> None:
        """Wait for work, then take all there is, up to a group; after a failure, until the retry."""
        try:
            while (pause_s := self._retry_at_s - monotonic()) > 0 and not self._stopping:
                self._accept(self.inbox.get(timeout=pause_s))
            if not (self._stopping or self._pending):
                self._accept(self.inbox.get(timeout=self._idle_s()))
            while len(self._pending) < GROUP and not self._stopping:
                self._accept(self.inbox.get_nowait())
        except Empty:
            pass

    def _idle_s(self) -> float | None:
        return max(0.0, self._rewrite_at_s - monotonic()) if self._flow.must_rewrite else None

    def _accept(self, command: Appended | Segment | Signal) -> None:
        if isinstance(command, Signal):
            self._stopping = command is Signal.STOP
        elif isinstance(command, Segment):
            self._fresh = command
        else:
            self._pending.append(command)

    def _write(self) -> None:
        flow = self._flow
        if flow.must_rewrite and monotonic() >= self._rewrite_at_s:
            self._rewrite_at_s = monotonic() + self._retry_s
            self._write_again()
        if self._fresh is not None:
            with flow.state:
                flow.segments.append(self._fresh)
                self._fresh = None
        while self._pending:
            group = list(islice(self._pending, GROUP))
            flow.segments[-1].write(flow.written_seq, group)
            for _ in group:
                self._pending.popleft()
            flow.commit(group)

    def _write_again(self) -> None:
        """Put everything unsynced into a new segment; what the failed ones hold of it no longer counts."""
        flow = self._flow
        segment = self._store.new_segment()
        unsynced = list(flow.unsynced)
        try:
            for start in range(0, len(unsynced), GROUP):
                segment.write(flow.synced_seq, unsynced[start : start + GROUP])
        except BaseException:
            self._store.drop(segment)
            raise
        with flow.state:
            failed, flow.segments = flow.segments, [segment]
            flow.must_rewrite = False
            flow.state.notify_all()
        for old in failed:
            self._store.retire(old, flow.synced_seq)


class Syncer:
    """Syncs what is committed, in groups: all that came since one fsync began is covered by the next.

    The first after a quiet moment is synced at once.
    """

    def __init__(self, flow: Flow, store: Store, writer: Writer, fsync: Callable[[int], None]) -> None:
        self._flow = flow
        self._writer = writer
        self._store = store
        self._fsync = fsync

    def run(self) -> None:
        """Until the flow is stopped."""
        flow = self._flow
        while self._wait():
            began_s = monotonic()
            with flow.state:
                committed, seq, segments = flow.committed, flow.written_seq, list(flow.segments)
            try:
                self._sync(segments)
            except DISK_FAULTS as error:
                flow.must_rewrite = True
                flow.fail(SYNC, error)
                self._writer.inbox.put(Signal.RESYNC)
            else:
                self._store.mark.note(seq)
                flow.sync_to(committed, seq)
                flow.heal(SYNC)
            sleep(max(0.0, began_s + SYNC_PACE_S - monotonic()))

    def _wait(self) -> bool:
        flow = self._flow
        with flow.state:
            flow.state.wait_for(
                lambda: flow.stopped or (flow.synced < flow.committed and not flow.must_rewrite)
            )
            return not flow.stopped

    def _sync(self, segments: list[Segment]) -> None:
        """Sync the segments in their order; all but the last are complete, so seal them."""
        for segment in segments[:-1]:
            segment.sync(self._fsync)
            segment.seal(self._fsync)
            with self._flow.state:
                self._flow.segments.remove(segment)
            self._store.retire(segment, segment.last_seq)
        segments[-1].sync(self._fsync)


class Keeper:
    """Stores snapshots, gives the writer a new segment after each, archives what two of them cover."""

    def __init__(self, flow: Flow, store: Store, writer: Writer) -> None:
        self.inbox: SimpleQueue[Snapshot | Signal] = SimpleQueue()
        self._flow = flow
        self._store = store
        self._writer = writer

    def run(self) -> None:
        """Until STOP; a snapshot that cannot be stored is reported and dropped."""
        while not isinstance(snapshot := self.inbox.get(), Signal):
            if not self._wait_synced(snapshot.seq):
                continue
            try:
                self._keep(snapshot)
            except DISK_FAULTS as error:
                self._flow.fail(SNAPSHOT, error)
            else:
                self._flow.heal(SNAPSHOT)

    def _keep(self, snapshot: Snapshot) -> None:
        self._store.snapshots.store(snapshot)
        self._writer.inbox.put(self._store.new_segment())
        self._store.archive_covered()

    def _wait_synced(self, seq: int) -> bool:
        """A snapshot must not outlive the entries that led to it: their facts would be missing."""
        flow = self._flow
        with flow.state:
            flow.state.wait_for(lambda: flow.synced_seq >= seq or flow.giving_up or flow.stopped)
            return flow.synced_seq >= seq
