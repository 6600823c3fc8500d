"""The parser reads what the RFC allows, refuses the rest with a status, and never lets a line break out."""

from collections.abc import Callable

import pytest

from channels.sip.protocol.errors import BadMessage, UnsafeTextError
from channels.sip.protocol.keepalive import is_keepalive
from channels.sip.protocol.message import BadRequest, CSeq, Request, Response, canonical, parse

Make = Callable[..., Request]


def lines(*text: str, body: str = "") -> bytes:
    return ("\r\n".join(text) + "\r\n\r\n" + body).encode()


VALID = (
    "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1",
    "From: <sip:anna@pbx.example>;tag=a1",
    "To: <sip:hotline@acd.example>",
    "Call-ID: c1",
    "CSeq: 1 OPTIONS",
)


def test_typed_access(make_request: Make) -> None:
    """Every typed property shows what the request says."""
    request = make_request(extra="Expires: 60\r\nRecord-Route: <sip:p1.example;lr>, <sip:p2.example;lr>")
    assert (request.method, request.target.user, request.target.host) == ("INVITE", "hotline", "acd.example")
    assert (request.via.host, request.via.port, request.via.branch) == ("192.0.2.7", 5060, "z9hG4bK-anna-1")
    assert (request.from_.display, request.from_.tag, request.to.tag) == ("Anna", "a1", "")
    assert (request.call_id, request.cseq) == ("call-1@192.0.2.7", CSeq(1, "INVITE"))
    assert request.contacts[0].uri.text == "sip:anna@192.0.2.7:5060"
    assert (request.max_forwards, request.expires) == (70, 60)
    assert request.record_routes == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]


def test_compact_forms_folding_and_odd_spacing() -> None:
    """Compact names, folded lines, blanks around the colon and any letter case mean the same headers."""
    message = parse(
        lines(
            "OPTIONS sip:hotline@acd.example SIP/2.0",
            "v:  SIP / 2.0 / UDP\r\n 192.0.2.7 : 5070 ;\r\n\tbranch=z9hG4bK1;rport",
            'f : "Anna, \\"the\\" <caller>" <sip:anna@pbx.example> ; tag=a1',
            "T: sip:hotline@acd.example",
            "i:c1",
            "cSEQ:   0007\t OPTIONS",
            'm: <sip:a@192.0.2.7>, "B, C" <sip:b@192.0.2.8;x=1>;expires=5;q=0.1',
            "l: 3",
            body="abcdef",
        )
    ).checked()
    assert (message.via.transport, message.via.port, message.via.branch) == ("UDP", 5070, "z9hG4bK1")
    assert "rport" in message.via.params
    assert message.from_.display == 'Anna, "the" <caller>'
    assert (message.from_.tag, message.cseq.number, message.body) == ("a1", 7, b"abc")
    assert [contact.uri.host for contact in message.contacts] == ["192.0.2.7", "192.0.2.8"]
    assert message.contacts[1].params["expires"] == "5"
    assert message.get("CALL-ID") == message.get("i") == "c1"


