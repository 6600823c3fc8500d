"""Who is served before a contact: those who wait already, and those who come later with a better claim."""

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from acd.core.matching import class_of
from acd.core.state import State
from agents.roster import Seat
from agents.states import AgentState
from queues.contact import Contact
from queues.desk import Line, Medium
from queues.need import Need
from queues.pace import Flow
from queues.priority import Urgency

THOUSAND = 1_000
"""Numbers of contacts are in thousandths here: some of them go to agents who do not matter to this one."""

LEAST_CAME = 4
"""Of fewer one cannot say how often they come."""

WHOLE = 10**12
"""Rates are per so many milliseconds, which is 31 years: so they are whole numbers, and fine enough."""


class Claim(Struct, frozen=True):
    """What a contact waits for, and with what right."""

    number: int
    need: Need
    urgency: Urgency
    used_ms: int
    """Of its target, in the time of its calendar; less than 0: it has not begun to count."""


class Rival(Struct, frozen=True):
    """A need whose contacts want the same agents."""

    need: Need
    own: int
    """How many of its agents could serve the contact as well …"""
    agents: int
    """… of so many who are there."""


def claim_of(state: State, contact: Contact) -> Claim:
    """As it waits, or as it would if it entered its line now. Whom it is held for does not matter."""
    line = state.lines[contact.line]
    need = state.board.need(line, contact.step, contact.medium)
    place, clock = state.board.places.get(contact.id), state.clocks[line.calendar]
    if place is not None:
        urgency = place.urgency
    else:
        key_ms = clock.elapsed(contact.anchor_ms or state.now_ms) - contact.head_start_ms
        urgency = Urgency(class_of(contact, line), line.target_ms, line.calendar, key_ms)
    used_ms = state.clocks[urgency.calendar].elapsed(state.now_ms) - urgency.key_ms
    return Claim(contact.id, need, urgency, used_ms)


def is_there(seat: Seat, medium: Medium) -> bool:
    """Whether he takes such contacts now, or will when he has done what he has in hand."""
    return seat.record.state is AgentState.READY and medium in seat.record.reachable


def seats_for(state: State, need: Need) -> list[Seat]:
    """Who meets it and is there."""
    seats = (state.seats[agent] for agent in need.fitness)
    return [seat for seat in seats if is_there(seat, need.medium)]


def rivals(state: State, seats: list[Seat]) -> list[Rival]:
    """All needs for which somebody waits whom one of these agents may serve."""
    shared: dict[int, int] = {}
    found: dict[int, Need] = {}
    for seat in seats:
        for need in seat.needs:
            if need.buckets:
                shared[need.number] = shared.get(need.number, 0) + 1
                found[need.number] = need
    return [
        Rival(need, shared[number], max(shared[number], len(seats_for(state, need))))
        for number, need in found.items()
    ]


def waiting_ahead(state: State, claim: Claim, among: list[Rival], in_ms: int) -> int:
    """Thousandths of those who wait now and would be served before it in so long, as ranks change by then."""
    found = 0
    for rival in among:
        ahead = sum(_ahead_in(state, claim, rival.need, in_ms))
        found += ahead * THOUSAND * rival.own // rival.agents
    return found


def _ahead_in(state: State, claim: Claim, need: Need, in_ms: int) -> Iterator[int]:
    mine = claim.urgency
    for (priority_class, target_ms, calendar), bucket in need.buckets.items():
        if priority_class < mine.priority_class:
            yield len(bucket)
        elif priority_class == mine.priority_class:
            used_ms = (claim.used_ms + in_ms) * target_ms // mine.target_ms
            key_ms = state.clocks[calendar].elapsed(state.now_ms) + in_ms - used_ms
            yield bisect_left(bucket, (key_ms, claim.number))


def coming_ahead(state: State, claim: Claim, seats: list[Seat], within_ms: int) -> int:
    """Thousandths of those who come within that time and will be served before it, at the pace so far."""
    agents, found = {seat.record.id for seat in seats}, 0
    for line in state.lines.values():
        for priority_class, flow in state.paces[line.id].came.items():
            for_ms = _overtaking_ms(claim, line, priority_class, within_ms)
            if for_ms > 0 and flow.count >= LEAST_CAME:
                there = seats_for(state, state.board.need(line, 0, claim.need.medium))
                own = sum(seat.record.id in agents for seat in there)
                found += _come(state, flow, for_ms) * own // max(1, len(there))
    return found


def _overtaking_ms(claim: Claim, line: Line, priority_class: int, within_ms: int) -> int:
    """Who comes within so long will be served before it, though it waits already."""
    mine = claim.urgency
    if priority_class != mine.priority_class:
        return within_ms if priority_class < mine.priority_class else 0
    if line.target_ms >= mine.target_ms:
        return 0
    return within_ms - (within_ms + max(0, claim.used_ms)) * line.target_ms // mine.target_ms


def _come(state: State, flow: Flow, within_ms: int) -> int:
    return flow.count * within_ms * THOUSAND // max(1, state.now_ms - flow.since_ms)
