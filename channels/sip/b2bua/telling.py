"""The one way of telling the engine something, and what becomes of it when that is stale."""

from collections.abc import Callable

from acd.core.errors import Rejected
from acd.core.events import Event
from acd.ports import ChannelRecord, Host


class Telling:
    """Events to the engine, records to the journal; counts what went otherwise than planned."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.counts: dict[str, int] = {}
        self.refused: Callable[[str, str], None] = lambda address, reason: None  # noqa: ARG005
        """Told who was refused, and why."""

    def tell(self, event: Event, *records: ChannelRecord) -> bool:
        """Submit. False: the engine rejects it, since the world moved on while it was under way.

        That is no fault: an agent answers while the caller hangs up. The records are written either way.
        """
        try:
            self.host.submit(event, records)
        except Rejected:
            self.count(f"stale {type(event).__name__}")
            self.host.remember(records)
            return False
        return True

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
