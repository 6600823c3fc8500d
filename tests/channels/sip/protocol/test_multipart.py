"""The session description among other parts, and bodies that are no more than they claim."""

from email.message import EmailMessage
from email.policy import SMTP
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request, Response, parse
from channels.sip.protocol.multipart import (
    MOST_DEPTH,
    MOST_HEAD_BYTES,
    MOST_HEAD_LINES,
    MOST_PARTS,
    session_in,
)
from channels.sip.protocol.outputs import AckReceived, NewRequest, ResponseReceived
from channels.sip.protocol.replies import response_to
from channels.sip.protocol.transactions import TransactionLayer

OFFER = (
    b"v=0\r\no=pbx 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)
ISUP = bytes.fromhex("01004901000a0d0a2d2d8f")
"""With a line that begins as a delimiter would."""
TRUNK = Endpoint("192.0.2.7", 5060)


@pytest.fixture
def layer() -> TransactionLayer:
    ids = count()
    return TransactionLayer("192.0.2.1:5060", lambda: f"id{next(ids)}")


def mixed(*parts: bytes, boundary: str = "edge") -> bytes:
    """Parts with their own heads."""
    return b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts) + b"--%b--\r\n" % (
        boundary.encode()
    )


SDP_PART = b"Content-Type: application/sdp\r\n\r\n" + OFFER
ISUP_PART = (
    b"Content-Type: application/ISUP;version=itu-t92+\r\n"
    b"Content-Disposition: signal;handling=required\r\n\r\n" + ISUP
)


