"""SIP messages: a lazy parser with caps, typed access on demand, the serialiser (RFC 3261 §7, §20, §25)."""

import re
from typing import ClassVar, Self

from msgspec.structs import replace

from channels.sip.protocol.address import (
    NameAddr,
    Uri,
    Via,
    common_via,
    parse_name_addr,
    parse_uri,
    parse_via,
    split_list,
)
from channels.sip.protocol.copies import Copies
from channels.sip.protocol.errors import BadMessage, UnsafeTextError
from channels.sip.protocol.headers import (
    REASONS,
    SPELLINGS,
    CSeq,
    Header,
    Once,
    canonical,
    make_headers,
    read_cseq,
    read_number,
)
from channels.sip.protocol.multipart import PREFIX, SDP, session_in

__all__ = [
    "BadRequest", "CSeq", "Header", "Message", "Request", "Response", "canonical", "make_headers", "parse",
]  # fmt: skip

MAX_MESSAGE_BYTES = 65_535
MAX_HEADERS = 128
"""RFC 3261 sets no bound."""
MAX_HEADER_CHARS = 8_192
MAX_BODY_BYTES = 32_768

_SINGLE = ("From", "To", "Call-ID", "CSeq")
_AT_MOST_ONE = ("Max-Forwards", "Content-Type", "Expires")
"""Of the headers that decide something; a proxy that adds a second User-Agent must not cost a call."""
_RARE = frozenset({"Expires", "Record-Route", "Route"})
_LISTS = ("Contact", "Record-Route", "Require", "Route", "Via")
MOST_PIECES = 256
"""Commas and semicolons in all of them: each piece that they part is read by itself."""
_STRAY = frozenset("\r\n\0")
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_FOLD = re.compile(r"\r\n[ \t]+")


