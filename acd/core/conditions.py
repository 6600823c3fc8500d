"""What a treatment can ask about a contact, answered from the engine's state at that moment."""

from collections.abc import Callable, Mapping

from acd.core.callbacks import may_be_called
from acd.core.estimates.queue import expected
from acd.core.incidents import is_vip
from acd.core.state import State
from agents.states import AgentState
from queues.contact import Contact
from queues.states import ContactState
from queues.treatment import Condition, When


def holds(state: State, contact: Contact, asked: When) -> bool:
    """Whether the condition of the step holds now."""
    return HOLDS[asked.condition](state, contact, asked.least)


def _vip(state: State, contact: Contact, _: int) -> bool:
    return is_vip(state, contact)


def _waited(state: State, contact: Contact, least_ms: int) -> bool:
    return contact.anchor_ms > 0 and state.now_ms - contact.anchor_ms >= least_ms


def _behind(state: State, contact: Contact, least: int) -> bool:
    in_line = contact.id in state.board.places
    before = state.board.rank(contact.id) - 1 if in_line else state.on_the_line(contact.line)
    return before >= least


def _expected_wait(state: State, contact: Contact, least_ms: int) -> bool:
    """Who is being rung waits no longer."""
    if contact.state is ContactState.OFFERED:
        return False
    found = expected(state, contact)
    return _nobody(state, contact, 0) if found is None else found.expected_ms >= least_ms


def _nobody(state: State, contact: Contact, _: int) -> bool:
    need = state.board.need(state.lines[contact.line], contact.step, contact.medium)
    records = (state.seats[agent].record for agent in need.fitness)
    return not any(one.state is AgentState.READY and contact.medium in one.reachable for one in records)


def _closed(state: State, contact: Contact, _: int) -> bool:
    return not state.clocks[state.lines[contact.line].hours].is_open(state.now_ms)


def _callback(state: State, contact: Contact, _: int) -> bool:
    return may_be_called(state, contact)


HOLDS: Mapping[Condition, Callable[[State, Contact, int], bool]] = {
    Condition.VIP: _vip,
    Condition.WAITED: _waited,
    Condition.BEHIND: _behind,
    Condition.EXPECTED_WAIT: _expected_wait,
    Condition.NOBODY: _nobody,
    Condition.CLOSED: _closed,
    Condition.CALLBACK: _callback,
}
