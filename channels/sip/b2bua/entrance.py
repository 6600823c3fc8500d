"""Where messages, orders of the engine, events of the media and time come in, and who answers them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from acd.core import effects
from channels.media import events as media
from channels.sip.b2bua import (
    holding,
    inbound,
    indialog,
    inviting,
    outbound,
    placing,
    qualifying,
    speaking,
    treating,
)
from channels.sip.b2bua.calls import ACCEPT, ALLOW, Calls
from channels.sip.b2bua.leg import Leg, LegStage
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request
from channels.sip.protocol.outputs import (
    AckMissing,
    AckReceived,
    Cancelled,
    NewRequest,
    Output,
    Refusal,
    ResponseReceived,
    TimedOut,
)

SCHEMES = frozenset({"sip", "sips", "tel"})
"""Of Request-URIs that we understand (RFC 3261 §8.2.2.1)."""


def screen(calls: Calls, request: Request, source: Endpoint) -> Refusal | None:
    """What is refused without keeping anything of it (RFC 3261 §8.2); None: it is taken.

    For all that is not an INVITE of a trunk, the right REGISTER of a phone, or within a call of ours: a flood
    of them costs no memory.
    """
    if request.target.scheme not in SCHEMES:
        return Refusal(416)
    if "Require" in request.index and (required := request.values("Require")):
        return Refusal(420, (("Unsupported", ", ".join(required)),))
    if request.method == "REGISTER":  # of no dialog, whatever tags it has (RFC 3261 §10.2)
        return calls.phones.refusal(request, source, calls.now_ms)
    if request.to.tag:
        return _within_call(calls, request)
    if request.method == "INVITE":
        refused = inbound.refusal(calls, request, source)
        if refused is not None:
            calls.count(f"refused {refused.status}")
            calls.telling.refused(source.host, f"INVITE {refused.status} {refused.reason or ''}".rstrip())
        return refused
    if request.method == "OPTIONS":
        told = (ALLOW, ACCEPT) if calls.trunk_of(source.host) else ()
        return Refusal(503 if calls.draining else 200, told)
    return Refusal(481 if request.method == "BYE" else 405, (ALLOW,))


def _within_call(calls: Calls, request: Request) -> Refusal | None:
    if calls.leg_of(request) is None:
        return Refusal(481)
    unreadable = request.method == "INVITE" and request.session is None
    return Refusal(415, (ACCEPT,)) if unreadable else None


def _request(calls: Calls, out: NewRequest) -> None:
    if out.request.to.tag:
        indialog.requested(calls, out)
    else:
        inbound.invited(calls, out)


def _response(calls: Calls, out: ResponseReceived) -> None:
    leg = calls.by_transaction.get(out.key)
    if leg is None and out.key.method == "INVITE":
        if 200 <= out.response.status < 300:  # another one of a fork, after the leg has ended
            inviting.end(calls, out)
    elif leg is None:
        qualifying.answered(calls, out)
    elif out.key.method == "INVITE":
        (placing if leg.is_placed else outbound).answered(calls, leg, out)
    elif out.response.status >= 200:
        del calls.by_transaction[out.key]
        indialog.probed(calls, leg, out)


def _timed_out(calls: Calls, out: TimedOut) -> None:
    leg = calls.by_transaction.pop(out.key, None)
    if leg is None:
        qualifying.timed_out(calls, out)
    elif leg.gone and out.key.method != "INVITE":
        return
    elif leg.is_placed and out.key.method == "INVITE":
        calls.count(f"trunk timed out: {out.status}")
        placing.failed(calls, leg, placing.RESULTS.get(out.status, "failed"))
    elif out.key.method == "INVITE":
        outbound.timed_out(calls, leg, out)
    elif out.status == 408:  # one that could not be asked may be there (RFC 3261 §12.2.1.2)
        indialog.dead(calls, leg)


ON_OUTPUT: Mapping[type[Output], Callable[[Calls, Any], None]] = {
    NewRequest: _request,
    ResponseReceived: _response,
    TimedOut: _timed_out,
    Cancelled: inbound.cancelled,
    AckReceived: indialog.acknowledged,
    AckMissing: indialog.ack_missing,
}
"""What comes of transactions; REGISTER and what is to be sent are the channel's affair."""


