"""Recorded journals and the present engine: `python -m tests.golden.comparison` tells how far they agree."""

import sys
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from acd.core.engine import Engine
from acd.core.errors import Rejected
from acd.core.events import Event, PriorityChanged
from acd.core.facts import Fact
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
    engine = Engine()
    for number, (t_ms, event, expected) in enumerate(steps, 1):
        try:
            found = engine.handle(as_meant(event, engine), t_ms).facts
        except Rejected as refusal:
            return Difference(number, t_ms, event, 0, next(iter(expected), None), f"rejected: {refusal}")
        if (place := unlike(expected, found)) is not None:
            return Difference(number, t_ms, event, place, _at(expected, place), _at(found, place))
    return None


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
