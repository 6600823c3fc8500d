"""INVITEs of ours, to agents' phones and to whom we call: sent, watched for a sign, answered, cancelled."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from channels.media.commands import Accept
from channels.sip.b2bua import targets
from channels.sip.b2bua.calls import ALLOW, SDP, Calls
from channels.sip.b2bua.leg import Leg, LegStage
from channels.sip.protocol.address import Endpoint, make_uri
from channels.sip.protocol.dialog import Dialog, uac_dialog
from channels.sip.protocol.errors import SipError
from channels.sip.protocol.message import Header, Request, make_headers, parse
from channels.sip.protocol.outputs import ResponseReceived


def invite(calls: Calls, leg: Leg, from_: str, to: str, sdp: bytes, *more: Header) -> None:
    """INVITE `leg.uri`. Branch, Call-ID and tag are those of the leg, so a repetition is the same INVITE.

    `from_` and `to` are header values without tags.
    """
    headers = make_headers(
        ("Max-Forwards", "70"),
        ("From", f"{from_};tag={leg.record.to_tag or leg.id}"),
        ("To", to),
        ("Call-ID", f"{leg.id}@{calls.settings.site}"),
        ("CSeq", "1 INVITE"),
        ("Contact", calls.contact_header),
        *more,
        more=[ALLOW, SDP],
    )
    request = Request(method="INVITE", uri=leg.uri, headers=headers, body=sdp)
    leg.uri = ""
    leg.record.invite = request.to_bytes()
    calls.save(leg)
    _send(calls, leg, request)


def again(calls: Calls, leg: Leg) -> None:
    """Send the INVITE of the leg's record after a restart; the peer takes it for a retransmission."""
    message = parse(leg.record.invite)
    assert isinstance(message, Request)
    _send(calls, leg, message.without("Via"))


def _send(calls: Calls, leg: Leg, request: Request) -> None:
    branch = f"z9hG4bK-{calls.settings.site}-{leg.record.to_tag or leg.id}"
    destination = Endpoint(leg.record.host, leg.record.port)
    leg.request = request
    key = leg.our_invite = calls.layer.send_request(request, destination, calls.now_ms, branch)
    calls.by_transaction[key] = leg
    leg.heard = False
    calls.unheard.append((calls.now_ms + calls.settings.phone_silence_ms, leg))


def silent(calls: Calls) -> Iterator[Leg]:
    """The legs whose time for a first sign is over."""
    while calls.unheard and (calls.unheard[0][0] <= calls.now_ms or calls.unheard[0][1].heard):
        _, leg = calls.unheard.popleft()
        if not leg.heard and not leg.gone:
            yield leg


def answered(calls: Calls, leg: Leg, out: ResponseReceived) -> int | None:
    """A response to the leg's INVITE; returns the final status with which it has failed, if it has.

    200 stands for a 2xx that makes no dialog. What is in a good one, the media say; its ACK is owed.
    """
    status, leg.heard = out.response.status, True
    if status < 200:
        return None
    if status >= 300:
        return status
    try:
        if leg.record.stage is LegStage.UP:
            end(calls, out)
        else:
            _take(calls, leg, out)
    except SipError:
        calls.count("unusable 200")
        end(calls, out)
        return None if leg.record.stage is LegStage.UP else 200
    return None


def _take(calls: Calls, leg: Leg, out: ResponseReceived) -> None:
    """Raises SipError."""
    calls.adopt(leg, _dialog(calls, leg, out))
    leg.record.stage, leg.record.invite = LegStage.UP, b""
    leg.ack_owed = True
    if leg.gone:  # the CANCEL crossed the 200
        calls.hang_up(leg)
    else:
        leg.accepting = True
        calls.media.send(Accept(leg.id, out.response.body))


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
    assert leg.request is not None
    dialog = uac_dialog(leg.request, out.response)
    targets.follow(calls, leg, dialog, out.source)
    return dialog


def cancel(calls: Calls, leg: Leg, headers: Iterable[Header] = ()) -> None:
    """Cancel the leg's INVITE; the final answer closes the leg."""
    leg.gone = True
    if leg.our_invite is None or not calls.layer.cancel(leg.our_invite, calls.now_ms, headers):
        calls.host.remember((calls.forget(leg),))
