"""Messages between server and media process: msgpack, each with its length in front."""

import struct
from typing import Final

import msgspec

from channels.media.commands import Close, Collect, EndRecord, Join, Leave, LegId, Play, Record, Stop
from channels.media.embedded.states import LegState, LegStats
from channels.media.events import Collected, Digit, Failed, Played, Recorded, Silent
from channels.media.latch import Latch
from channels.media.rtp import Address

VERSION: Final = 4
MAX_FRAME: Final = 4_194_304
"""Largest message in octets; a longer one means that the framing is lost."""

_LENGTH = struct.Struct("!I")


class Lease(msgspec.Struct, frozen=True, tag="lease", array_like=True):
    """Bind ports ahead for this connection, which may then open legs on them without asking."""

    request: int
    count: int


class Open(msgspec.Struct, frozen=True, tag="open", array_like=True):
    """Open a leg on a leased port (no answer), or on any port (port 0, answered by `Opened`)."""

    leg: LegId
    port: int
    request: int = 0


class Connect(msgspec.Struct, frozen=True, tag="connect", array_like=True):
    """What was negotiated last."""

    leg: LegId
    remote: Address | None
    """None: the peer has not described itself, or holds by an address that is nobody's; nothing changes."""
    codec: int = 8
    """A `Codec` value: what we send."""
    payload_type: int = 8
    """How the peer wants that numbered."""
    dtmf: int | None = None
    """The payload type of telephone-event, if the peer takes it."""
    types: dict[int, int] = msgspec.field(default_factory=lambda: {0: 0, 8: 8})
    """Payload type → `Codec` value or `EVENTS` of what it may send."""
    latch: Latch = Latch.NEVER
    near: str = ""
    """Beside that of `remote`, the IP address that `latch` is about; empty: there is none."""
    deaf: bool = False
    """The peer does not want to hear us: it gets silence, and its room nothing of it."""
    silent_s: int = 0
    """Tell `Silent` each time that so many seconds have passed without a packet; 0: never."""
    session: bytes = b""
    """Kept for the next server, see `LegState.session`."""


class Mark(msgspec.Struct, frozen=True, tag="mark", array_like=True):
    """Say `Marked` when everything before it was carried out."""

    number: int


class Taken(msgspec.Struct, frozen=True, tag="taken", array_like=True):
    """The first `count` events of this connection need not be told to another server any more."""

    count: int


class ListLegs(msgspec.Struct, frozen=True, tag="legs", array_like=True):
    """Ask for every leg's state."""

    request: int


class AskStats(msgspec.Struct, frozen=True, tag="stats", array_like=True):
    """Ask for one leg's counters."""

    request: int
    leg: LegId


class Shutdown(msgspec.Struct, frozen=True, tag="shutdown", array_like=True):
    """End the media process and every leg."""


Command = (
    Lease
    | Open
    | Connect
    | Mark
    | Taken
    | Play
    | Stop
    | Join
    | Leave
    | Record
    | EndRecord
    | Collect
    | Close
    | ListLegs
    | AskStats
    | Shutdown
)


class Welcome(msgspec.Struct, frozen=True, tag="welcome", array_like=True):
    """First message of the process on a new connection; all legs are in it."""

    version: int
    pid: int
    ip: str
    sounds: str
    legs: tuple[LegState, ...]


class Leased(msgspec.Struct, frozen=True, tag="leased", array_like=True):
    """The ports bound for this connection; fewer than asked when the range is nearly used up."""

    request: int
    ports: tuple[int, ...]


class Opened(msgspec.Struct, frozen=True, tag="opened", array_like=True):
    """Answer to `Open` with port 0."""

    request: int
    leg: LegId
    local: Address


class Marked(msgspec.Struct, frozen=True, tag="marked", array_like=True):
    """Answer to `Mark`."""

    number: int


class Legs(msgspec.Struct, frozen=True, tag="legs", array_like=True):
    """Answer to `ListLegs`."""

    request: int
    legs: tuple[LegState, ...]


class Stats(msgspec.Struct, frozen=True, tag="stats", array_like=True):
    """Answer to `AskStats`."""

    request: int
    stats: LegStats


class CommandRefused(msgspec.Struct, frozen=True, tag="refused", array_like=True):
    """A command that wanted an answer failed; `code` names a `MediaError`."""

    request: int
    code: str
    reason: str
    leg: LegId = LegId("")


Told = Played | Digit | Recorded | Collected | Silent | Failed
"""Events that the process makes; what was negotiated is the client's affair."""

Message = (
    Welcome
    | Leased
    | Opened
    | Marked
    | Legs
    | Stats
    | CommandRefused
    | Played
    | Digit
    | Recorded
    | Collected
    | Silent
    | Failed
)

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_messages: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


class MalformedError(Exception):
    """A frame is not a message of this protocol; the text says why."""


class FramingLostError(Exception):
    """A length is impossible: the connection cannot be used any more."""


def append_frame(out: bytearray, message: Command | Message) -> None:
    """Append one framed message to an output buffer."""
    start = len(out)
    _encoder.encode_into(message, out, start + 4)
    _LENGTH.pack_into(out, start, len(out) - start - 4)


def take_frames(pending: bytearray) -> list[bytes]:
    """Remove and return the complete frames at the head of an input buffer.

    Raises `FramingLostError` when a frame claims to be longer than `MAX_FRAME`.
    """
    frames = []
    at = 0
    while len(pending) - at >= 4:
        (size,) = _LENGTH.unpack_from(pending, at)
        if size > MAX_FRAME:
            raise FramingLostError(f"a frame of {size} octets")
        if len(pending) - at - 4 < size:
            break
        frames.append(bytes(pending[at + 4 : at + 4 + size]))
        at += 4 + size
    del pending[:at]
    return frames


def decode_command(frame: bytes) -> Command:
    """Read one command. Raises `MalformedError`."""
    try:
        return _commands.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(str(error)) from error


def decode_message(frame: bytes) -> Message:
    """Read one message of the process. Raises `MalformedError`."""
    try:
        return _messages.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(str(error)) from error
