"""Who was on duty when, from the facts: the roster as it was kept, in whole seconds."""

from collections.abc import Iterable

from acd.core import facts
from acd.core.facts import Fact
from agents.skills import AgentId
from simulation.scenario import Duty

DAY_MS = 86_400_000

Stretch = tuple[int, int]


class Attendance:
    """A fold of facts into duties; pauses become breaks, except those after no answer."""

    def __init__(self) -> None:
        self.back_ms: list[int] = []
        """How long agents were away after no answer."""
        self._since: dict[AgentId, int] = {}
        self._breaks: dict[AgentId, list[Stretch]] = {}
        self._paused: dict[AgentId, int] = {}
        self._missed: dict[AgentId, int] = {}
        self._over: list[tuple[AgentId, Stretch, list[Stretch]]] = []

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold the facts of some events, in their order."""
        for fact in batch:
            match fact:
                case facts.SignedIn():
                    self._since[fact.agent], self._breaks[fact.agent] = fact.t_ms, []
                case facts.SignedOut():
                    self._leave(fact.agent, fact.t_ms)
                case facts.NotAnswered():
                    self._missed[fact.agent] = fact.t_ms
                case facts.Paused() if fact.agent not in self._missed:
                    self._paused.setdefault(fact.agent, fact.t_ms)
                case facts.Ready():
                    self._come_back(fact.agent, fact.t_ms)

    def duties(self, start_ms: int, end_ms: int) -> tuple[Duty, ...]:
        """The duties within [start_ms, end_ms), none longer than a day, by start and agent.

        Who is on duty still stays until `end_ms`.
        """
        for agent in list(self._since):
            self._leave(agent, end_ms)
        found = []
        for agent, (since_ms, until_ms), breaks in self._over:
            first, last = _seconds(max(since_ms, start_ms)), _seconds(min(until_ms, end_ms))
            for begin in range(first, last, DAY_MS):
                end = min(begin + DAY_MS, last)
                cut = ((max(_seconds(a), begin), min(_seconds(b), end)) for a, b in breaks)
                found.append(Duty(agent, begin, end, tuple(one for one in cut if one[0] < one[1])))
        return tuple(sorted(found, key=lambda duty: (duty.start_ms, duty.agent)))

    def _leave(self, agent: AgentId, t_ms: int) -> None:
        since_ms = self._since.pop(agent, None)
        self._come_back(agent, t_ms)
        self._missed.pop(agent, None)
        if since_ms is not None:
            self._over.append((agent, (since_ms, t_ms), self._breaks.pop(agent)))

    def _come_back(self, agent: AgentId, t_ms: int) -> None:
        missed_ms, paused_ms = self._missed.pop(agent, None), self._paused.pop(agent, None)
        if missed_ms is not None and agent in self._since:
            self.back_ms.append(t_ms - missed_ms)
        if paused_ms is not None:
            self._breaks.get(agent, []).append((paused_ms, t_ms))


def _seconds(moment_ms: int) -> int:
    return moment_ms // 1000 * 1000
