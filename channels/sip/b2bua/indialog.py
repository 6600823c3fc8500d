"""Requests inside a call, from either side: BYE, hold by re-INVITE, OPTIONS; and probing a silent leg."""

from acd.core.errors import Rejected
from acd.core.events import ContactHeld, ContactId, ContactResumed, LegLost
from agents.skills import AgentId
from channels.media.errors import BadSdpError, NotAcceptableError, OutOfTurnError
from channels.media.port import LegId
from channels.sip.b2bua import caller, phone
from channels.sip.b2bua.exchange import ALLOW, SDP, Exchange
from channels.sip.b2bua.leg import Leg, LegStage
from channels.sip.protocol.dialog import DialogState
from channels.sip.protocol.outputs import NewRequest


def requested(exchange: Exchange, out: NewRequest) -> None:
    """A request with a To tag."""
    request = out.request
    leg = exchange.leg_of(request)
    if leg is None or leg.record.dialog is None:
        exchange.layer.reply(out.key, 481, exchange.now_ms)
        return
    refusal = leg.record.dialog.receive(request)
    if refusal is not None:
        exchange.layer.reply(out.key, refusal.status, exchange.now_ms, headers=refusal.headers)
    elif request.method == "BYE":
        exchange.layer.reply(out.key, 200, exchange.now_ms)
        caller.hung_up(exchange, leg) if leg.is_caller else phone.hung_up(exchange, leg)
    elif request.method == "INVITE":
        _reinvited(exchange, leg, out)
    elif request.method == "OPTIONS":
        exchange.layer.reply(out.key, 200, exchange.now_ms, headers=[ALLOW])
    else:
        exchange.layer.reply(out.key, 405, exchange.now_ms, headers=[ALLOW])


def _reinvited(exchange: Exchange, leg: Leg, out: NewRequest) -> None:
    """A new session description: hold, resume, a new address. Refused: what was agreed stays."""
    session, dialog = leg.record.session, leg.record.dialog
    assert session is not None
    assert dialog is not None
    status, body = 200, b""
    try:
        if out.request.body:
            body = session.answer(out.request.body)
        else:
            body, leg.late_offer = session.offer(), True
    except NotAcceptableError:
        status = 488
    except BadSdpError:
        status = 400
    except OutOfTurnError:
        status = 491
    headers = [("Contact", exchange.contact_header), ALLOW, SDP] if status == 200 else []
    exchange.layer.reply(out.key, status, exchange.now_ms, headers=headers, body=body)
    dialog.responded(out.request, status)
    if status == 200:
        exchange.set_remote(leg)
        exchange.host.remember([exchange.saved(leg)])
        note_hold(exchange, leg)


def note_hold(exchange: Exchange, leg: Leg) -> None:
    """While one side holds, the other hears music and neither hears the other."""
    session, other = leg.record.session, exchange.partner(leg)
    held = session is not None and session.held_by_peer
    if held == leg.held:
        return
    leg.held = held
    if other is None:
        exchange.media.hold(LegId(leg.id), held)
        return
    caller_leg = leg if leg.is_caller else other
    music = exchange.settings.sounds.music(caller_leg.record.music)
    exchange.media.hold(LegId(other.id), held, sound=music)
    event = ContactHeld if held else ContactResumed
    try:
        exchange.submit(event(ContactId(leg.record.contact), not leg.is_caller))
    except Rejected:
        exchange.count("hold of an ended contact")


def probe(exchange: Exchange, leg: Leg) -> None:
    """Ask a leg whose media went silent, or that a restart found again, whether it is still there."""
    dialog = leg.record.dialog
    if dialog is None or leg.record.stage is not LegStage.UP or dialog.state is DialogState.TERMINATED:
        return
    request = dialog.request("OPTIONS")
    key = exchange.layer.send_request(request, dialog.destination(), exchange.now_ms)
    exchange.ours[key] = leg


def dead(exchange: Exchange, leg: Leg) -> None:
    """The peer does not know the call any more, or does not answer at all."""
    exchange.count("dead leg")
    if leg.is_caller:
        caller.lost(exchange, leg)
        return
    contact, agent = ContactId(leg.record.contact), AgentId(leg.record.agent)
    record = exchange.forget(leg)
    try:
        exchange.submit(LegLost(contact, agent), [record])
    except Rejected:
        exchange.host.remember([record])
