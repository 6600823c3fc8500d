"""Session descriptions: parse and write what a G.711 audio call needs (RFC 8866)."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from channels.media.errors import BadSdpError, UnsafeSdpError

MAX_SDP_BYTES = 16_384
"""Far longer than any telephone's; like the bounds below it keeps parsing cheap."""
MAX_LINES = 400
MAX_MEDIA = 16
MAX_FORMATS = 64
CONTENT_TYPE = "application/sdp"


class Direction(StrEnum):
    """Which way media flows, seen from the one who says it."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    sends: bool
    """Whether the speaker sends."""
    receives: bool
    """Whether the speaker receives."""

    def __init__(self, said: str) -> None:
        self.sends = said in ("sendrecv", "sendonly")
        self.receives = said in ("sendrecv", "recvonly")

    @property
    def mirrored(self) -> "Direction":
        """The same flow seen from the other end."""
        return flow(self.receives, self.sends)


def flow(sends: bool, receives: bool) -> Direction:
    """The direction with these two flows."""
    if sends:
        return Direction.SENDRECV if receives else Direction.SENDONLY
    return Direction.RECVONLY if receives else Direction.INACTIVE


_DIRECTIONS = {said.value: said for said in Direction}


class Media(Struct, frozen=True):
    """One m= line with what belongs to it. `host` None: the session's; `direction` None: the session's."""

    kind: str
    port: int
    proto: str
    formats: tuple[str, ...]
    host: str | None = None
    direction: Direction | None = None
    rtpmap: Mapping[str, str] = {}
    """Format → encoding, e.g. "101" → "telephone-event/8000"."""
    attributes: tuple[str, ...] = ()
    """All other a= lines, without `a=`."""


class Description(Struct, frozen=True):
    """A session description; `host` is the session's connection address.

    Id and version may be empty: nothing depends on those of a peer, and some write no o= line, or a name with
    blanks into it.
    """

    session_id: str
    version: str
    media: tuple[Media, ...]
    host: str | None = None
    direction: Direction = Direction.SENDRECV

    def host_of(self, media: Media) -> str:
        """Where media of that line goes to; an empty string when nowhere is said."""
        return media.host or self.host or ""

    def direction_of(self, media: Media) -> Direction:
        """The direction in force for that line; the old hold by address 0.0.0.0 counts as not receiving."""
        said = media.direction or self.direction
        if self.host_of(media) in ("0.0.0.0", "::"):
            return flow(said.sends, False)
        return said


def parse_sdp(data: bytes) -> Description:
    """Read a description; unknown lines are skipped. Raises BadSdpError."""
    if len(data) > MAX_SDP_BYTES:
        raise BadSdpError("description too long")
    lines = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_LINES or "\r" in "".join(lines) or b"\0" in data:
        raise BadSdpError("too many lines or stray characters")
    blocks: list[list[tuple[str, str]]] = [[]]
    for line in lines:
        if line[1:2] != "=":
            if line.strip():
                raise BadSdpError("not a type=value line")
            continue
        if line[0] == "m":
            blocks.append([])
        blocks[-1].append((line[0], line[2:].strip()))
    if len(blocks) > MAX_MEDIA + 1 or blocks[0][:1] != [("v", "0")]:
        raise BadSdpError("no v=0 line or too many media lines")
    return _description(blocks[0], list(map(_media, blocks[1:])))


def _description(session: list[tuple[str, str]], media: list[Media]) -> Description:
    origin: list[str] = []
    for key, value in session:
        if key == "o":
            origin = value.split()
            break
    host, said, _, _ = _common(session)
    return Description(
        session_id=origin[-5] if len(origin) > 4 else "",
        version=origin[-4] if len(origin) > 4 else "",
        media=tuple(media),
        host=host,
        direction=said or Direction.SENDRECV,
    )


def _media(block: list[tuple[str, str]]) -> Media:
    words = block[0][1].split()
    if not 4 <= len(words) <= MAX_FORMATS + 3:
        raise BadSdpError("bad m= line")
    port = words[1].partition("/")[0]
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise BadSdpError("bad port")
    host, said, rtpmap, others = _common(block[1:])
    return Media(words[0].lower(), int(port), words[2].upper(), tuple(words[3:]), host, said, rtpmap, others)


def _common(
    lines: list[tuple[str, str]],
) -> tuple[str | None, Direction | None, dict[str, str], tuple[str, ...]]:
    host: str | None = None
    said: Direction | None = None
    rtpmap: dict[str, str] = {}
    others: list[str] = []
    for key, value in lines:
        if key == "c":
            host = _connection(value)
        elif key == "a" and value in _DIRECTIONS:
            said = _DIRECTIONS[value]
        elif key == "a" and value.startswith("rtpmap:"):
            payload, _, encoding = value[7:].strip().partition(" ")
            rtpmap[payload] = encoding.strip()
        elif key == "a":
            others.append(value)
    return host, said, rtpmap, tuple(others)


def _connection(value: str) -> str:
    words = value.split()
    if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
        raise BadSdpError("bad c= line")
    return words[2].partition("/")[0]


def write_sdp(session_id: str, version: str, host: str, media: list[str]) -> bytes:
    """A description of these `media_lines`. Raises UnsafeSdpError for line breaks in a value."""
    at = f"IN {_family(host)} {host}"
    head = ["v=0", f"o=- {session_id} {version} {at}", "s=-", f"c={at}", "t=0 0"]
    lines = head + media
    text = "\r\n".join(lines) + "\r\n"
    if not text.count("\n") == text.count("\r") == len(lines):
        raise UnsafeSdpError("line break in a session description")
    return text.encode("utf-8", "surrogateescape")


def media_lines(media: Media) -> list[str]:
    """The lines of one media stream, without line ends."""
    lines = [f"m={media.kind} {media.port} {media.proto} {' '.join(media.formats)}"]
    if media.host is not None:
        lines.append(f"c=IN {_family(media.host)} {media.host}")
    for payload, encoding in media.rtpmap.items():
        lines.append(f"a=rtpmap:{payload} {encoding}")
    for attribute in media.attributes:
        lines.append(f"a={attribute}")
    if media.direction is not None:
        lines.append("a=" + media.direction)
    return lines


def _family(host: str) -> str:
    return "IP6" if ":" in host else "IP4"
