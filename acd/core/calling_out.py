"""Contacts that the desk itself begins (escalation, all-clear): somebody is called and told something."""

from acd.core import facts
from acd.core.clearing import answered, not_placed
from acd.core.errors import Rejected
from acd.core.events import CallOut, CallOutCancelled, CallResult, ContactId
from acd.core.parking import gain_leg
from acd.core.placing import call_over, place_own
from acd.core.state import State, step
from acd.core.treatments import begin
from acd.core.waiting import end, release_leg, send_away
from agents.devices import NOWHERE, Carrier
from queues.contact import NO_INCIDENT, Contact
from queues.desk import Entry, EntryId, IncidentId
from queues.dial_policy import rule_for
from queues.escalation import Person
from queues.outbound import CALLBACK, CONSULT, DIVERT
from queues.states import CONTACT, ContactState
from queues.treatment import Phrase


def opened(state: State, event: CallOut) -> None:
    """Raises Rejected: no such entry or treatment, its medium has no sound, or no rule allows the call."""
    call_out(state, _allowed(state, event), event)


def call_out(
    state: State, entry: Entry, event: CallOut, *, clears: int = 0, on_list: tuple[int, Person] | None = None
) -> Contact:
    """Begin such a contact. What may not be called is over at once.

    `clears`: the incident of whose end it tells. `on_list`: the escalation that calls him, and as whom.
    """
    state.last_contact += 1
    contact = Contact(
        id=ContactId(state.last_contact),
        carrier=NOWHERE,
        entry=entry.id,
        tenant=entry.tenant,
        line=entry.line,
        medium=entry.medium,
        party=event.party,
        arrived_ms=state.now_ms,
        asked_class=entry.priority_class,
        head_start_ms=entry.head_start_ms,
        state=ContactState.CALLING,
        dial_class=event.dial_class,
        language=event.language,
        parked=True,
        purpose=event.purpose,
        told=event.treatment,
        clears=clears,
        escalation=0 if on_list is None else on_list[0],
    )
    state.contacts[contact.id] = contact
    what = event.purpose, entry.tenant, entry.line, entry.medium, event.treatment, *_of_link(state, contact)
    state.tell(facts.CalledOut(state.now_ms, contact.id, *what))
    place_own(state, contact, event.purpose, person=None if on_list is None else on_list[1])
    return contact


def _of_link(state: State, contact: Contact) -> tuple[IncidentId, ContactId]:
    """The incident of whose end it tells, and by which contact its party was linked."""
    if not contact.clears:
        return NO_INCIDENT, ContactId(0)
    course = state.courses[contact.clears]
    return course.incident.id, course.links[contact.party].contact


def entry_of(state: State, name: EntryId) -> Entry:
    """In whose name somebody is called. Raises Rejected: no such entry, or its medium has no sound."""
    entry = state.entries.get(name)
    if entry is None:
        raise Rejected(f"entry {name} is unknown")
    traits = state.media[entry.medium]
    if not (traits.keeps_leg and traits.hears):
        raise Rejected(f"nobody can be told anything by {entry.medium}")
    return entry


def _allowed(state: State, event: CallOut) -> Entry:
    entry = entry_of(state, event.entry)
    if event.treatment not in state.treatments:
        raise Rejected(f"treatment {event.treatment} is unknown")
    if not event.party or event.purpose in ("", CALLBACK, CONSULT, DIVERT):
        raise Rejected("a call needs a number, and a purpose of its own")
    if rule_for(state.desk.outbound, entry.tenant, event.purpose, event.dial_class) is None:
        what = f"calling {event.dial_class} numbers for {event.purpose}"
        raise Rejected(f"{what} is not allowed to client {entry.tenant}")
    return entry


def reached(state: State, contact: Contact, carrier: Carrier) -> None:
    """Whoever was called hears what there is to tell."""
    call_over(state, contact, "answered")
    if contact.clears:
        answered(state, contact)
    contact.state = step(CONTACT, contact.state, "reached")
    gain_leg(state, contact, carrier)
    if state.media[contact.medium].hears:
        says = (Phrase(state.courses[contact.clears].all_clear),) if contact.clears else ()
        begin(state, contact, contact.told, *says)
    else:  # the desk has changed while it rang
        send_away(state, contact, "turn away", "treatment")


def not_reached(state: State, contact: Contact, result: CallResult) -> None:
    """Whoever wants it tries again, or somebody else: that is another contact."""
    call_over(state, contact, result)
    if contact.clears:
        not_placed(state, contact, result)
    contact.state = step(CONTACT, contact.state, "give up")
    end(state, contact, "not reached")


def cancelled(state: State, event: CallOutCancelled) -> None:
    """Raises Rejected: it is no such contact, or waits in a line or talks by now."""
    contact = state.contact(event.contact)
    if not contact.purpose:
        raise Rejected(f"contact {event.contact} is nobody whom we called for a purpose")
    called_off(state, contact)


def called_off(state: State, contact: Contact) -> None:
    """Nobody needs to hear it any more. Raises Rejected: it waits in a line, or talks by now."""
    contact.state = step(CONTACT, contact.state, "call off")
    if contact.call:
        call_over(state, contact, "cancelled")
    release_leg(state, contact, "cancelled")
    end(state, contact, "cancelled")
