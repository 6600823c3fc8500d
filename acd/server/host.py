"""What a channel gets of the server."""

from collections.abc import Callable, Iterable

from acd.core.events import Event
from acd.ports import Record
from acd.server.driver import Driver
from queues.desk import EntryId

PutParty = Callable[[str, str, str, str], str]
"""(kind, value, tenant, ref of the contact) → opaque id."""

NO_TENANT = ""
"""Contacts of entries that the desk does not know; they are refused, but asked for first."""


class ServerHost:
    """The one Host, shared by all channels."""

    def __init__(self, driver: Driver, put_party: PutParty) -> None:
        self._driver = driver
        self._put_party = put_party

    def submit(self, event: Event, records: Iterable[Record] = ()) -> int:
        """As the port says."""
        return self._driver.submit(event, records)

    def remember(self, records: Iterable[Record]) -> None:
        """As the port says."""
        self._driver.remember(records)

    def vault_party(self, kind: str, value: str, entry: EntryId, ref: str) -> str:
        """As the port says."""
        known = self._driver.engine.state.entries.get(entry)
        return self._put_party(kind, value, known.tenant if known else NO_TENANT, ref)
