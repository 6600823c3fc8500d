"""Leaving a line: nothing of a contact waits there any more; and being ready again at a moment."""

from acd.core import facts
from acd.core.deadlines import Kind
from acd.core.state import State
from acd.core.treatments import stop
from agents.skills import AgentId
from queues.contact import Contact

OF_WAITING = (
    Kind.PREFERRED,
    Kind.RELAX,
    Kind.PROMOTE,
    Kind.RETRY,
    Kind.MAX_WAIT,
    Kind.CLOSES,
    Kind.TARGET,
)


def leave_line(state: State, contact: Contact) -> None:
    """Nothing of the contact waits any more. Who is not on the board has no deadline and is not held."""
    if contact.id in state.board.places:
        state.board.leave(contact.id)
        state.deadlines.clear_all(OF_WAITING, contact.id)
        if contact.walk is not None:
            stop(state, contact)
        if contact.held_until_ms:
            release_hold(state, contact)


def put_off(state: State, contact: Contact, until_ms: int, agent: AgentId | None = None) -> None:
    """It is ready again at its moment; `agent` put it away."""
    contact.ready_ms = until_ms
    state.deadlines.set(Kind.READY, contact.id, until_ms)
    state.tell(facts.Deferred(state.now_ms, contact.id, contact.line, agent, until_ms))


def release_hold(state: State, contact: Contact) -> None:
    """It is held for nobody any more."""
    if contact.held_until_ms and contact.preferred is not None:
        contact.held_until_ms = 0
        state.held.get(contact.preferred, {}).pop(contact.id, None)
        state.deadlines.clear(Kind.PREFERRED, contact.id)
