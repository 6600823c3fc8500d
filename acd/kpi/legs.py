"""The ledger: folds facts into legs, which say what became of each stay of a contact in a line."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from acd.core import facts
from acd.core.facts import Fact
from acd.kpi.aside import Aside
from acd.kpi.breaks import ASIDE, BY_AGENT, BY_OTHER, RESTING, Break, Breaking, add_break, add_talk
from acd.kpi.leg import BY_DESK, BY_TREATMENT
from acd.kpi.leg import GOES_ON as GOES_ON
from acd.kpi.leg import Leg as Leg
from acd.kpi.leg import Outcome as Outcome
from agents.capacity import VOICE

Finished = Callable[[Leg], None]


class Ledger:
    """Folds facts into legs; `finished` gets each leg once, when nothing more can happen to it.

    Facts must come in their order, from the beginning or from any point on: what is told of a contact whose
    arrival was not seen is left out and noted in `stranger_ms`. The cut into batches does not matter, as long
    as the facts of one event come in one call.
    """

    def __init__(self, finished: Finished) -> None:
        self.stranger_ms = 0
        """Moment of the last fact about a contact whose arrival was not seen; 0: there was none."""
        self._finished = finished
        self._legs: dict[int, Leg] = {}
        """Where each live contact is now."""
        self._rings: dict[int, int] = {}
        """Offer → since when it rings."""
        self._breaks: dict[int, Break] = {}
        self._put_away: set[int] = set()
        """Contacts that wait for their moment, in no line."""
        self._aside = Aside()
        self._ending: Leg | None = None
        """Answered and over; its wrap-up would be the next that is told."""
        self._wrap_ups: dict[tuple[int, str], tuple[Leg, int]] = {}
        """(contact, agent) → leg, and since when it is wrapped up."""
        self._on: dict[type[Fact], Callable[[Any], None]] = {
            kind: getattr(self, name) for kind, name in _HANDLERS.items()
        }

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold the facts of one or more events."""
        on = self._on
        for fact in batch:
            handler = on.get(type(fact))
            if handler is not None:
                handler(fact)
        if self._ending is not None:
            self._deliver()
        self._aside.event_over()

    def open_legs(self, now_ms: int) -> list[Leg]:
        """Copies of the legs not finished, as they would be if all of it ended now; changes nothing.

        What waits has the outcome OPEN; what an agent handles is ANSWERED, with the work so far.
        """
        found = []
        for number, leg in self._legs.items():
            one = replace(leg, done_ms=now_ms)
            if leg.outcome is Outcome.ANSWERED:
                add_talk(one, now_ms, self._breaks.get(number))
            else:
                one.ended_ms, one.wait_ms = now_ms, now_ms - leg.queued_ms if leg.anchor_ms else 0
            found.append(one)
        for leg, since_ms in self._wrap_ups.values():
            found.append(replace(leg, wrap_up_ms=now_ms - since_ms, done_ms=now_ms))
        return found

    def close(self, now_ms: int, *, undecided: bool = False) -> None:
        """Hand over what is still open, as `open_legs` shows it; the ledger is empty then.

        `undecided`: what an agent still handles, or wraps up, is OPEN, too, as if nobody had answered yet, so
        that half of its work is in no average.
        """
        for leg in self.open_legs(now_ms):
            self._finished(replace(leg, **_UNDECIDED) if undecided and leg.answered_ms else leg)
        for live in (self._legs, self._rings, self._breaks, self._wrap_ups, self._put_away, self._aside):
            live.clear()

    # ---- facts about contacts that wait

    def _blocked(self, fact: facts.Blocked) -> None:
        who = 0, fact.party, fact.tenant, fact.line, fact.medium, fact.entry, fact.vip
        leg = Leg(*who, fact.t_ms, 1, "blocked", fact.t_ms)
        self._out(leg, fact.t_ms, Outcome.BLOCKED, fact.reason)

    def _arrived(self, fact: facts.Arrived) -> None:
        t_ms = fact.t_ms
        who = fact.contact, fact.party, fact.tenant, fact.line, fact.medium, fact.entry, fact.vip
        self._legs[fact.contact] = Leg(*who, t_ms, 1, "arrived", t_ms)

    def _informed(self, fact: facts.Informed) -> None:
        leg = self._legs.get(fact.contact)
        if leg is None:
            self._unknown(fact)
        else:
            leg.during_incident = True

    def _queued(self, fact: facts.Queued) -> None:
        leg = self._legs.get(fact.contact)
        if leg is None:
            self._unknown(fact)
            return
        leg.line, leg.queued_ms, leg.anchor_ms = fact.line, fact.t_ms, fact.anchor_ms
        if self._put_away:
            self._put_away.discard(fact.contact)

    def _medium_change(self, fact: facts.MediumChange) -> None:
        """It never was a call: it counts once, as what it turned out to be."""
        leg = self._legs.get(fact.contact)
        if leg is None:
            self._unknown(fact)
        else:
            leg.line, leg.entry, leg.medium = fact.line, fact.entry, fact.medium

    def _overflowed(self, fact: facts.Overflowed) -> None:
        leg = self._gone(fact)
        if leg is None:
            return
        leg.line = fact.from_line  # it may have chosen that line before it was in any
        self._go_on(leg, fact.t_ms, fact.to_line, "overflow")
        self._out(leg, fact.t_ms, Outcome.FLOWED_OUT, "overflow")

    def _offered(self, fact: facts.Offered) -> None:
        self._rings[fact.offer] = fact.t_ms

    def _ring_over(
        self, fact: facts.Refused | facts.NotAnswered | facts.OfferLost | facts.OfferWithdrawn
    ) -> None:
        since_ms, leg = self._rings.pop(fact.offer, None), self._legs.get(fact.contact)
        if leg is None:
            self._unknown(fact)
        elif since_ms is not None:
            leg.ring_ms += fact.t_ms - since_ms

    def _abandoned(self, fact: facts.Abandoned) -> None:
        leg = self._gone(fact)
        if leg is not None:
            self._put_away.discard(fact.contact)
            kind = "leg lost" if fact.leg_lost else fact.stage
            self._out(leg, fact.t_ms, Outcome.ABANDONED, kind)

    def _flowed_out(self, fact: facts.FlowedOut) -> None:
        leg = self._gone(fact)
        if leg is not None:
            self._out(leg, fact.t_ms, Outcome.FLOWED_OUT, fact.kind)

    def _parked(self, fact: facts.Parked) -> None:
        leg = self._gone(fact)
        if leg is not None:
            self._aside.add(fact.contact)
            self._out(leg, fact.t_ms, Outcome.FLOWED_OUT, "callback")

    def _message_left(self, fact: facts.MessageLeft) -> None:
        leg = self._gone(fact)
        if leg is not None:
            self._aside.add(fact.contact)
            self._out(leg, fact.t_ms, Outcome.FLOWED_OUT, "voicemail")

    def _deflected(self, fact: facts.Deflected) -> None:
        leg = self._gone(fact)
        if leg is not None:
            self._out(leg, fact.t_ms, Outcome.INCIDENT, fact.by)

    # ---- facts about contacts that an agent handles

    def _answered(self, fact: facts.Answered) -> None:
        leg, since_ms = self._legs.get(fact.contact), self._rings.pop(fact.offer, None)
        t_ms = fact.t_ms
        if leg is None:
            self._unknown(fact)
            return
        if since_ms is not None:
            leg.ring_ms += t_ms - since_ms
        leg.outcome, leg.agent = Outcome.ANSWERED, fact.agent
        leg.answered_ms = leg.ended_ms = t_ms
        leg.wait_ms = fact.line_wait_ms

    def _hold(self, fact: facts.Held | facts.Resumed) -> None:
        """Not that of another member of a conference: those who are left go on."""
        leg = self._legs.get(fact.contact)
        if leg is None or leg.agent == fact.agent:
            self._break(fact, BY_AGENT if fact.by_agent else BY_OTHER, begins=isinstance(fact, facts.Held))

    def _rest(self, fact: facts.Interrupted | facts.InterruptionEnded) -> None:
        self._break(fact, RESTING, begins=isinstance(fact, facts.Interrupted))

    def _called_out(self, fact: facts.CalledOut) -> None:
        self._aside.add(fact.contact)

    def _consulted(self, fact: facts.Consulted) -> None:
        self._aside.add(fact.consult)
        self._break(fact, ASIDE, begins=True)

    def _consult_over(self, fact: facts.ConsultOver) -> None:
        self._aside.over(fact.consult)
        self._break(fact, ASIDE, begins=False)

    def _break(self, fact: Breaking, bit: int, *, begins: bool) -> None:
        leg = self._legs.get(fact.contact)
        if leg is None:
            self._unknown(fact)
            return
        now = self._breaks.get(fact.contact)
        if now is None:
            now = self._breaks[fact.contact] = Break()
        add_break(leg, fact.t_ms, now)
        now.bits = now.bits | bit if begins else now.bits & ~bit

    def _released(self, fact: facts.Released) -> None:
        leg = self._gone(fact)
        if leg is None:
            return
        if leg.outcome is Outcome.ANSWERED:
            if fact.by == "agent" and leg.medium != VOICE:
                leg.replied_ms = fact.t_ms
            self._end_work(leg, fact.t_ms)
        elif fact.by == BY_DESK or (fact.by == BY_TREATMENT and leg.anchor_ms):
            self._out(leg, fact.t_ms, Outcome.ABANDONED, BY_DESK)
        else:
            self._out(leg, fact.t_ms, Outcome.BLOCKED, fact.by)

    def _handed_over(self, fact: facts.Transferred | facts.TakenOver) -> None:
        leg = self._gone(fact)
        if leg is None:
            return
        if fact.escalated:
            leg.escalated_ms = fact.t_ms
        to_line = fact.to_line if isinstance(fact, facts.Transferred) else fact.line
        self._hand_on(leg, fact.t_ms, to_line, "transfer")
        if isinstance(fact, facts.TakenOver):
            following = self._legs[fact.contact]
            following.queued_ms = following.answered_ms = following.ended_ms = fact.t_ms
            following.outcome, following.agent = Outcome.ANSWERED, fact.agent

    def _handed_out(self, fact: facts.HandedOut) -> None:
        leg = self._gone(fact)
        if leg is None:
            return
        self._aside.add(fact.contact)
        leg.kind = "outside"
        self._end_work(leg, fact.t_ms)
        leg.ended_ms = fact.t_ms

    def _deferred(self, fact: facts.Deferred) -> None:
        if fact.contact in self._put_away:
            return  # only its moment was changed
        leg = self._gone(fact)
        if leg is None:
            return
        self._put_away.add(fact.contact)
        if fact.agent is not None:
            self._hand_on(leg, fact.t_ms, leg.line, "deferred")
        else:
            self._go_on(leg, fact.t_ms, leg.line, "deferred")
            self._out(leg, fact.t_ms, Outcome.FLOWED_OUT, "deferred")

    def _waits_again(self, fact: facts.AgentLegLost | facts.HandedBack) -> None:
        leg = self._gone(fact)
        if leg is not None:
            kind = "leg lost" if isinstance(fact, facts.AgentLegLost) else "handed back"
            self._hand_on(leg, fact.t_ms, leg.line, kind)

    def _wrap_up_started(self, fact: facts.WrapUpStarted) -> None:
        leg = self._ending
        if leg is None or leg.contact != fact.contact:
            self._unknown(fact)
            return
        self._ending = None
        self._wrap_ups[fact.contact, fact.agent] = leg, fact.t_ms

    def _wrap_up_code(self, fact: facts.WrapUpCode) -> None:
        leg = live = self._legs.get(fact.contact)
        if leg is None or leg.agent != fact.agent:
            leg, _ = self._wrap_ups.get((fact.contact, fact.agent), (None, 0))
        if leg is not None:
            leg.code = fact.code
        elif live is None:  # else he is in a conference about what is another's
            self._unknown(fact)

    def _ticketed(self, fact: facts.Ticketed) -> None:
        leg = self._legs.get(fact.contact)
        wrapped = [one for (contact, _), (one, _) in self._wrap_ups.items() if contact == fact.contact]
        if leg is None and not wrapped:
            self._unknown(fact)
        for one in (*wrapped, leg) if leg is not None else wrapped:
            one.ticket = fact.ticket

    def _wrap_up_done(self, fact: facts.WrapUpDone) -> None:
        leg, since_ms = self._wrap_ups.pop((fact.contact, fact.agent), (None, 0))
        if leg is None:
            self._unknown(fact)
            return
        leg.done_ms = fact.t_ms
        leg.wrap_up_ms = fact.t_ms - since_ms
        if self._ending is not None:
            self._deliver()
        self._finished(leg)

    def _unknown(self, fact: Fact) -> None:
        """Its contact has no leg here."""
        if not self._aside.knows(fact):
            self.stranger_ms = fact.t_ms

    # ---- ends

    def _gone(self, fact: Any) -> Leg | None:
        """The leg that the contact leaves; None, and that is noted, if its arrival was not seen."""
        leg = self._legs.pop(fact.contact, None)
        if leg is None:
            self._unknown(fact)
        return leg

    def _hand_on(self, leg: Leg, t_ms: int, to_line: str, kind: str) -> None:
        self._go_on(leg, t_ms, to_line, kind)
        leg.outcome, leg.kind = Outcome.FLOWED_OUT, kind
        self._end_work(leg, t_ms)
        leg.ended_ms = t_ms

    def _go_on(self, leg: Leg, t_ms: int, to_line: str, cause: str) -> None:
        """The contact's next leg."""
        who = leg.contact, leg.party, leg.tenant, to_line, leg.medium, leg.entry, leg.vip
        self._legs[leg.contact] = following = Leg(*who, leg.arrived_ms, leg.number + 1, cause, t_ms)
        following.anchor_ms, following.during_incident = leg.anchor_ms, leg.during_incident
        following.ticket = leg.ticket

    def _end_work(self, leg: Leg, t_ms: int) -> None:
        """The conversation is over; a wrap-up may follow at once."""
        if self._ending is not None:
            self._deliver()
        add_talk(leg, t_ms, self._breaks.pop(leg.contact, None) if self._breaks else None)
        leg.done_ms = t_ms
        self._ending = leg

    def _out(self, leg: Leg, t_ms: int, outcome: Outcome, kind: str) -> None:
        """It ended without an answer."""
        if self._ending is not None:
            self._deliver()
        leg.outcome, leg.kind = outcome, kind
        leg.ended_ms = leg.done_ms = t_ms
        if leg.anchor_ms or outcome is Outcome.INCIDENT:
            leg.wait_ms = t_ms - leg.queued_ms
        self._finished(leg)

    def _deliver(self) -> None:
        leg, self._ending = self._ending, None
        if leg is not None:
            self._finished(leg)


