"""Arrival: which line a contact enters, if any, and its greeting."""

from msgspec import Struct

from acd.core import callbacks, deferral, effects, facts, incidents
from acd.core.errors import Rejected
from acd.core.events import ContactArrived, ContactId, PriorityChanged, PromptEnded
from acd.core.state import State, step
from acd.core.waiting import end, enter_line, forget, watch_target
from agents.devices import Carrier
from queues.contact import NO_INCIDENT, Contact
from queues.desk import Entry, Incident, Line, LineId, Overflow, TenantId
from queues.states import CONTACT

Hop = tuple[LineId, LineId, str]
"""From line, to line, reason."""


class Claim(Struct, frozen=True):
    """What entry and VIP list together give a contact."""

    asked_class: int | None
    head_start_ms: int
    vip: bool


def arrived(state: State, event: ContactArrived) -> None:
    """Admit the contact and let it wait, or refuse it. Raises Rejected: its ref is live already.

    In this order: the text of an incident, closed, full, the queue.
    """
    carrier = Carrier(event.channel, event.ref)
    if carrier in state.carried:
        raise Rejected(f"contact ref {event.ref} of {event.channel} is live already")
    if (event.joins is not None or state.parked) and (joined := _belongs_to(state, event)) is not None:
        (callbacks.called_in if joined.parked else deferral.join)(state, joined, event)
        return
    entry = state.entries.get(event.entry)
    if entry is None or entry.medium != event.medium:
        _block(state, event, "unknown entry", TenantId(""), LineId(""), vip=False)
        return
    claim = _claim(state, event, entry)
    incident = incidents.concerning(state, entry, claim.vip) if state.incidents else None
    if incident is None or not incidents.comes_first(incident):
        line, hops, reason = _find_line(state, state.lines[entry.line])
    else:
        line, hops, reason = state.lines[entry.line], [], ""
    if reason:
        _block(state, event, reason, entry.tenant, entry.line, vip=claim.vip)
        return
    contact = _create(state, event, entry, claim, carrier)
    if hops:
        _send_on(state, contact, hops)
    _admit(state, contact, line, incident)


def _belongs_to(state: State, event: ContactArrived) -> Contact | None:
    """The live contact that it adds to, as its channel says or by its number; None: it is a new one."""
    if event.joins is not None:
        return deferral.joinable(state, event)
    return callbacks.same_caller(state, event)


def _block(
    state: State, event: ContactArrived, reason: str, tenant: TenantId, line: LineId, *, vip: bool
) -> None:
    what = event.ref, event.entry, reason, event.medium, event.party
    state.tell(facts.Blocked(state.now_ms, *what, tenant, line, vip))
    state.order(effects.RejectContact(reason, carrier=Carrier(event.channel, event.ref)))


def _claim(state: State, event: ContactArrived, entry: Entry) -> Claim:
    asked_class, head_start_ms = better(event.priority_class, event.head_start_ms, entry)
    usual_class = state.lines[entry.line].priority_class
    vip = head_start_ms > 0 or (asked_class is not None and asked_class < usual_class)
    return Claim(asked_class, head_start_ms, vip)


def better(asked_class: int | None, head_start_ms: int, entry: Entry) -> tuple[int | None, int]:
    """Class and head start that hold: what was asked for, unless the entry gives more."""
    if asked_class is None or (entry.priority_class is not None and entry.priority_class < asked_class):
        asked_class = entry.priority_class
    return asked_class, max(head_start_ms, entry.head_start_ms)


def _find_line(state: State, line: Line) -> tuple[Line, list[Hop], str]:
    """Follow the ways out of closed and full lines to one that takes the contact.

    Where none does, the third is the reason, else it is empty.
    """
    hops: list[Hop] = []
    while True:
        if not state.clocks[line.hours].is_open(state.now_ms):
            reason, way = "closed", line.when_closed
        elif line.max_length and state.on_the_line(line.id) >= line.max_length:
            reason, way = "full", line.when_full
        else:
            return line, hops, ""
        following = state.lines.get(way.line) if way.kind is Overflow.LINE and way.line is not None else None
        if following is None or len(hops) >= len(state.lines):
            return line, hops, reason
        hops.append((line.id, following.id, reason))
        line = following


