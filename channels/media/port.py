"""What the SIP channel may ask of a media engine, and what the engine tells back."""

from collections.abc import Sequence
from typing import NewType, Protocol

import msgspec

from channels.media.rtp import Address

LegId = NewType("LegId", str)
SoundId = NewType("SoundId", str)


class PromptEnded(msgspec.Struct, frozen=True, tag="ended", array_like=True):
    """The last prompt of a `play` was heard to its end (not after `stop`, `close`, a newer `play`)."""

    leg: LegId
    play: str


class Digit(msgspec.Struct, frozen=True, tag="digit", array_like=True):
    """The remote side pressed a key: one of `0-9 * # A-D`, once per press (RFC 4733)."""

    leg: LegId
    digit: str


class LegDead(msgspec.Struct, frozen=True, tag="dead", array_like=True):
    """Nothing was received for the time of `watch`; sent once, again only after packets came back."""

    leg: LegId
    silent_ms: int


class CommandFailed(msgspec.Struct, frozen=True, tag="failed", array_like=True):
    """A fire-and-forget command could not be carried out; everything else goes on."""

    leg: LegId
    command: str
    code: str
    reason: str


MediaEvent = PromptEnded | Digit | LegDead | CommandFailed


class LegState(msgspec.Struct, frozen=True, array_like=True):
    """One leg as a server sees it that attaches again after a crash."""

    leg: LegId
    local: Address
    remote: Address | None
    payload_type: int
    dtmf: int | None
    peer: LegId | None
    held: bool
    loop: SoundId | None
    playing: str | None
    """Play id of the prompt being heard now; None also when its end was already told."""


class LegStats(msgspec.Struct, frozen=True, array_like=True):
    """Counters of one leg since it was opened; octets are RTP header and payload."""

    leg: LegId
    packets_in: int
    """Received by the engine's process."""
    packets_filtered: int
    """Dropped by the kernel's filter (audio of a caller that nobody listens to)."""
    octets_in: int
    packets_out: int
    octets_out: int
    ignored: int
    """Not valid RTP, or of a payload type that was not agreed."""
    send_errors: int
    last_packet_age_ms: int | None
    """None: nothing came yet. Exact to one second while the kernel filters, else to some milliseconds."""


class MediaPort(Protocol):
    """A media engine. Every command may be repeated: the second one changes nothing.

    Only `open`, `legs` and `stats` wait for an answer; the others are batched and their failure comes as a
    `CommandFailed` event. What a leg hears, first match: prompt (`play`), hold music or silence, its bridge
    peer, `loop`. A leg with no remote address hears nothing and its music starts when the address is set.
    """

    async def open(self, leg: LegId) -> Address:
        """Reserve a local address for a leg. Raises `NoPortsLeftError`, `MediaGoneError`."""

    def open_now(self, leg: LegId) -> Address | None:
        """`open` from the ports leased ahead, without waiting; None when the lease is used up."""

    def set_remote(
        self, leg: LegId, remote: Address, payload_type: int, *, dtmf: int | None = None, latch: bool = False
    ) -> None:
        """Say where the leg's audio goes, its payload type (a `Codec` value) and the telephone-event's.

        `latch`: take the sender of the first RTP packet as the remote address (RFC 4961), once.
        """

    def play(self, leg: LegId, sounds: Sequence[SoundId], *, play: str = "") -> None:
        """Play sounds one after the other, then send `PromptEnded(leg, play)`; replaces a running `play`.

        A repeated non-empty `play` id is ignored. An unknown sound is skipped and reported.
        """

    def loop(self, leg: LegId, sound: SoundId) -> None:
        """Repeat a sound until `stop` or `bridge`; a prompt interrupts it."""

    def stop(self, leg: LegId) -> None:
        """End prompt and loop."""

    def bridge(self, leg: LegId, peer: LegId) -> None:
        """Relay both ways; ends both legs' loops and former bridges. Codecs and payload types are adapted."""

    def unbridge(self, leg: LegId) -> None:
        """End the leg's bridge; both sides stay open."""

    def hold(self, leg: LegId, on: bool, *, sound: SoundId | None = None) -> None:
        """While held the leg hears the sound (None: silence); its bridge relays nothing either way."""

    def watch(self, leg: LegId, silent_s: int) -> None:
        """Report `LegDead` after so many seconds without a packet; 0 (as at first) switches it off."""

    def close(self, leg: LegId) -> None:
        """Free the leg and its port. A bridge peer stays open and hears nothing."""

    async def legs(self) -> tuple[LegState, ...]:
        """Every open leg, in the order of opening. Raises `MediaGoneError`."""

    async def stats(self, leg: LegId) -> LegStats:
        """Counters of one leg. Raises `UnknownLegError`, `MediaGoneError`."""
