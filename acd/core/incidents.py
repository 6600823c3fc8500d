"""Mass incidents: declared, ended, expired; and which of them a call hears."""

from acd.core import facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import IncidentDeclared, IncidentEnded
from acd.core.state import State
from queues.contact import Contact
from queues.desk import Entry, Incident, IncidentId, IncidentMode


def declared(state: State, event: IncidentDeclared) -> None:
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
        if in_scope(state, incident, entry) and not (vip and incident.vip_exempt):
            return incident
    return None


def in_scope(state: State, incident: Incident, entry: Entry) -> bool:
    return (
        state.media[entry.medium].hears
        and (not incident.tenants or entry.tenant in incident.tenants)
        and (not incident.lines or entry.line in incident.lines)
        and (not incident.entries or entry.id in incident.entries)
    )


def comes_first(incident: Incident) -> bool:
    """Whether its text must end before anything else is decided about the call."""
    return incident.mandatory or incident.mode is IncidentMode.END


def ends_call(state: State, contact: Contact) -> bool:
    """Whether nothing follows the text that the contact has heard.

    Its incident must be on still, and with this text: who may have been told that he will be served is.
    """
    incident = state.incidents.get(_number(state, contact.incident))
    return (
        incident is not None and incident.mode is IncidentMode.END and incident.greeting == contact.greeting
    )
