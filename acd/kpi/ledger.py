"""The ledger: folds facts into segments, which say what became of each stay of a contact in a line."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from acd.core import facts
from acd.core.facts import Fact
from acd.kpi.aside import Aside
from acd.kpi.breaks import ASIDE, BY_AGENT, BY_OTHER, RESTING, Break, Breaking, add_break, add_talk
from acd.kpi.segment import BY_DESK, BY_TREATMENT, following
from acd.kpi.segment import GOES_ON as GOES_ON
from acd.kpi.segment import Outcome as Outcome
from acd.kpi.segment import Segment as Segment
from agents.capacity import VOICE

Finished = Callable[[Segment], None]


class Ledger:
    """Folds facts into segments; `finished` gets each segment once, when nothing more can happen to it.

    Facts must come in their order, from the beginning or from any point on: what is told of a contact whose
    arrival was not seen is left out and noted in `stranger_ms`. The cut into batches does not matter, as long
    as the facts of one event come in one call.
    """

    def __init__(self, finished: Finished) -> None:
        self.stranger_ms = 0
        """Moment of the last fact about a contact whose arrival was not seen; 0: there was none."""
        self._finished = finished
        self._segments: dict[int, Segment] = {}
        """Where each live contact is now."""
        self._rings: dict[int, int] = {}
        """Offer → since when it rings."""
        self._breaks: dict[int, Break] = {}
        self._put_away: set[int] = set()
        """Contacts that wait for their moment, in no line."""
        self._aside = Aside()
        self._ending: Segment | None = None
        """Answered and over; its wrap-up would be the next that is told."""
        self._wrap_ups: dict[tuple[int, str], tuple[Segment, int]] = {}
        """(contact, agent) → segment, and since when it is wrapped up."""
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

    def open_segments(self, now_ms: int) -> list[Segment]:
        """Copies of the segments not finished, as they would be if all of it ended now; changes nothing.

        What waits has the outcome OPEN; what an agent handles is ANSWERED, with the work so far.
        """
        found = []
        for number, segment in self._segments.items():
            one = replace(segment, done_ms=now_ms)
            if segment.outcome is Outcome.ANSWERED:
                add_talk(one, now_ms, self._breaks.get(number))
            else:
                one.ended_ms, one.wait_ms = now_ms, now_ms - segment.queued_ms if segment.anchor_ms else 0
            found.append(one)
        for segment, since_ms in self._wrap_ups.values():
            found.append(replace(segment, wrap_up_ms=now_ms - since_ms, done_ms=now_ms))
        return found

    def close(self, now_ms: int, *, undecided: bool = False) -> None:
        """Hand over what is still open, as `open_segments` shows it; the ledger is empty then.

        `undecided`: what an agent still handles, or wraps up, is OPEN, too, as if nobody had answered yet, so
        that half of its work is in no average.
        """
        for segment in self.open_segments(now_ms):
            self._finished(replace(segment, **_UNDECIDED) if undecided and segment.answered_ms else segment)
        for live in (self._segments, self._rings, self._breaks, self._wrap_ups, self._put_away, self._aside):
            live.clear()

    # ---- facts about contacts that wait

    def _blocked(self, fact: facts.Blocked) -> None:
        who = 0, fact.party, fact.tenant, fact.line, fact.medium, fact.entry, fact.vip
        segment = Segment(*who, fact.t_ms, 1, "blocked", fact.t_ms)
        self._out(segment, fact.t_ms, Outcome.BLOCKED, fact.reason)

    def _arrived(self, fact: facts.Arrived) -> None:
        t_ms = fact.t_ms
        who = fact.contact, fact.party, fact.tenant, fact.line, fact.medium, fact.entry, fact.vip
        self._segments[fact.contact] = Segment(*who, t_ms, 1, "arrived", t_ms)

    def _informed(self, fact: facts.Informed) -> None:
        segment = self._segments.get(fact.contact)
        if segment is None:
            self._unknown(fact)
        else:
            segment.during_incident = True

    def _queued(self, fact: facts.Queued) -> None:
        segment = self._segments.get(fact.contact)
        if segment is None:
            self._unknown(fact)
            return
        segment.line, segment.queued_ms, segment.anchor_ms = fact.line, fact.t_ms, fact.anchor_ms
        if self._put_away:
            self._put_away.discard(fact.contact)

    def _wait_told(self, fact: facts.WaitTold) -> None:
        segment = self._segments.get(fact.contact)
        if segment is None:
            self._unknown(fact)
        elif not segment.told_ms:
            segment.told_ms, segment.told_wait_ms = fact.t_ms, fact.expected_ms
            segment.told_band_ms = fact.low_ms, fact.high_ms

    def _medium_change(self, fact: facts.MediumChange) -> None:
        """It never was a call: it counts once, as what it turned out to be."""
        segment = self._segments.get(fact.contact)
        if segment is None:
            self._unknown(fact)
        else:
            segment.line, segment.entry, segment.medium = fact.line, fact.entry, fact.medium

    def _overflowed(self, fact: facts.Overflowed) -> None:
        segment = self._gone(fact)
        if segment is None:
            return
        segment.line = fact.from_line  # it may have chosen that line before it was in any
        self._go_on(segment, fact.t_ms, fact.to_line, "overflow")
        self._out(segment, fact.t_ms, Outcome.FLOWED_OUT, "overflow")

    def _offered(self, fact: facts.Offered) -> None:
        self._rings[fact.offer] = fact.t_ms

    def _ring_over(
        self, fact: facts.Refused | facts.NotAnswered | facts.OfferLost | facts.OfferWithdrawn
    ) -> None:
        since_ms, segment = self._rings.pop(fact.offer, None), self._segments.get(fact.contact)
        if segment is None:
            self._unknown(fact)
        elif since_ms is not None:
            segment.ring_ms += fact.t_ms - since_ms

    def _abandoned(self, fact: facts.Abandoned) -> None:
        segment = self._gone(fact)
        if segment is not None:
            self._put_away.discard(fact.contact)
            kind = "leg lost" if fact.leg_lost else fact.stage
            self._out(segment, fact.t_ms, Outcome.ABANDONED, kind)

    def _flowed_out(self, fact: facts.FlowedOut) -> None:
        segment = self._gone(fact)
        if segment is not None:
            self._out(segment, fact.t_ms, Outcome.FLOWED_OUT, fact.kind)

    def _parked(self, fact: facts.Parked | facts.MessageLeft) -> None:
        segment = self._gone(fact)
        if segment is not None:
            self._aside.add(fact.contact)
            kind = "callback" if isinstance(fact, facts.Parked) else "voicemail"
            self._out(segment, fact.t_ms, Outcome.FLOWED_OUT, kind)

    def _deflected(self, fact: facts.Deflected) -> None:
        segment = self._gone(fact)
        if segment is not None:
            self._out(segment, fact.t_ms, Outcome.INCIDENT, fact.by)

    # ---- facts about contacts that an agent handles

    def _answered(self, fact: facts.Answered) -> None:
        segment, since_ms = self._segments.get(fact.contact), self._rings.pop(fact.offer, None)
        t_ms = fact.t_ms
        if segment is None:
            self._unknown(fact)
            return
        if since_ms is not None:
            segment.ring_ms += t_ms - since_ms
        segment.outcome, segment.agent = Outcome.ANSWERED, fact.agent
        segment.answered_ms = segment.ended_ms = t_ms
        segment.wait_ms = fact.line_wait_ms

    def _hold(self, fact: facts.Held | facts.Resumed) -> None:
        """Not that of another member of a conference: those who are left go on."""
        segment = self._segments.get(fact.contact)
        if segment is None or segment.agent == fact.agent:
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
        segment = self._segments.get(fact.contact)
        if segment is None:
            self._unknown(fact)
            return
        now = self._breaks.get(fact.contact)
        if now is None:
            now = self._breaks[fact.contact] = Break()
        add_break(segment, fact.t_ms, now)
        now.bits = now.bits | bit if begins else now.bits & ~bit

    def _released(self, fact: facts.Released) -> None:
        segment = self._gone(fact)
        if segment is None:
            return
        if segment.outcome is Outcome.ANSWERED:
            if fact.by == "agent" and segment.medium != VOICE:
                segment.replied_ms = fact.t_ms
            self._end_work(segment, fact.t_ms)
        elif fact.by == BY_DESK or (fact.by == BY_TREATMENT and segment.anchor_ms):
            self._out(segment, fact.t_ms, Outcome.ABANDONED, BY_DESK)
        else:
            self._out(segment, fact.t_ms, Outcome.BLOCKED, fact.by)

    def _handed_over(self, fact: facts.Transferred | facts.TakenOver) -> None:
        segment = self._gone(fact)
        if segment is None:
            return
        if fact.escalated:
            segment.escalated_ms = fact.t_ms
        to_line = fact.to_line if isinstance(fact, facts.Transferred) else fact.line
        self._hand_on(segment, fact.t_ms, to_line, "transfer")
        if isinstance(fact, facts.TakenOver):
            following = self._segments[fact.contact]
            following.queued_ms = following.answered_ms = following.ended_ms = fact.t_ms
            following.outcome, following.agent = Outcome.ANSWERED, fact.agent

    def _goes_on_without_agent(self, fact: facts.HandedOut | facts.SurveyBegan) -> None:
        segment = self._gone(fact)
        if segment is not None:
            self._aside.add(fact.contact)
            segment.kind = "outside" if isinstance(fact, facts.HandedOut) else segment.kind
            self._end_work(segment, fact.t_ms)
            segment.ended_ms = fact.t_ms

    def _deferred(self, fact: facts.Deferred) -> None:
        if fact.contact in self._put_away:
            return  # only its moment was changed
        segment = self._gone(fact)
        if segment is None:
            return
        self._put_away.add(fact.contact)
        if fact.agent is not None:
            self._hand_on(segment, fact.t_ms, segment.line, "deferred")
        else:
            self._go_on(segment, fact.t_ms, segment.line, "deferred")
            self._out(segment, fact.t_ms, Outcome.FLOWED_OUT, "deferred")

    def _waits_again(self, fact: facts.AgentLegLost | facts.HandedBack) -> None:
        segment = self._gone(fact)
        if segment is not None:
            kind = "leg lost" if isinstance(fact, facts.AgentLegLost) else "handed back"
            self._hand_on(segment, fact.t_ms, segment.line, kind)

    def _wrap_up_started(self, fact: facts.WrapUpStarted) -> None:
        segment = self._ending
        if segment is None or segment.contact != fact.contact:
            self._unknown(fact)
            return
        self._ending = None
        self._wrap_ups[fact.contact, fact.agent] = segment, fact.t_ms

    def _wrap_up_code(self, fact: facts.WrapUpCode) -> None:
        segment = live = self._segments.get(fact.contact)
        if segment is None or segment.agent != fact.agent:
            segment, _ = self._wrap_ups.get((fact.contact, fact.agent), (None, 0))
        if segment is not None:
            segment.code = fact.code
        elif live is None:  # else he is in a conference about what is another's
            self._unknown(fact)

    def _ticketed(self, fact: facts.Ticketed) -> None:
        segment = self._segments.get(fact.contact)
        wrapped = [one for (contact, _), (one, _) in self._wrap_ups.items() if contact == fact.contact]
        if segment is None and not wrapped:
            self._unknown(fact)
        for one in (*wrapped, segment) if segment is not None else wrapped:
            one.ticket = fact.ticket

    def _wrap_up_done(self, fact: facts.WrapUpDone) -> None:
        segment, since_ms = self._wrap_ups.pop((fact.contact, fact.agent), (None, 0))
        if segment is None:
            self._unknown(fact)
            return
        segment.done_ms = fact.t_ms
        segment.wrap_up_ms = fact.t_ms - since_ms
        if self._ending is not None:
            self._deliver()
        self._finished(segment)

    def _unknown(self, fact: Fact) -> None:
        """Its contact has no segment here."""
        if not self._aside.knows(fact):
            self.stranger_ms = fact.t_ms

    # ---- ends

    def _gone(self, fact: Any) -> Segment | None:
        """The segment that the contact leaves; None, and that is noted, if its arrival was not seen."""
        segment = self._segments.pop(fact.contact, None)
        if segment is None:
            self._unknown(fact)
        return segment

    def _hand_on(self, segment: Segment, t_ms: int, to_line: str, kind: str) -> None:
        self._go_on(segment, t_ms, to_line, kind)
        segment.outcome, segment.kind = Outcome.FLOWED_OUT, kind
        self._end_work(segment, t_ms)
        segment.ended_ms = t_ms

    def _go_on(self, segment: Segment, t_ms: int, to_line: str, cause: str) -> None:
        """The contact's next segment."""
        self._segments[segment.contact] = following(segment, to_line, cause, t_ms)

    def _end_work(self, segment: Segment, t_ms: int) -> None:
        """The conversation is over; a wrap-up may follow at once."""
        if self._ending is not None:
            self._deliver()
        add_talk(segment, t_ms, self._breaks.pop(segment.contact, None) if self._breaks else None)
        segment.done_ms = t_ms
        self._ending = segment

    def _out(self, segment: Segment, t_ms: int, outcome: Outcome, kind: str) -> None:
        """It ended without an answer."""
        if self._ending is not None:
            self._deliver()
        segment.outcome, segment.kind = outcome, kind
        segment.ended_ms = segment.done_ms = t_ms
        if segment.anchor_ms or outcome is Outcome.INCIDENT:
            segment.wait_ms = t_ms - segment.queued_ms
        self._finished(segment)

    def _deliver(self) -> None:
        segment, self._ending = self._ending, None
        if segment is not None:
            self._finished(segment)


_UNDECIDED: Mapping[str, Any] = {
    "outcome": Outcome.OPEN, "answered_ms": 0, "wait_ms": 0, "talk_ms": 0, "hold_ms": 0, "wrap_up_ms": 0,
}  # fmt: skip

_HANDLERS: Mapping[type[Fact], str] = {
    facts.Blocked: "_blocked",
    facts.Arrived: "_arrived",
    facts.Informed: "_informed",
    facts.Queued: "_queued",
    facts.WaitTold: "_wait_told",
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
    facts.MessageLeft: "_parked",
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
    facts.HandedOut: "_goes_on_without_agent",
    facts.SurveyBegan: "_goes_on_without_agent",
    facts.Transferred: "_handed_over",
    facts.AgentLegLost: "_waits_again",
    facts.HandedBack: "_waits_again",
    facts.Deferred: "_deferred",
    facts.WrapUpStarted: "_wrap_up_started",
    facts.WrapUpCode: "_wrap_up_code",
    facts.WrapUpDone: "_wrap_up_done",
    facts.Ticketed: "_ticketed",
}
