"""Arrival: which line a contact enters, if any, and its greeting."""

from acd.core import effects, facts
from acd.core.errors import Rejected
from acd.core.events import ContactArrived, ContactId, PriorityChanged, PromptEnded
from acd.core.offers import serve_contact
from acd.core.state import State, step
from acd.core.waiting import enter_line, rerank, watch_target
from queues.contact import Contact
from queues.desk import Entry, Line, LineId, Overflow
from queues.states import CONTACT, ContactState

Hop = tuple[LineId, LineId, str]
"""From line, to line, reason."""


def arrived(state: State, event: ContactArrived) -> None:
    """Admit the contact and let it wait, or refuse it. Raises Rejected: its ref is live already."""
    if event.ref in state.refs:
        raise Rejected(f"contact ref {event.ref} is live already")
    entry = state.entries.get(event.entry)
    if entry is None or entry.medium is not event.medium:
        _block(state, event, "unknown entry")
        return
    line, hops, reason = _find_line(state, entry)
    if line is None:
        _block(state, event, reason)
        return
    contact = _create(state, event, entry)
    for from_line, to_line, why in hops:
        over = facts.Overflowed(state.now_ms, ContactId(contact.id), from_line, to_line, why)
        state.facts.append(over)
    _admit(state, contact, line)


def _block(state: State, event: ContactArrived, reason: str) -> None:
    state.facts.append(facts.Blocked(state.now_ms, event.ref, event.entry, reason))
    state.effects.append(effects.RejectContact(event.ref, event.medium, reason))


def _find_line(state: State, entry: Entry) -> tuple[Line | None, list[Hop], str]:
    """Follow the ways out of closed and full lines to one that takes the contact."""
    line = state.lines[entry.line]
    hops: list[Hop] = []
    while True:
        if not state.clocks[line.hours].is_open(state.now_ms):
            reason, way = "closed", line.when_closed
        elif line.max_length and state.board.length(line.id) >= line.max_length:
            reason, way = "full", line.when_full
        else:
            return line, hops, ""
        if way.kind is not Overflow.LINE or way.line is None or len(hops) >= len(state.lines):
            return None, hops, reason
        hops.append((line.id, way.line, reason))
        line = state.lines[way.line]


def _create(state: State, event: ContactArrived, entry: Entry) -> Contact:
    state.last_contact += 1
    asked = [asked for asked in (event.priority_class, entry.priority_class) if asked is not None]
    contact = Contact(
        id=state.last_contact,
        ref=event.ref,
        entry=entry.id,
        tenant=entry.tenant,
        line=entry.line,
        medium=entry.medium,
        party=event.party,
        arrived_ms=state.now_ms,
        asked_class=min(asked, default=None),
        head_start_ms=max(event.head_start_ms, entry.head_start_ms),
        preferred=event.preferred,
        preferred_ms=event.preferred_ms,
    )
    state.contacts[contact.id] = contact
    state.refs[event.ref] = contact.id
    origin = contact.entry, contact.tenant, contact.line, contact.medium, contact.party
    state.facts.append(facts.Arrived(state.now_ms, ContactId(contact.id), event.ref, *origin))
    return contact


def _admit(state: State, contact: Contact, line: Line) -> None:
    number = ContactId(contact.id)
    contact.line = line.id
    wait_for_it = bool(line.greeting) and line.greeting_mandatory
    admit = (number, contact.ref, contact.medium, line.greeting, wait_for_it, line.music)
    state.effects.append(effects.AdmitContact(*admit))
    if line.greeting:
        state.facts.append(facts.Announced(state.now_ms, number, line.greeting, wait_for_it))
    if wait_for_it:
        state.board.greet(line.id, 1)
    else:
        enter_line(state, contact, line, "arrived")
        serve_contact(state, contact)


def prompt_ended(state: State, event: PromptEnded) -> None:
    contact = state.contact(event.contact)
    contact.state = step(CONTACT, contact.state, "prompt ended")
    state.board.greet(contact.line, -1)
    enter_line(state, contact, state.lines[contact.line], "arrived")
    serve_contact(state, contact)


def priority_changed(state: State, event: PriorityChanged) -> None:
    """Re-rank the contact at once if it waits.

    Raises Rejected when it is being handled, or when the head start is negative.
    """
    contact = state.contact(event.contact)
    if contact.state is ContactState.CONNECTED:
        raise Rejected(f"contact {event.contact} is being handled")
    if event.head_start_ms is not None and event.head_start_ms < 0:
        raise Rejected(f"a head start of {event.head_start_ms} ms is negative")
    if event.priority_class is not None:
        contact.asked_class = event.priority_class
    if event.head_start_ms is not None:
        contact.head_start_ms = event.head_start_ms
    contact.told_position = 0
    line = state.lines[contact.line]
    asked = line.priority_class if contact.asked_class is None else contact.asked_class
    now = state.now_ms, event.contact, asked, contact.head_start_ms
    state.facts.append(facts.PriorityChange(*now))
    if contact.id in state.board.places:
        watch_target(state, contact, line)
        rerank(state, contact)
