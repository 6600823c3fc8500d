"""Receiving: what its party sends comes in parts, and until it is there the contact is not ready.

It lies in no line then, and waits for the next part only so long. What is there when its party hangs up, or
when nothing comes any more, is kept: an incomplete fax is a contact, a call without a page was lost.
"""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import ContactReceived, MediumChanged, PageReceived
from acd.core.leaving import leave_line
from acd.core.offers import withdraw_all
from acd.core.parking import lose_leg
from acd.core.state import State, step
from acd.core.treatments import give_place_back, stop
from acd.core.waiting import come_back, forget, release_leg
from queues.contact import NO_INCIDENT, Contact, Reception
from queues.desk import Entry, Medium
from queues.states import CONTACT


def check_received(state: State, medium: Medium) -> None:
    """Raises Rejected: the party of such a contact stays on the line, so nothing of it is received."""
    if state.media[medium].keeps_leg:
        raise Rejected(f"a contact of medium {medium} is ready when it arrives")


def receive(state: State, contact: Contact) -> None:
    """It is not ready before all of it is there."""
    contact.state = step(CONTACT, contact.state, "receive")
    contact.reception = Reception()
    _wait_for_more(state, contact)
    state.order(effects.ReceiveContact(contact.id, contact.medium, carrier=contact.carrier))
    state.tell(facts.Receiving(state.now_ms, contact.id, contact.line, contact.ready_ms))


def _wait_for_more(state: State, contact: Contact) -> None:
    contact.ready_ms = state.now_ms + state.media[contact.medium].receive_ms
    state.deadlines.set(Kind.READY, contact.id, contact.ready_ms)


def await_anew(state: State) -> None:
    """After a restart: nobody could tell us of a part."""
    for contact in state.contacts.values():
        if contact.receiving:
            _wait_for_more(state, contact)


def medium_changed(state: State, event: MediumChanged) -> None:
    """Raises Rejected: it has an agent already, or no leg, or a promise; or that entry is none to send to."""
    contact = state.contact(event.contact)
    entry = _entry_of(state, contact, event)
    step(CONTACT, contact.state, "receive")
    withdraw_all(state, contact, "other medium")
    leave_line(state, contact)
    if contact.walk is not None:
        stop(state, contact)
    if contact.reserves:
        give_place_back(state, contact)
    state.deadlines.clear(Kind.LEASE, contact.id)
    contact.incident, contact.message = NO_INCIDENT, None
    if contact.escalation:  # a machine has answered, which takes nothing over: the next one's turn
        state.deadlines.set(Kind.ESCALATION, contact.escalation, state.now_ms)
        contact.escalation = 0
    if contact.promise is not None:  # it was only being told of it
        contact.callback = None
    before = contact.line
    contact.entry, contact.line, contact.medium = entry.id, entry.line, entry.medium
    where = before, entry.id, entry.line, entry.medium
    state.tell(facts.MediumChange(state.now_ms, contact.id, *where))
    receive(state, contact)


def _entry_of(state: State, contact: Contact, event: MediumChanged) -> Entry:
    entry = state.entries.get(event.entry)
    if entry is None or entry.tenant != contact.tenant:
        raise Rejected(f"client {contact.tenant} has no entry {event.entry}")
    check_received(state, entry.medium)
    if contact.parked or not state.media[contact.medium].keeps_leg:
        raise Rejected(f"contact {contact.id} has no leg by which it could send anything")
    if contact.promise is not None and not contact.promise.pending:
        raise Rejected(f"contact {contact.id} is promised a callback")
    if contact.walk is not None and contact.walk.afterwards:
        raise Rejected(f"contact {contact.id} has talked already")
    return entry


