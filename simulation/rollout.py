"""A short simulation from the engine's own snapshot: the yardstick of what can be known about a wait.

The copy is driven on by what the engine has learned: handling times and patience are exponential with its
means, who may overtake comes at its rates (others change nothing), everybody who is rung answers. Too slow
to be asked by a running desk.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any

from acd.core import effects, events, facts
from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.errors import Rejected
from acd.core.estimates.expectation import Expectation
from acd.core.estimates.queue import handling_ms, usual_handling_ms
from acd.core.events import ContactId
from acd.core.facts import Fact
from acd.core.state import State
from agents.roster import Work
from agents.states import WorkState
from queues.desk import Entry, LineId
from queues.pace import LEFT, Flow
from queues.states import ContactState
from simulation.loop import LoopDriver

STEP_MS = 10_000
HORIZON_MS = 3_600_000
"""Who waits longer is taken to wait so long."""
MOST = 1_000_000_000
"""Below this number are the references of the engine's own contacts, above it those of the copy's."""


def rolled_out(engine: Engine, contact: ContactId, times: int, random: Random) -> Expectation | None:
    """Median and 90 % band of so many short simulations; None: nothing is learned yet."""
    if not usual_handling_ms(engine.state.paces.values()):
        return None
    saved = engine.snapshot()
    waits_ms = sorted(_Rollout(saved, contact, random).wait_ms() for _ in range(times))
    low_ms, median_ms, high_ms = (waits_ms[int(times * share)] for share in (0.05, 0.5, 0.95))
    return Expectation(median_ms, low_ms, high_ms)


class _Rollout:
    def __init__(self, saved: bytes, contact: ContactId, random: Random) -> None:
        engine = Engine.restore(saved)
        self._state: State = engine.state
        self._contact = contact
        self._random = random
        self._usual_ms = usual_handling_ms(self._state.paces.values())
        self._began_ms = self._state.now_ms
        self._answered_ms = 0
        self._clock = LoopDriver(engine, self._carry_out, self._observe, self._began_ms)
        self._coming = MOST
        self._on: Mapping[type[Effect], Any] = {
            effects.OfferContact: self._offered,
            effects.ConnectContact: self._connected,
        }

    def wait_ms(self) -> int:
        """Until the contact was answered."""
        for work in list(self._state.works.values()):
            self._goes_on(work)
        for contact in self._state.contacts.values():
            waits = contact.state in (ContactState.WAITING, ContactState.OFFERED)
            if waits and contact.id != self._contact and not contact.parked:
                self._loses_patience(contact.id, contact.line)
        for entry, flow in self._flows():
            self._expect((entry, flow))
        until_ms = self._began_ms
        while not self._answered_ms and until_ms < self._began_ms + HORIZON_MS:
            until_ms += STEP_MS
            self._clock.run(until_ms)
        return (self._answered_ms or until_ms) - self._began_ms

    def _goes_on(self, work: Work) -> None:
        if work.state is WorkState.RINGING:
            self._clock.call_at(self._began_ms, self._submit, events.OfferAccepted(work.id))
        elif work.state is WorkState.HANDLING:
            over = events.ContactReleased(work.contact, work.agent)
            self._clock.call_at(self._began_ms + self._talk_ms(LineId(work.line)), self._submit, over)

    def _loses_patience(self, contact: ContactId, line: LineId) -> None:
        pace = self._state.paces[line]
        if pace.left:
            at_ms = self._clock.now_ms() + self._drawn(pace.waited_ms * LEFT / pace.left)
            self._clock.call_at(at_ms, self._submit, events.ContactLeft(contact))

    def _flows(self) -> Iterator[tuple[Entry, Flow]]:
        for entry in self._state.desk.entries:
            line = self._state.lines[entry.line]
            priority_class = line.priority_class if entry.priority_class is None else entry.priority_class
            flow = self._state.paces[line.id].came.get(priority_class)
            if flow is not None and flow.count:
                yield entry, flow

    def _expect(self, coming: tuple[Entry, Flow]) -> None:
        _, flow = coming
        gap_ms = (self._began_ms - flow.since_ms) / flow.count
        self._clock.call_at(self._clock.now_ms() + self._drawn(gap_ms), self._arrive, coming)

    def _arrive(self, coming: tuple[Entry, Flow]) -> None:
        entry, _ = coming
        self._coming += 1
        self._submit(events.ContactArrived(str(self._coming), entry.id, entry.medium, str(self._coming)))
        came = self._state.contacts.get(self._state.last_contact)
        if came is not None and came.state is ContactState.WAITING:
            self._loses_patience(came.id, came.line)
        self._expect(coming)

    def _offered(self, effect: effects.OfferContact) -> None:
        self._submit(events.OfferAccepted(effect.offer))

    def _connected(self, effect: effects.ConnectContact) -> None:
        line = LineId(self._state.works[effect.offer].line)
        over = events.ContactReleased(effect.contact, effect.agent)
        self._clock.call_at(self._clock.now_ms() + self._talk_ms(line), self._submit, over)

    def _talk_ms(self, line: LineId) -> int:
        mean_ms = handling_ms(self._state.paces[line], self._usual_ms) - self._state.lines[line].wrap_up.ms
        return self._drawn(max(1_000, mean_ms))

    def _drawn(self, mean_ms: float) -> int:
        return round(self._random.expovariate(1 / max(1.0, mean_ms)))

    def _submit(self, event: events.Event) -> None:
        with suppress(Rejected):  # it is over already: he hung up, or somebody else answered
            self._clock.submit(event)

    def _carry_out(self, effect: Effect) -> None:
        do = self._on.get(type(effect))
        if do is not None:
            do(effect)

    def _observe(self, told: list[Fact]) -> None:
        for fact in told:
            if isinstance(fact, facts.Answered) and fact.contact == self._contact:
                self._answered_ms = fact.t_ms
