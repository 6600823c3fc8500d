"""Builders that the SIP tests share: bytes of requests and responses, numbered ids, endpoints."""

from collections.abc import Callable
from itertools import count

import pytest

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request, Response, parse

CALLER = Endpoint("192.0.2.7", 5060)
US = Endpoint("192.0.2.1", 5060)

MakeRequest = Callable[..., Request]
MakeResponse = Callable[..., Response]


def request_bytes(method: str = "INVITE", **changes: str) -> bytes:
    """A request of anna; `changes` name headers with _ for -, `uri`, `body`, or `extra` header lines."""
    branch = changes.get("branch", "z9hG4bK-anna-1")
    anna = '"Anna" <sip:anna@pbx.example>;tag=a1'
    lines = [
        f"{method} {changes.get('uri', 'sip:hotline@acd.example')} SIP/2.0",
        f"Via: {changes.get('via', f'SIP/2.0/UDP 192.0.2.7:5060;branch={branch}')}",
        f"Max-Forwards: {changes.get('max_forwards', '70')}",
        f"From: {changes.get('from_', anna)}",
        f"To: {changes.get('to', '<sip:hotline@acd.example>')}",
        f"Call-ID: {changes.get('call_id', 'call-1@192.0.2.7')}",
        f"CSeq: {changes.get('cseq', '1')} {changes.get('cseq_method', method)}",
        f"Contact: {changes.get('contact', '<sip:anna@192.0.2.7:5060>')}",
    ]
    lines += [changes["extra"]] if "extra" in changes else []
    body = changes.get("body", "").encode()
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def make_bytes() -> Callable[..., bytes]:
    """Bytes of a request."""
    return request_bytes


@pytest.fixture
def make_request() -> MakeRequest:
    """A parsed and checked request."""

    def build(method: str = "INVITE", **changes: str) -> Request:
        message = parse(request_bytes(method, **changes)).checked()
        assert isinstance(message, Request)
        return message

    return build


@pytest.fixture
def make_id() -> Callable[[], str]:
    """Ids id1, id2, …"""
    numbers = count(1)
    return lambda: f"id{next(numbers)}"


@pytest.fixture
def caller() -> Endpoint:
    """Where anna's packets come from."""
    return CALLER


@pytest.fixture
def us() -> Endpoint:
    """Where we listen."""
    return US
