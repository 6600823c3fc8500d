"""Responses copy what the RFC says and unreadable requests are refused where that is possible."""

from collections.abc import Callable

import pytest

from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Request, Response, parse
from channels.sip.protocol.replies import refusal, response_to, stamp_via

Make = Callable[..., Request]


def test_copies_what_identifies_the_request(make_request: Make) -> None:
    """All Vias in order, From, To with our tag, Call-ID, CSeq; Record-Route as dialogs need it."""
    request = make_request(
        via="SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP b.example, SIP/2.0/UDP c.example",
        extra="Record-Route: <sip:p1.example;lr>\r\nRecord-Route: <sip:p2.example;lr>",
    )
    response = response_to(request, 180, to_tag="b1", headers=[("contact", "<sip:us@192.0.2.1>")])
    assert response.get_all("Via") == request.get_all("Via")
    assert response.to.tag == "b1"
    assert (response.call_id, response.cseq, response.get("From")) == (
        request.call_id,
        request.cseq,
        request.get("From"),
    )
    assert response.record_routes == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    assert response.get("Contact") == "<sip:us@192.0.2.1>"
    assert response_to(request, 486, to_tag="b1").record_routes == []


def test_trying_has_no_tag_but_the_timestamp(make_request: Make) -> None:
    """100 creates no dialog and echoes Timestamp."""
    response = response_to(make_request(extra="Timestamp: 54"), 100, to_tag="b1")
    assert (response.to.tag, response.get("Timestamp")) == ("", "54")


def test_existing_tag_is_kept(make_request: Make) -> None:
    """In a dialog the To tag is what it was."""
    request = make_request("BYE", to="<sip:hotline@acd.example>;tag=old")
    assert response_to(request, 200, to_tag="new").to.tag == "old"


def test_reason_phrases(make_request: Make) -> None:
    """The usual phrase, ours when given, something for unknown codes."""
    request = make_request()
    assert [response_to(request, 486).reason, response_to(request, 486, "Gone").reason] == [
        "Busy Here",
        "Gone",
    ]
    assert response_to(request, 499).reason == "Unknown"


def test_stamp_leaves_an_honest_via_alone(make_request: Make, caller: Endpoint) -> None:
    """A request that comes from where its Via says is not touched."""
    request = make_request()
    assert stamp_via(request, caller) is request


def test_refusal_of_a_readable_request(make_bytes: Callable[..., bytes], caller: Endpoint) -> None:
    """The answer to a broken request carries its status and goes back to its source."""
    with pytest.raises(BadMessage) as caught:
        parse(make_bytes(extra="broken line"))
    answer = refusal(caught.value, caller)
    assert answer is not None
    response = parse(answer[0]).checked()
    assert isinstance(response, Response)
    assert (response.status, response.call_id, answer[1]) == (400, "call-1@192.0.2.7", caller)


@pytest.mark.parametrize("change", [{"method": "ACK"}, {"via": "x"}, {"cseq": "x"}, {"from_": "<"}])
def test_refusal_impossible(
    make_bytes: Callable[..., bytes], caller: Endpoint, change: dict[str, str]
) -> None:
    """An ACK, or a request whose identifying headers are broken themselves, gets no answer."""
    with pytest.raises(BadMessage) as caught:
        parse(make_bytes(extra="broken line", **change))
    assert refusal(caught.value, caller) is None
