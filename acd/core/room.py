"""Room for calls: who is parked is offered to somebody only while he may be called right away.

Else agents would be rung, or kept free, for calls that no rule allows, one too many at once, or to a number
that is being called already. Who has no room keeps his rank; he is only not looked at.
"""

from collections import Counter

from acd.core.placing import allowed, promise_of
from acd.core.state import State
from queues.contact import Contact
from queues.desk import OutboundRule
from queues.states import ContactState

CLAIMS = (ContactState.OFFERED, ContactState.CALLING)
"""An agent is rung for him, or he is being called."""


def look_at_room(state: State) -> None:
    """Let the parked contacts be found that may be called now, and no others."""
    state.room_moved = False
    contacts = state.parked_contacts()
    taken: Counter[OutboundRule | None] = Counter()
    called: set[str] = set()
    for contact in contacts:
        if contact.state in CLAIMS:
            promise = promise_of(contact)
            taken[allowed(state, contact, promise.dial_class)] += 1
            called.add(promise.party)
    for contact in contacts:
        if contact.state is ContactState.WAITING:
            promise = promise_of(contact)
            rule = allowed(state, contact, promise.dial_class)
            free = rule is not None and taken[rule] < rule.at_once
            _let_be_found(state, contact, found=free and promise.party not in called)


def _let_be_found(state: State, contact: Contact, *, found: bool) -> None:
    place = state.board.places[contact.id]
    if found and not place.in_bucket:
        state.board.show(contact.id)
        state.match(contact)
    elif not found:
        state.board.hide(contact.id)
