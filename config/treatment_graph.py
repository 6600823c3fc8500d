"""What leads to what in treatments, as the engine walks them: it knows the steps by `acd/core/steps.py`."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from queues.desk import Desk, Line, LineId, Overflow
from queues.names import TreatmentId
from queues.treatment import (
    Collect,
    Condition,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Record,
    Say,
    SayExpectedWait,
    SayPosition,
    SetLanguage,
    Step,
    When,
)


class Where(StrEnum):
    """How far a contact is that walks a treatment."""

    BEFORE = "before"
    """In no line yet."""
    AWAY = "away"
    """In none, since its line is closed or full."""
    IN = "in"
    AFTER = "after"
    """In none any more: its talk is over, and it is asked about it."""


class Place(NamedTuple):
    """Before a step, or at the end of a treatment (`step` is the number of its steps)."""

    treatment: TreatmentId
    step: int
    where: Where
    line: LineId
    """In which it is, or for which it came."""
    refused: tuple[LineId, ...] = ()
    """The line that did not take it, and the one that it wanted when that handed it on."""


class Way(NamedTuple):
    """From one place to another. Any condition may hold, any line may be closed or full."""

    to: Place
    at_once: bool = True
    """It takes no time. Texts take none: those that follow each other are one list."""
    key: str = ""
    """It is gone by who presses this key."""


NOWHERE = LineId("")
"""The line of whoever is followed from a place to which nobody comes."""

IN_LINE_ONLY = (Condition.WAITED, Condition.CALLBACK)
"""What holds for nobody who is in no line."""

RESTS = (Music, Menu, Collect, Enqueue, Record, Park, End)
"""Steps before or at which a contact may stay for a while, so that its line may hand it on meanwhile."""


class Graph:
    """The places of all treatments, and the ways between them."""

    def __init__(
        self, treatments: Mapping[TreatmentId, tuple[Step, ...]], lines: Mapping[LineId, Line]
    ) -> None:
        self._treatments = treatments
        self._lines = lines
        self.takers = cache(lambda line: takers(line, lines))

    def step_at(self, place: Place) -> Step | None:
        """The step that comes next; None at the end."""
        steps = self._treatments[place.treatment]
        return steps[place.step] if place.step < len(steps) else None

    def ways_from(self, place: Place) -> Iterator[Way]:
        """Wherever it may go on."""
        step = self.step_at(place)
        for way in WAYS[type(step)](self, place, step):
            if way.to.treatment in self._treatments:
                yield way
        if place.where is Where.IN and isinstance(step, RESTS) and place.line in self._lines:
            following = self._lines[place.line].when_waited.line
            if following is not None:
                yield Way(place._replace(line=following), at_once=False)

    def at_once(self, place: Place) -> list[Place]:
        """Wherever it may go on without any time."""
        return [way.to for way in self.ways_from(place) if way.at_once]

    def reach(self, starts: Iterable[Place]) -> dict[Place, Place | None]:
        """All places to which these lead, and themselves; each with the one before it on a shortest way."""
        found: dict[Place, Place | None] = {}
        for start in starts:
            if start.treatment in self._treatments:
                found[start] = None
        waiting = deque(found)
        while waiting:
            place = waiting.popleft()
            for way in self.ways_from(place):
                if way.to not in found:
                    found[way.to] = place
                    waiting.append(way.to)
        return found

    def own(self, line: LineId) -> TreatmentId:
        """The treatment of those who wait there."""
        return self._lines[line].treatment if line in self._lines else TreatmentId("")

    def refusals(self, wanted: LineId) -> Iterator[tuple[TreatmentId, LineId]]:
        """What is heard by whom neither the wanted line takes nor one that takes over; and which says so."""
        for line in self.takers(wanted):
            for way in (self._lines[line].when_full, self._lines[line].when_closed):
                if way.kind is Overflow.TREATMENT:
                    yield way.treatment, line


def graph_of(desk: Desk) -> Graph:
    """The treatments and lines of a desk."""
    steps = {treatment.id: treatment.steps for treatment in desk.treatments}
    return Graph(steps, {line.id: line for line in desk.lines})


def starts(graph: Graph, desk: Desk) -> Iterator[Place]:
    """Where treatments begin: on arrival, in line, where a line takes nobody, and after the talk."""
    hears = {traits.id for traits in desk.media if traits.hears}
    for entry in (one for one in desk.entries if one.medium in hears):
        if entry.treatment:
            yield Place(entry.treatment, 0, Where.BEFORE, entry.line)
        else:
            for treatment, line in graph.refusals(entry.line):
                yield Place(treatment, 0, Where.AWAY, line, _refused(line, entry.line))
    for line_ in desk.lines:
        yield from _starts_of(line_)


def _starts_of(line: Line) -> Iterator[Place]:
    if line.treatment:
        yield Place(line.treatment, 0, Where.IN, line.id)
    for way in (line.when_full, line.when_closed):
        if way.kind is Overflow.TREATMENT:
            yield Place(way.treatment, 0, Where.AWAY, line.id)
    if line.survey:
        yield Place(line.survey, 0, Where.AFTER, line.id)


def takers(line: LineId, lines: Mapping[LineId, Line]) -> tuple[LineId, ...]:
    """The line itself, and those that take over when it is closed or full."""
    found: dict[LineId, None] = {}
    waiting = [line]
    while waiting:
        one = waiting.pop()
        if one in lines and one not in found:
            found[one] = None
            ways = lines[one].when_full, lines[one].when_closed
            waiting.extend(way.line for way in ways if way.line is not None)
    return tuple(found)


def _refused(line: LineId, wanted: LineId) -> tuple[LineId, ...]:
    return (line,) if line == wanted else (line, wanted)


def _next(place: Place) -> Place:
    return place._replace(step=place.step + 1)


def _first(place: Place, treatment: TreatmentId) -> Place:
    return place._replace(treatment=treatment, step=0)


def _on(_: Graph, place: Place, _step: Step) -> Iterator[Way]:
    yield Way(_next(place))


def _music(_: Graph, place: Place, music: Music) -> Iterator[Way]:
    if music.for_ms:
        yield Way(_next(place), at_once=False)
    elif place.where is not Where.IN:
        yield Way(_next(place))


def _menu(_: Graph, place: Place, menu: Menu) -> Iterator[Way]:
    yield Way(_next(place), at_once=False)
    for key, treatment in menu.keys:
        yield Way(_first(place, treatment), at_once=False, key=key)


def _takes_time(_: Graph, place: Place, _step: Step) -> Iterator[Way]:
    yield Way(_next(place), at_once=False)


def _record(_: Graph, place: Place, _step: Step) -> Iterator[Way]:
    yield Way(_next(place), at_once=place.where is Where.AFTER)


def _when(_: Graph, place: Place, asked: When) -> Iterator[Way]:
    yield Way(_next(place))
    if place.where is Where.IN or asked.condition not in IN_LINE_ONLY:
        yield Way(_first(place, asked.then))


def _then(_: Graph, place: Place, on: GoOn) -> Iterator[Way]:
    yield Way(_first(place, on.then))


def _enqueue(graph: Graph, place: Place, to: Enqueue) -> Iterator[Way]:
    if place.where is Where.AFTER:
        return
    if place.where is not Where.IN:
        yield from _enter(graph, place, _next(place), to.line or place.line)
        return
    yield Way(_next(place))
    if to.line is not None and to.line != place.line:
        for line in graph.takers(to.line):
            yield Way(_next(place)._replace(line=line))


def _enter(graph: Graph, place: Place, after: Place, wanted: LineId) -> Iterator[Way]:
    """Into the line or one that takes over, or to what is heard where none does; whoever heard that goes."""
    for line in graph.takers(wanted):
        yield Way(after._replace(where=Where.IN, line=line, refused=()))
    if place.where is Where.BEFORE:
        for treatment, line in graph.refusals(wanted):
            away = _first(place, treatment)._replace(where=Where.AWAY, refused=_refused(line, wanted))
            yield Way(away)


def _end(_: Graph, _place: Place, _step: Step) -> Iterator[Way]:
    yield from ()


def _over(graph: Graph, place: Place, _: None) -> Iterator[Way]:
    if place.where is Where.BEFORE:
        yield from _enter(graph, place, place, place.line)
    elif place.where is Where.IN and graph.own(place.line) != place.treatment:
        yield Way(_first(place, graph.own(place.line)))


WAYS: Mapping[type[object], Callable[[Graph, Place, Any], Iterator[Way]]] = {
    Say: _on,
    SayPosition: _on,
    SayExpectedWait: _on,
    Music: _music,
    Menu: _menu,
    When: _when,
    GoOn: _then,
    Enqueue: _enqueue,
    Collect: _takes_time,
    Record: _record,
    Park: _on,
    SetLanguage: _on,
    End: _end,
    type(None): _over,
}
