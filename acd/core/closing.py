"""Closed hours of who is parked: nobody is called back at night; he keeps his place until the morning."""

from acd.core.deadlines import Kind
from acd.core.leaving import leave_line, put_off
from acd.core.placing import promise_of
from acd.core.state import State, step
from acd.core.waiting import come_back
from queues.contact import Contact
from queues.states import CONTACT


def look_at_hours(state: State, contact: Contact) -> None:
    """Put a parked contact that waits away while its line is closed; else see to it that this is asked again.

    Where no calendar knows an opening it waits until its promise ends.
    """
    clock, now_ms, promise = state.clocks[state.lines[contact.line].hours], state.now_ms, promise_of(contact)
    if clock.is_open(now_ms):
        closes_ms = clock.closes(now_ms)
        if closes_ms is not None:
            state.deadlines.set(Kind.CLOSES, contact.id, closes_ms)
        return
    opens_ms = clock.opens(now_ms)
    contact.state = step(CONTACT, contact.state, "close")
    leave_line(state, contact)
    promise.asleep = True
    put_off(state, contact, promise.until_ms if opens_ms is None else opens_ms)
    if opens_ms is None:
        state.deadlines.clear(Kind.READY, contact.id)


def closed(state: State, number: int) -> None:
    """The hours of its line are over."""
    state.match(state.contacts[number])


def wake(state: State) -> None:
    """Hours have changed: whoever sleeps in a line that is open now waits."""
    for contact in state.parked_contacts():
        if promise_of(contact).asleep and state.clocks[state.lines[contact.line].hours].is_open(state.now_ms):
            come_back(state, contact, "deferred")