def test_values_split_commas_only_between_values(make_request: Make) -> None:
    """A comma in quotes or in angle brackets separates nothing; several lines and lists are one sequence."""
    request = make_request(
        extra='Route: <sip:a,b@h.example;lr>,"x,y" <sip:c@h.example>\r\nRoute: <sip:d@h.example>'
    )
    assert request.routes == ["<sip:a,b@h.example;lr>", '"x,y" <sip:c@h.example>', "<sip:d@h.example>"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (lines("INVITE sip:h@acd.example SIP/3.0", *VALID), 505),
        (lines("INVITE sip:h@acd.example SIP/2.0 x SIP/2.0", *VALID), 400),
        (lines("INVITE  sip:h@acd.example SIP/2.0", *VALID), 400),
        (lines("IN(ITE sip:h@acd.example SIP/2.0", *VALID), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "Content-Length: 10", body="short"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "Content-Length: -1"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "Content-Length: 1", "l: 2", body="xx"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "Content-Length: 99999", body="x"), 413),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "no colon here"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "Bad Name: x"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "X: a\nb"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "X: a\rb"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "X: a\0b"), 400),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, "X: " + "a" * 9000), 513),
        (lines("OPTIONS sip:h@acd.example SIP/2.0", *VALID, *["X: a"] * 200), 513),
    ],
)
def test_refused_with_something_to_answer(text: bytes, status: int) -> None:
    """A broken request of which enough is readable is refused with a status and the readable part."""
    with pytest.raises(BadRequest) as caught:
        parse(text)
    assert caught.value.status == status
    assert caught.value.request.call_id == "c1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"hello",
        b"GET / HTTP/1.1\r\nHost: acd.example\r\n\r\n",
        b"SIP/2.0 999 No such class\r\n\r\n",
        b"SIP/2.0 20 OK\r\n\r\n",
        b"SIP/1.0 200 OK\r\n\r\n",
        b"OPTIONS sip:h@acd.example SIP/2.0\r\nVia: x\r\n",
        b"\x80\x00\xff" * 100,
    ],
)
def test_refused_with_nothing_to_answer(data: bytes) -> None:
    """What is not SIP at all is refused without anything to answer."""
    with pytest.raises(BadMessage) as caught:
        parse(data)
    assert not isinstance(caught.value, BadRequest)


