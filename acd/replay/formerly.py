"""What an earlier version would have told of the same decisions, to compare its journals with."""

from collections.abc import Iterable, Iterator, Sequence

from acd.core import facts
from acd.core.facts import Fact

TREATMENTS_SINCE = 3
"""Version 2 knew greetings only: `Announced` where later versions tell `Treated`, and before `Queued`.

It did not count whom an incident concerns (`Concerned`) either.
"""


def told_by(version: int, now: Sequence[Fact]) -> Sequence[Fact]:
    """These facts in the words, and in the order, of that engine version."""
    return now if version >= TREATMENTS_SINCE else list(_without_treatments(now))


def _without_treatments(now: Iterable[Fact]) -> Iterator[Fact]:
    said: dict[int, facts.Treated] = {
        fact.contact: fact for fact in now if isinstance(fact, facts.Treated) and fact.says
    }
    for fact in now:
        announced = said.get(getattr(fact, "contact", 0))
        if announced is not None and isinstance(fact, facts.Queued | facts.Informed | facts.Treated):
            del said[announced.contact]
            what = announced.contact, announced.says[0], announced.first
            yield facts.Announced(announced.t_ms, *what)
        if not isinstance(fact, facts.Treated | facts.Concerned):
            yield fact
