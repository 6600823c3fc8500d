"""Leaving a line: nothing of a contact waits there any more."""

from acd.core.deadlines import Kind
from acd.core.state import State
from queues.contact import Contact

OF_WAITING = (
    Kind.PREFERRED,
    Kind.RELAX,
    Kind.PROMOTE,
    Kind.RETRY,
    Kind.MAX_WAIT,
    Kind.ANNOUNCE,
    Kind.CLOSES,
)


def leave_line(state: State, contact: Contact) -> None:
    """Nothing of the contact waits any more. Who is not on the board has no deadline and is not held."""
    if contact.id in state.board.places:
        state.board.leave(contact.id)
        state.deadlines.clear_all(OF_WAITING, contact.id)
        if contact.held_until_ms:
            release_hold(state, contact)


def release_hold(state: State, contact: Contact) -> None:
    """It is held for nobody any more."""
    if contact.held_until_ms and contact.preferred is not None:
        contact.held_until_ms = 0
        state.held.get(contact.preferred, {}).pop(contact.id, None)
        state.deadlines.clear(Kind.PREFERRED, contact.id)
