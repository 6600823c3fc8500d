"""Promised callbacks: a contact is parked without a leg, keeps its place, and ends only by its own rules."""

from acd.core import effects, facts
from acd.core.calling import call_off, meet, take_leg
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import CallbackCancelled, CallbackPromised, ContactArrived
from acd.core.leases import arm
from acd.core.offers import withdraw_all
from acd.core.parking import park
from acd.core.placing import allowed, call_over, promise_of
from acd.core.state import State, step
from acd.core.targets import watch_breach
from acd.core.treatments import wait_with
from acd.core.waiting import come_back, end, enter_line, set_deadlines
from agents.devices import Carrier
from queues.contact import Contact
from queues.outbound import Callback
from queues.states import CONTACT, ContactState

AGAIN_MS = 60_000
"""A promise that ends while somebody is rung or called for it is looked at again so much later."""


def may_promise(state: State, contact: Contact, dial_class: str) -> ContactState:
    """The contact's state afterwards.

    Raises Rejected: it has no leg, it does not wait, or such a number may not be called. Changes nothing.
    """
    if contact.parked or not state.media[contact.medium].keeps_leg:
        raise Rejected(f"contact {contact.id} has nobody on the line")
    if allowed(state, contact, dial_class) is None:
        raise Rejected(f"calling back {dial_class} numbers is not allowed to client {contact.tenant}")
    return step(CONTACT, contact.state, "park")


def promised(state: State, event: CallbackPromised) -> None:
    """Raises Rejected: it has no leg, it does not wait, or the number is none that may be called."""
    contact = state.contact(event.contact)
    may_promise(state, contact, event.dial_class)
    if not event.party:
        raise Rejected("a callback needs a number")
    promise(state, contact, event.party, event.dial_class)


def may_be_called(state: State, contact: Contact) -> bool:
    """Whether its party, who waits, may be promised a callback at the number from which it calls."""
    if not contact.party or not contact.dial_class:
        return False
    try:
        may_promise(state, contact, contact.dial_class)
    except Rejected:
        return False
    return True


def promise_soon(state: State, contact: Contact) -> None:
    """Its party is being told that it will be called: from now on it may go without losing that."""
    if contact.promise is None:
        until_ms = _until(state, contact)
        contact.callback = Callback(contact.party, contact.dial_class, until_ms, pending=True)


def _until(state: State, contact: Contact) -> int:
    """When the promise ends: it lasts so long within the hours of its line, as far as they are known."""
    line, now_ms = state.lines[contact.line], state.now_ms
    clock, within_ms = state.clocks[line.hours], line.callback.within_ms
    return clock.moment(clock.elapsed(now_ms) + within_ms) or now_ms + within_ms


def promise(state: State, contact: Contact, party: str, dial_class: str) -> None:
    """Promise it and let the party go; what `may_promise` says holds.

    A promise of that number that it has already stays as old as it is.
    """
    contact.state = step(CONTACT, contact.state, "park")
    known = contact.promise
    if known is None or known.pending or known.party != party:
        contact.callback = Callback(party, dial_class, _until(state, contact))
    else:
        known.called_in = False
    carrier = contact.carrier
    park(state, contact, promise_of(contact))
    state.order(effects.ReleaseContact(contact.id, "callback", carrier=carrier, promise=True))


def cancelled(state: State, event: CallbackCancelled) -> None:
    """Raises Rejected: it is not parked."""
    contact = state.contact(event.contact)
    if not contact.waits_apart and not (contact.parked and contact.recording is not None):
        raise Rejected(f"contact {event.contact} waits for no callback")
    _end(state, contact, "cancel", "cancelled")


def expired(state: State, number: int) -> None:
    """The promise is too old. Whoever is being rung or called for it just now may still keep it."""
    contact = state.contacts[number]
    if contact.state in (ContactState.WAITING, ContactState.DEFERRED):
        _end(state, contact, "give up", "promise expired")
        return
    state.deadlines.set(Kind.PROMISE, number, state.now_ms + AGAIN_MS)


def _end(state: State, contact: Contact, happening: str, by: str) -> None:
    calling = contact.state is ContactState.CALLING
    contact.state = step(CONTACT, contact.state, happening)
    if calling:
        call_off(state, contact)
    withdraw_all(state, contact, "contact ended")
    end(state, contact, by)


def same_caller(state: State, event: ContactArrived) -> Contact | None:
    """The parked contact of somebody who rings again, by the number that is to be called back.

    While its line is closed he is one more who hears that, and is called when it opens.
    """
    for number in state.parked.get(event.party, ()):
        contact = state.contacts[number]
        same = (contact.entry, contact.medium) == (event.entry, event.medium)
        line = state.lines[contact.line]
        if same and line.callback.call_in and state.clocks[line.hours].is_open(state.now_ms):
            return contact
    return None


def called_in(state: State, contact: Contact, event: ContactArrived) -> None:
    """The party of a parked contact rings itself, perhaps from elsewhere: its place is its own again."""
    carrier = Carrier(event.channel, event.ref)
    state.tell(facts.CalledIn(state.now_ms, contact.id, event.ref, event.party))
    before = contact.state
    if before is ContactState.CALLING:
        call_over(state, contact, "cancelled")
    take_leg(state, contact, carrier)
    arm(state, contact)
    promise_of(contact).called_in = True
    if before is ContactState.CALLING:
        meet(state, contact)
    elif before is ContactState.DEFERRED:
        come_back(state, contact, "called in")
    elif before is ContactState.OFFERED:
        contact.state = step(CONTACT, before, "called in")
        contact.line_since_ms = state.now_ms
        set_deadlines(state, contact)
        line = state.lines[contact.line]
        watch_breach(state, contact, line)  # while it was parked its target was nobody's business
        wait_with(state, contact, line, line.music)
    else:
        contact.state = step(CONTACT, before, "called in")
        enter_line(state, contact, state.lines[contact.line], "called in")
