"""Not ready yet: a contact is put away until its moment, and comes back with its anchor."""

from acd.core import effects, facts
from acd.core.errors import Rejected
from acd.core.events import ContactArrived, ContactDeferred, ContactId
from acd.core.leaving import leave_line, put_off
from acd.core.state import State, step
from acd.core.talk import connected_work
from acd.core.waiting import awake, come_back
from acd.core.wrap_up import put_away
from agents.devices import Carrier
from queues.contact import Contact
from queues.desk import TenantId
from queues.states import CONTACT, ContactState

LONGEST_MS = 366 * 86_400_000
"""Whoever writes microseconds, or the year 9999, has made a mistake; nobody would ever see the mail again."""

MOST_JOINED = 200
"""A contact is remembered with all that belongs to it; what comes then is another one, which continues it."""


def deferred(state: State, event: ContactDeferred) -> None:
    """Raises Rejected: it cannot be put aside, is not in the agent's hand, does not wait, or is due now.

    Nor while its party leaves a message.
    """
    contact = state.contact(event.contact)
    if contact.receiving:
        raise Rejected(f"contact {event.contact} is still being received")
    if not state.media[contact.medium].put_aside:
        raise Rejected(f"contact {event.contact} cannot be put aside")
    if contact.consults or contact.consult or contact.guests or contact.outside:
        raise Rejected(f"contact {event.contact} is a consult or a conference")
    if contact.recording is not None:
        raise Rejected(f"contact {event.contact} leaves a message just now")
    if not state.now_ms < event.until_ms <= state.now_ms + LONGEST_MS:
        raise Rejected(f"contact {event.contact} would be due already, or in more than a year")
    if event.agent is None:
        contact.state = step(CONTACT, contact.state, "defer")
        leave_line(state, contact)
    else:
        _, work = connected_work(state, event.contact, event.agent)
        contact.state = step(CONTACT, contact.state, "put away")
        put_away(state, work)
        contact.preferred, contact.preferred_ms, contact.spoke_ms = event.agent, event.hold_ms, 0
    awake(contact)
    put_off(state, contact, event.until_ms, event.agent)


def joinable(state: State, event: ContactArrived) -> Contact | None:
    """The live contact that it adds to; None: it is over, another client's, or busy with its own leg."""
    contact = state.contacts.get(event.joins or 0)
    entry = state.entries.get(event.entry)
    if contact is None or entry is None or (entry.tenant, entry.medium) != (contact.tenant, contact.medium):
        return None
    if contact.to_call:
        return contact
    if contact.parked or contact.receiving or state.media[contact.medium].keeps_leg:
        return None
    if len(contact.joined) >= MOST_JOINED:
        return None
    return contact


def continued(state: State, event: ContactArrived, tenant: TenantId) -> ContactId | None:
    """The contact that a new one goes on with: there was one of that number, and it is no other client's."""
    number = event.joins
    if number is None or not 0 < number <= state.last_contact:
        return None
    live = state.contacts.get(number)
    return number if live is None or live.tenant == tenant else None


def join(state: State, contact: Contact, event: ContactArrived) -> None:
    """Its party added to it; what was put away is wanted now."""
    carrier = Carrier(event.channel, event.ref)
    contact.joined.append(carrier)
    state.carried[carrier] = contact.id
    state.tell(facts.Joined(state.now_ms, contact.id, event.ref, event.party))
    promise = state.media[contact.medium].promise
    music = state.lines[contact.line].music
    state.order(effects.AdmitContact(contact.id, music, carrier=carrier, promise=promise))
    if contact.state is ContactState.DEFERRED:
        come_back(state, contact, "joined")
