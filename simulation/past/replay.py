"""Replay: a record goes through a driver again, and must lead to the same facts, entry by entry."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from acd.core import facts as kinds
from acd.core.engine import ENGINE_VERSION, Engine, Reaction
from acd.core.events import Event, Restarted, Tick
from acd.core.facts import Fact
from acd.core.state import State
from acd.journal.codec import encode_event, facts_digest
from acd.ports import JournalEntry, Snapshot
from acd.replay.divergence import Difference, Divergence
from acd.replay.replayer import compare, submit
from simulation.clock import Clock
from simulation.loop import LoopDriver
from simulation.runs.experiment import Driver

Told = Callable[[JournalEntry, Sequence[Fact]], None]
"""Called with each entry and the facts that it led to now, after they were found to be the same."""

_TICK = encode_event(Tick())
_RESTARTED = encode_event(Restarted(0))[:-1]
"""How every entry of a restart begins; what follows is its moment."""
_FOR_EVER_MS = 1 << 60


class Replayed(Struct):
    """What was compared."""

    first_seq: int = 0
    last_seq: int = 0
    entries: int = 0
    contacts: int = 0
    """That arrived."""
    offered: int = 0
    answered: int = 0
    """Assignments: which contact was offered to, and answered by, which agent at which moment."""
    ticks: int = 0
    late_ticks: int = 0
    """Deadlines that fired later than they were due; they were replayed as late as they were."""
    latest_ms: int = 0
    snapshots: int = 0
    """States that were the same, byte by byte."""
    divergence: Difference | None = None


class Witness(Engine):
    """An engine that is held to a record: each event, its moment and its facts must be the next entry's.

    Its deadlines are due when the record says that they fired: a live server's timer may come late, and
    nothing else happens until it does. None fires while the server was down.
    """

    def __init__(
        self, entries: Iterator[JournalEntry], state: State | None, states: Mapping[int, bytes]
    ) -> None:
        """`states` by sequence number: what the snapshot after that entry must be."""
        super().__init__(state)
        self.done = Replayed()
        self.next: JournalEntry | None = next(entries, None)
        self._entries = entries
        self._states = states

    def next_deadline(self) -> int | None:
        """When the driver must send the next `Tick`; None: never, or the record is over."""
        due_ms, entry = super().next_deadline(), self.next
        if due_ms is None or entry is None or entry.event.startswith(_RESTARTED):
            return None
        return max(due_ms, entry.t_ms) if entry.event == _TICK else due_ms

    def handle(self, event: Event, now_ms: int) -> Reaction:
        """As the engine. Raises Divergence, too."""
        due_ms = super().next_deadline()
        outcome = super().handle(event, now_ms)
        entry = self.next
        if entry is None:
            raise AssertionError("the driver goes on after the end of the record")
        self._compare(entry, event, now_ms, outcome.facts)
        self._count(entry, event, now_ms - (due_ms or now_ms), outcome.facts)
        self.next = next(self._entries, None)
        return outcome

    def _compare(self, entry: JournalEntry, event: Event, now_ms: int, got: list[Fact]) -> None:
        if isinstance(event, Tick) and entry.event != _TICK:
            raise Divergence(entry, f"the record has it before a deadline that is due at {now_ms}", got)
        if now_ms != entry.t_ms:
            raise Divergence(entry, f"it was not due before {now_ms}", got)
        if entry.digest != facts_digest(entry.facts):
            raise Divergence(entry, "its facts are not those that were digested when it was written", got)
        compare(entry, got)
        if entry.seq in self._states and self._states[entry.seq] != self.snapshot():
            raise Divergence(entry, "the state after it is not that of the snapshot", got)

    def _count(self, entry: JournalEntry, event: Event, late_ms: int, got: list[Fact]) -> None:
        done = self.done
        done.first_seq = done.first_seq or entry.seq
        done.last_seq = entry.seq
        done.entries += 1
        done.snapshots += entry.seq in self._states
        if isinstance(event, Tick):
            done.ticks += 1
            done.late_ticks += late_ms > 0
            done.latest_ms = max(done.latest_ms, late_ms)
        for fact in got:
            done.contacts += isinstance(fact, kinds.Arrived)
            done.offered += isinstance(fact, kinds.Offered)
            done.answered += isinstance(fact, kinds.Answered)


def replay(
    entries: Iterator[JournalEntry],
    *,
    driver: Driver = LoopDriver,
    begin: Snapshot | None = None,
    snapshots: Sequence[Snapshot] = (),
    told: Told | None = None,
) -> Replayed:
    """Feed the recorded events at their moments; the driver itself fires the deadlines.

    `begin`: the state before the first entry; None: the first entry is the first of its journal. `snapshots`
    met on the way must be the state then. Raises acd.core.errors.UnreadableSnapshot for a `begin` of another
    engine version, and whatever `entries` raises; a divergence is in the answer, not raised.
    """
    state = None if begin is None else Engine.restore(begin.state).state
    states = {one.seq: one.state for one in snapshots if one.version == ENGINE_VERSION}
    witness = Witness(entries, state, states)
    try:
        _Replay(witness, driver, told).run()
    except Divergence as found:
        witness.done.divergence = found.difference()
    return witness.done


class _Replay:
    """Gives the driver one recorded event at a time."""

    def __init__(self, witness: Witness, driver: Driver, told: Told | None) -> None:
        self._witness = witness
        self._told = told
        self._current = first = witness.next
        start_ms = 0 if first is None else first.t_ms
        self._clock: Clock = driver(witness, _nothing_is_carried_out, self._observe, start_ms)

    def run(self) -> None:
        """Until the record is over. Raises Divergence."""
        self._expect()
        if self._current is not None:
            self._clock.run(_FOR_EVER_MS)
        left = self._witness.next
        if left is not None:
            raise Divergence(left, "no deadline is due that could fire")

    def _expect(self) -> None:
        self._current = entry = self._witness.next
        if entry is None:
            return
        if entry.t_ms < self._clock.now_ms():
            raise Divergence(
                entry, f"its moment is before that of the entry before it, {self._clock.now_ms()}"
            )
        if entry.event != _TICK:
            self._clock.call_at(entry.t_ms, self._submit, entry)

    def _submit(self, entry: JournalEntry) -> None:
        submit(entry, lambda event, _: self._clock.submit(event))

    def _observe(self, facts: list[Fact]) -> None:
        if self._told is not None and self._current is not None:
            self._told(self._current, facts)
        self._expect()


def _nothing_is_carried_out(_effect: object) -> None:
    """What came of the effects is in the record."""
