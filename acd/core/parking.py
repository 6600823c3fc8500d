"""Parking: a contact whose party has no leg, and what was promised to it."""

from bisect import insort

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.state import State
from acd.core.treatments import stop
from agents.devices import NOWHERE, Carrier
from queues.contact import Contact
from queues.outbound import Callback


def park(state: State, contact: Contact, promise: Callback, *, again: bool = False) -> None:
    """It has no leg from now on, and keeps its place until the promise ends."""
    now_ms, line = state.now_ms, contact.line
    state.deadlines.clear(Kind.MAX_WAIT, contact.id)
    state.deadlines.set(Kind.PROMISE, contact.id, promise.until_ms)
    waited_ms = now_ms - contact.anchor_ms
    where = contact.id, line, contact.medium
    state.tell(facts.Parked(now_ms, *where, waited_ms, promise.until_ms, again))
    lose_leg(state, contact)
    promise.pending = False
    insort(state.parked.setdefault(promise.party, []), contact.id)
    state.room_moved = True
    state.match(contact)


def lose_leg(state: State, contact: Contact) -> None:
    """Its party has no leg from now on, if it still had one, and hears nothing any more."""
    if contact.walk is not None:
        stop(state, contact)
    state.deadlines.clear(Kind.LEASE, contact.id)
    if contact.carrier != NOWHERE:
        del state.carried[contact.carrier]
    contact.carrier, contact.parked = NOWHERE, True


def gain_leg(state: State, contact: Contact, carrier: Carrier) -> None:
    """Its party has this leg from now on."""
    contact.carrier, contact.parked = carrier, False
    state.carried[carrier] = contact.id
    music = state.lines[contact.line].music
    state.order(effects.AdmitContact(contact.id, music, carrier=carrier))


def may_be_parked(state: State, promise: Callback) -> bool:
    """Whether its party may go without losing what was promised: he was told so, or rang in himself."""
    return promise.pending or (promise.called_in and state.now_ms < promise.until_ms)


def unpark(state: State, contact: Contact) -> None:
    """Nobody who rings is taken for its party any more."""
    state.messages.pop(contact.id, None)
    state.room_moved = True
    party = contact.callback.party if contact.callback is not None else ""
    found = state.parked.get(party, [])
    if contact.id in found:
        found.remove(contact.id)
        if not found:
            del state.parked[party]


def promise_over(state: State, contact: Contact, *, kept: bool) -> None:
    """Say once what became of the promise to call back, if there is one that is open."""
    promise = contact.promise
    if promise is not None and promise.pending:
        contact.callback = None
    elif promise is not None:
        promise.kept = kept
        state.deadlines.clear(Kind.PROMISE, contact.id)
        wait_ms = state.now_ms - contact.anchor_ms
        state.tell(facts.CallbackOver(state.now_ms, contact.id, contact.line, kept, wait_ms))