@pytest.mark.parametrize("missing", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_missing_mandatory_header(missing: str) -> None:
    """A request without one of the five headers does not pass the check."""
    kept = [line for line in VALID if not line.startswith(missing + ":")]
    with pytest.raises(BadMessage, match="400"):
        parse(lines("OPTIONS sip:h@acd.example SIP/2.0", *kept)).checked()


@pytest.mark.parametrize(
    "change",
    [
        {"cseq": "2147483648"},
        {"cseq": "-1"},
        {"cseq": "x"},
        {"cseq_method": "BYE"},
        {"from_": '"Anna <sip:anna@pbx.example>;tag=a1'},
        {"to": "<sip:hotline@acd.example"},
        {"to": '<sip:hotline@acd.example>;tag="open'},
        {"via": "SIP/2.0/UDP"},
        {"via": "SIP/2.0/UDP 192.0.2.7:99999;branch=z9hG4bK1"},
        {"contact": "<sip:a@h.example>,,<sip:b@h.example>"},
        {"max_forwards": "many"},
        {"max_forwards": "-3"},
        {"uri": "sip:"},
        {"uri": "sip:hot line@acd.example"},
        {"uri": "<sip:hotline@acd.example>"},
        {"extra": "To: <sip:second@acd.example>"},
        {"extra": "Expires: soon"},
        {"extra": "Record-Route: not-a-uri"},
    ],
)
def test_malformed_typed_header_fails_the_check(
    make_bytes: Callable[..., bytes], change: dict[str, str]
) -> None:
    """A malformed value of a header that we use is found by parse or check, always as BadMessage 400."""
    with pytest.raises(BadMessage, match="400"):
        parse(make_bytes(**change)).checked()


def test_odd_but_legal_message() -> None:
    """Many legal oddities at once: rare token characters, escapes, empty values, other scripts."""
    message = parse(
        lines(
            "odd~Method.%1 sip:who's(there)&$you+me;in=%20a/b,c?:p4$$@acd.example;x=~! SIP/2.0",
            "Via: SIP/2.0/TCP edge_1.pbx.example;branch=z9hG4bK~.!%2A*_+`'",
            'To: "bell \\\x07 and delete \\\x7f" <sip:hotline@acd.example>;lonely;pair=1',
            "From: plain' words~ %here <sip:anna@pbx.example>;sort=\"ключ; x=1\";tag=.~'`+*%!-_",
            'Call-ID: (odd)<id>:"[x]"?/{y}@word',
            "CSeq: 2147483647 odd~Method.%1",
            "Max-Forwards: 255",
            "X-~!%*: \ufeff大停電",
            "Subject:",
            "Content-Length: 0",
        )
    ).checked()
    assert message.from_.display == "plain' words~ %here"
    assert message.from_.params["sort"] == "ключ; x=1"
    assert message.from_.tag == ".~'`+*%!-_"
    assert message.to.display == "bell \x07 and delete \x7f"
    assert message.get("Subject") == ""
    assert isinstance(message, Request)
    assert (message.target.host, message.target.params) == ("acd.example", {"x": "~!"})
    assert parse(message.to_bytes()).headers == message.headers


def test_response_with_empty_reason_and_utf8() -> None:
    """Responses need no reason phrase, and may carry any text in it."""
    empty = parse(lines("SIP/2.0 100 ", *VALID))
    assert isinstance(empty, Response)
    assert (empty.status, empty.reason) == (100, "")
    text = parse(lines("SIP/2.0 486 Besetzt – später", *VALID))
    assert isinstance(text, Response)
    assert text.reason == "Besetzt – später"


def test_serialised_form_reads_back(make_request: Make) -> None:
    """What is written reads back the same; Content-Length is computed, never copied."""
    request = make_request(body="v=0", extra="Content-Type: application/sdp")
    again = parse(request.to_bytes())
    assert again.body == b"v=0"
    assert [h for h in again.headers if h[0] != "Content-Length"] == [
        h for h in request.headers if h[0] != "Content-Length"
    ]


@pytest.mark.parametrize("value", ["a\r\nEvil: yes", "a\nEvil: yes", "a\rb", "\r\n"])
def test_no_line_break_gets_out(make_request: Make, value: str) -> None:
    """A line break in any value of a message that we build is refused, wherever it stands."""
    request = make_request()
    with pytest.raises(UnsafeTextError):
        request.with_header("Subject", value).to_bytes()
    with pytest.raises(UnsafeTextError):
        Request(method="BYE", uri="sip:a@h.example" + value, headers=request.headers).to_bytes()
    with pytest.raises(UnsafeTextError):
        Response(status=200, reason=value, headers=request.headers).to_bytes()


def test_header_editing(make_request: Make) -> None:
    """Headers are replaced in place, put first, or removed, in a copy."""
    request = make_request(extra="X-One: 1\r\nX-One: 2")
    assert request.with_header("x-one", "3").get_all("X-One") == ["3"]
    assert request.with_header("X-New", "3").headers[-1] == ("X-New", "3")
    assert request.with_first("Route", "<sip:p.example;lr>").headers[0][0] == "Route"
    assert request.without("X-ONE").get("X-One") is None
    assert request.get_all("X-One") == ["1", "2"]


def test_canonical_names() -> None:
    """Known names get their official spelling, unknown ones are capitalised."""
    assert [canonical(name) for name in ("call-id", "I", "CSEQ", "www-authenticate", "x-my-header")] == [
        "Call-ID",
        "Call-ID",
        "CSeq",
        "WWW-Authenticate",
        "X-My-Header",
    ]


def test_keepalive() -> None:
    """Line breaks alone are a keep-alive, anything else is not."""
    assert is_keepalive(b"\r\n\r\n")
    assert is_keepalive(b"\0\0\0\0")
    assert not is_keepalive(b"INVITE")


def test_leading_line_breaks_are_skipped(make_bytes: Callable[..., bytes]) -> None:
    """Line breaks before the start line do not matter (§7.5)."""
    assert parse(b"\r\n\r\n" + make_bytes()).call_id == "call-1@192.0.2.7"


@pytest.mark.parametrize(("name", "taken"), [("User-Agent", True), ("Subject", True), ("Expires", False)])
def test_only_what_decides_something_may_stand_once(name: str, taken: bool) -> None:
    """A proxy that adds a User-Agent of its own costs no call."""
    head = (
        "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n"
        "Max-Forwards: 70\r\nFrom: <sip:a@192.0.2.7>;tag=1\r\nTo: <sip:b@192.0.2.1>\r\n"
        "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    )
    data = f"{head}{name}: 1\r\n{name}: 2\r\n\r\n".encode()
    if taken:
        assert parse(data).checked().get(name) == "1"
    else:
        with pytest.raises(BadMessage):
            parse(data).checked()
