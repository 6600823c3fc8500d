"""What would have become of a contact, had one thing been otherwise: replayed by the engine itself."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from acd.core import events, facts
from acd.core.engine import Engine
from acd.core.events import ContactId, Event
from acd.core.state import State
from acd.journal.codec import decode_event, decode_facts
from acd.why.change import Change, Kind
from acd.why.past import Past, Reading, Usual
from acd.why.record import CannotExplain, OnRead, Record, again
from acd.why.world import World, unchanged
from agents.capacity import VOICE, Medium
from agents.devices import Carrier
from agents.roster import Seat, Work
from agents.skills import AgentId
from agents.states import IN_HAND, AgentState, WorkState
from queues.desk import Desk, LineId

AFTER_MS = 15 * 60_000
"""So long after what really became of the contact it is looked for what would have."""
MOST_ENTRIES = 200_000
"""Replayed at most for one question, before and after."""

InTime = Callable[[], bool]
"""Whether there is time left; asked now and then."""


class End(Struct, frozen=True):
    """What became of a contact: who was first offered it when, who answered when, or how else it ended."""

    offered_ms: int = 0
    answered_ms: int = 0
    agent: str = ""
    over_ms: int = 0
    how: str = ""
    """The fact by which it ended unanswered: `Abandoned`, `Released` …; empty: answered, or still open."""


class Otherwise(Struct, frozen=True):
    """A change, what really happened, and what would have."""

    change: Change
    was: End
    would: End
    complete: bool
    """There was time to find out."""
    assumed: dict[str, int]
    left_out: int
    """Deeds of the record that were not possible any more."""
    busy: bool = False
    """READY: he talked at that moment, so that he could not be."""


class Base(Struct, frozen=True):
    """An engine's state after an entry."""

    seq: int
    state: bytes


