"""What becomes of an offer: accepted, refused, failed, not answered."""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.events import ContactId, OfferAccepted, OfferFailed, OfferId, OfferRefused
from acd.core.matching import in_rank_order
from acd.core.offers import close, serve_agent, serve_contact, withdraw, withdraw_all
from acd.core.state import State, step
from acd.core.waiting import leave_line, let_go, requeue
from agents.roster import Seat, Work
from agents.states import AGENT, WORK, AgentState, WorkState
from queues.states import CONTACT, ContactState


def accepted(state: State, event: OfferAccepted) -> None:
    """The first accept wins; every other agent who is rung for the contact stops ringing."""
    work = state.work(event.offer)
    work.state = step(WORK, work.state, "accept")
    contact, seat = state.contacts[work.contact], state.seats[work.agent]
    contact.state = step(CONTACT, contact.state, "accept")
    state.deadlines.clear(Kind.RING, work.id)
    work.since_ms = state.now_ms
    others = withdraw_all(state, contact, "answered elsewhere", but=work.id)
    ids = OfferId(work.id), ContactId(contact.id), work.agent
    waits = state.now_ms - contact.anchor_ms, state.now_ms - contact.line_since_ms
    state.facts.append(facts.Answered(state.now_ms, *ids, contact.line, *waits))
    state.effects.append(effects.ConnectContact(*ids, contact.medium))
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
            ids = ContactId(work.contact), work.agent, ContactId(by.contact)
            state.facts.append(facts.Interrupted(state.now_ms, *ids))


def refused(state: State, event: OfferRefused) -> None:
    """He stays ready; this contact is not offered to him again before everybody else was tried."""
    work = state.work(event.offer)
    seat = close(state, work, "refuse")
    ids = OfferId(work.id), ContactId(work.contact), work.agent
    state.facts.append(facts.Refused(state.now_ms, *ids))
    _back(state, work, seat)


def failed(state: State, event: OfferFailed) -> None:
    """Nobody knows whether he is there: he is paused, else every contact would fail at him in turn."""
    work = state.work(event.offer)
    fail(state, work, "unreachable")


def fail(state: State, work: Work, cause: str) -> None:
    """The offer did not reach him; whatever may still ring is withdrawn."""
    seat = close(state, work, "fail")
    ids = OfferId(work.id), ContactId(work.contact), work.agent
    state.facts.append(facts.OfferLost(state.now_ms, *ids))
    state.effects.append(effects.WithdrawOffer(*ids, work.medium, cause))
    pause_after_failure(state, seat)
    _back(state, work, seat)


def not_answered(state: State, number: int) -> None:
    """The lease ran out (RONA): the agent is paused, the contact goes back to its old place."""
    work = state.works[number]
    seat = close(state, work, "no answer")
    ids = OfferId(work.id), ContactId(work.contact), work.agent
    state.facts.append(facts.NotAnswered(state.now_ms, *ids))
    state.effects.append(effects.WithdrawOffer(*ids, work.medium, "no answer"))
    pause_after_failure(state, seat)
    _back(state, work, seat)


def pause_after_failure(state: State, seat: Seat) -> None:
    record = seat.record
    if record.state is AgentState.READY:
        record.state = step(AGENT, record.state, "pause")
        record.reason, record.since_ms = state.desk.no_answer_reason, state.now_ms
        state.facts.append(facts.Paused(state.now_ms, record.id, record.reason))
        agent_gone(state, seat)


def agent_gone(state: State, seat: Seat) -> None:
    """He takes no offers now: contacts held for him are held no longer."""
    state.refresh(seat)
    for number in in_rank_order(state, state.held.get(seat.record.id, ())):
        contact = state.contacts[number]
        let_go(state, contact, "agent left")
        if contact.state is ContactState.WAITING:
            serve_contact(state, contact)


def _back(state: State, work: Work, seat: Seat) -> None:
    """After a failed offer: the contact remembers whom it tried, then contact and agent are matched anew."""
    contact = state.contacts[work.contact]
    if work.agent not in contact.tried:
        contact.tried.append(work.agent)
    state.show(seat)
    if not contact.offers:
        requeue(state, contact)
    serve_agent(state, seat)


def give_back(state: State, works: list[Work], cause: str) -> None:
    """Withdraw these ringing offers because their agent went away; he was not tried."""
    for work in works:
        withdraw(state, work, cause)
        contact = state.contacts[work.contact]
        if not contact.offers:
            requeue(state, contact)
