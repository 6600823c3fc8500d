"""What agents did with their time, per interval, folded from facts. No moment is counted twice."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from acd.core import facts
from acd.core.facts import Fact
from acd.kpi.breaks import ASIDE, BY_AGENT, BY_OTHER, RESTING
from acd.kpi.intervals import Intervals
from acd.kpi.service import Counts


class AgentTime(Struct, gc=False):
    """An agent's time in one interval, in milliseconds; sums of such are such.

    Every moment has one kind, the first that applies: talk, hold, wrap-up, ring, paused, idle. So who handles
    three mails at once is in talk once, and a mail that rests while a call is handled does not count.
    """

    signed_in_ms: int = 0
    """Signed in, or signed out but still with work in hand."""
    paused_ms: int = 0
    """Paused with nothing in hand."""
    ring_ms: int = 0
    """His phone rang, or he was kept free while somebody was called back."""
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    offers: int = 0
    answered: int = 0
    refused: int = 0
    not_answered: int = 0
    """The offer rang until its time was over, or did not reach him."""

    @property
    def busy_ms(self) -> int:
        """Talk, hold, ring and wrap-up."""
        return self.talk_ms + self.hold_ms + self.ring_ms + self.wrap_up_ms

    @property
    def present_ms(self) -> int:
        """Signed in and not paused: never less than `busy_ms`."""
        return self.signed_in_ms - self.paused_ms

    def add(self, other: "AgentTime") -> None:
        """Add other times."""
        for name in AgentTime.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def add_time(counts: Counts, time: AgentTime) -> None:
    """Let the occupancy of `counts` know of an agent's time."""
    counts.busy_ms += time.busy_ms
    counts.present_ms += time.present_ms


class _Seat:
    """What an agent is doing, since when, and where that is counted."""

    __slots__ = (
        "agent",
        "holding",
        "paused",
        "present",
        "resting",
        "ringing",
        "row",
        "row_over_ms",
        "since_ms",
        "talking",
        "wrapping",
    )

    def __init__(self, agent: str, t_ms: int) -> None:
        self.agent = agent
        self.present = self.paused = False
        self.ringing = self.talking = self.holding = self.wrapping = self.resting = 0
        self.since_ms = t_ms
        self.row = AgentTime()
        self.row_over_ms = t_ms


_Over = (
    facts.Released
    | facts.Transferred
    | facts.AgentLegLost
    | facts.HandedBack
    | facts.Deferred
    | facts.HandedOut
    | facts.SurveyBegan
)

_TALK = 0
"""No bit of `acd.kpi.breaks`: the conversation goes on."""


