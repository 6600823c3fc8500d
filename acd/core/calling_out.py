"""Contacts that the desk itself begins (escalation, all-clear): somebody is called and told something."""

from acd.core import facts
from acd.core.errors import Rejected
from acd.core.events import CallOut, CallOutCancelled, CallResult, ContactId
from acd.core.parking import gain_leg
from acd.core.placing import call_over, place_own
from acd.core.state import State, step
from acd.core.treatments import begin
from acd.core.waiting import end, release_leg, send_away
from agents.devices import NOWHERE, Carrier
from queues.contact import Contact
from queues.desk import Entry
from queues.dial_policy import rule_for
from queues.outbound import CALLBACK, CONSULT, DIVERT
from queues.states import CONTACT, ContactState


def opened(state: State, event: CallOut) -> None:
    """Raises Rejected: no such entry or treatment, its medium has no sound, or no rule allows the call."""
    entry = _entry(state, event)
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
    )
    state.contacts[contact.id] = contact
    what = event.purpose, entry.tenant, entry.line, entry.medium, event.treatment
    state.tell(facts.CalledOut(state.now_ms, contact.id, *what))
    place_own(state, contact, event.purpose)


def _entry(state: State, event: CallOut) -> Entry:
    entry = state.entries.get(event.entry)
    if entry is None:
        raise Rejected(f"entry {event.entry} is unknown")
    traits = state.media[entry.medium]
    if not (traits.keeps_leg and traits.hears):
        raise Rejected(f"nobody can be told anything by {entry.medium}")
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
    contact.state = step(CONTACT, contact.state, "reached")
    gain_leg(state, contact, carrier)
    if state.media[contact.medium].hears:
        begin(state, contact, contact.told)
    else:  # the desk has changed while it rang
        send_away(state, contact, "turn away", "treatment")


def not_reached(state: State, contact: Contact, result: CallResult) -> None:
    """Whoever wants it tries again, or somebody else: that is another contact."""
    call_over(state, contact, result)
    contact.state = step(CONTACT, contact.state, "give up")
    end(state, contact, "not reached")


def cancelled(state: State, event: CallOutCancelled) -> None:
    """Raises Rejected: it is no such contact, or waits in a line or talks by now."""
    contact = state.contact(event.contact)
    if not contact.purpose:
        raise Rejected(f"contact {event.contact} is nobody whom we called for a purpose")
    contact.state = step(CONTACT, contact.state, "call off")
    if contact.call:
        call_over(state, contact, "cancelled")
    release_leg(state, contact, "cancelled")
    end(state, contact, "cancelled")
