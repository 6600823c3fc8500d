"""What callers of entries and lines are to hear, and will not: texts that are never said, other languages."""

from collections.abc import Mapping

from config.table import Table
from config.treatment_graph import Place, Where, graph_of, takers
from config.treatments import Written
from queues.desk import Desk, Entry, EntryId, LineId
from queues.names import TreatmentId
from queues.treatment import Menu, Say


def warn_unheard(
    desk: Desk, lines: Mapping[str, Table], entries: Mapping[EntryId, tuple[Entry, Table]]
) -> None:
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


def warn_languages(
    desk: Desk,
    tables: Mapping[str, Table],
    languages: Mapping[LineId, tuple[str, ...]],
    treatments: Mapping[TreatmentId, Written],
) -> None:
    """Record a warning for lines in which a treatment speaks languages that the line does not."""
    graph, order = graph_of(desk), {name: number for number, name in enumerate(treatments)}
    for line in desk.lines:
        places = graph.reach([Place(line.treatment, 0, Where.IN, line.id)])
        saying = (place for place in places if isinstance(graph.step_at(place), Say | Menu))
        heard = {place.treatment for place in saying if place.line == line.id}
        for name in sorted(heard, key=order.__getitem__):
            more = [one for one in treatments[name].languages if one not in languages[line.id]]
            if more:
                reason = f'do not hold for the treatment "{name}", which speaks {", ".join(more)} too'
                tables[line.id].warn("languages", reason)
