"""What of a record is one client's own."""

from collections.abc import Iterable

from acd.core.facts import Arrived, Fact
from queues.desk import Desk, Incident
from queues.incident import is_for_alone

OF_ANOTHER = "(another client's)"
"""In place of the names of lines and codes that are not the client's own."""
OF_SEVERAL = "(of several clients)"


class Whose:
    """What is the client's own."""

    def __init__(self, client: str) -> None:
        self._client = client
        self.lines: set[str] = set()
        """Those that were met."""
        self.other_lines: set[str] = set()
        """Lines of other clients: the client's contacts may wait there, but it is not told their names."""
        self.entries: set[str] = set()
        self.contacts: set[int] = set()
        self._incidents: set[tuple[str, int]] = set()

    def desk_changed(self, desk: Desk) -> None:
        """Whose lines are whose from now on."""
        for line in desk.lines:
            (self.lines if line.tenant == self._client else self.other_lines).add(line.id)
        self.other_lines -= self.lines
        self.entries.update(entry.id for entry in desk.entries if entry.tenant == self._client)

    def declared(self, incident: Incident, t_ms: int) -> None:
        """An incident is on from now on."""
        if is_for_alone(incident, self._client, self.lines, self.entries):
            self._incidents.add((incident.id, t_ms))

    def name_of(self, incident: str, declared_ms: int) -> str:
        """By which the client is told of it: what is told to others, too, may be called by their names."""
        return incident if (incident, declared_ms) in self._incidents else OF_SEVERAL

    def take(self, facts: Iterable[Fact]) -> None:
        """Note the client's contacts."""
        arrived = (fact for fact in facts if isinstance(fact, Arrived) and fact.tenant == self._client)
        self.contacts.update(fact.contact for fact in arrived)
