"""Events about escalation lists: begun, called off, and the mail at their end."""

from acd.core.events.event import Event
from agents.roster import ContactId
from queues.desk import EntryId
from queues.escalation import Person


class EscalationStarted(Event, frozen=True, tag="EscalationStarted"):
    """People are called in this order until one of them takes it over by a key; then the mail, if any.

    The list is all here: a changed site file concerns the next one.
    """

    list: str
    entry: EntryId
    """In whose name they are called."""
    people: tuple[Person, ...]
    text: str
    """Name of what they are told."""
    rounds: int = 1
    gap_ms: int = 120_000
    texts: tuple[tuple[str, str], ...] = ()
    """(language, words) of that text, if no site file has it."""
    mail: str = ""
    """Opaque id of the address that is told when nobody took it over."""
    mail_channel: str = "mail"
    contact: ContactId = ContactId(0)
    """What it is about, live or over; 0: no contact."""
    ticket: str = ""


class EscalationCancelled(Event, frozen=True, tag="EscalationCancelled"):
    """It is not needed any more: whoever is being called is not told."""

    escalation: int


class NoticeTaken(Event, frozen=True, tag="NoticeTaken"):
    """The channel has the mail safe, and will send it; or nobody will."""

    escalation: int
    taken: bool = True
