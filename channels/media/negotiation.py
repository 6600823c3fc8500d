"""Offer and answer for one G.711 audio stream with RFC 4733 digits (RFC 3264), from our side of a leg."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec
from msgspec import Struct

from channels.media.errors import (
    BadAddressError,
    BadSdpError,
    MulticastError,
    NotAcceptableError,
    OutOfTurnError,
)
from channels.media.latch import Latch
from channels.media.rtp import EVENTS, Codec
from channels.media.sdp import Description, Direction, Media, media_lines, parse_sdp, write_sdp

OUR_DTMF = 101
_AUDIO = ("audio", "RTP/AVP")
_STATIC = {"0": "PCMU/8000", "8": "PCMA/8000"}
_ENCODING = {Codec.PCMU: "PCMU/8000", Codec.PCMA: "PCMA/8000"}
_OURS = {int(codec): int(codec) for codec in Codec}
_BROADCAST = IPv4Address("255.255.255.255")
_BY_NAME = {"PCMU": Codec.PCMU, "PCMA": Codec.PCMA}


BOTH = (Codec.PCMA, Codec.PCMU)
"""In our order of preference."""


class RemoteAudio(Struct, frozen=True):
    """What the peer said about its audio stream."""

    line: int
    """Index of its m= line."""
    host: str
    """An IP address of our family, or of either family the one that is nobody's: it holds."""
    port: int
    direction: Direction
    """Seen from the peer."""
    codecs: tuple[tuple[Codec, int], ...]
    """Codecs of ours in the peer's order, at least one, with the payload type to send them with."""
    dtmf: int | None
    """Payload type to send telephone events with, or None."""


