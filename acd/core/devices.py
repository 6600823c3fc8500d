"""Devices of agents: what can be offered by them, and what becomes of it when one is away.

A device that says goodbye is gone at once. One that vanishes may come back: it is waited for, first.
"""

from collections.abc import Collection

from acd.core import effects, facts
from acd.core.answers import let_all_go, offer_lost, take_offers_back, wait_for_leg
from acd.core.connection import agent_leg_lost, hand_all_back, leg_gone
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import AgentReachable, AgentUnreachable, DeviceVanished, LegLost, OfferFailed
from acd.core.offers import free_all_reserved
from acd.core.state import State
from acd.core.talk import in_hand
from agents.capacity import Medium
from agents.devices import Carrier, Device
from agents.roster import Seat, Work, device_for
from agents.states import IN_HAND, WorkState


def reachable(state: State, event: AgentReachable) -> None:
    """One more medium by this device, or the device is back. Raises Rejected: it is known already."""
    seat = state.seat(event.agent)
    device = _known(seat, event.device)
    if device is None:
        state.last_device += 1
        device = Device(event.device, [], state.last_device)
        seat.record.devices.append(device)
    elif device.gone_ms:
        _back(state, seat, device)
    elif event.medium in device.media and device.carrier == event.device:
        raise Rejected(f"agent {event.agent} is already reachable by {event.medium}")
    _name(seat, device, event.device)
    if event.medium not in device.media:
        device.media.append(event.medium)
    for work in _works_on(seat, device):
        state.deadlines.clear(Kind.LEG, work.id)
    count_reachable(state, seat)


def unreachable(state: State, event: AgentUnreachable) -> None:
    """One medium less. Raises Rejected: the device did not carry it."""
    seat = state.seat(event.agent)
    device = _known(seat, event.device)
    if device is None or event.medium not in device.media:
        raise Rejected(f"agent {event.agent} is not reachable by {event.medium}")
    device.media.remove(event.medium)
    if not device.media:
        drop(state, seat, device)
    else:
        count_reachable(state, seat)
        rung = _works_on(seat, device, (WorkState.RINGING,))
        take_offers_back(state, [work for work in rung if work.medium == event.medium], "unreachable")
        _leave_device(state, seat, device, event.medium)


def vanished(state: State, event: DeviceVanished) -> None:
    """Raises Rejected: the agent has no such device, or it is away already."""
    seat = state.seat(event.agent)
    device = _known(seat, event.device)
    if device is None or device.gone_ms:
        raise Rejected(f"agent {event.agent} has no such device")
    _away(state, seat, device)
    for work in _works_on(seat, device):
        wait_for_leg(state, work)


def _away(state: State, seat: Seat, device: Device) -> None:
    """Nothing is offered by it; it is given up when it is not back in time."""
    device.gone_ms = state.now_ms
    until_ms = state.now_ms + state.desk.device_grace_ms
    state.deadlines.set(Kind.DEVICE, device.number, until_ms)
    state.tell(facts.DeviceAway(state.now_ms, seat.record.id, device.carrier, until_ms))
    count_reachable(state, seat)


def stayed_away(state: State, number: int) -> None:
    """It did not come back: nobody is rung by it any more, and what can be put aside is handed back."""
    for seat in state.seats.values():
        for device in seat.record.devices:
            if device.number == number:
                drop(state, seat, device)
                return


def drop(state: State, seat: Seat, device: Device) -> None:
    """It is no longer one of his devices."""
    seat.record.devices.remove(device)
    if device.gone_ms:
        state.tell(facts.DeviceGone(state.now_ms, seat.record.id, device.carrier))
    state.deadlines.clear(Kind.DEVICE, device.number)
    count_reachable(state, seat)
    take_offers_back(state, _works_on(seat, device, (WorkState.RINGING,)), "unreachable")
    _leave_device(state, seat, device)


