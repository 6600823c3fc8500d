"""A restart: the time that nobody had is given back, and what the world must look like is stated anew."""

from collections.abc import Callable, Iterator, Mapping

from acd.core import escalations, facts, reception
from acd.core.deadlines import Kind
from acd.core.effects import AdmitContact, Effect, OfferContact
from acd.core.errors import Rejected
from acd.core.events import Restarted
from acd.core.incidents import expired
from acd.core.leases import arm_anew
from acd.core.messages import SEALED_WITHIN_MS
from acd.core.placing import number_of, order_of, ringing_ms
from acd.core.state import State
from acd.core.talk import in_hand
from acd.core.treatments import await_anew, played
from acd.core.treatments import standing as hearing
from acd.core.waiting import hold_again
from acd.core.wrap_up import wrap_up_due
from agents.roster import Work
from agents.states import WorkState
from queues.contact import Contact
from queues.desk import Line, LineId
from queues.outbound import OutboundCall
from queues.treatment import Playlist

ENDS_BY_ITSELF: Mapping[Kind, Callable[[State, int], None]] = {
    Kind.WRAP_UP: wrap_up_due,
    Kind.INCIDENT: expired,
}
"""Nothing is waited for and nothing is decided: it is over, whether somebody sees it or not."""


def restarted(state: State, event: Restarted) -> None:
    """Offers, devices and agents that are waited for get their full time again: none of them could reach us.

    What needed nobody ended in its own time. Raises Rejected: it was down from a moment still to come.
    """
    if event.since_ms > state.now_ms:
        raise Rejected(f"it cannot have been down from {event.since_ms} on")
    _end_what_is_over(state)
    for work in state.works.values():
        if work.state is WorkState.RINGING:
            due_ms = state.now_ms + state.lines[LineId(work.line)].ring_ms
            state.deadlines.set(Kind.RING, work.id, due_ms)
    for call in state.calls.values():
        if call.channel:
            state.deadlines.set(Kind.CALL, call.id, state.now_ms + ringing_ms(state, call))
    await_anew(state)
    arm_anew(state)
    reception.await_anew(state)
    escalations.await_anew(state)
    state.deadlines.put_off(Kind.DEVICE, state.now_ms + state.desk.device_grace_ms)
    state.deadlines.put_off(Kind.LEG, state.now_ms + state.desk.leg_grace_ms)
    state.deadlines.put_off(Kind.MESSAGE, state.now_ms + SEALED_WITHIN_MS)
    state.tell(facts.Restart(state.now_ms, event.since_ms))
    held = sorted((number, agent) for agent, numbers in state.held.items() for number in numbers)
    for number, agent in held:  # a restored engine has learnt of them in another order
        hold_again(state, state.contacts[number], agent)


def _end_what_is_over(state: State) -> None:
    """Wrap-ups and incidents that ended while nobody was there: told with the moments at which they did.

    Else a night would be in the handling time of whoever wrapped up when the server stopped. What follows
    from it (who is free now is offered the next contact) happens now.
    """
    now_ms = state.now_ms
    while over := state.deadlines.take(ENDS_BY_ITSELF, now_ms):
        for t_ms, kind, number in over:
            state.now_ms = t_ms
            ENDS_BY_ITSELF[kind](state, number)
    state.now_ms = now_ms


def standing(state: State) -> list[Effect]:
    """Live contacts admitted, open offers ringing, answered contacts joined.

    Texts are not played again, but for those whose end is waited for.
    """
    effects: list[Effect] = []
    for contact in state.contacts.values():
        effects.extend(_of_contact(state, contact))
    for work in state.works.values():
        if work.state not in (WorkState.WRAP_UP, WorkState.RESERVED):
            effects.append(_of_work(state, work))
    for call in state.calls.values():
        if call.channel:
            effects.append(_of_call(state, call))
    effects += (escalations.notice(one) for one in state.escalations.values() if one.mailing)
    return effects


def _of_contact(state: State, contact: Contact) -> Iterator[Effect]:
    line, promise = state.lines[contact.line], state.media[contact.medium].promise
    if not contact.parked:
        whole = promise and contact.reception is None
        yield AdmitContact(contact.id, line.music, carrier=contact.carrier, promise=whole)
        yield from reception.standing(state, contact)
    for carrier in (*contact.joined, *contact.outside):
        yield AdmitContact(contact.id, line.music, carrier=carrier, promise=promise)
    if (hears := _hears(state, contact, line)) is not None:
        yield played(contact, hears)


def _hears(state: State, contact: Contact, line: Line) -> Playlist | None:
    if contact.consult and state.media[contact.medium].hears:
        return Playlist(music=line.music)
    return hearing(contact, line)


def _of_work(state: State, work: Work) -> Effect:
    if work.state is not WorkState.RINGING:
        return in_hand(state, work)
    ids = work.id, work.contact, work.agent
    due_ms = state.deadlines.get(Kind.RING, work.id)
    due_ms = work.started_ms if due_ms is None else due_ms
    return OfferContact(*ids, due_ms, work.role, carrier=work.carrier)


def _of_call(state: State, call: OutboundCall) -> Effect:
    until_ms = state.deadlines.get(Kind.CALL, call.id)
    party = number_of(state.contacts[call.contact])
    return order_of(call, party, state.now_ms if until_ms is None else until_ms)
