"""What a party says to nobody: while it is recorded, and the message that comes of it."""

from msgspec import Struct


class Recording(Struct):
    """What its party says, or has said, is being recorded."""

    visit: int
    """The number of the list by which."""
    stage: str = ""
    """Where its party left meanwhile; empty: it is on the line."""
    turned_away: str = ""
    """Why its line had not taken it, if it has left."""
    leg_lost: bool = False
    wait_ms: int = 0
    """It had waited so long when it left."""


class Message(Struct):
    """What its party has said, for an agent to hear."""

    recording: str
    """Opaque id of the sound."""
    length_ms: int
    asleep: bool = False
    """Its contact waits for its line to open."""
