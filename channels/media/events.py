"""What a media engine tells, as plain data."""

from enum import StrEnum

from msgspec import Struct

from channels.media.commands import LegId


class Offered(Struct, frozen=True, tag="offered", array_like=True):
    """Our offer for a leg (RFC 8866)."""

    leg: LegId
    sdp: bytes
    held: bool
    """As agreed last, if anything was."""


class Answered(Struct, frozen=True, tag="answered", array_like=True):
    """Our answer to the peer's offer."""

    leg: LegId
    sdp: bytes
    held: bool
    """The peer does not want to hear us now."""


class Accepted(Struct, frozen=True, tag="accepted", array_like=True):
    """The peer's answer fits our offer."""

    leg: LegId
    held: bool


class Played(Struct, frozen=True, tag="played", array_like=True):
    """The sounds of a `Play` were heard to their end (not after `Stop`, `Join`, `Close`, a newer `Play`).

    At once if it had none and a name, or none that exist.
    """

    leg: LegId
    play: str


class Digit(Struct, frozen=True, tag="digit", array_like=True):
    """The remote side pressed a key: one of `0-9 * # A-D`, once per press (RFC 4733)."""

    leg: LegId
    digit: str
    play: str = ""
    """The name of the newest `Play` with one, heard or over: what the key may be an answer to."""


class Ending(StrEnum):
    """Why recording or collecting is over."""

    TOLD = "told"
    """By `EndRecord`, another `Record`, or `Close`."""
    FULL = "full"
    """The longest length, or the most keys."""
    KEY = "key"
    """One of the keys that end it."""
    TIME = "time"
    """No key came in time."""


class Recorded(Struct, frozen=True, tag="recorded", array_like=True):
    """A recording is sealed: `path` is there, complete, and will not change. Its disk has not been synced."""

    leg: LegId
    path: str
    length_ms: int
    ending: Ending


class Collected(Struct, frozen=True, tag="collected", array_like=True):
    """The keys of a `Collect`. They may be personal data: its user keeps them out of the journal."""

    leg: LegId
    collect: str
    digits: str
    ending: Ending


class Silent(Struct, frozen=True, tag="silent", array_like=True):
    """Nothing was received for as long as the engine was told to wait; again each time it has passed."""

    leg: LegId
    silent_ms: int


class Failed(Struct, frozen=True, tag="failed", array_like=True):
    """A command could not be carried out; everything else goes on."""

    leg: LegId
    command: str
    """The tag of its class."""
    code: str
    """That of a `MediaError`; `late`: not carried out within the engine's deadline, perhaps later."""
    reason: str


Event = Offered | Answered | Accepted | Played | Digit | Recorded | Collected | Silent | Failed
