"""What becomes of an attempt to call a party: it answers, is not reached, or nobody waits for it any more."""

from acd.core import calling_out, consults, facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import CHANNELS_TELL, CallAnswered, CallFailed, CallResult
from acd.core.last_agents import spoke
from acd.core.leaving import put_off
from acd.core.offers import free_reserved, ring_reserved
from acd.core.parking import gain_leg, promise_over, unpark
from acd.core.placing import call_over, promise_of
from acd.core.state import State, step
from acd.core.talk import joined
from acd.core.waiting import end, enter_line, set_retry
from acd.core.wrap_up import lose_work, put_away
from agents.devices import Carrier
from agents.roster import Work
from agents.states import WorkState
from queues.contact import Contact
from queues.outbound import OutboundCall
from queues.states import CONTACT


def answered(state: State, event: CallAnswered) -> None:
    """The party has a leg again. Raises Rejected: that attempt is over, or the leg is somebody else's."""
    call = _under_way(state, event.call)
    carrier = Carrier(call.channel, event.ref)
    if carrier in state.carried:
        raise Rejected(f"contact ref {event.ref} of {call.channel} is live already")
    contact = state.contacts[call.contact]
    if contact.consults or contact.purpose:
        (consults if contact.consults else calling_out).reached(state, contact, carrier)
        return
    call_over(state, contact, "answered")
    take_leg(state, contact, carrier)
    meet(state, contact)


def failed(state: State, event: CallFailed) -> None:
    """Raises Rejected: that attempt is over, or no channel can tell such a result."""
    call = _under_way(state, event.call)
    if event.result not in CHANNELS_TELL:
        raise Rejected(f"'{event.result}' is nothing that a channel can tell")
    _not_reached(state, state.contacts[call.contact], event.result)


def timed_out(state: State, number: int) -> None:
    """It rang long enough, or the desk's rules forbade it."""
    call = state.calls[number]
    _not_reached(state, state.contacts[call.contact], call.refusal or "timed out")


def _under_way(state: State, number: int) -> OutboundCall:
    call = state.calls.get(number)
    if call is None or not call.channel:
        raise Rejected(f"call {number} is not under way")
    return call


def take_leg(state: State, contact: Contact, carrier: Carrier) -> None:
    """The party has this leg from now on."""
    unpark(state, contact)
    state.deadlines.clear(Kind.PROMISE, contact.id)
    gain_leg(state, contact, carrier)


def meet(state: State, contact: Contact) -> None:
    """The party is there: the agent who waits for it has it now, the one who is reserved is rung.

    If he went meanwhile, it waits at its place.
    """
    work = state.works[contact.offers[0]] if contact.offers else None
    if work is not None and work.state is not WorkState.RESERVED:
        contact.state = step(CONTACT, contact.state, "join")
        spoke(state, contact, work.agent)
        promise_over(state, contact, kept=True)
        contact.message = None
        joined(state, contact, work)
        return
    contact.state = step(CONTACT, contact.state, "answered")
    contact.preferred = None
    enter_line(state, contact, state.lines[contact.line], "callback")
    if work is not None:
        ring_reserved(state, contact, work)


def _not_reached(state: State, contact: Contact, result: CallResult) -> None:
    """The agent is free, without a pause and without wrap-up; the next attempt, if any, has its moment."""
    if contact.consults or contact.purpose:
        (consults if contact.consults else calling_out).not_reached(state, contact, result)
        return
    promise, rule = promise_of(contact), state.lines[contact.line].callback
    call_over(state, contact, result)
    _free_agent(state, contact)
    state.room_moved = True
    last = promise.attempts >= rule.attempts or result == "refused"
    if last or state.now_ms >= promise.until_ms:
        contact.state = step(CONTACT, contact.state, "give up")
        end(state, contact, "not reached")
        return
    contact.state = step(CONTACT, contact.state, "not reached")
    put_off(state, contact, state.now_ms + rule.gap_ms)


def _free_agent(state: State, contact: Contact) -> None:
    for work in [state.works[number] for number in contact.offers]:
        if work.state is WorkState.RESERVED:
            free_reserved(state, work)
        else:
            put_away(state, work)


def call_off(state: State, contact: Contact) -> None:
    """Nobody wants the party to be reached any more: the attempt ends, and the agent is free."""
    call_over(state, contact, "cancelled")
    _free_agent(state, contact)


def agent_left(state: State, contact: Contact, work: Work, *, tried: bool) -> None:
    """Who waited for the party is gone: the attempt ends, and the contact waits for somebody else.

    `tried`: he wanted it so, and is not asked again before the others.
    """
    call_over(state, contact, "cancelled")
    contact.state = step(CONTACT, contact.state, "agent left")
    lose_work(state, work)
    reason = "gave up" if tried else "lost"
    state.tell(facts.HandedBack(state.now_ms, contact.id, work.agent, reason))
    if tried and contact.preferred == work.agent:
        contact.preferred = None
    enter_line(state, contact, state.lines[contact.line], "handed back")
    if tried:
        contact.tried.append(work.agent)
        set_retry(state, contact)