class Message(Copies, frozen=True, dict=True, kw_only=True):
    """What requests and responses share. Header names are canonical; values are unfolded and stripped.

    Typed properties parse on first use and raise BadMessage; after `checked()` none of them raises.
    """

    body: bytes = b""

    START: ClassVar[str]
    """The start line, to be filled in by the message."""

    @Once
    def index(self) -> dict[str, list[str]]:
        """The lines of each header, by its official name; not to be changed."""
        index: dict[str, list[str]] = {}
        for name, value in self.headers:
            if name in index:
                index[name].append(value)
            else:
                index[name] = [value]
        return index

    def get(self, name: str) -> str | None:
        """The first value of a header as text, or None. Any spelling of the name will do."""
        values = self.index.get(SPELLINGS.get(name) or canonical(name))
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        """All header lines of that name, comma lists not split."""
        return list(self.index.get(SPELLINGS.get(name) or canonical(name), ()))

    def values(self, name: str) -> list[str]:
        """All values of a header that may come as a comma list, over several lines, or both."""
        return [part for line in self.get_all(name) for part in split_list(line)]

    def _required(self, name: str) -> str:
        values = self.index.get(name)
        if not values or not values[0]:
            raise BadMessage(400, f"Missing {name}")
        return values[0]

    @Once
    def via(self) -> Via:
        """The topmost Via."""
        line = self._required("Via")
        return common_via(line) or parse_via(split_list(line)[0])

    @Once
    def from_(self) -> NameAddr:
        """The From value."""
        return parse_name_addr(self._required("From"))

    @Once
    def to(self) -> NameAddr:
        """The To value."""
        return parse_name_addr(self._required("To"))

    @Once
    def call_id(self) -> str:
        """The Call-ID as it is."""
        return self._required("Call-ID")

    @Once
    def cseq(self) -> CSeq:
        """Number (below 2**31) and method of CSeq."""
        return read_cseq(self._required("CSeq"))

    @Once
    def contacts(self) -> list[NameAddr]:
        """All Contact values; empty when there is none and for `Contact: *` (see `contact_is_star`)."""
        lines = self.index.get("Contact", ())
        if lines == ["*"]:
            return []
        return [parse_name_addr(value) for line in lines for value in split_list(line)]

    @property
    def contact_is_star(self) -> bool:
        """True for `Contact: *` (remove all bindings)."""
        return self.index.get("Contact") == ["*"]

    @Once
    def record_routes(self) -> list[str]:
        """Record-Route values in the order of the message, each one a valid name-addr."""
        return self._routes("Record-Route")

    @Once
    def routes(self) -> list[str]:
        """Route values in the order of the message, each one a valid name-addr."""
        return self._routes("Route")

    def _routes(self, name: str) -> list[str]:
        if name not in self.index:
            return []
        values = self.values(name)
        for value in values:
            parse_name_addr(value)
        return values

    @Once
    def max_forwards(self) -> int:
        """Hops left; 70 when the header is missing."""
        lines = self.index.get("Max-Forwards")
        return read_number("Max-Forwards", lines[0], 255) if lines else 70

    @Once
    def expires(self) -> int | None:
        """The Expires header in seconds, or None."""
        lines = self.index.get("Expires")
        return read_number("Expires", lines[0], 2**32 - 1) if lines else None

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters, or an empty string."""
        lines = self.index.get("Content-Type")
        return lines[0].partition(";")[0].strip().lower() if lines else ""

    @property
    def session(self) -> bytes | None:
        """The session description, or the first one among parts; empty without a body, None: it has none.

        To look through parts is work: ask first whose they are.
        """
        lines = self.index.get("Content-Type", [""])
        if not self.body or lines[0] == SDP or (kind := self.content_type) == SDP:
            return self.body
        return session_in(lines[0], self.body) or None if kind.startswith(PREFIX) else None

    def checked(self) -> Self:
        """Parse all typed headers now. Raises BadMessage(400) for what is missing, doubled or malformed.

        What nearly every message has is read here and not by way of its property: this runs for each of them.
        """
        index, known = self.index, self.__dict__
        _count(index)
        _ = self.via
        known["from_"], known["to"] = parse_name_addr(index["From"][0]), parse_name_addr(index["To"][0])
        known["call_id"], known["cseq"] = index["Call-ID"][0], read_cseq(index["CSeq"][0])
        if "Max-Forwards" in index:
            known["max_forwards"] = read_number("Max-Forwards", index["Max-Forwards"][0], 255)
        contacts = index.get("Contact", ())
        if len(contacts) == 1 and contacts[0] != "*" and "," not in contacts[0]:
            known["contacts"] = [parse_name_addr(contacts[0])]
        elif contacts:
            _ = self.contacts
        if not _RARE.isdisjoint(index):
            _ = self.expires, self.record_routes, self.routes
        return self

    def with_via(self, line: str, via: Via) -> Self:
        """A copy with another first Via line, whose topmost value is `via`; what was parsed stays parsed."""
        headers, place = list(self.headers), 0
        while headers[place][0] != "Via":
            place += 1
        headers[place] = "Via", line
        copy = replace(self, headers=tuple(headers))
        index = {**self.index, "Via": [line, *self.index["Via"][1:]]}
        copy.__dict__.update({**self.__dict__, "via": via, "index": index})
        return copy

    def to_bytes(self) -> bytes:
        """The message as it goes out, Content-Length computed. Raises UnsafeTextError for line breaks."""
        lines = [self.START.format(self)]
        for name, value in self.headers:
            if name != "Content-Length":
                lines.append(f"{name}: {value}")
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        text = "\r\n".join(lines)
        # One count finds a smuggled line break in any of the values.
        if not text.count("\n") == text.count("\r") == len(lines) + 1:
            raise UnsafeTextError("line break in a header value")
        return text.encode("utf-8", "surrogateescape") + self.body


def _count(index: dict[str, list[str]]) -> None:
    """Raises BadMessage for a header that is missing or comes too often (400), or lists too much (513)."""
    for name in _SINGLE:
        if name not in index or len(index[name]) != 1 or not index[name][0]:
            raise BadMessage(400, f"Missing or repeated {name}")
    for name in _AT_MOST_ONE:
        if name in index and len(index[name]) > 1:
            raise BadMessage(400, "Repeated header")
    pieces = 0
    for name in _LISTS:
        if name in index:
            text = ",".join(index[name])
            pieces += text.count(",") + text.count(";")
    if pieces > MOST_PIECES:
        raise BadMessage(513, "Too Many Values")


class Request(Message, frozen=True, dict=True, kw_only=True):
    """A SIP request; `uri` is the Request-URI as text."""

    method: str
    uri: str

    START: ClassVar[str] = "{0.method} {0.uri} SIP/2.0"

    @Once
    def target(self) -> Uri:
        """The Request-URI, parsed."""
        return parse_uri(self.uri)

    def checked(self) -> Self:
        """As for every message, and the method must be that of CSeq and the Request-URI must parse."""
        super().checked()
        self.__dict__["target"] = parse_uri(self.uri)
        if self.cseq.method != self.method:
            raise BadMessage(400, "CSeq method differs")
        return self


class BadRequest(BadMessage):
    """A bad request of which enough could be read for an answer: `request`."""

    def __init__(self, status: int, reason: str, request: Request) -> None:
        super().__init__(status, reason)
        self.request = request


class Response(Message, frozen=True, dict=True, kw_only=True):
    """A SIP response."""

    status: int
    reason: str

    START: ClassVar[str] = "SIP/2.0 {0.status} {0.reason}"


def parse(data: bytes) -> Request | Response:
    """One datagram, or one framed message of a stream; lazy, so call `checked()` before you trust it.

    Raises BadMessage; BadRequest when enough could be read for an answer.
    """
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if len(data) > MAX_MESSAGE_BYTES or not blank:
        raise BadMessage(*((400, "No end of headers") if not blank else (513, "Message Too Large")))
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    start = lines[0]
    stray = not text.count("\n") == text.count("\r") == len(lines) - 1 or "\0" in text
    found = _headers([line for line in lines if _STRAY.isdisjoint(line)] if stray else lines)
    if stray:
        found.problem = BadMessage(400, "Stray line break or NUL")
    return (_response if start[:4].upper() == "SIP/" else _request)(start, found, body)


class _Found:
    """What the lines of a head say."""

    __slots__ = ("headers", "index", "known", "problem")

    headers: tuple[Header, ...]
    index: dict[str, list[str]]
    known: dict[str, object]
    """Properties of the message that are read already: its index, and the Via if it has the usual form."""
    problem: BadMessage | None


def _headers(lines: list[str]) -> _Found:
    found, headers, index = _Found(), list[Header](), dict[str, list[str]]()
    found.problem = None
    if len(lines) > MAX_HEADERS + 1:
        lines, found.problem = lines[: MAX_HEADERS + 1], BadMessage(513, "Too Many Headers")
    lookup = SPELLINGS.get
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        spelled = lookup(name) or _unusual(name)
        if not (colon and spelled):
            found.problem = found.problem or BadMessage(400, "Bad header")
        elif len(line) > MAX_HEADER_CHARS:
            found.problem = found.problem or BadMessage(513, "Header Too Long")
        else:
            value = value.strip(" \t")
            headers.append((spelled, value))
            if spelled in index:
                index[spelled].append(value)
            else:
                index[spelled] = [value]
    found.headers, found.index, found.known = tuple(headers), index, {"index": index}
    if "Via" in index and (via := common_via(index["Via"][0])) is not None:
        found.known["via"] = via
    return found


def _unusual(name: str) -> str:
    """The spelling of a name that is not among the well-known ones; empty for what is no name."""
    name = name.rstrip(" \t")
    return canonical(name) if len(name) <= 256 and _TOKEN.fullmatch(name) else ""


def _sized(found: _Found, body: bytes) -> bytes:
    """The body that Content-Length claims (RFC 3261 §18.3); all that is there when it claims nothing."""
    lengths = found.index.get("Content-Length")
    if not lengths:
        claimed = len(body)
    else:
        value = lengths[0]
        if len(set(lengths)) > 1 or not (value.isascii() and value.isdigit()) or len(value) > 8:
            raise BadMessage(400, "Bad Content-Length")
        claimed = int(value)
    if claimed > MAX_BODY_BYTES:
        raise BadMessage(413, REASONS[413])
    if claimed > len(body):
        raise BadMessage(400, "Body shorter than Content-Length")
    return body[:claimed] if claimed < len(body) else body


def _response(start: str, found: _Found, body: bytes) -> Response:
    version, _, rest = start.partition(" ")
    status, _, reason = rest.partition(" ")
    if found.problem is not None:
        raise found.problem
    if version.upper() != "SIP/2.0" or not (len(status) == 3 and status.isascii() and status.isdigit()):
        raise BadMessage(400, "Bad status line")
    if not 100 <= int(status) <= 699:
        raise BadMessage(400, "Bad status")
    made = Response(headers=found.headers, body=_sized(found, body), status=int(status), reason=reason)
    made.__dict__.update(found.known)
    return made


def _request(start: str, found: _Found, body: bytes) -> Request:
    words = start.split(" ")
    if len(words) < 3 or len(start) > MAX_HEADER_CHARS or not words[-1].upper().startswith("SIP/"):
        raise BadMessage(400, "Bad request line")
    method, uri, version = words[0], " ".join(words[1:-1]), words[-1]
    problem = found.problem
    if version.upper() != "SIP/2.0":
        problem = BadMessage(505, REASONS[505])
    elif len(words) != 3 or not uri or not _TOKEN.fullmatch(method):
        problem = BadMessage(400, "Bad request line")
    try:
        if problem is not None:
            raise problem
        made = Request(headers=found.headers, body=_sized(found, body), method=method, uri=uri)
    except BadMessage as error:
        readable = Request(headers=found.headers, method=method, uri=uri)
        raise BadRequest(error.status, error.reason, readable) from error
    made.__dict__.update(found.known)
    return made
