"""What the journal's threads share: how far appends have come, what is failing, and the callbacks."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition

from acd.journal.errors import JournalWriteError
from acd.journal.order import Appended
from acd.journal.segment import Segment
from acd.ports import Progress

WRITE, SYNC, SNAPSHOT, CRASH = "write", "sync", "store a snapshot", "crash"


class Flow:
    """Counts of appends (records without an entry count too), and the sequence numbers they reach.

    `appended` belongs to the caller's thread, `committed` to the writer, `synced` to the sync thread; others
    only read them. `state` guards everything else and is notified whenever something moves.
    """

    def __init__(
        self,
        last_seq: int,
        first: Segment,
        on_written: Progress,
        on_synced: Progress,
        on_failure: Callable[[Exception], None],
    ) -> None:
        self.on_written = on_written
        self.on_synced = on_synced
        self.on_failure = on_failure
        self.state = Condition()
        self.appended = self.committed = self.synced = 0
        self.written_seq = self.synced_seq = last_seq
        self.unsynced: deque[Appended] = deque()
        """Committed but not synced, oldest first: kept for the case that the sync fails."""
        self.segments = [first]
        """Segments that may hold unsynced bytes, oldest first; the last is the one being written."""
        self.must_rewrite = False
        """A sync failed: the writer has to write `unsynced` again, elsewhere."""
        self.failures: dict[str, Exception] = {}
        self.attempts_failed = 0
        self.giving_up = False
        """The journal closes with unsynced appends: nobody waits for the disk any more."""
        self.stopped = False

    def commit(self, group: Sequence[Appended]) -> None:
        """Report a group as written, then let the sync thread see it. Called by the writer."""
        seq = next((item.entry.seq for item in reversed(group) if item.entry), 0)
        if seq:
            self.on_written(seq)
        with self.state:
            self.unsynced.extend(group)
            self.committed += len(group)
            self.written_seq = seq or self.written_seq
            self.state.notify_all()

    def sync_to(self, committed: int, seq: int) -> None:
        """Report everything up to the marks as synced and count it. Called by the sync thread."""
        if seq > self.synced_seq:
            self.on_synced(seq)
        with self.state:
            for _ in range(committed - self.synced):
                self.unsynced.popleft()
            self.synced = committed
            self.synced_seq = seq
            self.state.notify_all()

    def fail(self, kind: str, error: Exception) -> None:
        """Note a failed attempt; report it if this kind was not failing already."""
        failure = JournalWriteError(f"the journal cannot {kind}: {error}")
        failure.__cause__ = error
        with self.state:
            new = kind not in self.failures
            self.failures[kind] = failure
            self.attempts_failed += kind != SNAPSHOT  # what was appended is not in danger then
            self.state.notify_all()
        if new:
            self.on_failure(failure)

    def heal(self, kind: str) -> None:
        """The attempt succeeded: the next failure of this kind is a new episode."""
        if kind in self.failures:
            with self.state:
                del self.failures[kind]

    def crash(self, error: Exception) -> None:
        """A thread ended by a fault that is not the disk's: stop the journal and say so."""
        with self.state:
            self.failures[CRASH] = error
            self.stopped = True
            self.state.notify_all()
        self.on_failure(error)

    def wait_synced(self, within_s: float | None = None) -> None:
        """Block until all appended so far is synced; raise JournalWriteError if an attempt fails first.

        So it does when the disk has not answered `within_s`.
        """
        with self.state:
            target, failed = self.appended, self.attempts_failed
            self.state.wait_for(
                lambda: self.synced >= target or self.attempts_failed > failed or self.stopped, within_s
            )
            if self.synced < target:
                reason = next(iter(self.failures.values()), "the journal has stopped, or the disk hangs")
                raise JournalWriteError(f"{target - self.synced} journal appends are not saved: {reason}")