class TimeSheet:
    """Folds facts into the times of agents; `rows` are complete up to the last fact, or to `close`.

    It may begin anywhere: an agent of whom nothing was heard yet counts as signed in from his first fact on.
    """

    def __init__(self, intervals: Intervals) -> None:
        self.rows: dict[tuple[str, int], AgentTime] = {}
        """(agent, number of the interval) → his time in it."""
        self._intervals = intervals
        self._seats: dict[str, _Seat] = {}
        self._handling: dict[int, tuple[_Seat, int]] = {}
        """Contact → who handles it, and whether it is on hold or rests (bits)."""
        self._on: dict[type[Fact], Callable[[Any], None]] = {
            kind: getattr(self, name) for kind, name in _HANDLERS.items()
        }

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold facts, in their order."""
        on = self._on
        for fact in batch:
            handler = on.get(type(fact))
            if handler is not None:
                handler(fact)

    def close(self, now_ms: int) -> None:
        """Count everybody's time up to `now_ms`; may be called again later, and facts may follow."""
        for seat in self._seats.values():
            self._settle(seat, now_ms)

    def total(self, *, index: int | None = None, agents: Iterable[str] | None = None) -> AgentTime:
        """The times of all (or these) agents in all intervals (or one) together."""
        whole, wanted = AgentTime(), None if agents is None else set(agents)
        for (agent, number), time in self.rows.items():
            if index in (None, number) and (wanted is None or agent in wanted):
                whole.add(time)
        return whole

    # ---- facts

    def _signed_in(self, fact: facts.SignedIn) -> None:
        seat = self._seat(fact.agent, fact.t_ms)
        seat.present, seat.paused = True, False

    def _signed_out(self, fact: facts.SignedOut) -> None:
        seat = self._seat(fact.agent, fact.t_ms)
        seat.present = seat.paused = False

    def _paused(self, fact: facts.Paused) -> None:
        self._seat(fact.agent, fact.t_ms).paused = True

    def _ready(self, fact: facts.Ready) -> None:
        self._seat(fact.agent, fact.t_ms).paused = False

    def _offered(self, fact: facts.Offered) -> None:
        seat = self._seat(fact.agent, fact.t_ms)
        if fact.choice != "reserved":  # then it is counted from there on
            seat.ringing += 1
        self._row(seat, fact.t_ms).offers += 1

    def _reserved(self, fact: facts.Reserved) -> None:
        self._seat(fact.agent, fact.t_ms).ringing += 1

    def _refused(self, fact: facts.Refused) -> None:
        self._ring_over(fact.agent, fact.t_ms).refused += 1

    def _not_answered(self, fact: facts.NotAnswered | facts.OfferLost) -> None:
        self._ring_over(fact.agent, fact.t_ms).not_answered += 1

    def _withdrawn(self, fact: facts.OfferWithdrawn | facts.ReservationEnded) -> None:
        self._ring_over(fact.agent, fact.t_ms)

    def _ring_over(self, agent: str, t_ms: int) -> AgentTime:
        seat = self._seat(agent, t_ms)
        if seat.ringing:
            seat.ringing -= 1
        return self._row(seat, t_ms)

    def _answered(self, fact: facts.Answered) -> None:
        seat = self._seat(fact.agent, fact.t_ms)
        if seat.ringing:
            seat.ringing -= 1
        seat.talking += 1
        self._handling[fact.contact] = seat, _TALK
        self._row(seat, fact.t_ms).answered += 1

    def _hold(self, fact: facts.Held | facts.Resumed) -> None:
        """Not that of another member of a conference: he is taken to talk as long as he is in it."""
        seat, _ = self._handling.get(fact.contact, (None, 0))
        if seat is not None and seat.agent == fact.agent:
            bit = BY_AGENT if fact.by_agent else BY_OTHER
            self._break(fact.contact, fact.t_ms, bit, begins=isinstance(fact, facts.Held))

    def _rest(self, fact: facts.Interrupted | facts.InterruptionEnded) -> None:
        self._break(fact.contact, fact.t_ms, RESTING, begins=isinstance(fact, facts.Interrupted))

    def _break(self, contact: int, t_ms: int, bit: int, *, begins: bool) -> None:
        found = self._handling.get(contact)
        if found is not None:
            seat, bits = found
            self._settle(seat, t_ms)
            _count_work(seat, bits, -1)
            bits = bits | bit if begins else bits & ~bit
            _count_work(seat, bits, 1)
            self._handling[contact] = seat, bits

    def _consulted(self, fact: facts.Consulted) -> None:
        self._break(fact.contact, fact.t_ms, ASIDE, begins=True)

    def _consult_over(self, fact: facts.ConsultOver) -> None:
        """Who was asked, and stays, goes on talking: what he has is still counted by its number."""
        self._break(fact.contact, fact.t_ms, ASIDE, begins=False)
        if fact.result not in ("conference", "transferred"):
            self._end_work(fact.consult, fact.t_ms)
            return
        for bit in (BY_AGENT, BY_OTHER):
            self._break(fact.consult, fact.t_ms, bit, begins=False)

    def _conference_left(self, fact: facts.ConferenceLeft) -> None:
        self._end_work(fact.consult, fact.t_ms)

    def _taken_over(self, fact: facts.TakenOver) -> None:
        self._end_work(fact.contact, fact.t_ms)
        found = self._handling.pop(fact.consult, None)
        if found is not None:
            self._handling[fact.contact] = found

    def _over(self, fact: _Over) -> None:
        self._end_work(fact.contact, fact.t_ms)

    def _end_work(self, contact: int, t_ms: int) -> None:
        found = self._handling.pop(contact, None)
        if found is not None:
            seat, bits = found
            self._settle(seat, t_ms)
            _count_work(seat, bits, -1)

    def _wrap_up_started(self, fact: facts.WrapUpStarted) -> None:
        self._seat(fact.agent, fact.t_ms).wrapping += 1

    def _wrap_up_done(self, fact: facts.WrapUpDone) -> None:
        seat = self._seat(fact.agent, fact.t_ms)
        if seat.wrapping:
            seat.wrapping -= 1

    # ---- time

    def _seat(self, agent: str, t_ms: int) -> _Seat:
        """The agent, his time counted up to now."""
        seat = self._seats.get(agent)
        if seat is None:
            seat = self._seats[agent] = _Seat(agent, t_ms)
            seat.present = True
        elif seat.since_ms < t_ms:
            self._settle(seat, t_ms)
        return seat

    def _settle(self, seat: _Seat, t_ms: int) -> None:
        """Count the time since the last change as what it was, each interval's part in its own row."""
        while seat.since_ms < t_ms:
            row = self._row(seat, seat.since_ms)
            until_ms = t_ms if seat.row_over_ms < 0 else min(t_ms, seat.row_over_ms)
            _add(row, seat, until_ms - seat.since_ms)
            seat.since_ms = until_ms

    def _row(self, seat: _Seat, t_ms: int) -> AgentTime:
        """The row of the interval of that moment; one that counts nowhere outside all intervals."""
        if t_ms >= seat.row_over_ms >= 0:
            index, seat.row_over_ms = self._intervals.around(t_ms)
            seat.row = self.rows.setdefault((seat.agent, index), AgentTime()) if index >= 0 else AgentTime()
        return seat.row


