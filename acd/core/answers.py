"""What becomes of an offer: accepted, refused, failed, not answered."""

from collections.abc import Collection

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.events import OfferAccepted, OfferFailed, OfferRefused
from acd.core.matching import in_rank_order
from acd.core.offers import close, serve_agent, withdraw, withdraw_all
from acd.core.state import State, step
from acd.core.waiting import leave_line, let_go, serve_in_order, take_back
from agents.capacity import Medium
from agents.roster import Seat, Work
from agents.skills import AgentId
from agents.states import AGENT, WORK, AgentState, WorkState
from queues.contact import Contact
from queues.states import CONTACT


def accepted(state: State, event: OfferAccepted) -> None:
    """The first accept wins; every other agent who is rung for the contact stops ringing."""
    work, now_ms = state.work(event.offer), state.now_ms
    work.state = step(WORK, work.state, "accept")
    contact, seat = state.contacts[work.contact], state.seats[work.agent]
    contact.state = step(CONTACT, contact.state, "accept")
    state.deadlines.clear(Kind.RING, work.id)
    work.since_ms = now_ms
    others = withdraw_all(state, contact, "answered elsewhere", but=work.id)
    wait_ms, line_wait_ms = now_ms - contact.anchor_ms, now_ms - contact.line_since_ms
    state.facts.append(
        facts.Answered(now_ms, work.id, contact.id, work.agent, contact.line, wait_ms, line_wait_ms)
    )
    state.effects.append(effects.ConnectContact(work.id, contact.id, work.agent, contact.medium))
    leave_line(state, contact)
    contact.tried.clear()
    interrupt_others(state, seat, work)
    state.show(seat)
    for other in (seat, *others):
        serve_agent(state, other)


def interrupt_others(state: State, seat: Seat, by: Work) -> None:
    """What the agent handles of other media rests until this work is over."""
    for work in seat.works:
        if work.medium is not by.medium and work.state is WorkState.HANDLING:
            work.state = step(WORK, work.state, "interrupt")
            work.interrupted_by = by.id
            ids = work.contact, work.agent, by.contact
            state.facts.append(facts.Interrupted(state.now_ms, *ids))


def refused(state: State, event: OfferRefused) -> None:
    """He stays ready; this contact is not offered to him again before everybody else was tried."""
    work = state.work(event.offer)
    seat = close(state, work, "refuse")
    ids = work.id, work.contact, work.agent
    state.facts.append(facts.Refused(state.now_ms, *ids))
    _back(state, work, seat, [])


def failed(state: State, event: OfferFailed) -> None:
    """Nobody knows whether he is there: he is paused, else every contact would fail at him in turn."""
    work = state.work(event.offer)
    fail(state, work, "unreachable")


def fail(state: State, work: Work, cause: str) -> None:
    """The offer did not reach him; whatever may still ring is withdrawn."""
    seat = close(state, work, "fail")
    ids = work.id, work.contact, work.agent
    state.facts.append(facts.OfferLost(state.now_ms, *ids))
    state.effects.append(effects.WithdrawOffer(*ids, work.medium, cause))
    _back(state, work, seat, pause_after_failure(state, seat))


def not_answered(state: State, number: int) -> None:
    """The lease ran out (RONA): the agent is paused, the contact goes back to its old place."""
    work = state.works[number]
    seat = close(state, work, "no answer")
    ids = work.id, work.contact, work.agent
    state.facts.append(facts.NotAnswered(state.now_ms, *ids))
    state.effects.append(effects.WithdrawOffer(*ids, work.medium, "no answer"))
    _back(state, work, seat, pause_after_failure(state, seat))


def pause_after_failure(state: State, seat: Seat) -> list[Contact]:
    """Returns the contacts that were held for him; the caller matches them."""
    record = seat.record
    if record.state is not AgentState.READY:
        return []
    record.state = step(AGENT, record.state, "pause")
    record.reason, record.since_ms = state.desk.no_answer_reason, state.now_ms
    state.facts.append(facts.Paused(state.now_ms, record.id, record.reason))
    state.refresh(seat)
    return let_all_go(state, record.id, tuple(Medium))


def let_all_go(state: State, agent: AgentId, media: Collection[Medium]) -> list[Contact]:
    """He takes no offers of these media now: what is held for him is held no longer.

    Returns those contacts; the caller matches them.
    """
    loose = []
    for number in in_rank_order(state, state.held.get(agent, ())):
        contact = state.contacts[number]
        if contact.medium in media:
            let_go(state, contact, "agent left")
            loose.append(contact)
    return loose


def _back(state: State, work: Work, seat: Seat, loose: list[Contact]) -> None:
    """The contact remembers whom it tried; it, the loose ones and the agent are matched anew."""
    contact = state.contacts[work.contact]
    if work.agent not in contact.tried:
        contact.tried.append(work.agent)
    state.show(seat)
    if not contact.offers:
        take_back(state, contact)
        loose.append(contact)
    serve_in_order(state, loose)
    serve_agent(state, seat)


def agent_gone(state: State, seat: Seat, media: Collection[Medium], cause: str) -> list[Contact]:
    """He takes no offers of these media now: what rings is withdrawn, what is held for him is let go.

    He was not tried. Returns the contacts that this concerns; the caller matches them.
    """
    state.refresh(seat)
    loose = let_all_go(state, seat.record.id, media)
    for work in list(seat.works):
        if work.state is WorkState.RINGING and work.medium in media:
            withdraw(state, work, cause)
            contact = state.contacts[work.contact]
            if not contact.offers:
                take_back(state, contact)
                loose.append(contact)
    state.show(seat)
    return loose
