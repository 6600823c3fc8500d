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
    leased = state.media[contact.medium].lease_ms or state.deadlines.get(Kind.LEASE, contact.id)
    if contact.parked or not leased:
        raise Rejected(f"contact {event.contact} has no lease")
    arm(state, contact)


def ended(state: State, number: int) -> None:
    """Nobody says any more that its leg is there: it is lost, though nobody hung up."""
    contact_gone(state, state.contacts[number], leg_lost=True)


def arm_anew(state: State) -> None:
    """After a restart, in which no exchange could reach us: each has its full length again."""
    for contact in state.contacts.values():
        if state.deadlines.get(Kind.LEASE, contact.id) is not None:
            arm(state, contact)


def arm_missing(state: State) -> None:
    """The desk's media may have changed: no leg is believed for ever. One that we called is our own."""
    for contact in state.contacts.values():
        called = contact.callback is not None and not contact.callback.pending
        if not (contact.parked or called) and state.deadlines.get(Kind.LEASE, contact.id) is None:
            arm(state, contact)
