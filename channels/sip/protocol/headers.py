"""Names and simple values of headers, phrases of statuses (RFC 3261 §7.3, §20, §21)."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Generic, NamedTuple, Self, TypeVar, overload

from msgspec import Struct

from channels.sip.protocol.errors import BadMessage

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
    "Min-Expires", "Min-SE", "Organization", "P-Asserted-Identity", "P-Called-Party-ID", "Path",
    "Priority", "Privacy",
    "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "Reason", "Record-Route",
    "Remote-Party-ID", "Replaces", "Reply-To", "Require", "Retry-After", "Route", "RSeq", "Server",
    "Service-Route", "Timestamp", "Unsupported", "User-Agent", "Warning", "WWW-Authenticate", "X-ACD-Contact",
    *COMPACT.values(),
]  # fmt: skip
_LOWER = {name.lower(): name for name in _SPELLED} | COMPACT
SPELLINGS = (
    _LOWER | {name: name for name in _SPELLED} | {short.upper(): name for short, name in COMPACT.items()}
)
"""The official name for the spellings that are usual; see `canonical` for all others."""

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


@lru_cache(maxsize=256)
def canonical(name: str) -> str:
    """The official spelling of a header name; unknown names are capitalised at each hyphen."""
    if (known := SPELLINGS.get(name)) is not None:
        return known
    lower = name.strip().lower()
    return _LOWER.get(lower) or "-".join(part.capitalize() for part in lower.split("-"))


def make_headers(*pairs: tuple[str, str | None], more: Iterable[Header] = ()) -> tuple[Header, ...]:
    """Headers from (name, value) pairs; pairs whose value is None are left out."""
    found: list[Header] = []
    for name, value in (*pairs, *more):
        if value is not None:
            found.append((SPELLINGS.get(name) or canonical(name), value))
    return tuple(found)


_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")
_VALUES_KEPT = 1024
"""The same phones and trunks send the same values again and again."""


class CSeq(NamedTuple):
    """Sequence number and method of a CSeq header."""

    number: int
    method: str


@lru_cache(maxsize=_VALUES_KEPT)
def read_cseq(text: str) -> CSeq:
    found = _CSEQ.fullmatch(text)
    if found is None or int(found[1]) >= 2**31:
        raise BadMessage(400, "Bad CSeq")
    return CSeq(int(found[1]), found[2])


@lru_cache(maxsize=_VALUES_KEPT)
def read_number(name: str, value: str, most: int) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 10:
        raise BadMessage(400, f"Bad {name}")
    return min(int(value), most)


Value = TypeVar("Value")
Owner = TypeVar("Owner", bound=Struct)


class Once(Generic[Owner, Value]):
    """A property that is computed on first use: functools.cached_property without its lock (3.11)."""

    def __init__(self, compute: Callable[[Owner], Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, message: None, owner: type) -> Self: ...
    @overload
    def __get__(self, message: Owner, owner: type) -> Value: ...
    def __get__(self, message: Owner | None, owner: type) -> Self | Value:
        if message is None:
            return self
        value = message.__dict__[self._name] = self._compute(message)
        return value
