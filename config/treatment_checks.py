"""What is wrong with the treatments of a site as a whole: circles that take no time, and useless steps."""

from collections.abc import Iterator, Mapping

from config.circles import circles
from config.table import Table
from config.treatment_graph import IN_LINE_ONLY, Graph, Place, Where, takers
from config.treatments import Written
from queues.desk import Desk, Entry, EntryId, Line, LineId, Overflow, TenantId
from queues.names import TreatmentId
from queues.treatment import Condition, Enqueue, Music, Park, SayPosition, Step, When

_Treatments = Mapping[TreatmentId, Written]
_Entries = Mapping[EntryId, tuple[Entry, Table]]

NOWHERE = LineId("")


def check_circles(treatments: _Treatments, desk: Desk) -> None:
    """Record an error for every circle in which nothing takes time."""
    graph = _graph(treatments, desk)
    reached = graph.reach(_starts(desk))
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


def warn_treatments(treatments: _Treatments, desk: Desk) -> None:
    """Record a warning for treatments and steps that are never reached or do nothing."""
    reached: dict[tuple[TreatmentId, int], list[Place]] = {}
    for place in _graph(treatments, desk).reach(_starts(desk)):
        reached.setdefault((place.treatment, place.step), []).append(place)
    for name, written in treatments.items():
        if (name, 0) not in reached:
            written.table.warn("", "nothing leads to this treatment")
            continue
        reached_before = True
        for number, (step, table) in enumerate(zip(written.treatment.steps, written.steps, strict=True)):
            places = reached.get((name, number), [])
            if places:
                _warn_step(step, table, places, desk)
            elif reached_before:
                table.warn("", "is never reached")
            reached_before = bool(places)


def warn_unheard(desk: Desk, lines: Mapping[str, Table], entries: _Entries) -> None:
    """Record a warning for what entries and lines say to nobody."""
    hears = {traits.id for traits in desk.media if traits.hears}
    greeted: set[LineId] = set()
    treated: set[LineId] = set()
    by_id = {line.id: line for line in desk.lines}
    for entry, table in entries.values():
        if entry.treatment and entry.medium not in hears:
            table.warn("treatment", f"is never heard: who sends a {entry.medium} hears nothing")
        elif entry.treatment:
            treated.add(entry.line)
        elif entry.medium in hears:
            greeted.update(takers(entry.line, by_id))
    for line in desk.lines:
        if line.greeting and line.id in treated - greeted:
            key = "greeting" if "greeting" in lines[line.id] else "greeting_files"
            lines[line.id].warn(key, "is never heard: every entry of this line has a treatment")


def _graph(treatments: _Treatments, desk: Desk) -> Graph:
    steps = {name: written.treatment.steps for name, written in treatments.items()}
    return Graph(steps, {line.id: line for line in desk.lines})


def _starts(desk: Desk) -> Iterator[Place]:
    """Where treatments begin: on arrival, in line, and where a line takes nobody."""
    hears = {traits.id for traits in desk.media if traits.hears}
    for entry in desk.entries:
        if entry.treatment and entry.medium in hears:
            yield Place(entry.treatment, 0, Where.BEFORE, entry.line)
    for line in desk.lines:
        if line.treatment:
            yield Place(line.treatment, 0, Where.IN, line.id)
        for way in (line.when_full, line.when_closed):
            if way.kind is Overflow.TREATMENT:
                yield Place(way.treatment, 0, Where.AWAY, line.id)


def _named(circle: list[Place], order: list[TreatmentId]) -> tuple[Place, list[TreatmentId]]:
    """The treatments on it, from the first in the file back to it, and the place that leads back to it."""
    following = [*circle[1:], circle[0]]
    jumps = [(place, to.treatment) for place, to in zip(circle, following, strict=True) if to.step == 0]
    first = min(range(len(jumps)), key=lambda number: order.index(jumps[number][1]))
    names = [to for _, to in jumps[first:] + jumps[:first]]
    return jumps[first][0], [*names, names[0]]


def _warn_step(step: Step, table: Table, places: list[Place], desk: Desk) -> None:
    lines = {place.line for place in places if place.where is Where.IN}
    if not lines and _needs_a_line(step):
        table.warn("", "does nothing: the contact is never in line here")
    elif isinstance(step, Enqueue):
        if all(place.where is Where.IN and step.line in (None, place.line) for place in places):
            table.warn("", "does nothing: the contact is in that line already")
    elif isinstance(step, Park) or (isinstance(step, When) and step.condition is Condition.CALLBACK):
        for tenant in _not_called(desk, lines):
            key = "park" if isinstance(step, Park) else "when"
            table.warn(key, f'no [[outbound]] rule allows callbacks for the tenant "{tenant}"')


def _needs_a_line(step: Step) -> bool:
    return (
        isinstance(step, Park | SayPosition)
        or (isinstance(step, Music) and not step.for_ms)
        or (isinstance(step, When) and step.condition in IN_LINE_ONLY)
    )


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
