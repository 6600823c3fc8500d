"""Recorded journals and the present engine: `python -m tests.golden.comparison` tells how far they agree."""

import sys
import zlib
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from acd.core.effects import TreatContact
from acd.core.engine import Engine
from acd.core.errors import Rejected
from acd.core.events import (
    ContactHeld,
    ContactResumed,
    Event,
    IncidentDeclared,
    PriorityChanged,
    PromptEnded,
    Tick,
)
from acd.core.facts import Announced, Arrived, Concerned, Fact, Informed, PositionTold, Treated
from acd.journal.codec import decode_event, decode_facts

FOLDER = Path(__file__).parent / "journals"
NAMES = sorted(path.stem for path in FOLDER.glob("*.z"))

_Stored = list[tuple[int, msgspec.Raw, msgspec.Raw]]


class Step(NamedTuple):
    """An event at its moment, and the facts that came of it."""

    t_ms: int
    event: Event
    facts: Sequence[Fact]


class Difference(NamedTuple):
    """The first one: `place` is the fact's index within the entry; None: there is no fact at that place."""

    entry: int
    t_ms: int
    event: Event
    place: int
    recorded: Fact | None
    present: Fact | str | None

    def __str__(self) -> str:
        return (
            f"entry {self.entry} at {self.t_ms}, fact {self.place}\n"
            f"  of {self.event}\n  recorded: {self.recorded}\n  present:  {self.present}"
        )


def packed(steps: Iterable[Step]) -> bytes:
    """[[t_ms, event, facts], …] in MessagePack, events and facts as in a journal, compressed by zlib."""
    return zlib.compress(msgspec.msgpack.encode(list(steps)), 9)


def recorded(name: str) -> list[Step]:
    """The steps of a journal here. Raises msgspec.ValidationError: it holds what is no event or fact now."""
    stored = msgspec.msgpack.decode(zlib.decompress((FOLDER / f"{name}.z").read_bytes()), type=_Stored)
    return [Step(t_ms, decode_event(event), decode_facts(facts)) for t_ms, event, facts in stored]


def first_difference(steps: Sequence[Step]) -> Difference | None:
    """Play the events through a fresh engine and compare its facts with those recorded, entry by entry."""
    again, laws = Again(), NewLaws()
    for number, step in enumerate(steps, 1):
        t_ms, event, told = step
        try:
            decided = again.decide(step)
        except Rejected as refusal:
            if isinstance(event, ContactHeld | ContactResumed) and "illegal" in str(refusal):
                continue  # a hold of who holds already, and the end of none, were told then
            return Difference(number, t_ms, event, 0, next(iter(told), None), f"rejected: {refusal}")
        expected, found = laws.told_by_both(again.engine, step, decided)
        if (place := unlike(expected, found)) is not None:
            return Difference(number, t_ms, event, place, _at(expected, place), _at(found, place))
    return None


class Again:
    """A journal once more, by the present engine.

    Once only the end of a mandatory text that was heard on arrival was waited for. All other texts took no
    time, so they end at once here.
    """

    def __init__(self) -> None:
        self.engine = Engine()
        self._waited_for: dict[int, str] = {}
        """Contact → the text whose end the journal tells."""

    def decide(self, step: Step) -> list[Fact]:
        """What comes of the event now. Raises Rejected."""
        told = (fact for fact in step.facts if isinstance(fact, Announced) and fact.mandatory)
        self._waited_for.update((fact.contact, fact.greeting) for fact in told)
        found: list[Fact] = []
        if self._is_overdue(step):
            found += self.engine.handle(Tick(), step.t_ms).facts
        if isinstance(step.event, PromptEnded):
            self._waited_for.pop(step.event.contact, None)
        outcome = self.engine.handle(as_meant(step.event, self.engine), step.t_ms)
        found += outcome.facts
        ordered = deque(outcome.effects)
        while ordered:
            effect = ordered.popleft()
            if isinstance(effect, TreatContact) and self._ends_at_once(effect):
                outcome = self.engine.handle(PromptEnded(effect.contact, effect.visit), step.t_ms)
                found += outcome.facts
                ordered += outcome.effects
        return found

    def _ends_at_once(self, effect: TreatContact) -> bool:
        hears = effect.hears
        return hears.reports and hears.says[0].text != self._waited_for.get(effect.contact)

    def _is_overdue(self, step: Step) -> bool:
        """Music that began anew after the text of an incident is over, of which the journal knows nothing."""
        due_ms = self.engine.next_deadline()
        return due_ms is not None and due_ms <= step.t_ms and not isinstance(step.event, Tick)


class NewLaws:
    """What is told otherwise since treatments are data, and nothing else.

    A text is `Treated` and not `Announced`. Whom an incident concerns is counted. Mails and faxes are told
    no position. Who waits already when an incident is declared is told of it, and his music begins anew, so
    his positions come at other moments.
    """

    def __init__(self) -> None:
        self._moved: set[int] = set()
        """Contacts whose positions are told at other moments, or not at all."""

    def told_by_both(
        self, engine: Engine, step: Step, decided: Sequence[Fact]
    ) -> tuple[list[Fact], list[Fact]]:
        """The recorded and the present facts, without those that differ by law."""
        arrived = (fact for fact in step.facts if isinstance(fact, Arrived))
        self._moved.update(fact.contact for fact in arrived if not engine.state.media[fact.medium].hears)
        declared = isinstance(step.event, IncidentDeclared)
        if declared:
            self._moved.update(fact.contact for fact in decided if isinstance(fact, Informed))
        texts = {(fact.contact, fact.says[0]) for fact in decided if isinstance(fact, Treated) and fact.says}
        expected = (one for one in step.facts if not (isinstance(one, Announced) and _is_one_of(texts, one)))
        new = Treated | Concerned | Informed if declared else Treated | Concerned
        found = (one for one in decided if not isinstance(one, new))
        return [*filter(self._stays, expected)], [*filter(self._stays, found)]

    def _stays(self, fact: Fact) -> bool:
        return not isinstance(fact, PositionTold) or fact.contact not in self._moved


def _is_one_of(texts: Collection[tuple[int, str]], fact: Announced) -> bool:
    return (fact.contact, fact.greeting) in texts


def as_meant(event: Event, engine: Engine) -> Event:
    """Up to engine version 2 None in a change of priority was "as it is"; now it says what holds."""
    if (
        not isinstance(event, PriorityChanged)
        or (contact := engine.state.contacts.get(event.contact)) is None
    ):
        return event
    asked = contact.asked_class if event.priority_class is None else event.priority_class
    head_ms = contact.head_start_ms if event.head_start_ms is None else event.head_start_ms
    return PriorityChanged(event.contact, asked, head_ms)


def unlike(expected: Sequence[Fact], found: Sequence[Fact]) -> int | None:
    """Index of the first fact that differs."""
    if list(expected) == list(found):
        return None
    pairs = zip(expected, found, strict=False)
    equal = (place for place, (one, other) in enumerate(pairs) if one != other)
    return next(equal, min(len(expected), len(found)))


def _at(facts: Sequence[Fact], place: int) -> Fact | None:
    return facts[place] if place < len(facts) else None


def _tell() -> None:
    for name in NAMES:
        steps = recorded(name)
        found = first_difference(steps)
        alike = len(steps) if found is None else found.entry - 1
        sys.stdout.write(f"{name}: {alike} of {len(steps)} entries alike\n")
        if found is not None:
            sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    _tell()