class Asking:
    """Questions about one contact of a record; each begins where the one before was, if it can."""

    def __init__(self, record: Record, contact: int, in_time: InTime) -> None:
        """Raises CannotExplain."""
        self._record, self._contact, self._in_time = record, contact, in_time
        self._history = record.history(contact)
        self.arrived_ms = self._history[0].fact.t_ms
        self._medium: Medium = getattr(self._history[0].fact, "medium", VOICE)
        self._bases: list[Base] = []
        self._usual, self._usual_to = Usual(), 0

    def ask(self, change: Change) -> Otherwise:
        """Raises CannotExplain: that cannot be asked, or what is needed for it is gone. Blocks."""
        seq = self._begins(change)
        engine = self._engine(seq)
        past, last_ms = self._read(Engine.restore(self._bases[-1].state), seq)
        was = end_of((told.fact for told in self._history if told.seq > seq), self._contact)
        return self._run(change, engine, past, last_ms, was)

    def possible(self, changes: Iterable[Change]) -> list[Change]:
        """Those that can be asked: of some contacts the entries may be gone."""
        found = []
        for change in changes:
            with suppress(CannotExplain):
                self._begins(change)
                found.append(change)
        return found

    # ---- where it begins

    def _begins(self, change: Change) -> int:
        """The entry after which the change makes its difference."""
        first = self._history[0].seq
        if change.kind in (Kind.WITHOUT, Kind.PLAIN):
            history = self._record.history(change.contact)
            if not isinstance(history[0].fact, facts.Arrived) or change.contact == self._contact:
                raise CannotExplain(
                    f"contact {change.contact}: only another one that arrived can be left out"
                )
            return min(history[0].seq, first) - 1
        if change.kind is Kind.READY and change.t_ms < self.arrived_ms:
            return self._record.seq_before(change.t_ms, first)
        return first - 1

    def _engine(self, seq: int) -> Engine:
        """As it was after entry `seq`, from the nearest state that is known."""
        known = [base for base in self._bases if base.seq <= seq]
        if known:
            base = max(known, key=lambda one: one.seq)
            engine, after = Engine.restore(base.state), base.seq
        else:
            engine, after = self._record.before(seq + 1)
        for entry in self._record.entries(after):
            if entry.seq > seq:
                break
            again(engine, entry)
            if entry.seq > self._usual_to:
                self._usual.take(entry.t_ms, decode_event(entry.event), decode_facts(entry.facts))
                self._usual_to = entry.seq
            if entry.seq % 100 == 0 and not self._in_time():
                raise OutOfTime
        self._bases.append(Base(seq, engine.snapshot()))
        return engine

    def _read(self, engine: Engine, seq: int) -> tuple[Past, int]:
        """What was done from there on, until some time after the contact was answered, or over."""
        reading, last_ms, until_ms = Reading(), engine.state.now_ms, 0
        decided_ms = self._decided_ms()
        for entry in self._record.entries(seq):
            until_ms = until_ms or (decided_ms or entry.t_ms) + AFTER_MS
            if entry.t_ms > until_ms or entry.seq - seq > MOST_ENTRIES:
                break
            due_ms, event = engine.next_deadline(), decode_event(entry.event)
            again(engine, entry)
            told = decode_facts(entry.facts)
            reading.take(entry.seq, entry.t_ms, event, told, due_ms)
            if entry.seq > self._usual_to:
                self._usual.take(entry.t_ms, event, told)
                self._usual_to = entry.seq
            last_ms = entry.t_ms
            if entry.seq % 100 == 0 and not self._in_time():
                raise OutOfTime
        return reading.past, last_ms

    def _decided_ms(self) -> int:
        end = end_of((told.fact for told in self._history), self._contact)
        return end.answered_ms or end.over_ms or self._history[-1].fact.t_ms

    # ---- what would have been

    def _run(self, change: Change, engine: Engine, past: Past, last_ms: int, was: End) -> Otherwise:
        changed = Changed(change, self.arrived_ms, self._medium)
        willing = AgentId(change.agent) if change.kind is Kind.READY else None
        world = World(engine, past, self._usual, changed.rewrite, willing)
        changed.begin(world)
        seen, checked, complete = 0, 0, True
        over = False

        def goes_on() -> bool:
            nonlocal seen, checked, complete, over
            checked += 1
            if checked % 100 == 0 and not self._in_time():
                complete = False
            mine = world.number_of(self._contact)
            for fact in world.told[seen:]:
                over |= mine is not None and _decides(fact, mine)
            seen = len(world.told)
            return complete and not over

        world.run(last_ms, goes_on)
        would = end_of(world.told, world.number_of(self._contact) or 0)
        assumed = {name: many for name, many in world.assumed.items() if many}
        return Otherwise(change, was, would, complete, assumed, world.left_out, changed.busy)

    def ask_all(self, changes: Sequence[Change], on_done: OnRead) -> list[Otherwise]:
        """As `ask`, those that begin first first; for which there was no time is said."""
        begins = [(self._begins(change), at) for at, change in enumerate(changes)]
        found: dict[int, Otherwise] = {}
        for done, (_, at) in enumerate(sorted(begins)):
            on_done(done, len(begins))
            try:
                found[at] = self.ask(changes[at])
            except OutOfTime:
                found[at] = Otherwise(changes[at], End(), End(), False, {}, 0)
        return [found[at] for at in range(len(changes))]


class OutOfTime(Exception):
    """There was none left to find out."""


