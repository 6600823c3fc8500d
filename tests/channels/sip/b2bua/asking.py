"""Requests that a peer sends in a dialog of ours, seen from its side."""

from channels.sip.b2bua.leg import Leg
from channels.sip.protocol.message import Header, Request, make_headers
from channels.sip.protocol.outputs import SendTo
from tests.channels.sip.b2bua.world import DESK, Side


def request_of(leg: Leg, method: str, cseq: int, *more: Header, body: bytes = b"") -> Request:
    """What the party of this leg sends."""
    dialog = leg.record.dialog
    assert dialog is not None
    headers = make_headers(
        ("Max-Forwards", "70"),
        ("From", f"{dialog.remote};tag={dialog.remote_tag}"),
        ("To", f"{dialog.local};tag={dialog.local_tag}"),
        ("Call-ID", dialog.call_id),
        ("CSeq", f"{cseq} {method}"),
        more=more,
    )
    return Request(method=method, uri="sip:acd@192.0.2.1", headers=headers, body=body)


def acknowledge(side: Side, leg: Leg, cseq: int, body: bytes = b"") -> None:
    """The ACK of our 2xx to its INVITE of this number, with a description or without."""
    more = [("Content-Type", "application/sdp")] if body else []
    ack = side.layer._with_via(request_of(leg, "ACK", cseq, *more, body=body), DESK, f"z9hG4bK-ack-{cseq}")
    side.layer.out.append(SendTo(ack.to_bytes(), DESK))