def page_received(state: State, event: PageReceived) -> None:
    """Raises Rejected: nothing of it is being received, or so many pages are there already."""
    contact = state.contact(event.contact)
    reception = _under_way(contact)
    if event.pages <= reception.pages:
        raise Rejected(f"of contact {contact.id} {reception.pages} pages are there already")
    reception.pages = event.pages
    _wait_for_more(state, contact)
    state.tell(facts.PageKept(state.now_ms, contact.id, event.pages))
    state.order(confirmed(state, contact, reception))


def received(state: State, event: ContactReceived) -> None:
    """Raises Rejected: nothing of it is being received, or there were more pages, or none and all."""
    contact = state.contact(event.contact)
    reception = _under_way(contact)
    if event.pages < max(reception.pages, event.complete):
        raise Rejected(f"contact {contact.id} cannot end with {event.pages} pages")
    reception.pages = event.pages
    if event.complete:
        state.order(confirmed(state, contact, reception))
    if event.pages:
        _over(state, contact, reception, "channel", complete=event.complete)
    else:
        _nothing_came(state, contact, leg_lost=True, hang_up=True)


def confirmed(state: State, contact: Contact, reception: Reception) -> effects.ConfirmReceived:
    """Its sender may forget so many pages."""
    promise = state.media[contact.medium].promise
    return effects.ConfirmReceived(contact.id, reception.pages, carrier=contact.carrier, promise=promise)


def standing(state: State, contact: Contact) -> list[effects.Effect]:
    """What is in force of a reception by the party's own leg, for a restart."""
    reception = contact.reception
    if reception is None or contact.parked:
        return []
    found: list[effects.Effect] = []
    if not reception.over:
        found.append(effects.ReceiveContact(contact.id, contact.medium, carrier=contact.carrier))
    if reception.pages and (reception.complete or not reception.over):
        found.append(confirmed(state, contact, reception))
    return found


def _under_way(contact: Contact) -> Reception:
    if contact.reception is None or contact.reception.over:
        raise Rejected(f"nothing of contact {contact.id} is being received")
    return contact.reception


def due(state: State, number: int) -> None:
    """The moment has come to which it was put away; or the next part did not come in time."""
    contact = state.contacts[number]
    reception = contact.reception
    if reception is None or reception.over:
        come_back(state, contact, "deferred")
    elif reception.pages:
        release_leg(state, contact, "not received")
        _leg_gone(state, contact)
        _over(state, contact, reception, "timed out", complete=False)
    else:
        _nothing_came(state, contact, leg_lost=True, hang_up=True)


def party_gone(state: State, contact: Contact, reception: Reception, *, leg_lost: bool) -> None:
    """Its leg is over: what is there stays a contact, at whatever stage it is."""
    if not (reception.over or reception.pages):
        _nothing_came(state, contact, leg_lost=leg_lost, hang_up=False)
        return
    _leg_gone(state, contact)
    if not reception.over:
        _over(state, contact, reception, "leg lost" if leg_lost else "caller", complete=False)


def _leg_gone(state: State, contact: Contact) -> None:
    lose_leg(state, contact)
    state.tell(facts.LegGone(state.now_ms, contact.id))


def _over(state: State, contact: Contact, reception: Reception, by: str, *, complete: bool) -> None:
    reception.over, reception.complete = True, complete
    what = reception.pages, complete, by
    state.tell(facts.Received(state.now_ms, contact.id, contact.line, *what))
    come_back(state, contact, "received")


def _nothing_came(state: State, contact: Contact, *, leg_lost: bool, hang_up: bool) -> None:
    """There is nothing that anybody could work on: it is lost."""
    contact.state = step(CONTACT, contact.state, "leave")
    forget(state, contact)
    where = state.now_ms, contact.id, contact.line
    if contact.purpose:  # whom the desk called has not abandoned anything
        state.tell(facts.Released(*where, "leg lost" if leg_lost else "caller"))
    else:
        state.tell(facts.Abandoned(*where, contact.waited_ms(state.now_ms), "receiving", leg_lost))
    if hang_up:
        release_leg(state, contact, "not received")
