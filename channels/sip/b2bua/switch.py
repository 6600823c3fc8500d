"""Which function answers what: outputs of transactions, effects of the engine, events of the media."""

from collections.abc import Callable, Mapping
from typing import Any

from acd.core.effects import (
    AdmitContact,
    AnnouncePosition,
    ConnectContact,
    Effect,
    OfferContact,
    RejectContact,
    ReleaseAgent,
    ReleaseContact,
    ReturnToWaiting,
    WithdrawOffer,
)
from acd.core.errors import Rejected
from acd.core.events import ContactId, PromptEnded
from channels.media import port as media
from channels.sip.b2bua import caller, indialog, phone
from channels.sip.b2bua.exchange import ALLOW, Exchange
from channels.sip.b2bua.leg import Leg
from channels.sip.protocol.dialog import DialogState
from channels.sip.protocol.outputs import (
    AckMissing,
    AckReceived,
    Cancelled,
    NewRequest,
    Output,
    ResponseReceived,
    TimedOut,
)


def handle(exchange: Exchange, out: Output) -> None:
    """Something came of a transaction (REGISTER is not seen here)."""
    match out:
        case NewRequest():
            _request(exchange, out)
        case ResponseReceived():
            _response(exchange, out)
        case TimedOut():
            _timed_out(exchange, out)
        case Cancelled():
            caller.cancelled(exchange, out)
        case AckReceived():
            caller.acknowledged(exchange, out)
        case AckMissing():
            caller.ack_missing(exchange, out.key)


def _request(exchange: Exchange, out: NewRequest) -> None:
    request = out.request
    if request.to.tag:
        indialog.requested(exchange, out)
    elif request.method == "INVITE":
        caller.invited(exchange, out)
    elif request.method == "OPTIONS":
        status = 503 if exchange.draining else 200
        exchange.layer.reply(out.key, status, exchange.now_ms, headers=[ALLOW, ("Accept", "application/sdp")])
    else:
        status = 481 if request.method == "BYE" else 405
        exchange.layer.reply(out.key, status, exchange.now_ms, headers=[ALLOW])


def _response(exchange: Exchange, out: ResponseReceived) -> None:
    leg = exchange.ours.get(out.key)
    if leg is None:
        return
    if out.key.method == "INVITE":
        phone.answered(exchange, leg, out)
        return
    if out.response.status >= 200:
        exchange.ours.pop(out.key, None)
        _probed(exchange, leg, out)


def _probed(exchange: Exchange, leg: Leg, out: ResponseReceived) -> None:
    dialog = leg.record.dialog
    if dialog is not None and not leg.gone:
        dialog.response_received(out.response)
        if dialog.state is DialogState.TERMINATED:
            indialog.dead(exchange, leg)


def _timed_out(exchange: Exchange, out: TimedOut) -> None:
    leg = exchange.ours.pop(out.key, None)
    if leg is None or (leg.gone and out.key.method != "INVITE"):
        return
    if out.key.method == "INVITE":
        phone.timed_out(exchange, leg)
    else:
        indialog.dead(exchange, leg)


ON_EFFECT: Mapping[type[Effect], Callable[[Exchange, Any], None]] = {
    AdmitContact: caller.admitted,
    RejectContact: caller.rejected,
    AnnouncePosition: caller.position_told,
    ReturnToWaiting: caller.waits_again,
    ReleaseContact: caller.released,
    OfferContact: phone.ring,
    WithdrawOffer: phone.withdrawn,
    ConnectContact: phone.connected,
    ReleaseAgent: phone.released,
}
"""Orders of the engine."""


def carry_out(exchange: Exchange, effect: Effect) -> None:
    """Do what the engine orders."""
    ON_EFFECT[type(effect)](exchange, effect)


def heard(exchange: Exchange, event: media.MediaEvent) -> None:
    """Something happened in the media."""
    match event:
        case media.PromptEnded():
            _prompt_ended(exchange, event)
        case media.LegDead():
            leg = exchange.legs.get(event.leg)
            if leg is not None:
                indialog.probe(exchange, leg)
        case media.CommandFailed():
            exchange.count(f"media {event.command} {event.code}")
        case media.Digit():
            exchange.count("digit")


def _prompt_ended(exchange: Exchange, event: media.PromptEnded) -> None:
    leg = exchange.legs.get(event.leg)
    if leg is None or not event.play.startswith("greeting "):
        return
    try:
        exchange.submit(PromptEnded(ContactId(leg.record.contact)))
    except Rejected:
        exchange.count("prompt of an ended contact")
