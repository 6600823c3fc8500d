"""Where treatments lead: the lines that contacts reach by them, and whether they decide anything."""

from config.treatment_graph import Place, Where, graph_of
from queues.desk import Desk, Entry, Line, LineId, Medium
from queues.treatment import Record, Step


class Treated:
    """The treatments of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._hears = {traits.id: traits.hears for traits in desk.media}
        self._graph = graph_of(desk)

    def lines_after(self, entry: Entry) -> list[LineId]:
        """The lines at which a contact of this entry can first arrive."""
        if not entry.treatment or not self._hears[entry.medium]:
            return [entry.line]
        return self._reached(Place(entry.treatment, 0, Where.BEFORE, entry.line))

    def lines_from(self, line: Line, medium: Medium) -> list[LineId]:
        """The lines to which treatments can lead whoever waits in this one, or is not taken by it."""
        if not self._hears[medium]:
            return []
        ways = line.when_full.treatment, line.when_closed.treatment
        places = [Place(treatment, 0, Where.AWAY, line.id) for treatment in ways]
        return self._reached(Place(line.treatment, 0, Where.IN, line.id), *places)

    def steps_from(self, line: Line) -> list[Step]:
        """All steps that those can come to who wait in this line."""
        places = self._graph.reach([Place(line.treatment, 0, Where.IN, line.id)])
        return [step for place in places if (step := self._graph.step_at(place)) is not None]

    def _reached(self, *places: Place) -> list[LineId]:
        """Also those in which a message waits that was left before any line."""
        found = self._graph.reach(places)
        reached = (place for place in found if place.where is Where.IN or self._speaks(place))
        return list(dict.fromkeys(place.line for place in reached))

    def _speaks(self, place: Place) -> bool:
        return isinstance(self._graph.step_at(place), Record)
