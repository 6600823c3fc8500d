"""Closed hours of who is parked: nobody is called or heard at night; he keeps his place until the morning."""

from acd.core.clearing import look_again
from acd.core.deadlines import Kind
from acd.core.leaving import leave_line, put_off
from acd.core.state import State, step
from acd.core.waiting import come_back
from queues.contact import Contact
from queues.states import CONTACT

ASKED_AGAIN_MS = 86_400_000
"""Where no calendar knows an opening, a message is looked at again so much later."""


def look_at_hours(state: State, contact: Contact) -> None:
    """Put a parked contact that waits away while its line is closed; else see to it that this is asked again.

    Where no calendar knows an opening it waits until its promise ends; a message is looked at every day.
    """
    clock, now_ms = state.clocks[state.lines[contact.line].hours], state.now_ms
    if clock.is_open(now_ms):
        closes_ms = clock.closes(now_ms)
        if closes_ms is not None:
            state.deadlines.set(Kind.CLOSES, contact.id, closes_ms)
        return
    opens_ms = clock.opens(now_ms)
    contact.state = step(CONTACT, contact.state, "close")
    leave_line(state, contact)
    promise, message = contact.promise, contact.message
    if promise is not None:
        promise.asleep = True
        put_off(state, contact, promise.until_ms if opens_ms is None else opens_ms)
        if opens_ms is None:
            state.deadlines.clear(Kind.READY, contact.id)
    elif message is not None:
        message.asleep = True
        put_off(state, contact, now_ms + ASKED_AGAIN_MS if opens_ms is None else opens_ms)


def closed(state: State, number: int) -> None:
    """The hours of its line are over."""
    state.match(state.contacts[number])


def wake(state: State) -> None:
    """Hours have changed: who sleeps in a line that is open now waits; all-clears look who may be called."""
    parked = state.parked_contacts() + [state.messages[number] for number in sorted(state.messages)]
    for contact in parked:
        waits = contact.promise or contact.message
        clock = state.clocks[state.lines[contact.line].hours]
        if waits is not None and waits.asleep and clock.is_open(state.now_ms):
            come_back(state, contact, "deferred")
    for number, course in state.courses.items():
        if course.all_clear and course.open:
            look_again(state, number)
