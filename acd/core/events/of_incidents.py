"""Events about mass incidents: declared, changed, over."""

from acd.core.events.event import Event
from agents.roster import ContactId
from queues.desk import Incident, IncidentId


class IncidentDeclared(Event, frozen=True, tag="IncidentDeclared"):
    """A mass incident is on: calls in its scope hear its text, now if they wait, first if they arrive."""

    incident: Incident


class IncidentChanged(Event, frozen=True, tag="IncidentChanged"):
    """The incident that is on by this id is this one now; its scope and its mode stay.

    If its text is another one, who waits hears it once more.
    """

    incident: Incident


class IncidentEnded(Event, frozen=True, tag="IncidentEnded"):
    """The incident is over before it expires. Who hears its text now hears it out and is then admitted.

    Whoever is linked to it is told `text`; without one nobody is. Also for one that has expired, while its
    links wait.
    """

    incident: IncidentId
    text: str = ""
    """Name of the text, for the channel."""
    texts: tuple[tuple[str, str], ...] = ()
    """(language, words) of it."""


class ContactLinked(Event, frozen=True, tag="ContactLinked"):
    """Its party is to be told when the incident is solved: an agent says so, or whoever looks on."""

    contact: ContactId
    incident: IncidentId
