"""Offers: an agent is reserved and rung for a contact until he answers, or the lease runs out."""

from msgspec import Struct

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.events import OfferId
from acd.core.matching import choose_agents, choose_contact, rank_of
from acd.core.state import State, step
from agents.roster import Seat, Work
from agents.states import WORK, WorkState
from queues.contact import Contact
from queues.desk import LineId
from queues.priority import Rank
from queues.states import CONTACT

OF_WORK = (Kind.RING, Kind.WRAP_UP)


class Decision(Struct, frozen=True):
    """Why this agent is offered this contact."""

    rank: Rank
    choice: str
    compared: int


def serve_contact(state: State, contact: Contact) -> None:
    """Offer a waiting contact to the best idle agent(s), if there is one."""
    line = state.lines[contact.line]
    chosen, compared = choose_agents(state, contact, line.ring_at_once)
    if chosen:
        rank = rank_of(state, state.board.places[contact.id].urgency, contact.id)
        for seat in chosen:
            offer(state, contact, seat, Decision(rank, "agent chosen", compared))


def serve_agent(state: State, seat: Seat) -> None:
    """Offer a free agent the best contact that waits for him; else he is idle.

    To be called whenever something about the agent changed that could make him free.
    """
    if not state.refresh(seat):
        return
    found = choose_contact(state, seat)
    if found is not None:
        contact, rank, compared = found
        offer(state, contact, seat, Decision(rank, "contact chosen", compared))
    elif seat.entered != seat.epoch:
        seat.entered = seat.epoch
        for need in seat.needs:
            if need.medium in seat.free:
                need.push_idle(seat)


def offer(state: State, contact: Contact, seat: Seat, decision: Decision) -> None:
    """Reserve the agent and ring him."""
    now_ms, line, agent = state.now_ms, state.lines[contact.line], seat.record.id
    contact.state = step(CONTACT, contact.state, "offer")
    state.board.hide(contact.id)
    state.last_offer += 1
    number = OfferId(state.last_offer)
    work = Work(number, contact.id, agent, contact.medium, line.id, WorkState.RINGING, now_ms, now_ms)
    state.works[number] = work
    contact.offers.append(number)
    seat.works.append(work)
    seat.record.last_offer = number
    state.refresh(seat)
    due_ms = now_ms + line.ring_ms
    state.deadlines.set(Kind.RING, number, due_ms)
    state.effects.append(effects.OfferContact(number, contact.id, agent, contact.medium, due_ms))
    state.facts.append(offered(work, contact.step, line.policy, decision))
    state.show(seat)


def offered(work: Work, relaxations: int, policy: str, decision: Decision) -> facts.Offered:
    """The fact that explains the decision."""
    rank = decision.rank
    return facts.Offered(
        work.started_ms,
        work.id,
        work.contact,
        work.agent,
        LineId(work.line),
        rank.priority_class,
        rank.used_ms,
        rank.target_ms,
        relaxations,
        policy,
        decision.choice,
        decision.compared,
    )


def close(state: State, work: Work, happening: str) -> Seat:
    """End an offer or a work; the agent still has to be served by the caller.

    Who left the desk is forgotten with his last work.
    """
    work.state = step(WORK, work.state, happening)
    del state.works[work.id]
    state.deadlines.clear_all(OF_WORK, work.id)
    seat = state.seats[work.agent]
    seat.works.remove(work)
    if not seat.works and not seat.listed:
        del state.seats[work.agent]
    contact = state.contacts.get(work.contact)
    if contact is not None and work.id in contact.offers:
        contact.offers.remove(work.id)
    return seat


def withdraw(state: State, work: Work, cause: str) -> Seat:
    """Stop ringing; the agent still has to be served by the caller."""
    seat = close(state, work, "withdraw")
    ids = work.id, work.contact, work.agent
    state.facts.append(facts.OfferWithdrawn(state.now_ms, *ids, cause))
    state.effects.append(effects.WithdrawOffer(*ids, work.medium, cause))
    state.show(seat)
    return seat


def withdraw_all(state: State, contact: Contact, cause: str, but: int = 0) -> list[Seat]:
    """Withdraw every offer of the contact except number `but`; returns the agents to be served."""
    ringing = [state.works[number] for number in contact.offers if number != but]
    return [withdraw(state, work, cause) for work in ringing if work.state is WorkState.RINGING]