class Changed:
    """Makes one change in a world."""

    def __init__(self, change: Change, arrived_ms: int, medium: Medium) -> None:
        """`medium`: of the contact that arrived then, for which an agent gets a device."""
        self.busy = False
        self._change, self._arrived_ms, self._medium = change, arrived_ms, medium
        self._world: World | None = None
        self._extra: AgentId | None = None

    def begin(self, world: World) -> None:
        change, self._world = self._change, world
        state = world.engine.state
        if change.kind is Kind.READY:
            world.inject(max(change.t_ms, state.now_ms), self._ready)
        elif change.kind is Kind.MORE:
            world.inject(max(self._arrived_ms, state.now_ms), self._one_more)
        elif change.kind is Kind.NO_INCIDENT:
            over = [
                events.IncidentEnded(one.id) for one in state.incidents.values() if one.id == change.incident
            ]
            world.inject(max(self._arrived_ms, state.now_ms), lambda: over)

    def rewrite(self, event: Event, made: int) -> Iterable[Event]:
        """What happens instead of this event of the record."""
        change = self._change
        if change.kind is Kind.READY:
            return _without_leaving(event, change)
        if change.kind is Kind.MORE and isinstance(event, events.DeskChanged) and self._extra:
            return (events.DeskChanged(_with(event.desk, AgentId(change.agent), self._extra)),)
        if change.kind is Kind.NO_INCIDENT and _is_of(event, change.incident):
            return ()
        if change.kind in (Kind.WITHOUT, Kind.PLAIN):
            return self._about_another(event, made)
        return unchanged(event, made)

    def _about_another(self, event: Event, made: int) -> Iterator[Event]:
        change = self._change
        if isinstance(event, events.ContactArrived) and made == change.contact:
            if change.kind is Kind.PLAIN:
                yield replace(event, priority_class=None, head_start_ms=0)
                yield events.PriorityChanged(ContactId(change.contact), None, 0)  # what its entry gives, too
            return
        changes = isinstance(event, events.PriorityChanged) and event.contact == change.contact
        if not changes:
            yield event

    def _ready(self) -> Iterator[Event]:
        """He signs in, or ends his pause or his wrap-up; a talk he does not end."""
        assert self._world is not None
        state = self._world.engine.state
        seat = self._seat(state)
        name = seat.record.id
        if self._medium not in seat.record.reachable:
            yield events.AgentReachable(name, self._medium, Carrier("what if", name))
        for work in list(seat.works):
            if work.state is WorkState.WRAP_UP:
                yield from _wrapped_up(state, work)
            self.busy |= work.state in IN_HAND
        yield from _signs_in(seat)

    def _one_more(self) -> Iterator[Event]:
        assert self._world is not None
        state = self._world.engine.state
        model = self._seat(state).record.id
        self._extra = next(
            name for number in range(1, 1_000) if (name := AgentId(f"{model}+{number}")) not in state.seats
        )
        yield events.DeskChanged(_with(state.desk, model, self._extra))
        yield events.AgentReachable(self._extra, self._medium, Carrier("what if", self._extra))
        yield events.AgentSignedIn(self._extra)

    def _seat(self, state: State) -> Seat:
        seat = state.seats.get(AgentId(self._change.agent))
        if seat is None or not seat.listed:
            raise CannotExplain(f"there was no agent {self._change.agent} at that moment")
        return seat


def end_of(told: Iterable[facts.Fact], contact: int) -> End:
    """Until it is answered for the first time, or over."""
    offered_ms = 0
    for fact in told:
        if getattr(fact, "contact", 0) != contact:
            continue
        if isinstance(fact, facts.Decision):
            offered_ms = offered_ms or fact.t_ms
        elif isinstance(fact, facts.Answered):
            return End(offered_ms, fact.t_ms, fact.agent)
        elif isinstance(fact, facts.ENDINGS):
            return End(offered_ms, over_ms=fact.t_ms, how=type(fact).__name__)
    return End(offered_ms)


def _decides(fact: facts.Fact, contact: int) -> bool:
    return isinstance(fact, (facts.Answered, *facts.ENDINGS)) and getattr(fact, "contact", 0) == contact


def _without_leaving(event: Event, change: Change) -> Iterator[Event]:
    leaves = (events.AgentPaused, events.AgentSignedOut, events.AgentUnreachable, events.DeviceVanished)
    if not (isinstance(event, leaves) and event.agent == change.agent):
        yield event


def _is_of(event: Event, incident: str) -> bool:
    if isinstance(event, events.IncidentDeclared):
        return event.incident.id == incident
    return isinstance(event, events.IncidentEnded) and event.incident == incident


def _wrapped_up(state: State, work: Work) -> Iterator[Event]:
    """At once; a code that is required is given."""
    rule = state.lines[LineId(work.line)].wrap_up
    if rule.code_required and not work.code:
        yield events.WrapUpCoded(work.contact, work.agent, rule.codes[0])
    if work.id in state.works:
        yield events.WrapUpEnded(work.contact, work.agent)


def _signs_in(seat: Seat) -> Iterator[Event]:
    if seat.record.state is AgentState.SIGNED_OUT:
        yield events.AgentSignedIn(seat.record.id)
    elif seat.record.state is AgentState.PAUSED:
        yield events.AgentReady(seat.record.id)


def _with(desk: Desk, model: AgentId, extra: AgentId) -> Desk:
    """One more agent with the skills and capacity of that one."""
    one = next((agent for agent in desk.agents if agent.id == model), None)
    return desk if one is None else replace(desk, agents=(*desk.agents, replace(one, id=extra)))
