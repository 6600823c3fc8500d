"""Leases: a leg that an outside exchange keeps counts as there only as long as the exchange says so."""

from acd.core.connection import contact_gone
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import LeaseRenewed
from acd.core.state import State
from queues.contact import Contact


def arm(state: State, contact: Contact) -> None:
    """Its leg is there from now on for as long as its medium says; for good, if that knows no lease."""
    lease_ms = state.media[contact.medium].lease_ms
    if lease_ms:
        state.deadlines.set(Kind.LEASE, contact.id, state.now_ms + lease_ms)
    else:
        state.deadlines.clear(Kind.LEASE, contact.id)


def renewed(state: State, event: LeaseRenewed) -> None:
    """Raises Rejected: its leg is kept by no outside exchange, or it has none."""
    contact = state.contact(event.contact)
    if contact.parked or _ours(contact) or not state.media[contact.medium].lease_ms:
        raise Rejected(f"contact {event.contact} has no lease")
    arm(state, contact)


def ended(state: State, number: int) -> None:
    """Nobody says any more that its leg is there: it is lost, though nobody hung up."""
    contact = state.contacts[number]
    if not _ours(contact):
        contact_gone(state, contact, leg_lost=True)


def _ours(contact: Contact) -> bool:
    """Whether we called its leg, so that no exchange outside keeps it."""
    promise = contact.callback
    called_back = promise is not None and not promise.pending and not promise.called_in
    return called_back or bool(contact.consults or contact.purpose)


def arm_anew(state: State) -> None:
    """After a restart, in which no exchange could reach us: each has its full length again."""
    for contact in state.contacts.values():
        if state.deadlines.get(Kind.LEASE, contact.id) is not None:
            arm(state, contact)


def media_changed(state: State) -> None:
    """There are leases where the desk's media have them now. A leg that we called ourselves has none."""
    for contact in state.contacts.values():
        leased = state.media[contact.medium].lease_ms > 0
        known = state.deadlines.get(Kind.LEASE, contact.id) is not None
        if known > leased or (leased > known and not (contact.parked or _ours(contact))):
            arm(state, contact)
