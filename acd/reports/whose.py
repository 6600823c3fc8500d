"""What of a record is one client's own."""

from collections.abc import Iterable

from acd.core.facts import Arrived, Fact
from queues.desk import Desk


class Whose:
    """What is the client's own."""

    def __init__(self, client: str) -> None:
        self._client = client
        self.lines: set[str] = set()
        """Those that were met."""
        self.other_lines: set[str] = set()
        """Lines of other clients: the client's contacts may wait there, but it is not told their names."""
        self.contacts: set[int] = set()

    def desk_changed(self, desk: Desk) -> None:
        """Whose lines are whose from now on."""
        for line in desk.lines:
            (self.lines if line.tenant == self._client else self.other_lines).add(line.id)
        self.other_lines -= self.lines

    def take(self, facts: Iterable[Fact]) -> None:
        """Note the client's contacts."""
        arrived = (fact for fact in facts if isinstance(fact, Arrived) and fact.tenant == self._client)
        self.contacts.update(fact.contact for fact in arrived)
