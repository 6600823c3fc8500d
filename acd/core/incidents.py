"""Mass incidents: declared, ended, expired; and which of them a call hears."""

from acd.core import facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import IncidentDeclared, IncidentEnded
from acd.core.state import State
from queues.contact import Contact
from queues.desk import Entry, Incident, IncidentId, IncidentMode, LineId
from queues.states import ContactState
from queues.treatment import Phrase

ON_THE_LINE = (ContactState.GREETING, ContactState.WAITING, ContactState.OFFERED)


def declare(state: State, event: IncidentDeclared) -> Incident:
    """Calls that arrive from now on hear it.

    Raises Rejected: it is on already, its time is over already, or it lacks id or text.
    """
    incident = event.incident
    if not incident.id or not incident.greeting:
        raise Rejected("an incident needs an id and a text")
    if _number(state, incident.id):
        raise Rejected(f"incident {incident.id} is on already")
    if incident.expires_ms <= state.now_ms:
        raise Rejected(f"incident {incident.id} would be over already")
    state.last_incident += 1
    state.incidents[state.last_incident] = incident
    state.deadlines.set(Kind.INCIDENT, state.last_incident, incident.expires_ms)
    rules = incident.mode, comes_first(incident), incident.expires_ms
    state.tell(facts.IncidentOn(state.now_ms, incident.id, incident.greeting, *rules))
    return incident


def ended(state: State, event: IncidentEnded) -> None:
    """Raises Rejected: no such incident is on."""
    number = _number(state, event.incident)
    if not number:
        raise Rejected(f"incident {event.incident} is not on")
    state.deadlines.clear(Kind.INCIDENT, number)
    _off(state, number, "by hand")


def expired(state: State, number: int) -> None:
    _off(state, number, "expired")


def _off(state: State, number: int, reason: str) -> None:
    incident = state.incidents.pop(number)
    state.tell(facts.IncidentOff(state.now_ms, incident.id, reason))


def _number(state: State, name: IncidentId) -> int:
    """Running number of the incident, if it is on; else 0."""
    return next((number for number, incident in state.incidents.items() if incident.id == name), 0)


def concerning(state: State, entry: Entry, vip: bool) -> Incident | None:
    """The incident whose text a contact of `entry` hears: of several, the one that was declared first."""
    for incident in state.incidents.values():
        if in_scope(state, incident, entry, entry.line) and not (vip and incident.vip_exempt):
            return incident
    return None


def to_be_told(state: State, incident: Incident) -> list[Contact]:
    """Who is on the line, talks to nobody, and hears no text of an incident already."""
    return [contact for contact in state.contacts.values() if is_to_hear(state, incident, contact)]


def is_to_hear(state: State, incident: Incident, contact: Contact) -> bool:
    """Whether it is on the line, talks to nobody, hears no text of an incident, and this one is for it.

    Who leaves a message is not interrupted.
    """
    entry = state.entries.get(contact.entry)
    if contact.state not in ON_THE_LINE or contact.parked or contact.purpose or entry is None:
        return False
    if contact.recording is not None:
        return False
    line = entry.line if contact.state is ContactState.GREETING else contact.line
    if contact.incident or contact.interrupted is not None or not in_scope(state, incident, entry, line):
        return False
    return not (incident.vip_exempt and is_vip(state, contact))


def is_vip(state: State, contact: Contact) -> bool:
    """Whether it has a head start, or a class of its own below that of its line."""
    usual_class = state.lines[contact.line].priority_class
    return better_than(usual_class, contact.asked_class, contact.head_start_ms)


def better_than(usual_class: int, asked_class: int | None, head_start_ms: int) -> bool:
    """Whether class and head start make a VIP in a line of that class."""
    return head_start_ms > 0 or (asked_class is not None and asked_class < usual_class)


def of_the_line(state: State, contact: Contact) -> Incident | None:
    """The first that concerns it in its line, and did not by its entry: it chose the line by a key."""
    entry = state.entries.get(contact.entry)
    if entry is None or entry.line == contact.line:
        return None
    for incident in state.incidents.values():
        if is_to_hear(state, incident, contact) and not in_scope(state, incident, entry, entry.line):
            return incident
    return None


def in_scope(state: State, incident: Incident, entry: Entry, line: LineId) -> bool:
    """Whether it concerns contacts of that entry in that line, where they wait or want to go."""
    return (
        state.media[entry.medium].hears
        and (not incident.tenants or entry.tenant in incident.tenants)
        and (not incident.lines or line in incident.lines)
        and (not incident.entries or entry.id in incident.entries)
    )


def comes_first(incident: Incident) -> bool:
    """Whether its text must end before anything else is decided about the call."""
    return incident.mandatory or incident.mode is IncidentMode.END


def tell(state: State, contact: Contact, incident: Incident) -> tuple[Phrase, ...]:
    """Its text, and the fact that it is told."""
    state.tell(facts.Informed(state.now_ms, contact.id, incident.id, contact.line))
    return (Phrase(incident.greeting),)


def ends_call(state: State, contact: Contact) -> bool:
    """Whether nothing follows the text that the contact has heard.

    Its incident must be on still, and with this text: who may have been told that he will be served is.
    """
    incident, walk = state.incidents.get(_number(state, contact.incident)), contact.walk
    if incident is None or walk is None or incident.mode is not IncidentMode.END:
        return False
    return incident.greeting == walk.hears.says[0].text
