"""Requests inside a call, from either side: BYE, hold by re-INVITE, OPTIONS; and probing a silent leg."""

from channels.media.commands import Answer, Offer
from channels.sip.b2bua import inbound, outbound, placing, referring
from channels.sip.b2bua.calls import ALLOW, SDP, Calls
from channels.sip.b2bua.leg import Leg, LegStage
from channels.sip.protocol.dialog import DialogState
from channels.sip.protocol.message import Request
from channels.sip.protocol.outputs import NewRequest, ResponseReceived, ServerKey


def requested(calls: Calls, out: NewRequest) -> None:
    """A request with a To tag."""
    request = out.request
    leg = calls.leg_of(request)
    if leg is None or leg.record.dialog is None:
        calls.layer.reply(out.key, 481, calls.now_ms)
        return
    refusal = leg.record.dialog.receive(request)
    if refusal is not None:
        calls.layer.reply(out.key, refusal.status, calls.now_ms, headers=refusal.headers)
    elif request.method == "BYE":
        calls.layer.reply(out.key, 200, calls.now_ms)
        _hung_up(calls, leg)
    elif request.method == "INVITE":
        leg.reinvite = out.key, request
        calls.media.send(Answer(leg.id, request.body) if request.body else Offer(leg.id))
    elif request.method == "OPTIONS":
        calls.layer.reply(out.key, 200, calls.now_ms, headers=[ALLOW])
    elif request.method == "REFER":
        referring.referred(calls, leg, out)
    else:
        calls.layer.reply(out.key, 405, calls.now_ms, headers=[ALLOW])


def _hung_up(calls: Calls, leg: Leg) -> None:
    if leg.ack_owed:  # his 200 is to be acknowledged though he is gone already (RFC 3261 §13.2.2.4)
        calls.acknowledge(leg)
    if leg.is_placed and leg.accepting:  # nobody knows yet that he has answered
        placing.failed(calls, leg, "failed")
    elif leg.is_caller:
        inbound.hung_up(calls, leg)
    else:
        outbound.hung_up(calls, leg)


def described(calls: Calls, leg: Leg, reinvite: tuple[ServerKey, Request], sdp: bytes) -> None:
    """The media's word on a new session description: hold, resume, a new address."""
    leg.record.late_offer = not reinvite[1].body
    _reply(calls, leg, reinvite, 200, sdp)
    calls.save(leg)


def media_failed(calls: Calls, leg: Leg, reinvite: tuple[ServerKey, Request], code: str) -> None:
    """Refused: what was agreed stays."""
    _reply(calls, leg, reinvite, inbound.MEDIA_FAILURES.get(code, 503), b"")


def _reply(calls: Calls, leg: Leg, reinvite: tuple[ServerKey, Request], status: int, body: bytes) -> None:
    key, request = reinvite
    leg.reinvite = None
    headers = [("Contact", calls.contact_header), ALLOW, SDP] if status == 200 else []
    calls.layer.reply(key, status, calls.now_ms, headers=headers, body=body)
    if leg.record.dialog is not None:
        leg.record.dialog.responded(request, status)


def probe(calls: Calls, leg: Leg) -> None:
    """Ask a leg whose media went silent, or that a restart found again, whether it is still there."""
    dialog = leg.record.dialog
    if dialog is None or leg.record.stage is not LegStage.UP or dialog.state is DialogState.TERMINATED:
        return
    request = dialog.request("OPTIONS")
    key = calls.layer.send_request(request, dialog.destination(), calls.now_ms)
    calls.by_transaction[key] = leg


def probed(calls: Calls, leg: Leg, out: ResponseReceived) -> None:
    """The answer to a probe."""
    dialog = leg.record.dialog
    if dialog is not None and not leg.gone:
        dialog.response_received(out.response)
        if dialog.state is DialogState.TERMINATED:
            dead(calls, leg)


def dead(calls: Calls, leg: Leg) -> None:
    """The peer does not know the call any more, or does not answer at all."""
    calls.count("dead leg")
    inbound.lost(calls, leg) if leg.is_caller else outbound.lost(calls, leg)
