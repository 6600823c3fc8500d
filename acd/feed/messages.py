"""What goes over the socket between the feed and who follows it."""

import msgspec

from acd.feed.frames import decoded
from acd.ports import JournalEntry


class Follow(msgspec.Struct, frozen=True, tag="follow", array_like=True):
    """First and only frame of a consumer. With a `cursor` he wants what came after it.

    Without one he gets a snapshot first (`Base`), from which he can go on.
    """

    cursor: str = ""


class Base(msgspec.Struct, frozen=True, tag="base", array_like=True):
    """A part of a snapshot, numbered from 0; what follows the last part comes after `cursor`."""

    index: int
    cursor: str
    version: int
    """Of the engine; 0: there is no snapshot, begin with an empty engine."""
    part: bytes
    last: bool


class Entries(msgspec.Struct, frozen=True, tag="entries", array_like=True):
    """Written entries in their order; after them he is at `cursor`. Empty: nothing new, the server lives."""

    cursor: str
    entries: list[JournalEntry]
    unwritten: int = 0
    """So many more were decided, but are late to be written: nobody is shown them before …"""
    since_ms: int = 0
    """… the first of them since this moment of the machine's monotonic clock."""


class Gone(msgspec.Struct, frozen=True, tag="gone", array_like=True):
    """The cursor is of another journal, or of entries that a machine lost: begin without one."""

    reason: str


Delivery = Base | Entries | Gone

encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Delivery] = msgspec.msgpack.Decoder(Delivery)


def decode(body: bytes) -> Delivery:
    """What the server delivered. Raises FrameError."""
    return decoded(_decoder.decode, body)
