"""SIP messages: a lazy parser with caps, typed access on demand, the serialiser (RFC 3261 §7, §20, §25)."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple, Self

from msgspec import Struct
from msgspec.structs import replace

from channels.sip.address import NameAddr, Uri, Via, parse_name_addr, parse_uri, parse_via, split_list
from channels.sip.errors import BadMessage, UnsafeTextError

MAX_MESSAGE_BYTES = 65_535
MAX_HEADERS = 128
MAX_HEADER_CHARS = 8_192
MAX_BODY_BYTES = 32_768

Header = tuple[str, str]

COMPACT = {
    "a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
    "e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
    "l": "Content-Length", "m": "Contact", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To",
    "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
}  # fmt: skip
_SPELLED = [
    "Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Authentication-Info",
    "Authorization", "Call-Info", "Content-Disposition", "Content-Language", "CSeq", "Date",
    "Diversion", "Error-Info", "Expires", "History-Info", "In-Reply-To", "Max-Forwards", "MIME-Version",
    "Min-Expires", "Min-SE", "Organization", "P-Asserted-Identity", "Path", "Priority", "Privacy",
    "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "Reason", "Record-Route",
    "Remote-Party-ID", "Replaces", "Reply-To", "Require", "Retry-After", "Route", "RSeq", "Server",
    "Service-Route", "Timestamp", "Unsupported", "User-Agent", "Warning", "WWW-Authenticate",
    *COMPACT.values(),
]  # fmt: skip
_LOWER = {name.lower(): name for name in _SPELLED} | COMPACT
_NAMES = _LOWER | {name: name for name in _SPELLED} | {short.upper(): name for short, name in COMPACT.items()}

_SINGLE = ("From", "To", "Call-ID", "CSeq")
_AT_MOST_ONE = ("Max-Forwards", "Content-Type", "Expires", "Subject", "User-Agent", "Date")
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_FOLD = re.compile(r"\r\n[ \t]+")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")

REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 413: "Request Entity Too Large",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
    423: "Interval Too Brief", 429: "Too Many Requests", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending",
    500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large", 600: "Busy Everywhere",
    603: "Decline",
}  # fmt: skip


class CSeq(NamedTuple):
    """Sequence number and method of a CSeq header."""

    number: int
    method: str


class Message(Struct, frozen=True, dict=True, kw_only=True):
    """What requests and responses share. Header names are canonical; values are unfolded and stripped.

    Typed properties parse on first use and raise BadMessage; after `checked()` none of them raises.
    """

    headers: tuple[Header, ...]
    body: bytes = b""

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for name, value in self.headers:
            if name in index:
                index[name].append(value)
            else:
                index[name] = [value]
        return index

    def get(self, name: str) -> str | None:
        """The first value of a header as text, or None. Any spelling of the name will do."""
        values = self._index.get(_NAMES.get(name) or canonical(name))
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        """All header lines of that name, comma lists not split."""
        return list(self._index.get(_NAMES.get(name) or canonical(name), ()))

    def values(self, name: str) -> list[str]:
        """All values of a header that may come as a comma list, over several lines, or both."""
        return [part for line in self.get_all(name) for part in split_list(line)]

    def _required(self, name: str) -> str:
        value = self.get(name)
        if not value:
            raise BadMessage(400, f"Missing {name}")
        return value

    @cached_property
    def via(self) -> Via:
        """The topmost Via."""
        return parse_via(split_list(self._required("Via"))[0])

    @cached_property
    def from_(self) -> NameAddr:
        """The From value."""
        return parse_name_addr(self._required("From"))

    @cached_property
    def to(self) -> NameAddr:
        """The To value."""
        return parse_name_addr(self._required("To"))

    @cached_property
    def call_id(self) -> str:
        """The Call-ID as it is."""
        return self._required("Call-ID")

    @cached_property
    def cseq(self) -> CSeq:
        """Number (below 2**31) and method of CSeq."""
        found = _CSEQ.fullmatch(self._required("CSeq"))
        if found is None or int(found[1]) >= 2**31:
            raise BadMessage(400, "Bad CSeq")
        return CSeq(int(found[1]), found[2])

    @cached_property
    def contacts(self) -> list[NameAddr]:
        """All Contact values; empty when there is none and for `Contact: *` (see `contact_is_star`)."""
        return [] if self.contact_is_star else [parse_name_addr(value) for value in self.values("Contact")]

    @property
    def contact_is_star(self) -> bool:
        """True for `Contact: *` (remove all bindings)."""
        return self.get("Contact") == "*"

    @cached_property
    def record_routes(self) -> list[str]:
        """Record-Route values in the order of the message, each one a valid name-addr."""
        return self._routes("Record-Route")

    @cached_property
    def routes(self) -> list[str]:
        """Route values in the order of the message, each one a valid name-addr."""
        return self._routes("Route")

    def _routes(self, name: str) -> list[str]:
        values = self.values(name)
        for value in values:
            parse_name_addr(value)
        return values

    @cached_property
    def max_forwards(self) -> int:
        """Hops left; 70 when the header is missing."""
        return self._number("Max-Forwards", 255, default=70)

    @cached_property
    def expires(self) -> int | None:
        """The Expires header in seconds, or None."""
        return self._number("Expires", 2**32 - 1) if self.get("Expires") is not None else None

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters, or an empty string."""
        return (self.get("Content-Type") or "").partition(";")[0].strip().lower()

    def _number(self, name: str, most: int, default: int = 0) -> int:
        value = self.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit()) or len(value) > 10:
            raise BadMessage(400, f"Bad {name}")
        return min(int(value), most)

    def checked(self) -> Self:
        """Parse all typed headers now. Raises BadMessage(400) for what is missing, doubled or malformed."""
        index = self._index
        for name in _SINGLE:
            if len(index.get(name, ())) != 1:
                raise BadMessage(400, f"Missing or repeated {name}")
        if any(len(index[name]) > 1 for name in _AT_MOST_ONE if name in index):
            raise BadMessage(400, "Repeated header")
        _ = self.via, self.from_, self.to, self.cseq, self.max_forwards, self.expires
        _ = self.contacts, self.record_routes, self.routes
        return self

    def with_header(self, name: str, value: str) -> Self:
        """A copy in which all lines of that name are replaced by one, at the place of the first."""
        spelled = canonical(name)
        place = next((i for i, (key, _) in enumerate(self.headers) if key == spelled), len(self.headers))
        kept = [header for header in self.headers if header[0] != spelled]
        kept.insert(place, (spelled, value))
        return replace(self, headers=tuple(kept))

    def with_first(self, name: str, value: str) -> Self:
        """A copy with one more header line in front of all others."""
        return replace(self, headers=((canonical(name), value), *self.headers))

    def without(self, name: str) -> Self:
        """A copy without the headers of that name."""
        spelled = canonical(name)
        return replace(self, headers=tuple(header for header in self.headers if header[0] != spelled))

    def _start_line(self) -> str:
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """The message as it goes out, Content-Length computed. Raises UnsafeTextError for line breaks."""
        lines = [self._start_line()]
        lines += [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        text = "\r\n".join(lines)
        # One count finds a smuggled line break in any of the values.
        if not text.count("\n") == text.count("\r") == len(lines) + 1:
            raise UnsafeTextError("line break in a header value")
        return text.encode("utf-8", "surrogateescape") + self.body


class Request(Message, frozen=True, dict=True, kw_only=True):
    """A SIP request; `uri` is the Request-URI as text."""

    method: str
    uri: str

    def _start_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"

    @cached_property
    def target(self) -> Uri:
        """The Request-URI, parsed."""
        return parse_uri(self.uri)

    def checked(self) -> Self:
        """As for every message, and the method must be that of CSeq and the Request-URI must parse."""
        _ = super().checked(), self.target
        if self.cseq.method != self.method:
            raise BadMessage(400, "CSeq method differs")
        return self


class Response(Message, frozen=True, dict=True, kw_only=True):
    """A SIP response."""

    status: int
    reason: str

    def _start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"


def canonical(name: str) -> str:
    """The official spelling of a header name; unknown names are capitalised at each hyphen."""
    lower = name.strip().lower()
    return _LOWER.get(lower) or "-".join(part.capitalize() for part in lower.split("-"))


def make_headers(*pairs: tuple[str, str | None], more: Iterable[Header] = ()) -> tuple[Header, ...]:
    """Headers from (name, value) pairs; pairs whose value is None are left out."""
    found = tuple((canonical(name), value) for name, value in pairs if value is not None)
    return found + tuple((canonical(name), value) for name, value in more)


def is_keepalive(data: bytes) -> bool:
    """True for packets of nothing but line breaks and NULs that phones send to keep a NAT open."""
    return len(data) <= 64 and not data.strip(b"\r\n\0 \t")


def parse(data: bytes) -> Request | Response:
    """One datagram, or one framed message of a stream; lazy, so call `checked()` before you trust it.

    Raises BadMessage, with `request` set when enough could be read for an answer.
    """
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if len(data) > MAX_MESSAGE_BYTES or not blank:
        raise BadMessage(*((400, "No end of headers") if not blank else (513, "Message Too Large")))
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    headers, problem = _headers(lines)
    if not text.count("\n") == text.count("\r") == len(lines) - 1 or "\0" in text:
        problem = problem or BadMessage(400, "Stray line break or NUL")
    start = lines[0]
    if start[:4].upper() == "SIP/":
        return _response(start, headers, body, problem)
    return _request(start, headers, body, problem)


def _headers(lines: list[str]) -> tuple[tuple[Header, ...], BadMessage | None]:
    headers: list[Header] = []
    problem: BadMessage | None = None
    if len(lines) > MAX_HEADERS + 1:
        lines, problem = lines[: MAX_HEADERS + 1], BadMessage(513, "Too Many Headers")
    lookup = _NAMES.get
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        spelled = lookup(name)
        if spelled is None:
            spelled, colon = _unusual(name) or "", colon if _TOKEN.fullmatch(name.rstrip(" \t")) else ""
        if not colon or len(line) > MAX_HEADER_CHARS:
            problem = problem or BadMessage(*((400, "Bad header") if not colon else (513, "Header Too Long")))
            continue
        headers.append((spelled, value.strip(" \t")))
    return tuple(headers), problem


def _unusual(name: str) -> str:
    return canonical(name) if len(name) <= 256 else ""


def _sized(headers: tuple[Header, ...], body: bytes) -> bytes:
    """The body that Content-Length claims (RFC 3261 §18.3); all that is there when it claims nothing."""
    lengths = {value for name, value in headers if name == "Content-Length"}
    if not lengths:
        claimed = len(body)
    else:
        value = lengths.pop()
        if lengths or not (value.isascii() and value.isdigit()) or len(value) > 8:
            raise BadMessage(400, "Bad Content-Length")
        claimed = int(value)
    if claimed > MAX_BODY_BYTES:
        raise BadMessage(413, REASONS[413])
    if claimed > len(body):
        raise BadMessage(400, "Body shorter than Content-Length")
    return body[:claimed] if claimed < len(body) else body


def _response(start: str, headers: tuple[Header, ...], body: bytes, problem: BadMessage | None) -> Response:
    version, _, rest = start.partition(" ")
    status, _, reason = rest.partition(" ")
    if problem is not None:
        raise problem
    if version.upper() != "SIP/2.0" or not (len(status) == 3 and status.isascii() and status.isdigit()):
        raise BadMessage(400, "Bad status line")
    if not 100 <= int(status) <= 699:
        raise BadMessage(400, "Bad status")
    return Response(headers=headers, body=_sized(headers, body), status=int(status), reason=reason)


def _request(start: str, headers: tuple[Header, ...], body: bytes, problem: BadMessage | None) -> Request:
    words = start.split(" ")
    if len(words) < 3 or len(start) > MAX_HEADER_CHARS or not words[-1].upper().startswith("SIP/"):
        raise BadMessage(400, "Bad request line")
    method, uri, version = words[0], " ".join(words[1:-1]), words[-1]
    readable = Request(headers=headers, method=method, uri=uri)
    if version.upper() != "SIP/2.0":
        problem = BadMessage(505, REASONS[505])
    elif len(words) != 3 or not uri or not _TOKEN.fullmatch(method):
        problem = BadMessage(400, "Bad request line")
    try:
        if problem is not None:
            raise problem
        return Request(headers=headers, body=_sized(headers, body), method=method, uri=uri)
    except BadMessage as error:
        error.request = readable
        raise
