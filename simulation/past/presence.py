"""Who was there when, to the millisecond, from facts: signed in, and neither paused nor out of reach."""

from collections.abc import Iterator, Sequence

from acd.core import facts
from acd.core.events import OfferId
from acd.core.facts import Fact
from agents.skills import AgentId
from queues.desk import Medium
from simulation.scenario import Duty


class _Agent:
    """One agent as far as the facts go."""

    __slots__ = ("away_ms", "breaks", "media", "missed", "number", "paused", "since_ms")

    def __init__(self) -> None:
        self.since_ms: int | None = None
        """Since when he is signed in; None: he is not."""
        self.number = 0
        """Of his sign-in, of all there were."""
        self.media: set[Medium] = set()
        self.paused = False
        self.missed: tuple[OfferId, int] | None = None
        """The offer that he did not answer, and when that was: he is paused for it."""
        self.away_ms: int | None = None
        """Since when he takes no offers for another reason."""
        self.breaks: list[tuple[int, int]] = []


class Presence:
    """A fold of facts, from the beginning of a journal on."""

    def __init__(self) -> None:
        self.back_ms: dict[OfferId, int] = {}
        """Offer that was not answered → how long its agent was away for it."""
        self._agents: dict[AgentId, _Agent] = {}
        self._over: list[tuple[int, Duty]] = []
        self._signed_in = 0

    def take(self, batch: Sequence[Fact]) -> None:
        """Fold the facts of one event."""
        for number, fact in enumerate(batch):
            match fact:
                case facts.SignedIn() | facts.SignedOut():
                    self._sign(fact)
                case facts.Reachable() | facts.Unreachable():
                    self._reach(fact)
                case facts.NotAnswered() if _paused_for_it(fact, batch[number + 1 : number + 2]):
                    self._seat(fact.agent).missed = fact.offer, fact.t_ms
                case facts.Paused():
                    self._pause(fact)
                case facts.Ready():
                    self._ready(fact)

    def duties(self, start_ms: int, end_ms: int) -> tuple[Duty, ...]:
        """The duties within [start_ms, end_ms), in the order of signing in.

        Who is on duty still stays until `end_ms`.
        """
        open_ = [(seat.number, self._duty(agent, seat, end_ms)) for agent, seat in self._agents.items()]
        found = ((number, _cut(duty, start_ms, end_ms)) for number, duty in (*self._over, *open_) if duty)
        ordered = sorted((duty.start_ms, number, duty) for number, duty in found if duty is not None)
        return tuple(duty for _, _, duty in ordered)

    def opening(self, t_ms: int, reason: str) -> Iterator[Fact]:
        """Facts that say of everybody who is signed in now that he is, and whether he is away."""
        for agent, seat in self._agents.items():
            if seat.since_ms is not None:
                yield facts.SignedIn(t_ms, agent)
                if seat.away_ms is not None or seat.missed is not None:
                    yield facts.Paused(t_ms, agent, reason)

    def _seat(self, agent: AgentId) -> _Agent:
        return self._agents.setdefault(agent, _Agent())

    def _sign(self, fact: facts.SignedIn | facts.SignedOut) -> None:
        seat = self._seat(fact.agent)
        duty = self._duty(fact.agent, seat, fact.t_ms)
        if duty is not None:
            self._over.append((seat.number, duty))
        seat.missed, seat.away_ms, seat.paused, seat.breaks = None, None, False, []
        seat.since_ms = fact.t_ms if isinstance(fact, facts.SignedIn) else None
        self._signed_in += 1
        seat.number = self._signed_in
        self._look(seat, fact.t_ms)

    def _reach(self, fact: facts.Reachable | facts.Unreachable) -> None:
        seat = self._seat(fact.agent)
        (seat.media.add if isinstance(fact, facts.Reachable) else seat.media.discard)(fact.medium)
        self._look(seat, fact.t_ms)

    def _pause(self, fact: facts.Paused) -> None:
        seat = self._seat(fact.agent)
        if seat.missed is None or seat.missed[0] in self.back_ms:
            seat.paused = True
        elif fact.t_ms > seat.missed[1]:  # he goes for a break before he is back
            self._back(seat, fact.t_ms + 1)
            seat.paused = True
        self._look(seat, fact.t_ms)

    def _ready(self, fact: facts.Ready) -> None:
        seat = self._seat(fact.agent)
        self._back(seat, fact.t_ms)
        seat.paused = False
        self._look(seat, fact.t_ms)

    def _back(self, seat: _Agent, t_ms: int) -> None:
        if seat.missed is not None:
            offer, missed_ms = seat.missed
            self.back_ms[offer] = t_ms - missed_ms
            seat.missed = None

    def _look(self, seat: _Agent, t_ms: int) -> None:
        """Whether he is away now for a reason that is not an offer he missed."""
        away = seat.since_ms is not None and (seat.paused or not seat.media)
        if away and seat.away_ms is None:
            seat.away_ms = t_ms
        elif not away and seat.away_ms is not None:
            seat.breaks.append((seat.away_ms, t_ms))
            seat.away_ms = None

    def _duty(self, agent: AgentId, seat: _Agent, until_ms: int) -> Duty | None:
        if seat.since_ms is None:
            return None
        last = [] if seat.away_ms is None else [(seat.away_ms, until_ms)]  # he did not come back from it
        return Duty(agent, seat.since_ms, until_ms, (*seat.breaks, *last))


def _paused_for_it(missed: facts.NotAnswered, following: Sequence[Fact]) -> bool:
    return any(isinstance(fact, facts.Paused) and fact.agent == missed.agent for fact in following)


def _cut(duty: Duty, start_ms: int, end_ms: int) -> Duty | None:
    """The part of a duty, and of its breaks, that lies in [start_ms, end_ms); None: nothing does."""
    begin, end = max(duty.start_ms, start_ms), min(duty.end_ms, end_ms)
    if begin >= end:
        return None
    breaks = ((max(a, begin), min(b, end)) for a, b in duty.breaks)
    return Duty(duty.agent, begin, end, tuple((a, b) for a, b in breaks if a < b))
