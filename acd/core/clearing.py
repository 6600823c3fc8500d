"""How a call ends by which somebody was to be told that an incident is solved."""

from acd.core import facts
from acd.core.deadlines import Kind
from acd.core.events import CallResult, ContactId
from acd.core.state import State
from queues.contact import Contact
from queues.incident import Course, Link

RESULTS = {"treatment": "told", "cancelled": "dropped"}
"""Why the contact ended → what became of its link."""

FOR_GOOD = ("refused",)
"""Who was not reached for that reason never will be."""


def not_placed(state: State, contact: Contact, result: CallResult) -> None:
    """The attempt has failed like this; one for which there was no room is none."""
    link = _link(state, contact)
    link.refused = result in FOR_GOOD
    link.attempts -= result == "no room"


def answered(state: State, contact: Contact) -> None:
    """Nobody is called again who has been on the line."""
    _link(state, contact).answered = True


def call_ended(state: State, contact: Contact, by: str) -> None:
    """Whoever was called has been told, does not want to hear it, or was not reached and is called again."""
    course, link = state.courses[contact.clears], _link(state, contact)
    del course.calling[contact.id]
    rule = state.lines[contact.line].callback
    link.call = 0
    if by in RESULTS:
        result = RESULTS[by]
    elif link.answered:  # also by a fax, whatever became of that
        result = "hung up"
    else:
        result = "not reached" if link.refused or link.attempts >= rule.attempts else ""
    if result:
        link_over(state, course, link, result, ContactId(contact.id))
    else:
        link.again_ms = state.now_ms + rule.gap_ms
    if course.open:
        look_again(state, contact.clears)


def link_over(
    state: State,
    course: Course,
    link: Link,
    result: str,
    call: ContactId = ContactId(0),  # noqa: B008
) -> None:
    """What became of one who was to be told; after the last, that all is done."""
    link.result = result
    state.tell(facts.LinkOver(state.now_ms, course.incident.id, link.contact, call, result))
    if not course.open:
        told = course.count("told") + course.count("hung up")
        state.tell(facts.AllClear(state.now_ms, course.incident.id, told, len(course.links) - told))


def look_again(state: State, number: int) -> None:
    """At once, but after this entry: nothing here waits for it."""
    state.deadlines.set(Kind.ALL_CLEAR, number, state.now_ms)


def _link(state: State, contact: Contact) -> Link:
    course = state.courses[contact.clears]
    return course.links[course.calling[contact.id]]