class AudioSession(Struct):
    """Our view of the one audio stream of a leg; a plain record, so it can be stored as it is.

    Offers: `offer` → the peer's answer → `accept` (or `withdraw` when it was refused).
    Answers: `answer`. All raise without changing anything.
    """

    session_id: int
    host: str
    port: int
    version: int = 0
    """Version of the last description sent; 0 before the first."""
    last: str = ""
    """The media part of the last description, to see whether the next one differs."""
    lines: tuple[tuple[str, str, str], ...] = ()
    """(kind, proto, first format) of every m= line of the session; later offers keep their order."""
    line: int = 0
    """Which of `lines` is the audio stream."""
    codec: Codec | None = None
    offered: tuple[Codec, ...] = ()
    """Codecs of an offer of ours that has no answer yet."""
    local_dtmf: int = OUR_DTMF
    """Payload type on which we receive telephone events."""
    remote: RemoteAudio | None = None
    near: str = ""
    """The IP address from which the peer signals, if it is known."""
    latch: Latch = Latch.NEVER

    @property
    def pending(self) -> bool:
        """True between our offer and its answer."""
        return bool(self.offered)

    @property
    def held_by_peer(self) -> bool:
        """True when the peer put us on hold: it does not want to hear us."""
        return self.remote is not None and not self.remote.direction.receives

    @property
    def send_payload_type(self) -> int | None:
        """Payload type of the audio that we send."""
        if self.remote is not None:
            for codec, payload in self.remote.codecs:
                if codec is self.codec:
                    return payload
        return None

    @property
    def heard_types(self) -> dict[int, int]:
        """Payload type → codec (or EVENTS) of what the peer may send.

        By our numbers or by its own: many a peer takes its own for both ways (RFC 3264 §6.1 wants ours).
        """
        types = dict(_OURS)
        if self.remote is not None:
            if self.remote.dtmf is not None:
                types[self.local_dtmf] = types[self.remote.dtmf] = EVENTS
            for codec, payload in self.remote.codecs:
                types[payload] = int(codec)
        return types

    def offer(self, codecs: tuple[Codec, ...] = BOTH) -> bytes:
        """A description to offer. Raises OutOfTurnError while an earlier offer waits for its answer."""
        if self.pending:
            raise OutOfTurnError("an offer is pending")
        stream = self._stream(Direction.SENDRECV, [(codec, int(codec)) for codec in codecs], self.local_dtmf)
        lines = self.lines or ((*_AUDIO, "0"),)
        self.offered = codecs
        return self._describe(lines, self.line, stream)

    def accept(self, body: bytes) -> None:
        """Take the answer to our offer. Raises BadSdpError, NotAcceptableError, OutOfTurnError."""
        if not self.pending:
            raise OutOfTurnError("no offer is pending")
        description, remote = _read(body, self.host, self.line)
        expected = len(self.lines) or 1
        if len(description.media) != expected or remote is None:
            raise BadSdpError("the answer does not fit the offer")
        codec = next((codec for codec, _ in remote.codecs if codec in self.offered), None)
        if codec is None:
            raise NotAcceptableError("the answer has no codec of ours")
        self.lines = _lines(description)
        self.codec, self.remote, self.offered = codec, remote, ()

    def withdraw(self) -> None:
        """Our offer was refused: what was negotiated before stays in force."""
        self.offered = ()

    def answer(self, body: bytes) -> bytes:
        """The answer to the peer's offer.

        Raises BadSdpError, NotAcceptableError, OutOfTurnError (our own offer is pending: 491).
        """
        if self.offered:
            raise OutOfTurnError("an offer of ours is pending")
        description, remote = _read(body, self.host)
        if remote is None:
            raise NotAcceptableError("no audio line that we can use")
        chosen = min(remote.codecs, key=lambda said: BOTH.index(said[0]))
        if remote.dtmf is not None:
            self.local_dtmf = remote.dtmf
        stream = self._stream(remote.direction.mirrored, [chosen], remote.dtmf)
        self.lines, self.line = _lines(description), remote.line
        self.codec, self.remote = chosen[0], remote
        return self._describe(self.lines, remote.line, stream)

    def _stream(self, ours: Direction, codecs: list[tuple[Codec, int]], dtmf: int | None) -> Media:
        rtpmap = {}
        for codec, payload in codecs:
            rtpmap[str(payload)] = _ENCODING[codec]
        events: tuple[str, ...] = ()
        if dtmf is not None:
            rtpmap[str(dtmf)] = "telephone-event/8000"
            events = (f"fmtp:{dtmf} 0-16",)
        kind, proto = _AUDIO
        return Media(kind, self.port, proto, tuple(rtpmap), None, ours, rtpmap, events)

    def _describe(self, lines: tuple[tuple[str, str, str], ...], at: int, stream: Media) -> bytes:
        written: list[str] = []
        for number, (kind, proto, form) in enumerate(lines):
            written += media_lines(stream) if number == at else (f"m={kind} 0 {proto} {form}",)
        text = "\n".join(written)
        if text != self.last:
            self.version, self.last = self.version + 1, text
        return write_sdp(str(self.session_id), str(self.version), self.host, written)

    def to_record(self) -> bytes:
        """The session as bytes for a recovery record."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_record(cls, record: bytes) -> "AudioSession":
        """The session of a recovery record. Raises msgspec.DecodeError."""
        return msgspec.msgpack.decode(record, type=cls)


@lru_cache(maxsize=256)
def _read(body: bytes, ours: str, line: int | None = None) -> tuple[Description, RemoteAudio | None]:
    """An offer is read twice: before it is a contact, and when it is answered. Raises as `remote_audio`."""
    description = parse_sdp(body)
    return description, remote_audio(description, ours, line)


def remote_audio(description: Description, ours: str, line: int | None = None) -> RemoteAudio | None:
    """The first RTP/AVP audio line with a port, a codec and an address of use, or None; `ours`: our address.

    Of all lines, or exactly of that `line`. Raises BadAddressError, MulticastError: only the address is not.
    """
    unusable: Unusable | None = None
    for index, media in enumerate(description.media):
        if (media.kind, media.proto) != _AUDIO or media.port == 0 or line not in (None, index):
            continue
        codecs, dtmf = _codecs(media)
        host = description.host_of(media)
        if not codecs or not host:
            continue
        found = _unusable(host, ours)
        if found is None:
            return RemoteAudio(index, host, media.port, description.direction_of(media), codecs, dtmf)
        unusable = unusable or found
    if unusable is not None:
        raise unusable[0](unusable[1])
    return None


Unusable = tuple[type[NotAcceptableError], str]
"""An error, and its text."""


@lru_cache(maxsize=1024)
def is_nobodys(host: str) -> bool:
    """Whether this is the address of nobody, in whatever spelling; one that is none is somebody's."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def _unusable(host: str, ours: str) -> Unusable | None:
    """Why no sound can be sent to this host; one that is nobody's is the old way to hold (RFC 3264 §8.4)."""
    try:
        address = ip_address(host)
    except ValueError:
        return BadAddressError, f"{host:.80} is no IP address"
    if address.is_unspecified:
        return None
    if address.is_multicast:
        return MulticastError, f"{host} is a group"
    same_family = address.version == ip_address(ours).version
    if not same_family or address == _BROADCAST or (isinstance(address, IPv6Address) and address.scope_id):
        return BadAddressError, f"{host} cannot be reached from {ours}"
    return None


def _codecs(media: Media) -> tuple[tuple[tuple[Codec, int], ...], int | None]:
    codecs: list[tuple[Codec, int]] = []
    dtmf: int | None = None
    for payload in media.formats:
        if not (payload.isascii() and payload.isdigit() and len(payload) <= 3 and int(payload) < 128):
            continue
        encoding = media.rtpmap.get(payload) or _STATIC.get(payload, "")
        name, _, rate = encoding.upper().partition("/")
        if rate.partition("/")[0] != "8000":
            continue
        codec = _BY_NAME.get(name)
        if codec is not None:
            codecs.append((codec, int(payload)))
        elif name == "TELEPHONE-EVENT" and dtmf is None and payload not in _STATIC:
            dtmf = int(payload)
    return tuple(codecs), dtmf


def _lines(description: Description) -> tuple[tuple[str, str, str], ...]:
    return tuple([(media.kind, media.proto, media.formats[0]) for media in description.media])


def refusal(body: bytes, ours: str) -> str:
    """The code of the MediaError that `answer` would raise for this offer at our address; empty: none."""
    try:
        return "" if _read(body, ours)[1] is not None else NotAcceptableError.code
    except (BadSdpError, NotAcceptableError) as error:
        return error.code
