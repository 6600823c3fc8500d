"""Requests inside a call, from either side: BYE, hold by re-INVITE, ACK, OPTIONS; what is silent."""

from collections.abc import Sequence

from channels.media.commands import Accept
from channels.sip.b2bua import inbound, outbound, placing, probing, referring, targets
from channels.sip.b2bua.calls import ALLOW, SDP, Calls
from channels.sip.b2bua.leg import Leg, LegStage
from channels.sip.protocol.dialog import DialogState
from channels.sip.protocol.message import Header, Request
from channels.sip.protocol.outputs import AckMissing, AckReceived, NewRequest, ResponseReceived, ServerKey


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
        targets.follow(calls, leg, leg.record.dialog, out.source)
        leg.reinvite = out.key, request
        calls.negotiate(leg, request.session or b"", host=out.source.host)
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
    _is_acknowledged(calls, leg)
    leg.accepted = reinvite[0]
    calls.by_transaction[leg.accepted] = leg
    headers = [("Contact", calls.contact_header), ALLOW, SDP]
    _reply(calls, leg, reinvite, 200, headers, body=sdp)
    calls.save(leg)


def media_failed(calls: Calls, leg: Leg, reinvite: tuple[ServerKey, Request], code: str) -> None:
    """Refused: what was agreed stays; where the peer is now does not."""
    _reply(calls, leg, reinvite, inbound.MEDIA_FAILURES.get(code, 503), inbound.warning(calls, code))
    calls.save(leg)


def _reply(
    calls: Calls,
    leg: Leg,
    reinvite: tuple[ServerKey, Request],
    status: int,
    headers: Sequence[Header],
    *,
    body: bytes = b"",
) -> None:
    key, request = reinvite
    leg.reinvite = None
    calls.layer.reply(key, status, calls.now_ms, headers=headers, body=body)
    if leg.record.dialog is not None:
        leg.record.dialog.responded(request, status)


def acknowledged(calls: Calls, out: AckReceived) -> None:
    """The ACK carries the answer when the offer was ours; one of an earlier 200 answers nothing.

    An answer that is of no use, or none, ends the leg whose it is (RFC 3261 §13.2.1, §14.2).
    """
    leg = calls.leg_of(out.request)
    if leg is None or (out.key is not None and out.key != leg.accepted):
        return
    _is_acknowledged(calls, leg)
    if leg.record.late_offer:
        leg.record.late_offer = False
        calls.media.send(Accept(leg.id, out.request.session or out.request.body))


def ack_missing(calls: Calls, out: AckMissing) -> None:
    """Nobody acknowledged our 200 in 64*T1: the peer is not there (RFC 3261 §13.3.1.4, §14.2)."""
    leg = calls.by_transaction.get(out.key)
    if leg is not None and leg.accepted == out.key:
        calls.bye(leg)
        dead(calls, leg)


def _is_acknowledged(calls: Calls, leg: Leg) -> None:
    """The INVITE that began the call is remembered until its end."""
    if leg.accepted is not None and leg.accepted != leg.invite_key:
        calls.by_transaction.pop(leg.accepted, None)
    leg.accepted = None


def silent(calls: Calls, leg: Leg, silent_ms: int) -> None:
    """Nothing has come from its party for so long; told again and again while that lasts.

    It is asked each time whether it is there. One who is muted, and whose phone then sends nothing, answers
    and waits on. Who waits and has given no sound for the site's limit is hung up, whatever his side answers:
    an agent would talk to nobody. Of a conversation its agent knows better.
    """
    limit_ms = calls.settings.silent_limit_ms
    if limit_ms and silent_ms >= limit_ms and _waits(leg):
        calls.count("silent caller")
        calls.bye(leg)
        inbound.lost(calls, leg)
        return
    leg.silent_ms = calls.now_ms
    probing.probe(calls, leg)


def _waits(leg: Leg) -> bool:
    """A party with whom no agent talks, nor has just left it for a moment."""
    call = leg.call
    agents = any(agent.record.stage is LegStage.UP for agent in call.agents.values())
    return leg is call.caller and leg.record.stage is LegStage.UP and not (agents or call.others(leg))


def probed(calls: Calls, leg: Leg, out: ResponseReceived) -> None:
    """The answer to a probe.

    An agent whose phone is there, knows nothing of the call and sends nothing has hung up while nobody heard
    his BYE: his call was over. Who still sends has lost the dialog only; who does not answer, the network.
    """
    dialog = leg.record.dialog
    if dialog is None or leg.gone:
        return
    dialog.response_received(out.response)
    if dialog.state is not DialogState.TERMINATED:
        return
    if out.response.status == 481 and not leg.is_caller and probing.is_silent(calls, leg):
        calls.count("hung up unheard")
        _hung_up(calls, leg)
    else:
        dead(calls, leg)


def dead(calls: Calls, leg: Leg) -> None:
    """The peer does not know the call any more, or does not answer at all."""
    calls.count("dead leg")
    inbound.lost(calls, leg) if leg.is_caller else outbound.lost(calls, leg)
