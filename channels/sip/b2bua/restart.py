"""After a restart: legs from their records, and the world made to agree with the engine."""

from collections.abc import Container, Mapping, Sequence

import msgspec

from acd.core.effects import (
    AdmitContact,
    ConnectContact,
    Effect,
    OfferContact,
    PlaceCall,
    StepAside,
    TreatContact,
)
from acd.core.events import LegLost
from channels.sip.b2bua import inbound, inviting, outbound, placing, probing, targets, treating
from channels.sip.b2bua.call import Call
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import SipError
from channels.sip.protocol.message import Request, parse
from channels.sip.protocol.outputs import NewRequest

CSEQ_STEP = 100
"""Requests sent since the last record may have used up numbers; nobody sends so many in between."""


def load_legs(calls: Calls, records: Mapping[str, bytes], heard: Container[str]) -> None:
    """Legs from records (key → value); `heard` are those whose media live.

    An unreadable record is counted. An answered leg without media (the machine was restarted, too) is ended
    with BYE. In both cases the contact then stands without a leg, and is reported lost.
    """
    for value in records.values():
        try:
            record = LegRecord.from_record(value)
        except msgspec.MsgspecError:
            calls.count("unreadable record")
            continue
        leg = _load(calls, record)
        if record.rung and record.stage is LegStage.UP:  # others of his phones may ring still
            inviting.again(calls, leg)
            inviting.stop(calls, leg, [inviting.ELSEWHERE])
        if record.stage is LegStage.UP and leg.id not in heard:
            calls.count("leg without media")
            calls.hang_up(leg)


def _load(calls: Calls, record: LegRecord) -> Leg:
    own = record.call or not record.contact  # until it is admitted
    leg = calls.add(Leg(record, Call() if own else calls.call_of(record.contact)))
    leg.ack_owed = leg.is_placed and record.stage is LegStage.UP  # perhaps; another ACK does no harm
    if leg.id in calls.media.fallen_silent:
        leg.silent_ms = calls.now_ms
    dialog = record.dialog
    if dialog is not None:
        dialog.local_cseq += CSEQ_STEP
        if dialog.peer is not None:  # by what the site says now; earlier versions kept the first one
            targets.follow(calls, leg, dialog, dialog.peer)
        calls.adopt(leg, dialog)
        if leg.is_caller and not leg.is_placed and dialog.remote_cseq is not None:
            calls.answered_before[dialog.call_id, dialog.remote_tag, dialog.remote_cseq] = leg
    return leg


def reconcile(calls: Calls, standing: Sequence[Effect]) -> None:
    """Carry out what stands, probe what should be alive, end what stands in no effect any more."""
    admitted = [effect for effect in standing if isinstance(effect, AdmitContact)]
    treated = [effect for effect in standing if isinstance(effect, TreatContact)]
    offered = [effect for effect in standing if isinstance(effect, OfferContact)]
    aside = [effect for effect in standing if isinstance(effect, StepAside)]
    connected = [effect for effect in standing if isinstance(effect, ConnectContact)]
    placed = [effect for effect in standing if isinstance(effect, PlaceCall)]
    busy = {treat.contact for treat in treated} | {connect.contact for connect in connected}
    for admit in admitted:
        _admitted(calls, admit, music=admit.contact not in busy)
    for treat in treated:
        treating.treated(calls, treat)
    for offer in offered:
        _offered(calls, offer)
    for step in aside:
        _stepped_aside(calls, step)
    for connect in connected:
        _connected(calls, connect)
    for place in placed:  # last: who is connected already hears music meanwhile
        _placed(calls, place)
    names = {admit.carrier.ref for admit in admitted} | {f"c{place.call}" for place in placed}
    names |= {f"o{offer.offer}" for offer in offered} | {f"o{connect.offer}" for connect in connected}
    names |= {f"o{step.offer}" for step in aside}
    _sweep(calls, names)


def _admitted(calls: Calls, effect: AdmitContact, *, music: bool) -> None:
    leg = calls.legs.get(effect.carrier.ref)
    if leg is None:
        _lost(calls, LegLost(effect.contact, None, effect.carrier.ref))
        return
    inbound.took(calls, leg, effect)
    if leg.record.stage is LegStage.OPENING:
        _reopen(calls, leg, effect)
        return
    if leg.ack_owed:
        calls.acknowledge(leg)
    if leg is not leg.call.caller:  # somebody outside, who has stayed: they talk
        leg.admitted = True
        calls.arrange(leg.call)
    elif music:
        treating.play(calls, leg)
    probing.probe(calls, leg)


def _reopen(calls: Calls, leg: Leg, effect: AdmitContact) -> None:
    """The INVITE had no final response yet: take it again as if it came now, then admit it."""
    if _open(calls, leg):
        inbound.admitted(calls, effect)
    else:
        inbound.lost(calls, leg)


def _open(calls: Calls, leg: Leg) -> bool:
    """Receive the INVITE of the leg's record once more. False: it is unreadable."""
    source = Endpoint(leg.record.host, leg.record.port)
    try:
        message = parse(leg.record.invite)
        outputs = calls.layer.receive_again(message, source) if isinstance(message, Request) else []
    except SipError:
        return False
    for out in outputs:
        if isinstance(out, NewRequest):
            inbound.open_leg(calls, leg, out)
    return leg.invite_key is not None


def _offered(calls: Calls, effect: OfferContact) -> None:
    leg = calls.agent_of(effect.offer)
    if leg is None:
        outbound.ring(calls, effect)
    elif leg.record.stage is LegStage.UP:
        outbound.accepted(calls, leg)
    elif leg.record.rung:
        inviting.again(calls, leg)
    else:
        outbound.sent_on(calls, leg)


def _placed(calls: Calls, effect: PlaceCall) -> None:
    leg = placing.leg_of(calls, effect.call)
    if leg is None:
        placing.place(calls, effect)
        return
    placing.entertain(calls, effect.contact)
    if leg.record.stage is LegStage.UP:
        placing.accepted(calls, leg)
    else:
        inviting.again(calls, leg)


def _connected(calls: Calls, effect: ConnectContact) -> None:
    leg = calls.agent_of(effect.offer)
    if leg is None or leg.record.stage is not LegStage.UP:
        _lost(calls, LegLost(effect.contact, effect.agent))
        return
    outbound.connected(calls, effect)
    probing.probe(calls, leg)


def _stepped_aside(calls: Calls, effect: StepAside) -> None:
    leg = calls.agent_of(effect.offer)
    if leg is None or leg.record.stage is not LegStage.UP:
        _lost(calls, LegLost(effect.contact, effect.agent))
        return
    outbound.stepped_aside(calls, effect)
    call = calls.call_of(effect.into)
    if call.caller is not None:
        calls.send(call.joined(leg, calls.music_of(call)))
    probing.probe(calls, leg)


def _sweep(calls: Calls, wanted: Container[str]) -> None:
    for leg in [leg for leg in calls.legs.values() if leg.id not in wanted]:
        calls.count("swept leg")
        if leg.record.stage is LegStage.UP:
            calls.hang_up(leg)
        elif leg.is_placed or not leg.is_caller:
            inviting.again(calls, leg)
            inviting.cancel(calls, leg)
        else:  # it was refused or ended, and the order did not leave any more
            _open(calls, leg)
            inbound.refuse(calls, leg, inbound.UNAVAILABLE)


def _lost(calls: Calls, event: LegLost) -> None:
    calls.count("leg without record")
    calls.tell(event)
