"""Mass incidents: declared, changed, ended, expired; which of them a call hears, and how many did."""

from acd.core import facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import ContactId, IncidentChanged, IncidentDeclared
from acd.core.state import State
from queues.contact import Contact
from queues.desk import Entry, EntryId, Incident, IncidentId, IncidentMode, LineId
from queues.incident import Course, covers
from queues.states import ContactState
from queues.treatment import THANKS, Phrase

MOST_KEPT = 100
"""So many that are over are remembered, for whoever wants to know what became of them."""

ON_THE_LINE = (ContactState.GREETING, ContactState.WAITING, ContactState.OFFERED)


def declare(state: State, event: IncidentDeclared) -> Incident:
    """Calls that arrive from now on hear it.

    Raises Rejected: it is on already, its time is over already, or it lacks id or text.
    """
    incident = event.incident
    _check(state, incident)
    if number_of(state, incident.id):
        raise Rejected(f"incident {incident.id} is on already")
    if any(one.open and one.incident.id == incident.id for one in state.courses.values()):
        raise Rejected(f"callers still wait for the all-clear of incident {incident.id}")
    state.last_incident += 1
    number, now_ms = state.last_incident, state.now_ms
    state.incidents[number] = incident
    _forget_oldest(state)
    state.courses[number] = Course(incident, now_ms)
    _set_end(state, number, incident)
    rules = incident.mode, comes_first(incident), incident.expires_ms
    state.tell(facts.IncidentOn(now_ms, incident.id, incident.greeting, *rules))
    for contact in state.contacts.values():
        if is_within(state, incident, contact):
            _concern(state, number, contact, contact.entry)
    return incident


def _set_end(state: State, number: int, incident: Incident) -> None:
    """And the moment of the warning, unless that has passed."""
    warn_at_ms = incident.expires_ms - incident.warn_ms
    state.deadlines.set(Kind.INCIDENT, number, incident.expires_ms)
    if incident.warn_ms > 0 and warn_at_ms > state.now_ms:
        state.deadlines.set(Kind.WARN, number, warn_at_ms)
    else:
        state.deadlines.clear(Kind.WARN, number)


def ends_soon(state: State, number: int) -> None:
    incident = state.incidents[number]
    state.tell(facts.IncidentWarned(state.now_ms, incident.id, incident.expires_ms))


def _check(state: State, incident: Incident) -> None:
    if not incident.id or not incident.greeting:
        raise Rejected("an incident needs an id and a text")
    if incident.expires_ms <= state.now_ms:
        raise Rejected(f"incident {incident.id} would be over already")


def _forget_oldest(state: State) -> None:
    """Of those that are over."""
    over = [number for number, course in state.courses.items() if course.over_ms and not course.open]
    for number in over[: max(0, len(over) - MOST_KEPT + 1)]:
        del state.courses[number]


def change(state: State, event: IncidentChanged) -> tuple[int, Incident]:
    """Its running number, and what it was before.

    Raises Rejected: it is not on, it would have another scope or mode, be over, or lack a text.
    """
    incident = event.incident
    _check(state, incident)
    number = number_of(state, incident.id)
    if not number:
        raise Rejected(f"incident {incident.id} is not on")
    before = state.incidents[number]
    if _stays(before) != _stays(incident):
        raise Rejected("the scope and the mode of an incident cannot be changed: end it and declare it anew")
    course = state.courses[number]
    state.incidents[number] = course.incident = incident
    course.changed_ms = state.now_ms
    _set_end(state, number, incident)
    rules = comes_first(incident), incident.expires_ms
    state.tell(facts.IncidentChange(state.now_ms, incident.id, incident.greeting, *rules))
    return number, before


def _stays(incident: Incident) -> tuple[object, ...]:
    """What no change may touch."""
    scope = incident.tenants, incident.lines, incident.entries, incident.media
    return incident.mode, incident.mandatory, *scope


def expired(state: State, number: int) -> None:
    """Who is linked to it waits for the all-clear, for a while."""
    off(state, number, "expired")
    if state.courses[number].links:
        state.deadlines.set(Kind.ALL_CLEAR, number, state.courses[number].kept_until_ms)


