"""Offers: an agent is reserved and rung for a contact until he answers, or the lease runs out."""

from collections.abc import Collection

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.events import OfferId
from acd.core.leaving import leave_line
from acd.core.matching import choose_agents, choose_contact, rank_of
from acd.core.placing import place_call
from acd.core.room import look_at_room
from acd.core.state import State, step
from agents.capacity import Medium
from agents.roster import Seat, Work, device_for, free_media
from agents.states import WORK, Role, WorkState
from queues.contact import Contact
from queues.desk import Line, Order
from queues.priority import Rank
from queues.states import CONTACT

Why = tuple[int, int, int, int, str, str, int]
"""Class, time used, target, relaxation, policy, choice, how many were compared."""

OF_WORK = (Kind.RING, Kind.WRAP_UP, Kind.LEG, Kind.TALK)


def refresh(state: State, seat: Seat) -> None:
    """Work out of what media the agent is free now."""
    free = free_media(seat, state.desk.interrupts)
    if free != seat.free:
        seat.free = free
        seat.epoch += 1


def serve_contact(state: State, contact: Contact) -> None:
    """Offer a waiting contact to the best idle agent(s), if there is one."""
    line = state.lines[contact.line]
    to_call = contact.parked and contact.to_call
    if (to_call or contact.recording is not None) and not state.board.places[contact.id].in_bucket:
        return  # no room for another call, or it is being recorded
    wanted = 1 if to_call and calls_first(line) else line.ring_at_once
    chosen, compared = choose_agents(state, contact, wanted)
    if chosen:
        rank = rank_of(state, state.board.places[contact.id].urgency, contact.id)
        for seat in chosen:
            offer(state, contact, seat, rank, choice="agent chosen", compared=compared)


def serve_agent(state: State, seat: Seat) -> None:
    """Offer a free agent the best contact that waits for him; else he is idle."""
    found = choose_contact(state, seat)
    if found is not None:
        contact, rank, compared = found
        offer(state, contact, seat, rank, choice="contact chosen", compared=compared)
    elif seat.entered != seat.epoch:
        seat.entered = seat.epoch
        for need in seat.needs:
            if need.medium in seat.free:
                need.push_idle(seat)


def offer(state: State, contact: Contact, seat: Seat, rank: Rank, *, choice: str, compared: int) -> None:
    """Reserve the agent and ring him, or first call the party; the fact explains the decision."""
    line = state.lines[contact.line]
    work = new_work(state, contact, seat, Role.CONSULTED if contact.consults else Role.AGENT)
    contact.offers.append(work.id)
    why = rank.priority_class, rank.used_ms, rank.target_ms, contact.step, line.policy, choice, compared
    to_call = contact.parked and contact.to_call
    if to_call and calls_first(line):
        work.state = WorkState.RESERVED
        contact.state = step(CONTACT, contact.state, "reserve")
        leave_line(state, contact)
        refresh(state, seat)
        state.tell(facts.Reserved(state.now_ms, work.id, contact.id, work.agent, line.id, *why))
        place_call(state, contact, work)
    else:
        contact.state = step(CONTACT, contact.state, "offer")
        _ring(state, contact, seat, work, why)
    if to_call:
        look_at_room(state)


def new_work(state: State, contact: Contact, seat: Seat, role: Role) -> Work:
    """An offer of the contact to this agent, which is to ring."""
    state.last_offer += 1
    number, now_ms = OfferId(state.last_offer), state.now_ms
    what = contact.id, seat.record.id, device_for(seat.record, contact.medium), contact.medium, contact.line
    work = state.works[number] = Work(number, *what, WorkState.RINGING, now_ms, now_ms, role=role)
    seat.works.append(work)
    return work


def calls_first(line: Line) -> bool:
    """Whether the party of who is parked is called before the agent is rung."""
    return line.callback.order is Order.CALLER_FIRST


def ring_reserved(state: State, contact: Contact, work: Work) -> None:
    """The party is there and waits in its line: the agent who is reserved for it is rung."""
    line, seat = state.lines[contact.line], state.seats[work.agent]
    contact.state = step(CONTACT, contact.state, "offer")
    work.state = step(WORK, work.state, "ring")
    work.since_ms = work.started_ms = state.now_ms
    work.carrier = device_for(seat.record, work.medium)
    rank = rank_of(state, state.board.places[contact.id].urgency, contact.id)
    why = rank.priority_class, rank.used_ms, rank.target_ms, contact.step, line.policy, "reserved", 1
    _ring(state, contact, seat, work, why)


def _ring(state: State, contact: Contact, seat: Seat, work: Work, why: Why) -> None:
    state.board.hide(contact.id)
    seat.record.last_offer = work.id
    ring(state, contact, seat, work)
    state.tell(facts.Offered(state.now_ms, work.id, contact.id, work.agent, contact.line, *why))


def ring(state: State, contact: Contact, seat: Seat, work: Work) -> int:
    """His device rings; until when, in Unix milliseconds."""
    if seat.free:  # as `refresh` would find, who is rung is free for nothing
        seat.free = ()
        seat.epoch += 1
    due_ms = state.now_ms + state.lines[contact.line].ring_ms
    state.deadlines.set(Kind.RING, work.id, due_ms)
    ids = work.id, contact.id, work.agent
    state.order(effects.OfferContact(*ids, due_ms, work.role, carrier=work.carrier))
    return due_ms


def free_reserved(state: State, work: Work) -> None:
    """He is not kept for it any more."""
    close(state, work, "free")
    state.tell(facts.ReservationEnded(state.now_ms, work.id, work.contact, work.agent))


def free_all_reserved(state: State, seat: Seat, media: Collection[Medium] | None = None) -> None:
    """He takes no offers of these media (or of any) now; who is being called then waits for somebody else."""
    for work in list(seat.works):
        if work.state is WorkState.RESERVED and (media is None or work.medium in media):
            free_reserved(state, work)


def close(state: State, work: Work, happening: str) -> Seat:
    """End an offer or a work. Who left the desk is forgotten with his last work."""
    work.state = step(WORK, work.state, happening)
    del state.works[work.id]
    state.deadlines.clear_all(OF_WORK, work.id)
    seat = state.seats[work.agent]
    seat.works.remove(work)
    state.serve(seat)
    if not seat.works and not seat.listed:
        del state.seats[work.agent]
    contact = state.contacts.get(work.contact)
    if contact is not None and work.id in contact.offers:
        contact.offers.remove(work.id)
    return seat


def withdraw(state: State, work: Work, cause: str) -> None:
    """Stop ringing."""
    close(state, work, "withdraw")
    ids = work.id, work.contact, work.agent
    state.tell(facts.OfferWithdrawn(state.now_ms, *ids, cause))
    state.order(effects.WithdrawOffer(*ids, cause, carrier=work.carrier))


def withdraw_all(state: State, contact: Contact, cause: str, but: int = 0) -> None:
    """Withdraw every offer of the contact except number `but`."""
    for work in [state.works[number] for number in contact.offers if number != but]:
        if work.state is WorkState.RINGING:
            withdraw(state, work, cause)