def _count_work(seat: _Seat, bits: int, by: int) -> None:
    if not bits:
        seat.talking += by
    elif bits & RESTING:
        seat.resting += by
    else:
        seat.holding += by


def _add(row: AgentTime, seat: _Seat, span_ms: int) -> None:
    if seat.talking:
        row.talk_ms += span_ms
    elif seat.holding:
        row.hold_ms += span_ms
    elif seat.wrapping:
        row.wrap_up_ms += span_ms
    elif seat.ringing:
        row.ring_ms += span_ms
    elif not seat.present and not seat.resting:
        return
    elif seat.paused and not seat.resting:
        row.paused_ms += span_ms
    row.signed_in_ms += span_ms


_HANDLERS: Mapping[type[Fact], str] = {
    facts.SignedIn: "_signed_in",
    facts.SignedOut: "_signed_out",
    facts.Paused: "_paused",
    facts.Ready: "_ready",
    facts.Offered: "_offered",
    facts.Reserved: "_reserved",
    facts.ReservationEnded: "_withdrawn",
    facts.Refused: "_refused",
    facts.NotAnswered: "_not_answered",
    facts.OfferLost: "_not_answered",
    facts.OfferWithdrawn: "_withdrawn",
    facts.Answered: "_answered",
    facts.Held: "_hold",
    facts.Resumed: "_hold",
    facts.Interrupted: "_rest",
    facts.InterruptionEnded: "_rest",
    facts.Consulted: "_consulted",
    facts.ConsultOver: "_consult_over",
    facts.ConferenceLeft: "_conference_left",
    facts.TakenOver: "_taken_over",
    facts.HandedOut: "_over",
    facts.SurveyBegan: "_over",
    facts.Transferred: "_over",
    facts.AgentLegLost: "_over",
    facts.HandedBack: "_over",
    facts.Deferred: "_over",
    facts.Released: "_over",
    facts.WrapUpStarted: "_wrap_up_started",
    facts.WrapUpDone: "_wrap_up_done",
}