def off(state: State, number: int, reason: str) -> None:
    """It is on no more."""
    incident, course = state.incidents.pop(number), state.courses[number]
    state.deadlines.clear(Kind.WARN, number)
    course.over_ms, course.over_by = state.now_ms, reason
    state.tell(facts.IncidentOff(state.now_ms, incident.id, reason))


def number_of(state: State, name: IncidentId) -> int:
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
    if contact.incident or contact.interrupted is not None or contact.recording is not None:
        return False
    return is_within(state, incident, contact) and not (incident.vip_exempt and is_vip(state, contact))


def hears_now(contact: Contact, number: int, name: IncidentId) -> bool:
    """Whether the text of the incident is what the contact hears, before anything else or between."""
    return contact.walk is not None and contact.walk.about == name and number in contact.informed


def is_within(state: State, incident: Incident, contact: Contact) -> bool:
    """Whether it is on the line, talks to nobody, and is within the scope."""
    entry = state.entries.get(contact.entry)
    if contact.state not in ON_THE_LINE or contact.parked or contact.purpose or entry is None:
        return False
    if contact.walk is not None and contact.walk.afterwards:
        return False
    line = entry.line if contact.state is ContactState.GREETING else contact.line
    return in_scope(state, incident, entry, line)


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
        and covers(incident, entry)
        and (not incident.lines or line in incident.lines)
    )


def comes_first(incident: Incident) -> bool:
    """Whether its text must end before anything else is decided about the call."""
    return incident.mandatory or incident.mode is not IncidentMode.INFORM


def tell(state: State, contact: Contact, incident: Incident) -> Phrase:
    """Its text, and the fact that it is told."""
    state.tell(facts.Informed(state.now_ms, contact.id, incident.id, contact.line))
    number = number_of(state, incident.id)
    if number not in contact.informed:
        if number not in contact.concerned:  # it chose a line by a key, or was called back and rang in
            _concern(state, number, contact, contact.entry)
        contact.informed += (number,)
        state.courses[number].heard += 1
    return Phrase(incident.greeting)


def ends_call(state: State, contact: Contact) -> bool:
    """Whether nothing follows the text that the contact has heard.

    Its incident must be on still, and with this text: who may have been told that he will be served is.
    """
    if is_thanked(contact):
        return True
    incident, walk = state.incidents.get(number_of(state, contact.incident)), contact.walk
    if incident is None or walk is None or incident.mode is not IncidentMode.END:
        return False
    return incident.greeting == walk.hears.says[0].text


def concern(state: State, entry: Entry, contact: Contact | None) -> None:
    """Count who has just come for every incident within whose scope that is; None: it was blocked."""
    for number, incident in state.incidents.items():
        if in_scope(state, incident, entry, entry.line):
            _concern(state, number, contact, entry.id)


def _concern(state: State, number: int, contact: Contact | None, entry: EntryId) -> None:
    course = state.courses[number]
    course.gross += 1
    if contact is not None:
        contact.concerned += (number,)
    who = ContactId(0 if contact is None else contact.id)
    state.tell(facts.Concerned(state.now_ms, course.incident.id, who, entry))


def is_thanked(contact: Contact) -> bool:
    """Whether it is linked by a key and hears so: nothing follows."""
    said = contact.walk.hears.says if contact.walk is not None and contact.incident else ()
    return bool(said) and said[0].text == THANKS


def deflected(state: State, contact: Contact, by: str) -> None:
    """Its call has ended by the incident that it was told of."""
    heard = (state.courses.get(number) for number in reversed(contact.informed))
    course = next((one for one in heard if one and one.incident.id == contact.incident), None)
    if course is not None:
        course.ended += 1
    state.tell(facts.Deflected(state.now_ms, contact.id, contact.line, contact.incident, by))


def latest(state: State, name: IncidentId) -> Course | None:
    """Of all by that name that are remembered, the one that was declared last."""
    found = (course for course in reversed(state.courses.values()) if course.incident.id == name)
    return next(found, None)
