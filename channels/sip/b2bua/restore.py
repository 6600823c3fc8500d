"""After a restart: legs from their records, and the world made to agree with the engine."""

from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec

from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact
from acd.core.errors import Rejected
from acd.core.events import LegLost
from channels.sip.b2bua import caller, indialog, phone
from channels.sip.b2bua.exchange import Exchange
from channels.sip.b2bua.leg import Leg, LegRecord, LegStage
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import SipError
from channels.sip.protocol.message import Request, parse
from channels.sip.protocol.outputs import NewRequest

CSEQ_STEP = 100
"""Requests sent since the last record may have used up numbers; nobody sends so many in between."""


def load_legs(exchange: Exchange, records: Mapping[str, bytes], heard: Container[str]) -> None:
    """Legs from records (key → value); `heard` are those whose media live.

    An unreadable record is counted. An answered leg without media (the machine was restarted, too) is ended
    with BYE. In both cases the contact then stands without a leg, and is reported lost.
    """
    for value in records.values():
        try:
            leg = Leg(LegRecord.from_record(value))
        except msgspec.MsgspecError:
            exchange.count("unreadable record")
            continue
        _load(exchange, leg)
        if leg.record.stage is LegStage.UP and leg.id not in heard:
            exchange.count("leg without media")
            exchange.bye(leg)
            exchange.host.remember([exchange.forget(leg)])


def _load(exchange: Exchange, leg: Leg) -> None:
    record = leg.record
    exchange.add(leg)
    if record.dialog is not None:
        record.dialog.local_cseq += CSEQ_STEP
        exchange.adopt(leg, record.dialog)
        if leg.is_caller and record.dialog.remote_cseq is not None:
            invite = record.dialog.call_id, record.dialog.remote_tag, record.dialog.remote_cseq
            exchange.answered_before[invite] = leg
    if record.session is not None:
        leg.held = record.session.held_by_peer
        leg.late_offer = record.session.pending
    if record.offer:
        exchange.rung[record.offer] = leg


def reconcile(exchange: Exchange, standing: Sequence[Effect]) -> None:
    """Carry out what stands, probe what should be alive, end what stands in no effect any more."""
    admitted = [effect for effect in standing if isinstance(effect, AdmitContact)]
    offered = [effect for effect in standing if isinstance(effect, OfferContact)]
    connected = [effect for effect in standing if isinstance(effect, ConnectContact)]
    for admit in admitted:
        _admitted(exchange, admit)
    for offer in offered:
        _offered(exchange, offer)
    for connect in connected:
        _connected(exchange, connect)
    _sweep(exchange, admitted, [*offered, *connected])


def _admitted(exchange: Exchange, effect: AdmitContact) -> None:
    leg = exchange.legs.get(effect.ref)
    if leg is None:
        _lost(exchange, LegLost(effect.contact))
        return
    leg.record.contact = effect.contact
    exchange.callers[effect.contact] = leg
    if leg.record.stage is LegStage.UP:
        caller.start_sound(exchange, leg, msgspec.structs.replace(effect, greeting="", report_end=False))
        indialog.probe(exchange, leg)
        if effect.report_end:  # how much of the mandatory greeting was heard is unknown: play all of it
            caller.start_sound(exchange, leg, effect)
    else:
        _reopen(exchange, leg, effect)


def _reopen(exchange: Exchange, leg: Leg, effect: AdmitContact) -> None:
    """The INVITE had no final response yet: take it again as if it came now, then admit it."""
    source = Endpoint(leg.record.host, leg.record.port)
    try:
        message = parse(leg.record.invite)
    except SipError:
        caller.lost(exchange, leg)
        return
    assert isinstance(message, Request)
    for out in exchange.layer.receive(message, source, exchange.now_ms):
        if isinstance(out, NewRequest):
            caller.open_leg(exchange, leg, out)
    caller.admitted(exchange, effect)


def _offered(exchange: Exchange, effect: OfferContact) -> None:
    leg = exchange.rung.get(effect.offer)
    if leg is None:
        phone.ring(exchange, effect)
    elif leg.record.stage is LegStage.UP:
        phone.accept_again(exchange, leg)
    else:
        _ring_again(exchange, leg)


def _ring_again(exchange: Exchange, leg: Leg) -> None:
    message = parse(leg.record.invite)
    assert isinstance(message, Request)
    phone.send_invite(exchange, leg, message.without("Via"))


def _connected(exchange: Exchange, effect: ConnectContact) -> None:
    leg = exchange.rung.get(effect.offer)
    if leg is None or leg.record.stage is not LegStage.UP:
        _lost(exchange, LegLost(effect.contact, effect.agent))
        return
    exchange.set_remote(leg)
    phone.connected(exchange, effect)
    indialog.probe(exchange, leg)


def _sweep(
    exchange: Exchange, admitted: Iterable[AdmitContact], works: Iterable[OfferContact | ConnectContact]
) -> None:
    wanted = {effect.ref for effect in admitted} | {f"o{effect.offer}" for effect in works}
    for leg in [leg for leg in exchange.legs.values() if leg.id not in wanted]:
        exchange.count("swept leg")
        if leg.record.stage is LegStage.UP:
            exchange.bye(leg)
            exchange.host.remember([exchange.forget(leg)])
        elif leg.is_caller:
            exchange.host.remember([exchange.forget(leg)])
        else:
            _ring_again(exchange, leg)
            phone.cancel(exchange, leg, "")


def _lost(exchange: Exchange, event: LegLost) -> None:
    exchange.count("leg without record")
    try:
        exchange.submit(event)
    except Rejected:
        exchange.count("lost leg of an ended contact")
