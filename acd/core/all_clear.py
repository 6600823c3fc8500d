"""The all-clear of an incident: who is linked is called, a few at once, in the hours of his line, once."""

from collections import Counter
from collections.abc import Iterator

from acd.core.calling_out import call_out
from acd.core.clearing import link_over, look_again
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import CallOut, IncidentEnded
from acd.core.incidents import number_of, off
from acd.core.state import State
from queues.desk import Entry, IncidentId, OutboundRule
from queues.dial_policy import rule_for
from queues.incident import Course, Link
from queues.outbound import ALL_CLEAR
from queues.treatment import NO_TREATMENT

LOOKED_AT_AGAIN_MS = 3_600_000
"""Where no opening is known, or nothing allows the call now."""

FULL_MS = 10_000
"""Where all-clears of other incidents have all the room, until it is looked at again."""


def ended(state: State, event: IncidentEnded) -> None:
    """The incident is over; with a text whoever is linked is told so, without one nobody is.

    Raises Rejected: no such incident is on, nor is there one that has expired and whose links wait.
    """
    number = number_of(state, event.incident)
    if number:
        state.deadlines.clear(Kind.INCIDENT, number)
        off(state, number, "by hand")
    else:
        number = _waiting(state, event.incident)
        if not number:
            raise Rejected(f"incident {event.incident} is not on")
    course = state.courses[number]
    course.all_clear, course.all_clear_texts = event.text, event.texts
    if course.links and event.text:
        course.clear_ms = state.now_ms
        look_again(state, number)
    else:
        _give_up(state, course, "dropped")
        state.deadlines.clear(Kind.ALL_CLEAR, number)


def _waiting(state: State, name: IncidentId) -> int:
    """The one of that name whose links wait for an all-clear; 0: there is none."""
    found = (n for n, one in state.courses.items() if one.incident.id == name and one.waits)
    return next(found, 0)


def due(state: State, number: int) -> None:
    """Call whom there is room for, and look again when somebody else may be called."""
    course = state.courses[number]
    if state.now_ms >= course.kept_until_ms:
        _give_up(state, course, "not reached" if course.all_clear else "dropped")
        return
    moments = [course.kept_until_ms, *_call_on(state, number, course)]
    if course.open:
        state.deadlines.set(Kind.ALL_CLEAR, number, min(moments))


def _call_on(state: State, number: int, course: Course) -> Iterator[int]:
    """Call whom there is room for; moments at which somebody else may be called."""
    taken = _taken(state)
    for party, link in course.links.items():
        if link.result or link.call:
            continue
        entry, rule = _rule(state, link)
        if entry is None or rule is None:
            yield state.now_ms + LOOKED_AT_AGAIN_MS
        elif (at_ms := _may_be_called_ms(state, entry, link)) > state.now_ms:
            yield at_ms
        elif taken[rule] < rule.at_once:
            taken[rule] += 1
            _call(state, number, party, link, entry)
        elif not course.calling:  # others have all the room
            yield state.now_ms + FULL_MS


def _rule(state: State, link: Link) -> tuple[Entry | None, OutboundRule | None]:
    entry = state.entries.get(link.entry)
    tenant = None if entry is None else entry.tenant
    rule = None if tenant is None else rule_for(state.desk.outbound, tenant, ALL_CLEAR, link.dial_class)
    return entry, rule


def _taken(state: State) -> Counter[OutboundRule | None]:
    """How many are being called, or told, by each rule."""
    links = (one.links[party] for one in state.courses.values() for party in one.calling.values())
    return Counter(_rule(state, link)[1] for link in links)


def _may_be_called_ms(state: State, entry: Entry, link: Link) -> int:
    """From when on: after the gap of its line, while that is open."""
    clock = state.clocks[state.lines[entry.line].hours]
    at_ms = max(state.now_ms, link.again_ms)
    if clock.is_open(at_ms):
        return at_ms
    opens_ms = clock.opens(at_ms)
    return state.now_ms + LOOKED_AT_AGAIN_MS if opens_ms is None else opens_ms


def _call(state: State, number: int, party: str, link: Link, entry: Entry) -> None:
    course = state.courses[number]
    wanted = CallOut(entry.id, ALL_CLEAR, party, link.dial_class, NO_TREATMENT, link.language)
    contact = call_out(state, entry, wanted, clears=number)
    link.attempts += 1
    link.call = contact.id
    course.calling[contact.id] = party


def _give_up(state: State, course: Course, result: str) -> None:
    """Nobody is called any more; who hears it just now hears it out."""
    for link in course.links.values():
        if not link.result and not link.call:
            link_over(state, course, link, result)
