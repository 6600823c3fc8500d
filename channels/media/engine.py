"""What every media engine is to its user: commands in, events out, and what it can do."""

from collections import deque
from collections.abc import Set
from enum import StrEnum
from typing import Protocol

from channels.media.commands import Command, LegId
from channels.media.events import Event


class Trait(StrEnum):
    """What one engine can do and another cannot."""

    MIXES = "mixes"
    """A room has place for more than two."""
    TRANSCODES = "transcodes"
    """Legs of different codecs hear each other."""
    RECORDS = "records"
    WEBRTC = "webrtc"


class MediaEngine(Protocol):
    """Legs and rooms of one engine. Its maker gives it `on_ready`: called when `events` grows by itself.

    Every command has an end: an event that answers it, or nothing when it was carried out and has no answer,
    or `Failed` within `deadline_s` even if the engine hangs. What a leg hears, first match: what is played,
    silence while its peer does not want to hear us, its room, its loop. A leg whose peer has not described
    itself hears nothing, and its music starts when it has.
    """

    @property
    def traits(self) -> Set[Trait]:
        """What it can do beside what all engines can."""

    @property
    def deadline_s(self) -> float:
        """So long at most a command is without an end."""

    @property
    def found(self) -> Set[LegId]:
        """Legs that were open already when we came: a server that was killed left them."""

    @property
    def fallen_silent(self) -> Set[LegId]:
        """Those of them whose peers had stopped sending by then."""

    def send(self, command: Command) -> None:
        """Never waits, never raises."""

    @property
    def events(self) -> deque[Event]:
        """What was told, oldest first; the user takes it out. A command may be answered at once."""

    def refuses(self, sdp: bytes, /) -> str:
        """The code with which an offer would fail for its own fault; empty: it is of use. Opens nothing."""
