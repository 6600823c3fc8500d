"""What becomes of an offer: accepted, refused, failed, not answered."""

from collections.abc import Collection, Iterable

from acd.core import effects, facts, guests, listening
from acd.core.deadlines import Kind
from acd.core.events import OfferAccepted, OfferRefused
from acd.core.last_agents import spoke
from acd.core.leaving import leave_line
from acd.core.matching import in_rank_order
from acd.core.offers import close, free_all_reserved, withdraw, withdraw_all
from acd.core.parking import promise_over
from acd.core.placing import place_call
from acd.core.state import State, step
from acd.core.talk import in_hand, joined
from acd.core.targets import MET
from acd.core.waiting import let_go, take_back
from agents.capacity import Medium
from agents.roster import Seat, Work, carries
from agents.skills import AgentId
from agents.states import AGENT, LISTENERS, WORK, AgentState, WorkState
from queues.contact import Contact
from queues.states import CONTACT


def accepted(state: State, event: OfferAccepted) -> None:
    """The first accept wins; every other agent who is rung for the contact stops ringing."""
    work = state.work(event.offer)
    work.state = step(WORK, work.state, "accept")
    state.deadlines.clear(Kind.RING, work.id)
    work.since_ms = state.now_ms
    seat = state.seats[work.agent]
    if not carries(seat.record, work.carrier):
        wait_for_leg(state, work)
    state.serve(seat)
    if work.role in LISTENERS:
        listening.joined(state, work)
    else:
        _connect(state, state.contacts[work.contact], work, seat)


def _connect(state: State, contact: Contact, work: Work, seat: Seat) -> None:
    """Nobody else is rung for it; if its party has no leg, he waits for it, or hears what it has said."""
    now_ms = state.now_ms
    calls = contact.parked and contact.to_call
    contact.state = step(CONTACT, contact.state, "call" if calls else "accept")
    if len(contact.offers) > 1:
        withdraw_all(state, contact, "answered elsewhere", but=work.id)
    wait_ms, line_wait_ms = now_ms - contact.anchor_ms, now_ms - contact.line_since_ms
    state.tell(facts.Answered(now_ms, work.id, contact.id, work.agent, contact.line, wait_ms, line_wait_ms))
    state.order(in_hand(state, work))
    leave_line(state, contact)
    contact.tried.clear()
    contact.late = contact.late or MET
    if len(seat.works) > 1:
        interrupt_others(state, seat, work)
    if calls:
        place_call(state, contact, work)
    elif not contact.parked:
        contact.message = None  # he can say it himself
        state.paces[contact.line].waited_ms += line_wait_ms
        if contact.callback is not None:
            promise_over(state, contact, kept=True)
        if contact.person or contact.spoke_ms:
            spoke(state, contact, work.agent)
        line = state.lines[contact.line]
        if line.whisper or line.talk_limit is not None:
            joined(state, contact, work)


def wait_for_leg(state: State, work: Work) -> None:
    """Its device is away: a conversation waits for it so long, then its contact waits for somebody else.

    What can be put aside is handed back when the device is given up.
    """
    if not state.media[work.medium].put_aside:
        state.deadlines.set(Kind.LEG, work.id, state.now_ms + state.desk.leg_grace_ms)


def interrupt_others(state: State, seat: Seat, by: Work) -> None:
    """What the agent handles of other media rests until this work is over."""
    for work in seat.works:
        if work.medium != by.medium and work.state is WorkState.HANDLING:
            work.state = step(WORK, work.state, "interrupt")
            work.interrupted_by = by.id
            ids = work.contact, work.agent, by.contact
            state.tell(facts.Interrupted(state.now_ms, *ids))


def refused(state: State, event: OfferRefused) -> None:
    """He stays ready; this contact is not offered to him again before everybody else was tried."""
    work = state.work(event.offer)
    if work.role in LISTENERS and work.state is WorkState.RINGING:
        guests.leave(state, work, "refused")
        return
    close(state, work, "refuse")
    ids = work.id, work.contact, work.agent
    state.tell(facts.Refused(state.now_ms, *ids))
    _back(state, work)


def offer_lost(state: State, work: Work) -> None:
    """It did not reach him; it is not his fault, so he is neither paused nor passed over the next time."""
    if work.role in LISTENERS and work.state is WorkState.RINGING:
        guests.send_away(state, work, "unreachable")
        return
    close(state, work, "fail")
    ids = work.id, work.contact, work.agent
    state.tell(facts.OfferLost(state.now_ms, *ids))
    state.order(effects.WithdrawOffer(*ids, "unreachable", carrier=work.carrier))
    contact = state.contacts[work.contact]
    if not contact.offers:
        take_back(state, contact)


def not_answered(state: State, number: int) -> None:
    """The lease ran out (RONA): the agent is paused, the contact goes back to its old place.

    Unless his device was away meanwhile: then he did not know.
    """
    work = state.works[number]
    if work.role in LISTENERS:
        guests.send_away(state, work, "no answer")
        return
    if not carries(state.seats[work.agent].record, work.carrier):
        offer_lost(state, work)
        return
    seat = close(state, work, "no answer")
    ids = work.id, work.contact, work.agent
    state.tell(facts.NotAnswered(state.now_ms, *ids))
    state.order(effects.WithdrawOffer(*ids, "no answer", carrier=work.carrier))
    pause_after_failure(state, seat)
    _back(state, work)


def pause_after_failure(state: State, seat: Seat) -> None:
    """He takes no offers now, and what is held for him is held no longer."""
    record = seat.record
    if record.state is not AgentState.READY:
        return
    record.state = step(AGENT, record.state, "pause")
    record.reason, record.since_ms = state.desk.no_answer_reason, state.now_ms
    state.tell(facts.Paused(state.now_ms, record.id, record.reason))
    let_all_go(state, record.id)


def let_all_go(state: State, agent: AgentId, media: Collection[Medium] | None = None) -> None:
    """He takes no offers of these media (or of any) now: what is held for him is held no longer."""
    for number in in_rank_order(state, state.held.get(agent, ())):
        contact = state.contacts[number]
        if media is None or contact.medium in media:
            let_go(state, contact, "agent left")


def _back(state: State, work: Work) -> None:
    """The contact remembers whom it tried."""
    contact = state.contacts[work.contact]
    if work.agent not in contact.tried:
        contact.tried.append(work.agent)
    if not contact.offers:
        take_back(state, contact)


def agent_gone(state: State, seat: Seat) -> None:
    """He takes no offers now: what rings is withdrawn, what is held for him is let go. He was not tried."""
    state.serve(seat)
    let_all_go(state, seat.record.id)
    free_all_reserved(state, seat)
    rung = [work for work in seat.works if work.state is WorkState.RINGING]
    take_offers_back(state, rung, "agent left")


def take_offers_back(state: State, rung: Iterable[Work], cause: str) -> None:
    """These offers are withdrawn; who was rung for them was not tried."""
    for work in rung:
        if work.role in LISTENERS:
            guests.send_away(state, work, cause)
            continue
        withdraw(state, work, cause)
        contact = state.contacts[work.contact]
        if not contact.offers:
            take_back(state, contact)
