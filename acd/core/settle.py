"""Bringing the desk to rest: after what a handler changed, who is matched with whom, and in what order.

The law of order: contacts that waited too long go their line's way; then contacts find agents, the first in
rank first; then agents find contacts, in the order of the roster; then treatments go on, so that nobody is
told his place who is rung in that moment. It holds after every event, and after every single deadline of a
`Tick`, so that what happened first is also decided first.
"""

from operator import attrgetter

from acd.core import consults
from acd.core.callbacks import expired, promise
from acd.core.closing import look_at_hours
from acd.core.matching import in_rank_order, place
from acd.core.messages import sign_off
from acd.core.offers import refresh, serve_agent, serve_contact
from acd.core.placing import promise_of
from acd.core.room import look_at_room
from acd.core.state import State
from acd.core.steps import treat
from acd.core.waiting import give_up
from queues.contact import Contact
from queues.states import ContactState

_WAITING = ContactState.WAITING
_BY_ROSTER = attrgetter("record.number")


def settle(state: State) -> None:
    """Rank what changed, match contacts by rank, serve agents in roster order, go on with treatments."""
    for seat in state.unserved.values():
        refresh(state, seat)
    if state.unranked or state.room_moved:
        _rank_anew(state)
    if state.unmatched:
        _match(state)
    if state.unserved:
        _serve(state)
    if state.untreated:
        treat(state)
        settle(state)


def _serve(state: State) -> None:
    seats, state.unserved = state.unserved, {}
    for seat in seats.values() if len(seats) == 1 else sorted(seats.values(), key=_BY_ROSTER):
        if seat.free:
            serve_agent(state, seat)


def _rank_anew(state: State) -> None:
    """Give who changed the place he has now, and look at who is parked."""
    unranked, state.unranked = state.unranked, {}
    board = state.board
    for contact in unranked.values():
        if contact.id in board.places:
            board.leave(contact.id)
            place(state, contact)
            if contact.state is _WAITING and contact.recording is None:
                board.show(contact.id)
            if contact.to_call:
                state.room_moved = True
    if state.room_moved:
        look_at_room(state)


def _match(state: State) -> None:
    """Who waited too long while an agent was rung for him goes his line's way first."""
    unmatched, state.unmatched = state.unmatched, {}
    lines = state.lines
    for contact in unmatched.values():
        apart = contact.parked and contact.waits_apart
        if contact.state is _WAITING and (apart or lines[contact.line].max_wait_ms):
            _let_go(state, contact)
    if state.unmatched:  # whom `give_up` sent to another line
        unmatched.update(state.unmatched)
        state.unmatched = {}
    places = state.board.places
    waiting = [  # where nobody is idle there is nothing to match
        contact
        for contact in unmatched.values()
        if contact.state is _WAITING and places[contact.id].need.pool
    ]
    if len(waiting) > 1:
        waiting = [state.contacts[number] for number in in_rank_order(state, [one.id for one in waiting])]
    for contact in waiting:
        serve_contact(state, contact)


def _let_go(state: State, contact: Contact) -> None:
    """Who cannot wait here any longer: his line is closed and he is parked, or the longest wait is over."""
    if contact.recording is not None:
        return  # it is looked at again when that is over
    if contact.waits_apart:
        if contact.to_call and state.now_ms >= promise_of(contact).until_ms:
            expired(state, contact.id)
        else:
            look_at_hours(state, contact)
        return
    if state.now_ms < contact.line_since_ms + state.lines[contact.line].max_wait_ms:
        return
    if contact.promise is not None and contact.promise.pending:
        promise(state, contact, contact.party, contact.dial_class)
    elif contact.consults:
        consults.over(state, consults.subject(state, contact), "waited too long")
    elif contact.message is not None:
        sign_off(state, contact, contact.message)
        look_at_hours(state, contact)
    else:
        give_up(state, contact)