def _leave_device(state: State, seat: Seat, device: Device, medium: Medium | None = None) -> None:
    """It carries no work (of that medium) any more: what can be put aside moves, or is handed back."""

    def left() -> list[Work]:
        return [work for work in _works_on(seat, device) if medium in (None, work.medium)]

    for work in left():
        _move(state, seat, work)
    hand_all_back(state, left(), "stayed away")


def _move(state: State, seat: Seat, work: Work) -> None:
    """To another device of his that carries it; what has a leg of its own stays where that is."""
    if not state.media[work.medium].put_aside or work.medium not in seat.record.reachable:
        return
    ids = work.contact, work.agent
    state.order(effects.ReleaseAgent(*ids, work.id, carrier=work.carrier))
    work.carrier = device_for(seat.record, work.medium)
    state.order(in_hand(state, work))


def failed(state: State, event: OfferFailed) -> None:
    """The device did not get the offer: nothing more is offered by it until it says that it is there."""
    _not_delivered(state, state.work(event.offer))


def leg_lost(state: State, event: LegLost) -> None:
    """A dead leg: the caller's ends the contact; the agent's sends the contact back to its old place."""
    contact = state.contact(event.contact)
    if event.agent is None:
        leg_gone(state, contact, event.ref, event.channel, leg_lost=True)
        return
    numbers = (*contact.offers, *contact.guests)
    his = (state.works[number] for number in numbers if state.works[number].agent == event.agent)
    works = [work for work in his if work.state is not WorkState.RESERVED]
    if not works:
        raise Rejected(f"agent {event.agent} has no leg of contact {event.contact}")
    if works[0].state is WorkState.RINGING:
        _not_delivered(state, works[0])
    else:
        agent_leg_lost(state, works[0])


def _not_delivered(state: State, work: Work) -> None:
    seat = state.seats[work.agent]
    offer_lost(state, work)
    device = _known(seat, work.carrier)
    if device is not None and not device.gone_ms:
        _away(state, seat, device)


def leg_stayed_away(state: State, number: int) -> None:
    """The conversation has waited long enough for its agent's device."""
    work = state.works[number]
    state.order(effects.ReleaseAgent(work.contact, work.agent, work.id, carrier=work.carrier))
    agent_leg_lost(state, work)


def count_reachable(state: State, seat: Seat) -> None:
    """By what media he can be reached now, all devices together."""
    record, now_ms = seat.record, state.now_ms
    before = record.reachable
    after = sorted({medium for device in record.devices if not device.gone_ms for medium in device.media})
    if after == before:
        return
    record.reachable = after
    for medium in after:
        if medium not in before:
            state.tell(facts.Reachable(now_ms, record.id, medium))
    lost: list[Medium] = [medium for medium in before if medium not in after]
    for medium in lost:
        state.tell(facts.Unreachable(now_ms, record.id, medium))
    let_all_go(state, record.id, lost)
    free_all_reserved(state, seat, lost)
    state.serve(seat)


def _back(state: State, seat: Seat, device: Device) -> None:
    device.gone_ms = 0
    state.deadlines.clear(Kind.DEVICE, device.number)
    state.tell(facts.DeviceBack(state.now_ms, seat.record.id, device.carrier))


def _known(seat: Seat, carrier: Carrier) -> Device | None:
    """His device of that name, or the one of the channel of which a journal of 0.1.0 told no name."""
    nameless = Carrier(carrier.channel, "")
    return next((one for one in seat.record.devices if one.carrier in (carrier, nameless)), None)


def _name(seat: Seat, device: Device, carrier: Carrier) -> None:
    for work in seat.works:
        if work.carrier == device.carrier:
            work.carrier = carrier
    device.carrier = carrier


def _works_on(seat: Seat, device: Device, states: Collection[WorkState] = IN_HAND) -> list[Work]:
    return [work for work in seat.works if work.state in states and work.carrier == device.carrier]
