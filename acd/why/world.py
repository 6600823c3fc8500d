"""The world around an engine that may decide otherwise than it did: everybody acts as the record has it.

Nothing is drawn. What nobody ever did, since it did not come to that, is assumed, and counted as such.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.engine import Engine, Reaction
from acd.core.errors import EngineError
from acd.core.events import ContactId, Event
from acd.core.facts import Fact
from acd.why.past import CallEnd, Deed, Heard, Past, Rang, Usual
from agents.skills import AgentId
from queues.desk import LineId

ASSUMED = 1 << 60
"""Comes after everything that is in the record."""

Make = Callable[[], Iterable[Event]]
Rewrite = Callable[[Event, int], Iterable[Event]]
"""From an event of the record, and the contact that it began, to what happens instead: itself, or nothing."""


def unchanged(event: Event, made: int) -> Iterable[Event]:  # noqa: ARG001
    """As it was."""
    yield event


class World:
    """Goes on from an engine's state with the deeds of the past. Contacts have numbers of its own."""

    def __init__(
        self,
        engine: Engine,
        past: Past,
        usual: Usual,
        rewrite: Rewrite = unchanged,
        willing: AgentId | None = None,
    ) -> None:
        """`willing` answers as usual whatever rings, also what he let ring in the record."""
        self.engine = engine
        self.assumed: Counter[str] = Counter()
        """What was assumed, by its kind: `rings`, `talks`, `texts`."""
        self.left_out = 0
        """Deeds of the record that were not possible any more."""
        self.told: list[Fact] = []
        self.now_of: dict[int, int] = {}
        """Number in the record → here."""
        self.was: dict[int, int] = {}
        """Number here → in the record; 0: there he was turned away."""
        self._past, self._usual, self._rewrite, self._willing = past, usual, rewrite, willing
        self._came = frozenset(past.made.values())
        self._cleared = {whose: deque(calls) for whose, calls in past.cleared.items()}
        self._heap: list[tuple[int, int, int, Make]] = []
        self._many = count()
        self._answers: Counter[int] = Counter()
        self._restarts = deque(past.restarts)
        self._rang = {key: deque(found) for key, found in past.rang.items()}
        self._heard = {key: deque(found) for key, found in past.heard.items()}
        self._called = {key: deque(found) for key, found in past.called.items()}
        for t_ms, deed in past.plain:
            self._at(t_ms, deed.seq, partial(self._plain, deed))

    def inject(self, t_ms: int, make: Make, order: int = -1) -> None:
        """Something that did not happen, by default before what did happen at that moment."""
        self._at(t_ms, order, make)

    def run(self, until_ms: int, goes_on: Callable[[], bool]) -> None:
        """Until that moment, or until there is no reason to go on."""
        while goes_on():
            item = self._heap[0] if self._heap else None
            next_ms = item[0] if item else until_ms + 1
            fires_ms = self._fires(next_ms, assumed=item is not None and item[1] == ASSUMED)
            if fires_ms is not None:
                if fires_ms > until_ms:
                    return
                self._see(self.engine.handle(events.Tick(), fires_ms), 0)
            elif item is None or next_ms > until_ms:
                return
            else:
                self._happen(*heappop(self._heap))

    # ---- time

    def _at(self, t_ms: int, order: int, make: Make) -> None:
        heappush(self._heap, (t_ms, order, next(self._many), make))

    def _fires(self, next_ms: int, *, assumed: bool) -> int | None:
        """When the next deadline fires, if that is before what happens next; none fires without a server.

        Where the record has it late, what is only `assumed` to be next was late as well.
        """
        due_ms = self.engine.next_deadline()
        if due_ms is None or due_ms > next_ms:
            return None
        late_ms = self._past.late.get(due_ms, due_ms)
        if self._restarts:
            since_ms, until_ms = self._restarts[0]
            if next_ms <= until_ms and (late_ms >= until_ms if late_ms > due_ms else due_ms > since_ms):
                return None
        return max(late_ms if assumed else min(late_ms, next_ms), self.engine.state.now_ms)

    def _happen(self, t_ms: int, order: int, _: int, make: Make) -> None:
        if self._restarts and self._restarts[0][0] < t_ms < self._restarts[0][1]:
            self._at(self._restarts[0][1], ASSUMED, make)  # nobody could do anything
            return
        now_ms = max(t_ms, self.engine.state.now_ms)
        for event in make():
            if isinstance(event, events.Restarted):
                self._restarts.popleft()
            try:
                self._see(self.engine.handle(event, now_ms), self._past.made.get(order, 0))
            except EngineError:
                self.left_out += 1

    # ---- deeds

    def _plain(self, deed: Deed) -> Iterable[Event]:
        for event in self._rewrite(deed.event, self._past.made.get(deed.seq, 0)):
            number = getattr(event, "contact", None)
            if number is None:
                yield self._joining(event)
            elif self.number_of(number) is None:
                continue  # it never came
            elif self._answered_before(event, number):
                self.left_out += 1
            else:
                yield _of(event, self.now_of.get(number, number))

    def number_of(self, was: int) -> int | None:
        """The contact's number here; None: it has not come."""
        return None if was in self._came and was not in self.now_of else self.now_of.get(was, was)

    def _joining(self, event: Event) -> Event:
        if isinstance(event, events.ContactArrived) and event.joins is not None:
            joins = self.number_of(event.joins)
            return replace(event, joins=None if joins is None else ContactId(joins))
        return event

    def _answered_before(self, event: Event, number: int) -> bool:
        """It is answered here, and in the record its party hung up before that."""
        leaves = isinstance(event, events.ContactLeft) or (
            isinstance(event, events.LegLost) and event.agent is None
        )
        return leaves and self._answers[number] > 0

    def _see(self, outcome: Reaction, made: int) -> None:
        for fact in outcome.facts:
            self.told.append(fact)
            if isinstance(fact, facts.Arrived | facts.CalledOut | facts.EscalationTried | facts.Consulted):
                self._name(fact, made)
            elif isinstance(fact, facts.Offered):
                self._ring(fact)
            elif isinstance(fact, facts.Answered):
                self._talk(fact)
            elif isinstance(fact, facts.CallPlaced):
                self._call(fact)
            elif isinstance(fact, facts.Treated):
                self._listen(fact, outcome.effects)

    def _name(self, fact: Fact, made: int) -> None:
        """What contact of the record this is."""
        if isinstance(fact, facts.EscalationTried):
            who = fact.escalation, fact.round, fact.step
            self._named(self._past.tried.get(who, 0), fact.called)
        elif isinstance(fact, facts.Consulted):
            self._named(made, fact.consult)
        elif isinstance(fact, facts.Arrived | facts.CalledOut):
            self._named(self._begun(fact, made), fact.contact)

    def _begun(self, fact: facts.Arrived | facts.CalledOut, made: int) -> int:
        """Which contact of the record it is: made by the entry, or to tell its party an incident's end."""
        if fact.contact in self.was:  # by a list
            return self.was[fact.contact]
        if isinstance(fact, facts.Arrived) or not fact.incident:
            return made
        known = self._cleared.get((fact.incident, self._record_of(fact.linked)))
        return known.popleft() if known else 0

    def _named(self, was: int, now: int) -> None:
        self.was[now] = was
        if was:
            self.now_of[was] = now

    def _record_of(self, number: int) -> int:
        return self.was.get(number, number)

    def _ring(self, fact: facts.Offered) -> None:
        known = self._rang.get((self._record_of(fact.contact), fact.agent))
        rang = known.popleft() if known else None
        if rang is not None and rang.answer is not None:
            event: Any = rang.answer.event
            answer = replace(event, offer=fact.offer)
            self._at(fact.t_ms + rang.answer.delay_ms, rang.answer.seq, _once(answer))
        elif rang is None or not rang.in_vain or fact.agent == self._willing:
            self._assume_answer(fact, rang)

    def _assume_answer(self, fact: facts.Offered, rang: Rang | None) -> None:
        """He would have answered; where it rang and was taken back, later than that."""
        delay_ms = self._usual.ring_ms(fact.agent)
        if rang is not None and not rang.in_vain:
            if rang.lasted_ms < 0:
                return  # it was ringing when the record ended
            delay_ms = max(delay_ms, rang.lasted_ms + 1)
        self._at(fact.t_ms + delay_ms, ASSUMED, lambda: self._if_open(fact))

    def _if_open(self, fact: facts.Offered) -> Iterable[Event]:
        if fact.offer in self.engine.state.works:
            self.assumed["rings"] += 1
            yield events.OfferAccepted(fact.offer)

    def _talk(self, fact: facts.Answered) -> None:
        was = self._record_of(fact.contact)
        before = self._answers[was]
        self._answers[was] += 1
        spoken = self._past.spoken.get(was, [])
        if before >= len(spoken):
            self._assume_talk(fact)
            return
        record = spoken[before]
        for deed in record.deeds:
            self._at(fact.t_ms + deed.delay_ms, deed.seq, self._said(deed, fact, record.agent))

    def _said(self, deed: Deed, fact: facts.Answered, agent: AgentId) -> Make:
        """Whoever has it now does what that agent did."""

        def made() -> Iterable[Event]:
            event: Any = _of(deed.event, fact.contact)
            if getattr(event, "agent", None) == agent:
                event = replace(event, agent=fact.agent)
            yield event

        return made

    def _assume_talk(self, fact: facts.Answered) -> None:
        """Nobody knows how long it would have been: as usual in that line, then the usual wrap-up."""
        self.assumed["talks"] += 1
        ends_ms = fact.t_ms + self._usual.talk_ms(fact.line)
        self._at(ends_ms, ASSUMED, _once(events.ContactReleased(fact.contact, fact.agent)))
        line = self.engine.state.lines[LineId(fact.line)]
        if line.wrap_up.code_required and line.wrap_up.codes:
            coded = events.WrapUpCoded(fact.contact, fact.agent, line.wrap_up.codes[0])
            self._at(ends_ms + line.wrap_up.ms, ASSUMED, _once(coded))

    def _call(self, fact: facts.CallPlaced) -> None:
        known = self._called.get(self._record_of(fact.contact))
        for deed in known.popleft() if known else ():
            assert isinstance(deed.event, CallEnd)
            end = replace(deed.event, call=fact.call)
            self._at(fact.t_ms + deed.delay_ms, deed.seq, _once(end))

    def _listen(self, fact: facts.Treated, ordered: Iterable[effects.Effect]) -> None:
        known = self._heard.get((self._record_of(fact.contact), fact.treatment, fact.step, fact.says))
        if known:
            for deed in known.popleft():
                assert isinstance(deed.event, Heard)
                named = fact.visit if deed.event.visit else 0
                event = replace(deed.event, contact=fact.contact, visit=named)
                self._at(fact.t_ms + deed.delay_ms, deed.seq, _once(event))
            return
        for effect in ordered:
            mine = isinstance(effect, effects.TreatContact) and effect.contact == fact.contact
            if mine and effect.visit == fact.visit and effect.hears.reports:  # type: ignore[attr-defined]
                self.assumed["texts"] += 1
                ended = events.PromptEnded(fact.contact, fact.visit)
                self._at(fact.t_ms + self._usual.text_ms(fact.says), ASSUMED, _once(ended))


def _once(event: Event) -> Make:
    return lambda: (event,)


def _of(event: Any, number: int) -> Event:
    """The same about the contact with this number."""
    changed: Event = replace(event, contact=ContactId(number))
    return changed
