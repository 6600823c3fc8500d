"""What happens at the agents' phones: answer, talk, hold, consult, transfer, wrap-up."""

from collections.abc import Callable

from acd.core import effects, events, facts
from acd.core.events import OfferId
from agents.skills import AgentId
from simulation.clock import Clock
from simulation.draws import Day, Purpose
from simulation.scenario import Scenario
from simulation.world.asking import Consults
from simulation.world.callers import Caller, Callers, Submit
from simulation.world.flows import SEGMENTS, Columns, Manner, lengths_if, shares

BACK_AFTER_MS = 60_000
"""How long somebody who did not answer stays away, where the scenario does not say."""

NotAnswered = Callable[[AgentId, int], None]
"""Told who did not answer, and after how many ms he is ready again."""


class Answers:
    """What agents do about the offers of one stream's contacts."""

    __slots__ = ("back_after", "delay", "no_answer", "no_answer_share")

    def __init__(self, scenario: Scenario, day: Day, stream: int) -> None:
        habits = scenario.habits
        self.delay = lengths_if(day, Purpose.ANSWER_DELAY, stream, habits.answer_delay)
        self.no_answer: Columns[float] = shares(day, Purpose.NO_ANSWER, stream)
        self.no_answer_share = habits.no_answer
        self.back_after = lengths_if(day, Purpose.BACK_AFTER, stream, habits.back_after)


