"""INVITEs of ours, to agents' phones and to whom we call: sent, watched for a sign, answered, cancelled.

A leg may ring several phones (RFC 3261 §16.7, as a forking proxy does): one call, one description, one branch
for each. The first 2xx makes the leg's dialog; whoever else picks up is thanked and hung up.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from channels.media.commands import Accept
from channels.sip.b2bua import targets
from channels.sip.b2bua.calls import ALLOW, SDP, Calls
from channels.sip.b2bua.leg import Leg, LegStage, Ringing, Rung
from channels.sip.protocol.address import Endpoint, make_uri
from channels.sip.protocol.dialog import Dialog, uac_dialog
from channels.sip.protocol.errors import SipError
from channels.sip.protocol.message import Header, Request, make_headers, parse
from channels.sip.protocol.outputs import ClientKey, ResponseReceived

ELSEWHERE: Header = ("Reason", 'SIP;cause=200;text="Call completed elsewhere"')
"""For those who were rung in vain, so that they show no missed call (RFC 3326)."""


def invite(calls: Calls, leg: Leg, from_: str, to: str, sdp: bytes, *more: Header) -> None:
    """INVITE all of `leg.reaches`. Branches, Call-ID and tag are the leg's: a repetition is the same INVITE.

    `from_` and `to` are header values without tags.
    """
    headers = make_headers(
        ("Max-Forwards", "70"),
        ("From", f"{from_};tag={leg.record.to_tag}"),
        ("To", to),
        ("Call-ID", f"{leg.record.to_tag}@{calls.settings.site}"),
        ("CSeq", "1 INVITE"),
        ("Contact", calls.contact_header),
        *more,
        more=[ALLOW, SDP],
    )
    new: list[tuple[Rung, Request]] = []
    for reach in leg.reaches:
        request = Request(method="INVITE", uri=reach.uri, headers=headers, body=sdp)
        leg.record.rings += 1
        at, number = reach.at, leg.record.rings
        new.append((Rung(request.to_bytes(), at.host, at.port, reach.key, number), request))
        leg.record.rung.append(new[-1][0])
    leg.reaches = ()
    calls.save(leg)
    for rung, request in new:
        _send(calls, leg, rung, request)


def again(calls: Calls, leg: Leg) -> None:
    """Send the INVITEs of the leg's record after a restart; the peer takes it for a retransmission."""
    for rung in leg.record.rung:
        message = parse(rung.invite)
        assert isinstance(message, Request)
        _send(calls, leg, rung, message.without("Via"))


def _send(calls: Calls, leg: Leg, rung: Rung, request: Request) -> None:
    tag = leg.record.to_tag or leg.id  # of an earlier version's record
    branch = f"z9hG4bK-{calls.settings.site}-{tag}"
    if rung.number > 1:
        branch += f"-{rung.number}"
    destination = Endpoint(rung.host, rung.port)
    key = calls.layer.send_request(request, destination, calls.now_ms, branch)
    ringing = leg.ringing[key] = Ringing(key, rung, request)
    calls.by_transaction[key] = leg
    calls.unheard.append((calls.now_ms + calls.settings.phone_silence_ms, leg, ringing))


def silent(calls: Calls) -> Iterator[tuple[Leg, Ringing]]:
    """Those whose time for a first sign is over."""
    while calls.unheard and (calls.unheard[0][0] <= calls.now_ms or calls.unheard[0][2].heard):
        _, leg, ringing = calls.unheard.popleft()
        if not (ringing.heard or ringing.over or leg.gone):
            yield leg, ringing


def answered(calls: Calls, leg: Leg, out: ResponseReceived) -> int | None:
    """A response to an INVITE of the leg; returns the final status with which that has failed, if it has.

    200 stands for a 2xx that makes no dialog. What is in a good one, the media say; its ACK is owed.
    """
    status, ringing = out.response.status, leg.ringing.get(out.key)
    if ringing is not None:
        ringing.heard = True
    if status < 200:
        return None
    if status >= 300:
        ended(calls, leg, out.key)
        return status
    spare = leg.gone or leg.record.stage is LegStage.UP
    try:
        if spare:
            end(calls, out)
        else:
            _take(calls, leg, out)
    except SipError:
        calls.count("unusable 200")
        end(calls, out)
        ended(calls, leg, out.key)
        return None if spare else 200
    if spare and ringing is not None:
        ended(calls, leg, out.key)
    return None


def ended(calls: Calls, leg: Leg, key: ClientKey) -> None:
    """An INVITE of the leg is over. A leg that has ended but for that is forgotten, a living one goes on."""
    if (ringing := leg.ringing.pop(key, None)) is None:
        return
    calls.by_transaction.pop(key, None)
    leg.record.rung.remove(ringing.rung)
    if calls.legs.get(leg.id) is not leg:
        return
    if leg.gone and not leg.ringing:
        calls.host.remember((calls.forget(leg),))
    elif leg.ringing or leg.record.stage is LegStage.UP:
        calls.save(leg)  # who has said no is not rung again by a restart


def _take(calls: Calls, leg: Leg, out: ResponseReceived) -> None:
    """Raises SipError."""
    leg.record.outside = bool(leg.record.agent) and not leg.ringing[out.key].rung.phone
    calls.adopt(leg, _dialog(calls, leg, out))
    leg.won = ringing = leg.ringing.pop(out.key)
    leg.record.rung.remove(ringing.rung)
    leg.record.stage, leg.ack_owed, leg.accepting = LegStage.UP, True, True
    calls.media.send(Accept(leg.id, out.response.session or out.response.body, out.source.host))
    if leg.ringing:
        stop(calls, leg, [ELSEWHERE])


def end(calls: Calls, out: ResponseReceived) -> None:
    """Acknowledge and end a 2xx that nobody wants (RFC 3261 §13.2.2.4); the leg may be gone.

    Of a fork somebody else picked up, too, or late; or an answer lacks what a conversation needs.
    """
    response = out.response
    known = make_headers(("From", response.get("From")), ("To", response.get("To")))
    known += make_headers(("Call-ID", response.call_id), ("CSeq", response.get("CSeq")))
    there = make_uri("", out.source.host, out.source.port).text
    request = Request(method="INVITE", uri=there, headers=known)
    with suppress(SipError):
        usable = bool(response.contacts) and response.contacts[0].uri.scheme in ("sip", "sips")
        dialog = uac_dialog(request, response, anyway=not usable)
        dialog.peer = None if response.record_routes else out.source
        calls.layer.send_ack(out.key, dialog.ack(), dialog.destination())
        calls.layer.send_request(dialog.request("BYE"), dialog.destination(), calls.now_ms)


def _dialog(calls: Calls, leg: Leg, out: ResponseReceived) -> Dialog:
    """Raises SipError."""
    ringing = leg.ringing[out.key]
    dialog = uac_dialog(ringing.request, out.response)
    targets.follow(calls, leg, dialog, out.source)
    return dialog


def cancel(calls: Calls, leg: Leg, headers: Iterable[Header] = ()) -> None:
    """Cancel whatever of the leg rings; the last final answer closes the leg."""
    leg.gone = True
    stop(calls, leg, headers)
    if not leg.ringing and calls.legs.get(leg.id) is leg:
        calls.host.remember((calls.forget(leg),))


def stop(calls: Calls, leg: Leg, headers: Iterable[Header] = ()) -> None:
    """Cancel all INVITEs of the leg that have no final response; the leg itself may go on."""
    for key, ringing in list(leg.ringing.items()):
        ringing.over = True
        if not calls.layer.cancel(key, calls.now_ms, headers):
            ended(calls, leg, key)
