"""Incidents: how many each reached, and what became of them, from the facts alone."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from acd.core import facts
from queues.desk import IncidentId


class Reach(Struct):
    """Of one incident, from its declaration to its last all-clear."""

    gross: int = 0
    """Contacts within its scope."""
    heard: int = 0
    """Of these, who was told; once each."""
    ended: int = 0
    """Of these, whose call ended by it."""
    linked: int = 0
    """Parties that were to be told when it is solved."""
    results: Counter[str] = Counter()
    """What became of those: `told`, `hung up`, `not reached`, `dropped`."""

    @property
    def stayed(self) -> int:
        """Who was told, and went on."""
        return self.heard - self.ended


class Reached:
    """Folds the facts of a journal, in their order. One that is declared anew by the same name is another."""

    def __init__(self) -> None:
        self.found: list[tuple[IncidentId, Reach]] = []
        """In the order in which they were declared."""
        self._heard: dict[int, list[Reach]] = {}
        """Contact → those that it was told of."""
        self._linked: dict[tuple[IncidentId, int], list[Reach]] = {}
        """Name, and the contact by which somebody was linked → to which of that name."""

    def take(self, told: Iterable[facts.Fact]) -> None:
        """Some facts, as they were told."""
        for fact in told:
            match fact:
                case facts.IncidentOn():
                    self.found.append((fact.incident, Reach(results=Counter())))
                case facts.Concerned():
                    self._of(fact.incident).gross += 1
                case facts.Informed():
                    self._told(fact)
                case facts.Deflected():
                    self._ended(fact)
                case facts.Linked():
                    self._of(fact.incident).linked += 1
                    to = self._linked.setdefault((fact.incident, fact.contact), [])
                    to.append(self._of(fact.incident))
                case facts.LinkOver():
                    self._linked[fact.incident, fact.contact].pop(0).results[fact.result] += 1

    def _of(self, name: IncidentId) -> Reach:
        return next(reach for known, reach in reversed(self.found) if known == name)

    def _told(self, fact: facts.Informed) -> None:
        reach, heard = self._of(fact.incident), self._heard.setdefault(fact.contact, [])
        if not any(one is reach for one in heard):
            reach.heard += 1
            heard.append(reach)

    def _ended(self, fact: facts.Deflected) -> None:
        named = [reach for name, reach in self.found if name == fact.incident]
        heard = (one for one in reversed(self._heard.get(fact.contact, [])))
        next(one for one in heard if any(one is reach for reach in named)).ended += 1
