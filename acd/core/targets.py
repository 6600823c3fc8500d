"""Targets of lines: told before one has passed for whoever waits, while time is left, and when it has.

It counts from the moment at which the contact first waited, in the calendar of the line, without any head
start: what was agreed on with the client knows nothing of that. Who was answered once has had his answer.
"""

from acd.core import facts
from acd.core.deadlines import Kind
from acd.core.state import State
from queues.contact import Contact
from queues.desk import Line

NEAR, MISSED, MET = "near", "missed", "met"


def watch_breach(state: State, contact: Contact, line: Line) -> None:
    """See to it that its target is told of, by a deadline. Not of whoever is only asked."""
    state.deadlines.clear(Kind.TARGET, contact.id)
    if not line.target_warning_ms or contact.consults or contact.late in (MISSED, MET):
        return
    at_ms = _moment(state, contact, line, 0 if contact.late else line.target_warning_ms)
    if at_ms is not None:
        state.deadlines.set(Kind.TARGET, contact.id, max(at_ms, state.now_ms))


def _moment(state: State, contact: Contact, line: Line, before_ms: int) -> int | None:
    """When so much is left of its target; None: never, as far as the calendar is known."""
    clock = state.clocks[line.calendar]
    return clock.moment(clock.elapsed(contact.anchor_ms) + line.target_ms - before_ms)


def due(state: State, number: int) -> None:
    """Its target is near, or has passed."""
    contact = state.contacts[number]
    line = state.lines[contact.line]
    if contact.waits_apart:  # a promise has a time of its own
        return
    missed_ms = _moment(state, contact, line, 0)
    if missed_ms is None or missed_ms > state.now_ms:
        contact.late = NEAR
        state.tell(facts.TargetNear(state.now_ms, contact.id, line.id, missed_ms or 0))
        watch_breach(state, contact, line)
        return
    contact.late = MISSED
    wait_ms = state.now_ms - contact.anchor_ms
    state.tell(facts.TargetMissed(state.now_ms, contact.id, line.id, wait_ms))
