"""The calls that the desk placed on a recorded day: how long they rang, and which of them were answered."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import median_low

from acd.core import facts
from acd.core.events import CHANNELS_TELL
from acd.core.facts import Fact
from simulation.past.excerpt import Excerpt
from simulation.scenario import Callbacks


class Attempts:
    """A fold of the facts of an excerpt."""

    def __init__(self) -> None:
        self.answered: dict[int, list[bool]] = defaultdict(list)
        """Contact → what became of each call to its party, in order."""
        self._placed_ms: dict[int, int] = {}
        self._rang_ms: list[int] = []
        self._classes: Counter[str] = Counter()

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold the facts of one event."""
        for fact in batch:
            match fact:
                case facts.CallPlaced(purpose="callback") if fact.until_ms > fact.t_ms:  # else never placed
                    self._placed_ms[fact.call] = fact.t_ms
                    self._classes[fact.dial_class] += 1
                case facts.CallOver() if fact.call in self._placed_ms:
                    rang_ms = fact.t_ms - self._placed_ms.pop(fact.call)
                    self.answered[fact.contact].append(fact.result == "answered")
                    if fact.result == "answered" or fact.result in CHANNELS_TELL:
                        self._rang_ms.append(rang_ms)

    def callbacks(self) -> Callbacks:
        """What became of them, in the model's terms."""
        told = [answered for calls in self.answered.values() for answered in calls]
        usual = Callbacks()
        return Callbacks(
            answer=sum(told) / len(told) if told else usual.answer,
            ring_ms=median_low(self._rang_ms) if self._rang_ms else usual.ring_ms,
            dial_class=self._classes.most_common(1)[0][0] if self._classes else usual.dial_class,
        )


def attempts_of(excerpt: Excerpt) -> Attempts:
    """To all contacts of the excerpt, those that were there before it too."""
    attempts = Attempts()
    for told in excerpt.told:
        attempts.take(told)
    return attempts
