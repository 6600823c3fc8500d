"""Requests that a peer sends in a dialog of ours, seen from its side."""

from channels.sip.b2bua.leg import Leg
from channels.sip.protocol.message import Header, Request, make_headers


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
