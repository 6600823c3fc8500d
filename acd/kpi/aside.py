"""Contacts in no segment: callbacks, messages, consults, and who talks with somebody outside."""

from acd.core import facts
from acd.core.facts import Fact


class Aside:
    """Knows the facts that are none of the ledger's business. The facts of one event come together."""

    def __init__(self) -> None:
        self._live: set[int] = set()
        self._over: list[int] = []
        """Ended by this event; a wrap-up may be the next that is told."""
        self._wrap_ups: set[tuple[int, str]] = set()

    def add(self, contact: int) -> None:
        """What follows of it is in no segment."""
        self._live.add(contact)

    def over(self, contact: int) -> None:
        """Nothing is told of it after this event."""
        self._over.append(contact)

    def knows(self, fact: Fact) -> bool:
        """Whether it tells of one of them."""
        contact: int = fact.contact  # type: ignore[attr-defined]
        who = contact, getattr(fact, "agent", "")
        if isinstance(fact, facts.WrapUpDone) and who in self._wrap_ups:
            self._wrap_ups.remove(who)
            return True
        if contact not in self._live:
            return who in self._wrap_ups or any(contact == one for one, _ in self._wrap_ups)
        if isinstance(fact, facts.WrapUpStarted):
            self._wrap_ups.add(who)
        elif isinstance(fact, facts.ENDINGS):
            self._over.append(contact)
        return True

    def event_over(self) -> None:
        """All facts of an event were folded."""
        if self._over:
            self._live.difference_update(self._over)
            self._over.clear()

    def clear(self) -> None:
        """Nothing more comes."""
        self._live.clear()
        self._wrap_ups.clear()
