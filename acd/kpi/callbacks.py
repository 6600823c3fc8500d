"""Promised callbacks: what became of each, folded from facts. They count in no service level."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from acd.core import facts
from acd.core.facts import Fact
from queues.desk import Medium


class Promise(Struct, gc=False):
    """The promise to call the party of a contact back. Moments: Unix milliseconds, 0: never."""

    contact: int
    line: str
    """In which it was promised."""
    medium: Medium
    promised_ms: int
    attempts: int = 0
    """Calls that were placed to keep it; not those that the desk's own rules forbade at once."""
    over_ms: int = 0
    """When it was kept, or will be no more; 0: it is open yet."""
    kept: bool = False
    """The party and an agent were joined."""
    called_in: bool = False
    """The party rang itself before."""


Finished = Callable[[Promise], None]


class Callbacks:
    """Folds facts into promises; `finished` gets each once, when it is over or the record ends.

    Whoever is promised a callback again before the first is kept still waits for the same.
    """

    def __init__(self, finished: Finished) -> None:
        self._finished = finished
        self._open: dict[int, Promise] = {}

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold facts, in their order."""
        for fact in batch:
            match fact:
                case facts.Parked():
                    self._open.setdefault(fact.contact, _promise(fact))
                case facts.CallPlaced() if fact.contact in self._open and fact.until_ms > fact.t_ms:
                    self._open[fact.contact].attempts += 1
                case facts.CalledIn() if fact.contact in self._open:
                    self._open[fact.contact].called_in = True
                case facts.CallbackOver():
                    self._over(fact)

    def _over(self, fact: facts.CallbackOver) -> None:
        promise = self._open.pop(fact.contact, None)
        if promise is not None:
            promise.over_ms, promise.kept = fact.t_ms, fact.kept
            self._finished(promise)

    @property
    def open(self) -> Iterable[Promise]:
        """Those that are neither kept nor given up yet."""
        return self._open.values()

    def close(self) -> None:
        """The record ends: hand over what is open."""
        for promise in self._open.values():
            self._finished(promise)
        self._open.clear()


def _promise(fact: facts.Parked) -> Promise:
    return Promise(fact.contact, fact.line, fact.medium, fact.t_ms)
