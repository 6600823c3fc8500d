"""SIP addresses: URIs, name-addr values, Via values, and the lists they come in (RFC 3261 §19, §20, §25)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import quote, unquote

from msgspec import Struct

from channels.sip.protocol.errors import BadMessage, UnsafeTextError

Params = Mapping[str, str | None]
"""Parameters by lower-case name; None is a parameter without a value."""

_NO_PARAMS: Params = {}
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_HOST = r"\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255}"
_LIST_PART = re.compile(rf'({_QUOTED})|(<[^>]*>)|([^",<]+)|(,)', re.DOTALL)
_PARAM = re.compile(rf';\s*([^\s=;"<>,]+)(?:\s*=\s*({_QUOTED}|[^\s;"<>,]*))?\s*', re.ASCII)
_PLAIN_PARAMS = re.compile(r'(?:;[^\s;="<>,]+(?:=[^\s;="<>,]*)?)+', re.ASCII)
_URI = re.compile(
    rf"(sips?):(?:([^@\s<>]*)@)?({_HOST})(?::([0-9]{{1,5}}))?(;[^?\s<>]*)?(?:\?([^\s<>]*))?", re.IGNORECASE
)
_OTHER_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):([^\s<>\"]+)")
_QUOTED_TEXT = re.compile(_QUOTED, re.DOTALL)
_VIA = re.compile(
    rf"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9-]+)\s+({_HOST})(?:\s*:\s*([0-9]{{1,5}}))?\s*(;.*)?",
    re.IGNORECASE | re.ASCII,
)
_COMMON_VIA = re.compile(
    r"SIP/2\.0/(UDP|TCP|TLS|WSS?) ([a-z0-9._-]{1,255})(?::([0-9]{1,5}))?"
    r'((?:;[^\s;="<>,]+(?:=[^\s;="<>,]*)?)*)',
    re.ASCII,
)
_COMMON_NAME_ADDR = re.compile(r'(?:"([^"\\]*)" ?)?<([^\s<>"]+)>(?:;tag=([^\s;="<>,]+))?', re.ASCII)
_ESCAPED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_HOST_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\.)*[A-Za-z][A-Za-z0-9_-]{0,62}")
_ADDRESS = re.compile(r"[0-9.]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
"""An IP address, if a host is valid at all."""
_SAFE_USER = "-_.!~*'()&=+$,;?/"


class Endpoint(NamedTuple):
    """Where packets come from or go to. `host` is an IP address without brackets."""

    host: str
    port: int
    transport: str = "UDP"
    flow: int = 0
    """Number of the connection for reliable transports; 0 for datagrams."""

    @property
    def reliable(self) -> bool:
        """True when the transport itself repeats what was lost."""
        return self.transport != "UDP"


class Uri(Struct, frozen=True):
    """A SIP, SIPS or TEL URI; other schemes keep only `scheme` and `text`. `text` is what was received."""

    text: str
    scheme: str
    user: str = ""
    """Without escapes and without the password; the number for tel:."""
    host: str = ""
    """Lower case, without brackets."""
    port: int | None = None
    params: Params = {}
    headers: str = ""

    def __str__(self) -> str:
        return self.text


class NameAddr(Struct, frozen=True):
    """A From, To, Contact, Route or Record-Route value: display name, URI, header parameters."""

    display: str
    uri: Uri
    params: Params = {}
    tag: str = ""
    """The tag parameter, or an empty string."""


class Via(Struct, frozen=True):
    """One Via value. `host` is lower case without brackets; `port` None means the default port."""

    text: str
    transport: str
    host: str
    port: int | None
    params: Params
    branch: str = ""
    """The branch parameter, or an empty string."""


MOST_IN_A_LINE = 64
"""Values, or parameters of one: a line is read before anybody knows who has sent it."""


def split_list(value: str) -> list[str]:
    """The parts of a comma list; commas in quoted strings and in angle brackets do not separate.

    Raises BadMessage(400) for an unbalanced quote or bracket or an empty part, (513) for too many of them.
    """
    if "," not in value:
        return [value]
    if value.count(",") > MOST_IN_A_LINE:
        raise BadMessage(513, "Too Many Values")
    parts: list[str] = []
    start = position = 0
    while position < len(value):
        found = _LIST_PART.match(value, position)
        if found is None:
            raise BadMessage(400, "Unbalanced quote or bracket")
        if found[4]:
            parts.append(value[start:position].strip())
            start = found.end()
        position = found.end()
    parts.append(value[start:].strip())
    if not all(parts):
        raise BadMessage(400, "Empty list element")
    return parts


def parse_params(text: str) -> Params:
    """Parameters of `;a=1;b="x;y";c`; quoted values lose their quotes. Raises BadMessage(400)."""
    if not text:
        return _NO_PARAMS
    if text.count(";") > MOST_IN_A_LINE:
        raise BadMessage(513, "Too Many Parameters")
    params: dict[str, str | None] = {}
    if _PLAIN_PARAMS.fullmatch(text):
        for part in text[1:].split(";"):
            name, equals, plain = part.partition("=")
            params[name.lower()] = plain if equals else None
        return params
    position = 0
    while position < len(text):
        found = _PARAM.match(text, position)
        if found is None:
            raise BadMessage(400, "Bad parameter")
        value = found[2]
        params[found[1].lower()] = unquoted(value) if value else value
        position = found.end()
    return params


def unquoted(value: str) -> str:
    """The text of a quoted string, or `value` itself when it is not quoted."""
    if value[:1] != '"':
        return value
    return _ESCAPED_PAIR.sub(r"\1", value[1:-1])


def quoted(text: str) -> str:
    """`text` as a quoted string. Raises UnsafeTextError for line breaks and NUL."""
    if "\r" in text or "\n" in text or "\0" in text:
        raise UnsafeTextError("line break in a quoted string")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@lru_cache(maxsize=1024)
def parse_uri(text: str) -> Uri:
    """A URI without angle brackets. Raises BadMessage(400)."""
    found = _URI.fullmatch(text)
    if found is None:
        return _other_uri(text)
    scheme, userinfo, host, port, params, headers = found.groups()
    user = userinfo.partition(":")[0] if userinfo else ""
    return Uri(
        text=text,
        scheme=scheme.lower(),
        user=unquote(user) if "%" in user else user,
        host=host.lower() if host[0] != "[" else _bare_host(host),
        port=_port(port) if port else None,
        params=parse_params(params) if params else _NO_PARAMS,
        headers=headers or "",
    )


def make_uri(user: str, host: str, port: int | None = None, params: str = "", scheme: str = "sip") -> Uri:
    """A SIP URI from its parts; `user` is escaped, IPv6 hosts get brackets, `params` is `;a=b` text."""
    literal = f"[{host}]" if ":" in host else host
    prefix = f"{quote(user, safe=_SAFE_USER)}@" if user else ""
    suffix = f":{port}" if port else ""
    return parse_uri(f"{scheme}:{prefix}{literal}{suffix}{params}")


@lru_cache(maxsize=4096)
def parse_name_addr(value: str) -> NameAddr:
    """A name-addr or addr-spec with parameters. Raises BadMessage(400)."""
    found = _COMMON_NAME_ADDR.fullmatch(value)
    if found is None:
        return name_addr_of_any_form(value)
    display, uri, tag = found.groups()
    return NameAddr(display or "", parse_uri(uri), {"tag": tag} if tag else _NO_PARAMS, tag or "")


def name_addr_of_any_form(value: str) -> NameAddr:
    """The same; it decides where the expression for the usual form does not match. Raises BadMessage(400)."""
    if "<" not in value:
        spec, semicolon, params = value.partition(";")
        return _name_addr("", spec, semicolon + params)
    quote_end = 0
    if value[0] == '"':
        found = _QUOTED_TEXT.match(value)
        quote_end = found.end() if found else len(value)
    gap, bracket, rest = value[quote_end:].partition("<")
    uri, closing, params = rest.partition(">")
    display = value[:quote_end] or gap.strip()
    if not (bracket and closing) or '"' in gap or (quote_end and gap.strip()):
        raise BadMessage(400, "Bad address")
    return _name_addr(unquoted(display), uri, params.strip())


def _name_addr(display: str, uri: str, text: str) -> NameAddr:
    address, params = parse_uri(uri.strip()), parse_params(text)
    return NameAddr(display, address, params, params.get("tag") or "")


def make_name_addr(uri: Uri | str, display: str = "", tag: str = "") -> str:
    """Header value `"Display" <uri>;tag=...`. Raises UnsafeTextError for line breaks."""
    name = quoted(display) + " " if display else ""
    return f"{name}<{uri}>" + (f";tag={tag}" if tag else "")


def common_via(value: str) -> Via | None:
    """One Via value in the form in which nearly all come; None: `parse_via` must decide."""
    found = _COMMON_VIA.fullmatch(value)
    if found is None or (found[3] and int(found[3]) > 65535):
        return None
    transport, host, port, text = found.groups()
    params: dict[str, str | None] = {}
    if text:
        for part in text[1:].split(";"):
            name, equals, plain = part.partition("=")
            params[name.lower()] = plain if equals else None
    return Via(value, transport, host, int(port) if port else None, params, params.get("branch") or "")


def parse_via(value: str) -> Via:
    """One Via value (no comma list), in any form. Raises BadMessage(400)."""
    found = _VIA.fullmatch(value)
    if found is None:
        raise BadMessage(400, "Bad Via")
    transport, host, port, text = found.groups()
    params = parse_params(text or "")
    branch = params.get("branch") or ""
    return Via(value, transport.upper(), _bare_host(host), _port(port), params, branch)


def endpoint_of(uri: Uri) -> Endpoint:
    """Where a SIP URI says its requests go: transport parameter, default ports.

    The host may still be a name, and the port 0 then: the name's SRV records tell it (RFC 3263 §4.2).
    """
    secure = uri.scheme == "sips"
    transport = (uri.params.get("transport") or ("TLS" if secure else "UDP")).upper()
    host, port = uri.params.get("maddr") or uri.host, uri.port
    if port is None:
        port = (5061 if secure else 5060) if _ADDRESS.fullmatch(host) else 0
    return Endpoint(host, port, transport)


def is_reachable(uri: Uri) -> bool:
    """Whether a request could be sent there: an address of one peer, or a name that somebody may have."""
    if uri.scheme not in ("sip", "sips") or uri.port == 0:
        return False
    return _is_of_one_peer(uri.params.get("maddr") or uri.host)


@lru_cache(maxsize=1024)
def _is_of_one_peer(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return len(host) <= 253 and _HOST_NAME.fullmatch(host.removesuffix(".")) is not None
    mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
    return not (address.is_multicast or address.is_unspecified or mapped or host == "255.255.255.255")


def host_port(host: str, port: int) -> str:
    """As it stands in a Via or a URI: IPv6 hosts get brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _other_uri(text: str) -> Uri:
    found = _OTHER_URI.fullmatch(text)
    if found is None or found[1].lower() in ("sip", "sips"):
        raise BadMessage(400, "Bad URI")
    scheme = found[1].lower()
    if scheme != "tel":
        return Uri(text, scheme)
    number, semicolon, params = found[2].partition(";")
    return Uri(text, scheme, user=unquote(number), params=parse_params(semicolon + params))


def _bare_host(host: str) -> str:
    return (host[1:-1] if host[0] == "[" else host).lower()


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if int(text) > 65535:
        raise BadMessage(400, "Bad port")
    return int(text)
