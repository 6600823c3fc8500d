"""What may be asked of a media engine, as plain data. A repeated command changes nothing."""

from typing import Literal, NewType

from msgspec import Struct

from channels.media.latch import Latch

HeardBy = Literal["everybody", "agents", "nobody"]
"""By whom in a room a leg is heard."""

LegId = NewType("LegId", str)
SoundId = NewType("SoundId", str)
RoomId = NewType("RoomId", str)


class Offer(Struct, frozen=True, tag="offer", array_like=True):
    """Open the leg, unless it is open, and describe what we send and hear: `Offered`, or `Failed`."""

    leg: LegId
    like: LegId = LegId("")
    """Put the codec of this leg first: what needs no conversion is preferred."""
    near: str = ""
    """IP address from which the peer signals; what it sends from there may be its sound."""
    latch: Latch | None = None
    """None: as it was, or as the engine is set."""


class Answer(Struct, frozen=True, tag="answer", array_like=True):
    """Open the leg, unless it is open, and answer the peer's offer: `Answered`, or `Failed`."""

    leg: LegId
    sdp: bytes
    near: str = ""
    latch: Latch | None = None
    """Both as in `Offer`."""


class Accept(Struct, frozen=True, tag="accept", array_like=True):
    """Take the peer's answer to our `Offer`: `Accepted`, or `Failed`."""

    leg: LegId
    sdp: bytes
    near: str = ""
    """As in `Offer`, for an offer that went to several."""


class Play(Struct, frozen=True, tag="play", array_like=True):
    """Play `sounds` one after the other, then `loop` for ever; replaces what was being played.

    `Played` follows when the sounds were heard to their end. A repeated non-empty `play` changes nothing; if
    it is over, `Played` is told again, as who repeats it may have missed that. An unknown sound is left out
    and told as `Failed`.
    """

    leg: LegId
    sounds: tuple[SoundId, ...] = ()
    """None, and no `play`: what is being played goes on to its end, and only the loop is another one."""
    loop: SoundId | None = None
    """None: the loop stays what it was."""
    play: str = ""


class Stop(Struct, frozen=True, tag="stop", array_like=True):
    """End what is played, and the loop."""

    leg: LegId


class Join(Struct, frozen=True, tag="join", array_like=True):
    """Enter a room, and leave another: its legs hear each other. Ends what is played, and the loop.

    Who is in it already takes another place there, if this says so; what he hears goes on.
    What is played later hides the room from this leg until it has ended. The room is there as long as a leg
    is in it. Without the trait `MIXES` it has place for two, and a third is told `Failed` (`room-full`).
    """

    leg: LegId
    room: RoomId
    agent: bool = False
    """He hears whoever is heard by agents only."""
    heard_by: HeardBy = "everybody"


class Leave(Struct, frozen=True, tag="leave", array_like=True):
    """Leave the room; the leg then hears its loop, if it has one."""

    leg: LegId


class Record(Struct, frozen=True, tag="record", array_like=True):
    """Write what the leg's peer says into a WAV file (mono, 16 bit, 8 kHz), until `EndRecord`: `Recorded`.

    The file grows as `path` + `.part` and gets its name when it is sealed; what a killed engine leaves is for
    whoever chose the path to sweep. Another path seals the recording before. If that of this path is sealed
    already, `Recorded` is told again, as who repeats it may have missed that. Needs the trait `RECORDS`.
    """

    leg: LegId
    path: str
    longest_ms: int


class EndRecord(Struct, frozen=True, tag="end record", array_like=True):
    """Seal the recording, if there is one."""

    leg: LegId


class Collect(Struct, frozen=True, tag="collect", array_like=True):
    """Collect keys (RFC 4733) into one string: `Collected`, no `Digit` meanwhile. Replaces another one."""

    leg: LegId
    collect: str
    """Names this collecting in its event. Of a repeated one only `first_ms` counts, if no key came yet."""
    most: int
    """So many keys end it."""
    first_ms: int
    next_ms: int
    """So long it waits for the first key, and for each one after it."""
    end: str = "#"
    """These keys end it, and are no part of the string."""


class Close(Struct, frozen=True, tag="close", array_like=True):
    """Free the leg, and seal its recording. It may be opened anew."""

    leg: LegId


Command = Offer | Answer | Accept | Play | Stop | Join | Leave | Record | EndRecord | Collect | Close