_UNDECIDED: Mapping[str, Any] = {
    "outcome": Outcome.OPEN, "answered_ms": 0, "wait_ms": 0, "talk_ms": 0, "hold_ms": 0, "wrap_up_ms": 0,
}  # fmt: skip

_HANDLERS: Mapping[type[Fact], str] = {
    facts.Blocked: "_blocked",
    facts.Arrived: "_arrived",
    facts.Informed: "_informed",
    facts.Queued: "_queued",
    facts.MediumChange: "_medium_change",
    facts.Overflowed: "_overflowed",
    facts.Offered: "_offered",
    facts.Refused: "_ring_over",
    facts.NotAnswered: "_ring_over",
    facts.OfferLost: "_ring_over",
    facts.OfferWithdrawn: "_ring_over",
    facts.Abandoned: "_abandoned",
    facts.FlowedOut: "_flowed_out",
    facts.Parked: "_parked",
    facts.MessageLeft: "_message_left",
    facts.Deflected: "_deflected",
    facts.Answered: "_answered",
    facts.Held: "_hold",
    facts.Resumed: "_hold",
    facts.Interrupted: "_rest",
    facts.InterruptionEnded: "_rest",
    facts.Released: "_released",
    facts.CalledOut: "_called_out",
    facts.Consulted: "_consulted",
    facts.ConsultOver: "_consult_over",
    facts.TakenOver: "_handed_over",
    facts.HandedOut: "_handed_out",
    facts.Transferred: "_handed_over",
    facts.AgentLegLost: "_waits_again",
    facts.HandedBack: "_waits_again",
    facts.Deferred: "_deferred",
    facts.WrapUpStarted: "_wrap_up_started",
    facts.WrapUpCode: "_wrap_up_code",
    facts.WrapUpDone: "_wrap_up_done",
    facts.Ticketed: "_ticketed",
}
