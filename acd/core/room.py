"""Room for calls: who is parked is offered to somebody only while he may be called right away.

Else agents would be rung, or kept free, for calls that no rule allows, one too many at once, or to a number
that is being called already. Who has no room keeps his rank; he is only not looked at.
"""

from collections import Counter

from acd.core.placing import promise_of
from acd.core.state import State
from queues.contact import Contact
from queues.desk import OutboundRule
from queues.outbound import CALLBACK, rule_for
from queues.states import ContactState

CLAIMS = (ContactState.OFFERED, ContactState.CALLING)
"""An agent is rung for him, or he is being called."""


def look_at_room(state: State) -> None:
    """Let the parked contacts be found that may be called now, and no others."""
    state.room_moved = False
    numbers = sorted(number for numbers in state.parked.values() for number in numbers)
    contacts = [state.contacts[number] for number in numbers]
    taken: Counter[OutboundRule | None] = Counter()
    called: set[str] = set()
    for contact in contacts:
        if contact.state in CLAIMS:
            taken[_rule_of(state, contact)] += 1
            called.add(promise_of(contact).party)
    for contact in contacts:
        if contact.state is ContactState.WAITING:
            rule = _rule_of(state, contact)
            free = rule is not None and taken[rule] < rule.at_once
            _let_be_found(state, contact, found=free and promise_of(contact).party not in called)


def _rule_of(state: State, contact: Contact) -> OutboundRule | None:
    return rule_for(state.desk.outbound, contact.tenant, CALLBACK, promise_of(contact).dial_class)


def _let_be_found(state: State, contact: Contact, *, found: bool) -> None:
    place = state.board.places[contact.id]
    if found and not place.in_bucket:
        state.board.show(contact.id)
        state.match(contact)
    elif not found:
        state.board.hide(contact.id)
