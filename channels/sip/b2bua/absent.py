"""Which registered phones the engine does not count on, since an offer did not reach them."""

from channels.sip.protocol.outputs import ClientKey
from channels.sip.protocol.timers import Timers


class Absent:
    """Agents by what their phones wait for: to be asked, an answer, or the end of a rest. Times in ms."""

    def __init__(self) -> None:
        self._waiting: Timers[str] = Timers()
        self._resting: set[str] = set()
        self.asked: dict[ClientKey, str] = {}
        """Our OPTIONS that has no final response yet → agent; one for each."""

    def ask(self, agent: str, at_ms: int) -> None:
        """It may be away: to be asked then."""
        self.forget(agent)
        self._waiting.set(agent, at_ms)

    def rest(self, agent: str, until_ms: int) -> None:
        """It is there; not to be rung before then."""
        self.ask(agent, until_ms)
        self._resting.add(agent)

    def forget(self, agent: str) -> None:
        """It has registered, or is gone."""
        self._waiting.cancel(agent)
        self._resting.discard(agent)
        if agent in self.asked.values():
            self.asked = {key: one for key, one in self.asked.items() if one != agent}

    def rests(self, agent: str) -> bool:
        """Whether its moment is the end of a rest."""
        return agent in self._resting

    def next_deadline(self) -> int | None:
        """The earliest moment of all."""
        return self._waiting.next()

    def pop_due(self, now_ms: int) -> str | None:
        """An agent whose moment has come; `rests` still tells which it was."""
        return self._waiting.pop_due(now_ms)