class Conversations:
    """All offers and conversations of one replication."""

    def __init__(
        self,
        scenario: Scenario,
        day: Day,
        clock: Clock,
        submit: Submit,
        callers: Callers,
        *,
        not_answered: NotAnswered,
    ) -> None:
        self._clock = clock
        self._submit = submit
        self._callers = callers
        self._live = callers.live
        self._consults = Consults(clock, submit, callers, self._go_on_after)
        self._not_answered = not_answered
        self._works = clock.engine.state.works
        self._start_ms, self._interval_ms = scenario.start_ms, scenario.interval_ms
        self._answers = [Answers(scenario, day, number) for number in range(len(scenario.streams))]
        self._rung: dict[OfferId, tuple[Caller, int]] = {}
        """Offers that ring, with their caller and their number in his columns."""

    # ---- answering

    def accept_at_once(self, effect: effects.OfferContact) -> None:
        """The agent answers within the event that rang him: legal when nothing can come in between."""
        self._submit(events.OfferAccepted(effect.offer))

    def offered(self, effect: effects.OfferContact) -> None:
        """It rings: he answers after a while, or not at all; then the engine ends the offer."""
        caller = self._live.get(effect.contact) or self._consults.asker(effect.contact)
        answers, index = self._answers[caller.flow.number], caller.index
        place = caller.offers
        caller.offers = min(place + 1, SEGMENTS * caller.attempt + SEGMENTS - 1)
        self._rung[effect.offer] = caller, place
        if answers.no_answer_share and answers.no_answer[place][index] < answers.no_answer_share:
            return
        delay_ms = 0 if answers.delay is None else answers.delay[place][index]
        self._clock.call_at(self._clock.now_ms() + delay_ms, self._answer, effect.offer)

    def _answer(self, offer: OfferId) -> None:
        if self._rung.pop(offer, None) is not None:  # it may have been withdrawn
            self._submit(events.OfferAccepted(offer))

    def withdrawn(self, effect: effects.WithdrawOffer) -> None:
        """It rings no more."""
        caller, place = self._rung.pop(effect.offer)
        if effect.cause == "no answer":
            back_after = self._answers[caller.flow.number].back_after
            away_ms = BACK_AFTER_MS if back_after is None else back_after[place][caller.index]
            self._not_answered(effect.agent, away_ms)

    # ---- talking

    def connected(self, effect: effects.ConnectContact) -> None:
        """They talk, or he hears its message; unless its party is still to be called."""
        caller = self._live.get(effect.contact)
        if caller is None:
            self._consults.answered(effect)
            return
        if caller.talks:
            self._consults.back(caller)
            return
        caller.manner = caller.flow.manner(self._works[effect.offer].line)
        caller.waits, caller.agent = False, effect.agent
        if effect.recording or not caller.parked:
            self.talk(caller)

    def talk(self, caller: Caller) -> None:
        """They talk; the agent or a transfer ends it."""
        flow, index, segment, manner = caller.flow, caller.index, caller.segment, caller.manner
        caller.talks = True
        talk_ms = manner.talk[segment][index]
        if flow.talk_factor:
            interval = (caller.arrived_ms - self._start_ms) // self._interval_ms
            talk_ms = round(talk_ms * flow.talk_factor[min(interval, len(flow.talk_factor) - 1)])
        if manner.hold is not None:
            caller.hold_ms = manner.hold[segment][index]
        rule = manner.consult
        caller.asks = rule is not None and not caller.parked and manner.consults[segment][index] < rule.share
        if caller.hold_ms or caller.asks:
            caller.rest_ms = talk_ms - talk_ms // 2
            talk_ms //= 2
        self._go_on(caller, talk_ms)

    def taken_away(self, effect: effects.ReleaseAgent) -> None:
        """Its agent went home with it: whoever gets it next begins anew."""
        caller = self._live.get(effect.contact)
        if caller is not None and caller.talks:
            caller.talks = caller.asks = False
            caller.ends_ms = caller.hold_ms = 0
            if (caller.segment + 1) % SEGMENTS:
                caller.segment += 1
            self._callers.wait_anew(caller)

    def _go_on(self, caller: Caller, for_ms: int) -> None:
        caller.ends_ms = self._clock.now_ms() + for_ms
        self._clock.call_at(caller.ends_ms, self._next, caller)

    def _next(self, caller: Caller) -> None:
        """The talk, its first half, or the hold is over."""
        if caller.ends_ms != self._clock.now_ms():
            return  # it rested meanwhile
        caller.ends_ms = 0
        if caller.hold_ms > 0:
            self._submit(events.ContactHeld(caller.contact, by_agent=True))
            hold_ms, caller.hold_ms = caller.hold_ms, -1
            self._go_on(caller, hold_ms)
        elif caller.hold_ms < 0:
            self._submit(events.ContactResumed(caller.contact, by_agent=True))
            caller.hold_ms = 0
            self._ask_or_go_on(caller)
        elif caller.asks:
            self._ask_or_go_on(caller)
        else:
            self._end(caller, caller.manner)

    def _ask_or_go_on(self, caller: Caller) -> None:
        rule = caller.manner.consult
        if caller.asks and rule is not None:
            self._consults.begin(caller, rule)
        else:
            self._go_on_after(caller)

    def _go_on_after(self, caller: Caller) -> None:
        """The second half of the talk."""
        self._go_on(caller, caller.rest_ms)

    def rests(self, fact: facts.Interrupted) -> None:
        """The agent left it for a contact of another medium: what remains is talked later."""
        caller = self._live[fact.contact]
        caller.left_ms, caller.ends_ms = caller.ends_ms - self._clock.now_ms(), 0

    def goes_on(self, fact: facts.InterruptionEnded) -> None:
        """The agent is back."""
        caller = self._live[fact.contact]
        self._go_on(caller, caller.left_ms)

    def _end(self, caller: Caller, manner: Manner) -> None:
        contact, agent, segment, index = caller.contact, caller.agent, caller.segment, caller.index
        caller.talks = False
        rule = manner.rule
        if rule.code_required and not rule.ms and manner.wrap_up is None:
            # coded while they talk: so there is nothing left to wrap up
            self._submit(events.WrapUpCoded(contact, agent, manner.code))
        to = manner.escalate_to
        if (
            to is not None
            and manner.escalate[segment][index] < manner.escalate_share
            and (segment + 1) % SEGMENTS
        ):
            caller.segment = segment + 1
            self._callers.wait_anew(caller)
            self._submit(events.ContactTransferred(contact, agent, to))
        else:
            self._submit(events.ContactReleased(contact, agent))
        if rule.ms:
            self._wrap_up(caller, manner, agent, segment)
        elif rule.code_required and manner.wrap_up is not None:
            coded_ms = self._clock.now_ms() + manner.wrap_up[segment][index]
            self._clock.call_at(coded_ms, self._submit, events.WrapUpCoded(contact, agent, manner.code))

    def _wrap_up(self, caller: Caller, manner: Manner, agent: AgentId, segment: int) -> None:
        """Code it; then the line's time ends it, or the agent before, or he extends it as far as he may."""
        contact, rule = caller.contact, manner.rule
        if manner.code:
            self._submit(events.WrapUpCoded(contact, agent, manner.code))
        if manner.wrap_up is None:
            return
        wanted_ms = manner.wrap_up[segment][caller.index]
        more_ms = min(wanted_ms - rule.ms, rule.max_extension_ms)
        if wanted_ms < rule.ms:
            at_ms = self._clock.now_ms() + wanted_ms
            self._clock.call_at(at_ms, self._submit, events.WrapUpEnded(contact, agent))
        elif more_ms > 0:
            self._submit(events.WrapUpExtended(contact, agent, more_ms))
