"""Steps of treatments that are never reached, or of no use to some or all who come to them."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from config.table import Table
from config.treatment_graph import IN_LINE_ONLY, NOWHERE, Graph, Place, Where, graph_of, starts
from config.treatments import Written
from queues.desk import Desk, Line, LineId, TenantId
from queues.names import TreatmentId
from queues.treatment import (
    Condition,
    End,
    Enqueue,
    GoOn,
    Music,
    Park,
    Record,
    SayExpectedWait,
    SayPosition,
    Step,
    When,
)

_Treatments = Mapping[TreatmentId, Written]
_CameFrom = Mapping[Place, Place | None]
_Reached = Mapping[tuple[TreatmentId, int], list[Place]]

NOT_AFTERWARDS = (Enqueue, Park, Record)

WHY_NOT_ON = {Music: "is music for good", GoOn: "goes on elsewhere", End: "hangs up"}
"""What is said of a step after which the next one does not follow."""


def warn_treatments(treatments: _Treatments, desk: Desk) -> None:
    """Record a warning for treatments and steps that are never reached or do nothing."""
    graph = graph_of(desk)
    _warn_without_message(treatments, graph, desk)
    came_from = graph.reach(starts(graph, desk))
    reached: dict[tuple[TreatmentId, int], list[Place]] = {}
    for place in came_from:
        reached.setdefault((place.treatment, place.step), []).append(place)
    # One warning is enough for a step that is left out and whatever only it leads to.
    explained = {place.treatment for place in graph.reach(_left_out(treatments, reached))}
    for name, written in treatments.items():
        if (name, 0) not in reached and name not in explained:
            written.table.warn("", "nothing leads to this treatment")
        for number, step in enumerate(written.treatment.steps):
            table, places = written.steps[number], reached.get((name, number), [])
            if why := _why_left_out(written, number, reached):
                if not places or _needs_a_line(step):
                    table.warn("", f"is never reached{' in line' if places else ''}: {why}")
            elif places:
                _warn_step(step, table, places, desk)
            _warn_out_of_line(step, table, places, came_from)


def check_surveys(treatments: _Treatments, desk: Desk) -> None:
    """Record an error for steps that are of no use to whoever is asked after his talk."""
    graph = graph_of(desk)
    asked = graph.reach(place for place in starts(graph, desk) if place.where is Where.AFTER)
    for treatment, number in dict.fromkeys((place.treatment, place.step) for place in asked):
        written = treatments[treatment]
        if number < len(written.steps) and isinstance(written.treatment.steps[number], NOT_AFTERWARDS):
            key = next(key for key in ("enqueue", "park", "record") if key in written.steps[number])
            reason = "a survey leads here, and whoever has talked already comes into no line"
            written.steps[number].error(key, reason)


def _warn_without_message(treatments: _Treatments, graph: Graph, desk: Desk) -> None:
    """Of messages that are to be left where nobody can have been recorded."""
    said = [place for place in graph.reach(starts(graph, desk)) if isinstance(graph.step_at(place), Record)]
    after = graph.reach(way.to for place in said for way in graph.ways_from(place))
    left = {(place.treatment, place.step) for place in after}
    for name, written in treatments.items():
        for number, step in enumerate(written.treatment.steps):
            if step == Park("voicemail") and (name, number) not in left:
                written.steps[number].warn("park", "leaves no message: nothing is recorded before it")


def _left_out(treatments: _Treatments, reached: _Reached) -> Iterator[Place]:
    """The steps of treatments that are reached to which nobody comes, or nobody who is in line."""
    for name, written in treatments.items():
        if (name, 0) in reached:
            for number in range(len(written.treatment.steps)):
                if (name, number) not in reached or _why_left_out(written, number, reached):
                    yield Place(name, number, Where.IN, NOWHERE)


def _why_left_out(written: Written, number: int, reached: _Reached) -> str:
    """What keeps all, or all who are in line, at the step before; empty if nothing does."""
    name, steps = written.treatment.id, written.treatment.steps
    here, before = reached.get((name, number), []), reached.get((name, number - 1), [])
    if number == 0 or not before or any(place.where is Where.IN for place in here):
        return ""
    last = steps[number - 1]
    stay = isinstance(last, Music) and not last.for_ms and any(place.where is Where.IN for place in before)
    return f"steps[{number - 1}] {WHY_NOT_ON[type(last)]}" if stay or not here else ""


def _warn_step(step: Step, table: Table, places: list[Place], desk: Desk) -> None:
    lines = {place.line for place in places if place.where is Where.IN}
    if not lines and _needs_a_line(step):
        table.warn("", "does nothing: the contact is never in line here")
    elif isinstance(step, Enqueue):
        if all(place.where is Where.IN and step.line in (None, place.line) for place in places):
            table.warn("", "does nothing: the contact is in that line already")
    elif step == Park() or (isinstance(step, When) and step.condition is Condition.CALLBACK):
        for tenant in _not_called(desk, lines):
            key = "park" if isinstance(step, Park) else "when"
            table.warn(key, f'no [[outbound]] rule allows callbacks for the tenant "{tenant}"')


def _needs_a_line(step: Step) -> bool:
    return (
        isinstance(step, SayPosition | SayExpectedWait)
        or (isinstance(step, Music) and not step.for_ms)
        or (isinstance(step, When) and step.condition in IN_LINE_ONLY)
    )


def _warn_out_of_line(step: Step, table: Table, places: list[Place], came_from: _CameFrom) -> None:
    """Of what only some of those who come to it have no use: it is of use to others."""
    if step == Park():
        outside = next((place for place in places if place.where is not Where.IN), None)
        if outside is not None:
            way = " → ".join(_way_to(outside, came_from))
            table.warn("park", f"promises nothing while the contact is in no line: {way}")
    elif isinstance(step, Enqueue):
        vain = (place for place in places if (step.line or place.line) in place.refused)
        for line in dict.fromkeys(place.refused[0] for place in vain):
            who = f'whom the line "{line}" did not take'
            table.warn("enqueue", f"{who} is released here without a word, unless it takes him by now")


def _way_to(place: Place, came_from: _CameFrom) -> list[TreatmentId]:
    """The treatments by which it is reached, the shortest way."""
    way = [place]
    while (before := came_from[way[-1]]) is not None:
        way.append(before)
    return [name for name, _ in groupby(one.treatment for one in reversed(way))]


def _not_called(desk: Desk, lines: set[LineId]) -> list[TenantId]:
    """The clients whose contacts wait in these lines and may not be called back."""
    rules = {rule.tenant for rule in desk.outbound if rule.purpose == "callback"}
    if "" in rules:
        return []
    waiting = {tenant for line in desk.lines if line.id in lines for tenant in _tenants(desk, line)}
    return sorted(waiting - rules)


def _tenants(desk: Desk, line: Line) -> set[TenantId]:
    """Whose contacts come to it: those of its entries, or its own where it has none."""
    return {entry.tenant for entry in desk.entries if entry.line == line.id} or {line.tenant}
