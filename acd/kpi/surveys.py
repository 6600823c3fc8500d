"""What parties said about their talk when the agent had left: one survey each, folded from facts."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from acd.core import facts
from acd.core.facts import Fact


class Survey(Struct, gc=False):
    """Somebody was asked. Moments: Unix milliseconds."""

    contact: int
    line: str
    agent: str
    """With whom the talk was."""
    asked_ms: int
    keys: tuple[str, ...] = ()
    """That were pressed, in their order."""

    @property
    def score(self) -> int | None:
        """The first digit that was pressed; None: none was."""
        return next((int(key) for key in self.keys if key.isdigit()), None)


Finished = Callable[[Survey], None]


class Surveys:
    """Folds facts into surveys; `finished` gets each once, when it is over or the record ends."""

    def __init__(self, finished: Finished) -> None:
        self._finished = finished
        self._open: dict[int, Survey] = {}

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold facts, in their order."""
        for fact in batch:
            match fact:
                case facts.SurveyBegan():
                    self._open[fact.contact] = Survey(fact.contact, fact.line, fact.agent, fact.t_ms)
                case facts.KeyChosen() if fact.contact in self._open:
                    self._open[fact.contact].keys += (fact.key,)
                case facts.Released() if fact.contact in self._open:
                    self._finished(self._open.pop(fact.contact))

    def close(self) -> None:
        """The record ends: hand over what is open."""
        for survey in self._open.values():
            self._finished(survey)
        self._open.clear()