def _create(state: State, event: ContactArrived, entry: Entry, claim: Claim, carrier: Carrier) -> Contact:
    state.last_contact += 1
    contact = Contact(
        id=ContactId(state.last_contact),
        carrier=carrier,
        entry=entry.id,
        tenant=entry.tenant,
        line=entry.line,
        medium=entry.medium,
        party=event.party,
        arrived_ms=state.now_ms,
        asked_class=claim.asked_class,
        head_start_ms=claim.head_start_ms,
        preferred=event.preferred,
        preferred_ms=event.preferred_ms,
    )
    state.contacts[contact.id] = contact
    state.carried[carrier] = contact.id
    state.tell(
        facts.Arrived(
            state.now_ms,
            contact.id,
            event.ref,
            entry.id,
            entry.tenant,
            entry.line,
            entry.medium,
            event.party,
            claim.vip,
            deferral.continued(state, event, entry.tenant),
        )
    )
    return contact


def _send_on(state: State, contact: Contact, hops: list[Hop]) -> None:
    for from_line, to_line, why in hops:
        over = facts.Overflowed(state.now_ms, contact.id, from_line, to_line, why)
        state.tell(over)


def _admit(state: State, contact: Contact, line: Line, incident: Incident | None) -> None:
    """Greet a caller, with the text of the incident if there is one, and let him wait now or afterwards.

    A mail or a fax cannot hear a greeting, and nobody would report its end: it waits at once.
    """
    number = contact.id
    contact.line = line.id
    if incident is not None:
        greeting, wait_for_it = incident.greeting, incidents.comes_first(incident)
    elif line.greeting and state.media[contact.medium].hears:
        greeting, wait_for_it = line.greeting, line.greeting_mandatory
    else:
        greeting, wait_for_it = "", False
    promise, carrier = state.media[contact.medium].promise, contact.carrier
    admitted = effects.AdmitContact(
        number, greeting, wait_for_it, line.music, carrier=carrier, promise=promise
    )
    state.order(admitted)
    if greeting:
        state.tell(facts.Announced(state.now_ms, number, greeting, wait_for_it))
    if incident is not None:
        state.tell(facts.Informed(state.now_ms, number, incident.id, line.id))
    if not wait_for_it:
        _queue(state, contact, line)
        return
    contact.greeting = greeting
    if incident is None:
        state.board.greet(line.id, 1)
    else:
        contact.incident = incident.id


def _queue(state: State, contact: Contact, line: Line) -> None:
    enter_line(state, contact, line, "arrived")


def prompt_ended(state: State, event: PromptEnded) -> None:
    """Let it wait; after the text of an incident the line may be closed or full, or the call is over."""
    contact = state.contact(event.contact)
    if contact.incident:
        _text_ended(state, contact)
        return
    contact.state = step(CONTACT, contact.state, "prompt ended")
    contact.greeting = ""
    state.board.greet(contact.line, -1)
    _queue(state, contact, state.lines[contact.line])


def _text_ended(state: State, contact: Contact) -> None:
    number = contact.id
    if incidents.ends_call(state, contact):
        contact.state = step(CONTACT, contact.state, "deflect")
        forget(state, contact)
        state.tell(facts.Deflected(state.now_ms, number, contact.line, contact.incident, "end"))
        state.order(effects.ReleaseContact(number, "incident", carrier=contact.carrier))
        return
    line, hops, reason = _find_line(state, state.lines[contact.line])
    if reason:
        contact.state = step(CONTACT, contact.state, "turn away")
        end(state, contact, reason)
        state.order(effects.ReleaseContact(number, reason, carrier=contact.carrier))
        return
    contact.state = step(CONTACT, contact.state, "prompt ended")
    contact.greeting, contact.incident = "", NO_INCIDENT
    _send_on(state, contact, hops)
    _queue(state, contact, line)


def priority_changed(state: State, event: PriorityChanged) -> None:
    """Re-rank the contact at once if it waits. Raises Rejected when the head start is negative."""
    contact = state.contact(event.contact)
    head_start_ms = event.head_start_ms or 0
    if head_start_ms < 0:
        raise Rejected(f"a head start of {head_start_ms} ms is negative")
    contact.asked_class, contact.head_start_ms = event.priority_class, head_start_ms
    contact.told_position = 0
    line = state.lines[contact.line]
    asked = line.priority_class if contact.asked_class is None else contact.asked_class
    now = state.now_ms, event.contact, asked, contact.head_start_ms
    state.tell(facts.PriorityChange(*now))
    if contact.id in state.board.places:
        watch_target(state, contact, line)
        state.rank_anew(contact)
