"""Which registered phones are not rung since they are not there, and when each is asked whether it is."""

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from channels.sip.protocol.outputs import ClientKey
from channels.sip.protocol.timers import Timers


class PhoneId(NamedTuple):
    """One of the phones of an agent."""

    agent: str
    key: str
    """What tells it from his others (`Binding.key`)."""


def spread(phone: PhoneId, every_ms: int) -> int:
    """When it is asked for the first time, in ms from now: after a restart thousands are found at once."""
    return every_ms // 2 + crc32(repr(phone).encode()) % (every_ms // 2)


class Absent:
    """Phones by what is known of them, and agents whose phones rest. Times in ms."""

    def __init__(self) -> None:
        self._due: Timers[PhoneId] = Timers()
        self._resting: Timers[str] = Timers()
        self.away: set[PhoneId] = set()
        """Those that are not to be rung; as a rule none."""
        self._answers: set[PhoneId] = set()
        """Those that have answered a question: silence means something of them only."""
        self.asked: dict[ClientKey, PhoneId] = {}
        """Our OPTIONS that has no final response yet → whom it asks; one for each."""

    def is_away(self, phone: PhoneId) -> bool:
        """Whether it is not to be rung."""
        return phone in self.away

    def answers(self, phone: PhoneId) -> bool:
        """Whether it has ever answered a question."""
        return phone in self._answers

    def ask(self, phone: PhoneId, at_ms: int) -> None:
        """It is to be asked then, and not before."""
        self._drop_question(phone)
        self._due.set(phone, at_ms)

    def lose(self, phone: PhoneId) -> None:
        """It is not there; whoever says so says when it is asked again."""
        self.forget([phone], answers=False)
        self.away.add(phone)

    def found(self, phone: PhoneId, *, answered: bool = False) -> bool:
        """It is there: it registers, or has `answered`. True: it was away."""
        if answered:
            self._answers.add(phone)
        was_away = phone in self.away
        self.away.discard(phone)
        return was_away

    def forget(self, phones: Iterable[PhoneId], *, answers: bool = True) -> None:
        """They are registered no more, or what was known of them is not known any more."""
        for phone in phones:
            self._due.cancel(phone)
            self.away.discard(phone)
            self._drop_question(phone)
            if answers:
                self._answers.discard(phone)

    def _drop_question(self, phone: PhoneId) -> None:
        if phone in self.asked.values():
            self.asked = {key: one for key, one in self.asked.items() if one != phone}

    def rest(self, agent: str, until_ms: int) -> None:
        """His phones are there, and not to be rung before then."""
        self._resting.set(agent, until_ms)

    def wake(self, agent: str) -> None:
        """He is told to be reachable by somebody else."""
        self._resting.cancel(agent)

    def next_deadline(self) -> int | None:
        """The earliest moment of all."""
        due_ms, rested_ms = self._due.next(), self._resting.next()
        if due_ms is None or rested_ms is None:
            return rested_ms if due_ms is None else due_ms
        return min(due_ms, rested_ms)

    def pop_due(self, now_ms: int) -> PhoneId | None:
        """A phone that is to be asked now."""
        return self._due.pop_due(now_ms)

    def pop_rested(self, now_ms: int) -> str | None:
        """An agent whose phones have rested."""
        return self._resting.pop_due(now_ms)
