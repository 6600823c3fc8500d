"""Treatments that lead back to themselves: without any time, or so that a contact never comes into a line."""

from collections.abc import Collection, Iterable, Mapping

from config.circles import circles
from config.treatment_graph import NOWHERE, Graph, Place, Where, graph_of, starts
from config.treatments import Written
from queues.desk import Desk
from queues.names import TreatmentId
from queues.treatment import Collect, Menu, Music, Record

TAKES_TIME = Music | Collect | Record
"""What lasts a while, and then goes on whatever its party does."""

_Treatments = Mapping[TreatmentId, Written]


def check_circles(treatments: _Treatments, desk: Desk) -> None:
    """Record an error for every circle in which nothing takes time."""
    graph = graph_of(desk)
    reached = graph.reach(starts(graph, desk))
    unused = treatments.keys() - {place.treatment for place in reached}
    reached |= graph.reach(Place(name, 0, Where.IN, NOWHERE) for name in treatments if name in unused)
    told: set[tuple[str, str]] = set()
    for circle in circles(reached, graph.at_once):
        last, names = _named(circle, list(treatments))
        written = treatments[last.treatment]
        at_end = last.step == len(written.steps)
        table = written.table if at_end else written.steps[last.step]
        who = "its end goes" if at_end else "goes"
        reason = f"{who} in a circle in which nothing takes time: {' → '.join(names)}"
        if (table.path, reason) not in told:
            told.add((table.path, reason))
            table.error("", reason)


def warn_rounds(treatments: _Treatments, desk: Desk) -> None:
    """Record a warning where whoever presses no key is led round before the line, and never comes into it."""
    graph, order = graph_of(desk), list(treatments)
    kept_out = _kept_out(graph, graph.reach(starts(graph, desk)))
    told: set[str] = set()
    for circle in circles(kept_out, lambda place: _ways(graph, place)):
        menus = [place for place in circle if isinstance(graph.step_at(place), Menu)]
        rests = menus or [place for place in circle if isinstance(graph.step_at(place), TAKES_TIME)]
        first = min(rests, key=lambda place: (order.index(place.treatment), place.step))
        table = treatments[first.treatment].steps[first.step]
        if table.path not in told:
            told.add(table.path)
            who = "who presses nothing" if menus else "the contact"
            names = " → ".join(_named(circle, order)[1])
            table.warn("", f"{who} goes round for ever and is never in line: {names}")


def _kept_out(graph: Graph, reached: Iterable[Place]) -> list[Place]:
    """The places before the line from which every way without a key leads to such places only."""
    before = [place for place in reached if place.where is Where.BEFORE]
    came_from: dict[Place, list[Place]] = {}
    gets_out: dict[Place, None] = {}
    for place in before:
        following = _ways(graph, place)
        if not following or any(to.where is not Where.BEFORE for to in following):
            gets_out[place] = None
        for to in following:
            came_from.setdefault(to, []).append(place)
    waiting = list(gets_out)
    while waiting:
        new = [place for place in came_from.get(waiting.pop(), ()) if place not in gets_out]
        gets_out.update(dict.fromkeys(new))
        waiting.extend(new)
    return [place for place in before if place not in gets_out]


def _ways(graph: Graph, place: Place) -> Collection[Place]:
    """Where it goes on if no key is pressed."""
    return [way.to for way in graph.ways_from(place) if not way.key]


def _named(circle: list[Place], order: list[TreatmentId]) -> tuple[Place, list[TreatmentId]]:
    """The treatments on it, from the first in the file back to it, and the place that leads back to it."""
    following = [*circle[1:], circle[0]]
    jumps = [(place, to.treatment) for place, to in zip(circle, following, strict=True) if to.step == 0]
    first = min(range(len(jumps)), key=lambda number: order.index(jumps[number][1]))
    names = [to for _, to in jumps[first:] + jumps[:first]]
    return jumps[first][0], [*names, names[0]]