ON_EFFECT: Mapping[type[effects.Effect], Callable[[Calls, Any], None]] = {
    effects.AdmitContact: inbound.admitted,
    effects.RejectContact: inbound.rejected,
    effects.TreatContact: treating.treated,
    effects.ReleaseContact: inbound.released,
    effects.OfferContact: outbound.ring,
    effects.DivertOffer: outbound.diverted,
    effects.WithdrawOffer: outbound.withdrawn,
    effects.ConnectContact: outbound.connected,
    effects.PromptAgent: outbound.prompted,
    effects.StepAside: outbound.stepped_aside,
    effects.ReleaseAgent: outbound.released,
    effects.PlaceCall: placing.place,
    effects.EndCall: placing.ended,
}
"""Orders of the engine."""


def carry_out(calls: Calls, effect: effects.Effect) -> None:
    """Do what the engine orders."""
    ON_EFFECT[type(effect)](calls, effect)


def heard(calls: Calls, event: media.Event) -> None:
    """Something happened in the media; legs that have ended meanwhile are past caring."""
    if isinstance(event, media.Recorded):  # also of who has hung up
        calls.leave_to_others(Path(event.path))
        return
    leg = calls.legs.get(event.leg)
    if leg is not None:
        ON_MEDIA[type(event)](calls, leg, event)


def next_deadline(calls: Calls) -> int | None:
    """When `expire` has something to do (ms), or None."""
    silent_ms = calls.unheard[0][0] if calls.unheard else None
    absent_ms = calls.phones.absent.next_deadline()
    if silent_ms is None or absent_ms is None:
        return absent_ms if silent_ms is None else silent_ms
    return min(silent_ms, absent_ms)


def expire(calls: Calls) -> None:
    """Do what is due with who is silent, or absent phones; the timers of transactions are the layer's."""
    for leg, ringing in inviting.silent(calls):
        (placing if leg.is_placed else outbound).silent(calls, leg, ringing)
    qualifying.expire(calls)


def _described(calls: Calls, leg: Leg, event: media.Offered | media.Answered) -> None:
    if leg.reinvite is not None:
        indialog.described(calls, leg, leg.reinvite, event.sdp)
    elif leg.is_placed:
        placing.described(calls, leg, event.sdp)
    elif leg.is_caller:
        inbound.described(calls, leg, event.sdp)
    else:
        outbound.described(calls, leg, event.sdp)
    if event.held != leg.record.held:
        holding.note(calls, leg, event.held)


def _accepted(calls: Calls, leg: Leg, event: media.Accepted) -> None:
    if leg.accepting:
        (placing if leg.is_placed else outbound).accepted(calls, leg)
    if event.held != leg.record.held:
        holding.note(calls, leg, event.held)


def _played(calls: Calls, leg: Leg, event: media.Played) -> None:
    treating.played(calls, leg, event.play)


def _pressed(calls: Calls, leg: Leg, event: media.Digit) -> None:
    if not treating.pressed(calls, leg, event.digit, event.play):
        _unasked(calls, leg, event)


def _collected(calls: Calls, leg: Leg, event: media.Collected) -> None:
    treating.collected(calls, leg, event.collect, event.digits)


def _media_failed(calls: Calls, leg: Leg, event: media.Failed) -> None:
    calls.count(f"media {event.command} {event.code}")
    if event.command in ("record", "end record"):
        speaking.failed(calls, leg)
        return
    # A sound is missing; the call is not.
    if event.command in ("play", "stop", "collect") and event.code != "late":
        return
    if leg.reinvite is not None and event.command in ("offer", "answer"):
        indialog.media_failed(calls, leg, leg.reinvite, event.code)
    elif leg.is_placed and (leg.accepting or leg.record.stage is LegStage.OPENING):
        placing.media_failed(calls, leg)
    elif leg.is_caller:
        inbound.media_failed(calls, leg, event.code)
    else:
        outbound.media_failed(calls, leg, event.code)


def _silent(calls: Calls, leg: Leg, event: media.Silent) -> None:
    indialog.silent(calls, leg, event.silent_ms)


def _unasked(calls: Calls, _: Leg, event: media.Event) -> None:
    """Nobody waits for it."""
    calls.count(type(event).__name__.lower())


ON_MEDIA: Mapping[type[media.Event], Callable[[Calls, Leg, Any], None]] = {
    media.Offered: _described,
    media.Answered: _described,
    media.Accepted: _accepted,
    media.Failed: _media_failed,
    media.Played: _played,
    media.Silent: _silent,
    media.Digit: _pressed,
    media.Collected: _collected,
}
