"""Facts about the desk as a whole: what is in force, and since when."""

from acd.core.facts.fact import Fact
from queues.desk import CalendarId, TenantId


class Restart(Fact, frozen=True, tag="Restart"):
    """The server is back after a stop, a crash or an upgrade; from `since_ms` to now nobody could act."""

    since_ms: int


class DeskSet(Fact, frozen=True, tag="DeskSet"):
    """The desk became another one; how large it is."""

    agents: int
    lines: int
    entries: int


class CalendarSet(Fact, frozen=True, tag="CalendarSet"):
    """The opening hours of a calendar were replaced."""

    calendar: CalendarId


class ListSet(Fact, frozen=True, tag="ListSet"):
    """From now on contacts are identified by this version of a client's list."""

    tenant: TenantId
    list: str
    version: int
