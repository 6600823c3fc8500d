"""Events about the desk as a whole: time, restarts, rules, hours, lists."""

from acd.core.events.event import Event
from queues.desk import Calendar, Desk, TenantId


class Tick(Event, frozen=True, tag="Tick"):
    """Deadlines up to now are due."""


class Restarted(Event, frozen=True, tag="Restarted"):
    """The server is back; the first entry of every start, handled before deadlines that passed meanwhile.

    What waits for a person, a device or a step gets its full time again: nobody could act. What follows the
    calendar fires as it would have.
    """

    since_ms: int
    """The last moment at which it is known to have run."""


class DeskChanged(Event, frozen=True, tag="DeskChanged"):
    """The desk is now this one; it applies to waiting contacts too."""

    desk: Desk


class CalendarChanged(Event, frozen=True, tag="CalendarChanged"):
    """Opening hours of one calendar were resolved anew (or further into the future)."""

    calendar: Calendar


class ListChanged(Event, frozen=True, tag="ListChanged"):
    """The directory has a new version of a client's list; who is on it stays there.

    Whom it concerns follows, as changes of priority.
    """

    tenant: TenantId
    list: str
    version: int
    """Greater than the one before."""