def message(body: bytes, kind: str = "multipart/mixed;boundary=edge", start: str = "") -> Request | Response:
    head = (
        f"{start or 'INVITE sip:1@192.0.2.1 SIP/2.0'}\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n"
        f"From: <sip:a@h>;tag=1\r\nTo: <sip:1@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nc: {kind}\r\n"
        f"MIME-Version: 1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return parse(head.encode() + body)


@pytest.mark.parametrize("parts", [(SDP_PART, ISUP_PART), (ISUP_PART, SDP_PART), (SDP_PART,)])
@pytest.mark.parametrize("kind", ["multipart/mixed;boundary=edge", 'Multipart/Related; boundary="edge"'])
def test_the_session_description_is_found_wherever_it_stands(parts: tuple[bytes, ...], kind: str) -> None:
    found = message(b"a preamble\r\n" + mixed(*parts) + b"an epilogue", kind)
    assert found.session == OFFER


def test_so_it_is_one_level_deeper_and_in_base64() -> None:
    inner = EmailMessage(policy=SMTP)
    inner.add_attachment(OFFER, "application", "sdp")
    outer = mixed(ISUP_PART, bytes(inner))
    assert message(outer).session == OFFER


@pytest.mark.parametrize(
    "body",
    [
        OFFER,
        mixed(ISUP_PART),
        mixed(b"Content-Type: application/sdp\r\n\r\n"),
        mixed(SDP_PART, boundary="other"),
        mixed(*([ISUP_PART] * MOST_PARTS), SDP_PART),
        mixed(b"a: b\r\n" * MOST_HEAD_LINES + SDP_PART),
        mixed(b"a: " + b"b" * MOST_HEAD_BYTES + b"\r\n" + SDP_PART),
    ],
)
def test_what_has_none_or_far_too_many_parts_is_no_session_description(body: bytes) -> None:
    assert message(body).session is None


@pytest.mark.parametrize(
    ("kind", "body", "session"),
    [
        ("multipart/mixed;boundary=edge", b"", b""),
        ("application/sdp", b"", b""),
        ("Application/SDP; charset=utf-8", OFFER, OFFER),
        ("text/plain", OFFER, None),
    ],
)
def test_a_body_that_is_no_parts_is_a_session_description_or_is_not(
    kind: str, body: bytes, session: bytes | None
) -> None:
    assert message(body, kind).session == session


@pytest.mark.parametrize("depth", [MOST_DEPTH, MOST_DEPTH + 1])
def test_bodies_lie_within_each_other_only_so_deep(depth: int) -> None:
    body, kind = SDP_PART, ""
    for level in range(depth):
        edge = f"e{level}"
        kind = f"multipart/mixed;boundary={edge}"
        body = b"Content-Type: %b\r\n\r\n" % kind.encode() + mixed(body, boundary=edge)
    content = body.partition(b"\r\n\r\n")[2]
    assert session_in(kind, content) == (OFFER if depth <= MOST_DEPTH else b"")


def test_a_message_within_a_message_a_thousand_times_is_of_no_use() -> None:
    """A parser that goes down into each of them ends in a RecursionError."""
    assert message(mixed(b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + b"x")).session is None


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("last", [b"--edge--\r\n", b"--edge--", b""])
def test_it_ends_in_any_way(end: bytes, last: bytes) -> None:
    """Some write bare line feeds, or forget the last delimiter."""
    body = (b"--edge\r\n" + ISUP_PART + b"\r\n--edge \t\r\n" + SDP_PART + last).replace(b"\r\n", end)
    assert session_in("multipart/mixed; boundary=edge", body).split() == OFFER.split()


def test_an_edge_that_begins_as_another_does_is_another() -> None:
    inner = b"Content-Type: multipart/mixed;boundary=edge2\r\n\r\n" + mixed(SDP_PART, boundary="edge2")
    assert session_in("multipart/mixed; boundary=edge", mixed(ISUP_PART, inner)) == OFFER


def test_it_is_read_in_quoted_printable_too() -> None:
    part = b"Content-Type: application/sdp\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n"
    coded = OFFER.replace(b"=", b"=3D")
    assert session_in("multipart/mixed;boundary=edge", mixed(part + coded)) == OFFER


def test_it_is_so_in_requests_answers_and_acks(layer: TransactionLayer) -> None:
    """Whoever offers late gets our offer in the 200, and answers in the ACK."""
    [new] = layer.receive(message(mixed(ISUP_PART, SDP_PART)), TRUNK, 0)
    assert isinstance(new, NewRequest)
    assert new.request.session == OFFER
    layer.reply(new.key, 200, 0)
    ack = message(mixed(SDP_PART), start="ACK sip:1@192.0.2.1 SIP/2.0")
    assert isinstance(ack, Request)
    ack = ack.with_header("CSeq", "1 ACK").with_header("To", f"<sip:1@h>;tag={new.to_tag}")
    acks = [out for out in layer.receive(ack, TRUNK, 1) if isinstance(out, AckReceived)]
    assert [out.request.session for out in acks] == [OFFER]


def test_our_own_offer_is_answered_so_too(layer: TransactionLayer) -> None:
    came = message(b"", kind="application/sdp")
    assert isinstance(came, Request)
    layer.send_request(came.without("Via"), TRUNK, 0, branch="b")
    layer.take()
    kind = ("Content-Type", "multipart/mixed;boundary=edge")
    ours = response_to(
        came.with_header("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKb"),
        200,
        to_tag="t",
        headers=[kind],
        body=mixed(SDP_PART, ISUP_PART),
    )
    [out] = layer.receive(parse(ours.to_bytes()), TRUNK, 1)
    assert isinstance(out, ResponseReceived)
    assert out.response.session == OFFER


WORDS = (
    *(b"--edge", b"--edge--", b"\r\n", b"\n", b"Content-Type: ", b"application/sdp", b"multipart/mixed;"),
    *(b"boundary=edge", b"Content-Transfer-Encoding: base64", b"message/rfc822", b"charset*=x'y'%ff"),
)


@given(
    kind=st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=40),
    pieces=st.lists(
        st.one_of(
            st.sampled_from(WORDS),
            st.binary(max_size=6),
        ),
        max_size=40,
    ),
)
def test_no_body_does_more_than_be_of_no_use(kind: str, pieces: list[bytes]) -> None:
    came = message(b"".join(pieces), f"multipart/mixed;boundary=edge;{kind}")
    assert came.session is None or len(came.session) <= len(came.body) + 2
