"""Incidents: how many each reached, and what became of them, from the facts alone."""

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Struct

from acd.core import facts
from queues.desk import IncidentId


class Reach(Struct):
    """Of one incident, from its declaration to its last all-clear. Moments: Unix milliseconds."""

    declared_ms: int = 0
    """0: before what was read."""
    over_ms: int = 0
    """0: it was on when the record ended."""
    over_by: str = ""
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

    @property
    def open(self) -> int:
        """Who is still to be told when it is solved."""
        return self.linked - self.results.total()


class Reached:
    """Folds the facts of a journal, in their order. One that is declared anew by the same name is another.

    Of one that was declared before what is folded the counts begin there. `ours`: whether a contact counts.
    """

    def __init__(self, ours: Callable[[int], bool] = lambda contact: True) -> None:  # noqa: ARG005
        self.found: list[tuple[IncidentId, Reach]] = []
        """In the order in which they were declared."""
        self._ours = ours
        self._heard: dict[int, list[Reach]] = {}
        """Contact → those that it was told of."""
        self._linked: dict[tuple[IncidentId, int], list[Reach]] = {}
        """Name, and the contact by which somebody was linked → to which of that name."""

    def take(self, told: Iterable[facts.Fact]) -> None:
        """Some facts, as they were told."""
        for fact in told:
            match fact:
                case facts.IncidentOn():
                    self.found.append((fact.incident, Reach(fact.t_ms, results=Counter())))
                case facts.IncidentOff():
                    one = self._of(fact.incident)
                    one.over_ms, one.over_by = fact.t_ms, fact.reason
                case facts.Concerned() | facts.Informed() | facts.Deflected() | facts.Linked():
                    if self._ours(fact.contact):
                        self._about(fact)
                case facts.LinkOver() if self._linked.get((fact.incident, fact.contact)):
                    self._linked[fact.incident, fact.contact].pop(0).results[fact.result] += 1

    def _about(self, fact: facts.Concerned | facts.Informed | facts.Deflected | facts.Linked) -> None:
        """One of our contacts."""
        if isinstance(fact, facts.Concerned):
            self._of(fact.incident).gross += 1
        elif isinstance(fact, facts.Informed):
            self._told(fact)
        elif isinstance(fact, facts.Deflected):
            self._ended(fact)
        else:
            reach = self._of(fact.incident)
            reach.linked += 1
            self._linked.setdefault((fact.incident, fact.contact), []).append(reach)

    def _of(self, name: IncidentId) -> Reach:
        """The last one of that name."""
        known = next((reach for known, reach in reversed(self.found) if known == name), None)
        if known is None:
            known = Reach(results=Counter())
            self.found.append((name, known))
        return known

    def _told(self, fact: facts.Informed) -> None:
        reach, heard = self._of(fact.incident), self._heard.setdefault(fact.contact, [])
        if not any(one is reach for one in heard):
            reach.heard += 1
            heard.append(reach)

    def _ended(self, fact: facts.Deflected) -> None:
        """By that of which it was told; who was told of it before what is folded is in no count."""
        named = [reach for name, reach in self.found if name == fact.incident]
        heard = (one for one in reversed(self._heard.get(fact.contact, [])))
        reach = next((one for one in heard if any(one is reach for reach in named)), None)
        if reach is not None:
            reach.ended += 1
