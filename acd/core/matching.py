"""Who serves whom: the best idle agent for a contact, the best waiting contact for an agent."""

from collections.abc import Iterable
from functools import cmp_to_key

from acd.core.state import State
from agents.roster import Seat
from agents.states import AgentState
from queues.board import Place
from queues.contact import Contact
from queues.desk import Line
from queues.need import Need
from queues.priority import Rank, Urgency


def class_of(contact: Contact, line: Line) -> int:
    """The class in which it waits now: that asked for, or that of its line, or a better one by promotion."""
    priority_class = line.priority_class if contact.asked_class is None else contact.asked_class
    if contact.promoted and line.promotion is not None:
        priority_class = min(priority_class, line.promotion.priority_class)
    return priority_class


def urgency_of(state: State, contact: Contact, line: Line) -> Urgency:
    """Where the contact stands now; changes only with its class, head start, line or the desk."""
    key_ms = state.clocks[line.calendar].elapsed(contact.anchor_ms) - contact.head_start_ms
    return Urgency(class_of(contact, line), line.target_ms, line.calendar, key_ms)


def rank_of(state: State, urgency: Urgency, number: int) -> Rank:
    used_ms = state.clocks[urgency.calendar].elapsed(state.now_ms) - urgency.key_ms
    return Rank(urgency.priority_class, used_ms, urgency.target_ms, number)


def place(state: State, contact: Contact) -> None:
    """Enter the contact into the board at the rank and need it has now."""
    line = state.lines[contact.line]
    only = contact.preferred if contact.held_until_ms else None
    need = state.board.need(line, contact.step, contact.medium, only)
    state.board.enter(contact.id, Place(need, urgency_of(state, contact, line), line.id))


def may_serve(seat: Seat, need: Need, contact: Contact) -> bool:
    """Whether this agent, free or not, could be offered this contact, were he free."""
    return seat.record.id in need.fitness and seat.record.id not in contact.tried


def everybody_tried(need: Need, contact: Contact, seats: Iterable[Seat]) -> bool:
    """Whether every agent who is ready, can be reached and meets the need has been tried."""
    return all(
        seat.record.id in contact.tried
        for seat in seats
        if seat.record.state is AgentState.READY and need.medium in seat.record.reachable
    )


def choose_agents(state: State, contact: Contact, wanted: int) -> tuple[list[Seat], int]:
    """The best idle agents for the contact, at most `wanted`, and how many were compared."""
    need = state.board.places[contact.id].need
    chosen: list[Seat] = []
    passed: list[Seat] = []
    for seat in need.idle():
        if may_serve(seat, need, contact):
            chosen.append(seat)
            if len(chosen) == wanted:
                break
        else:
            passed.append(seat)
    for seat in passed:
        need.push_idle(seat)
    return chosen, len(chosen) + len(passed)


def choose_contact(state: State, seat: Seat) -> tuple[Contact, Rank, int] | None:
    """The best waiting contact that the free agent may serve, its rank, and how many were compared."""
    best: Rank | None = None
    looked_at = 0
    for need, (priority_class, target_ms, calendar) in state.board.heads(seat):
        looked_at += 1
        if best is not None and priority_class > best.priority_class:
            continue
        for key_ms, number in need.buckets[priority_class, target_ms, calendar]:
            if may_serve(seat, need, state.contacts[number]):
                used_ms = state.clocks[calendar].elapsed(state.now_ms) - key_ms
                rank = Rank(priority_class, used_ms, target_ms, number)
                if best is None or rank.before(best):
                    best = rank
                break
    return (state.contacts[best.number], best, looked_at) if best is not None else None


def in_rank_order(state: State, numbers: Iterable[int]) -> list[int]:
    """Contact numbers, the one to be served first in front."""
    ranks = [rank_of(state, state.board.places[number].urgency, number) for number in numbers]
    return [rank.number for rank in sorted(ranks, key=cmp_to_key(_order))]


def _order(a: Rank, b: Rank) -> int:
    return -1 if a.before(b) else 1
