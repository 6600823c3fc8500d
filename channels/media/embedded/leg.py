"""One leg of the media process: a UDP socket, what its listener hears, and its counters."""

import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from random import getrandbits
from typing import Final

from channels.media.commands import HeardBy, LegId, RoomId
from channels.media.embedded.collecting import Collecting
from channels.media.embedded.mixing import Mix
from channels.media.embedded.newcomer import Newcomer
from channels.media.embedded.recording import Recording
from channels.media.embedded.states import LegState, LegStats
from channels.media.events import Recorded
from channels.media.latch import Latch
from channels.media.rtp import HEADER, Address, Codec, KeyPresses
from channels.media.sound.sounds import FRAME, Sound

SAMPLES_PER_MS: Final = 8
MARKER: Final = 0x80
NO_SOURCE: Final = -1
EVERYTHING: Final = "everything"
"""The kernel lets every packet through."""
STOPPED_MS: Final = 500
"""So many packets in a row are not lost on the way; a peer that pauses may have stopped as well."""
STOPPED_UNSEEN_MS: Final = 1_500
"""What the kernel drops is looked at once a second."""

_set_source = struct.Struct("!I").pack_into


class Leg:
    """State of one leg. `Switchboard` changes it on commands; `Ticker` and `Relay` work on it per packet.

    The outgoing stream keeps one source id, and its numbers go on whatever is heard: a phone hears one
    unbroken stream from greeting to bridge (RFC 3550 §5.1). `sequence` and `timestamp` are those last sent.
    """

    __slots__ = (
        "agent",
        "before",
        "codec",
        "collecting",
        "deaf",
        "dropped",
        "dtmf",
        "ears",
        "filter",
        "first_ip",
        "former",
        "former_left",
        "frames",
        "frames_out",
        "heard_by",
        "id",
        "ignored",
        "last_in_ms",
        "last_play",
        "latch",
        "latching",
        "lively",
        "local",
        "looked_ms",
        "loop",
        "mark",
        "mix",
        "near",
        "newcomer",
        "octets_in",
        "packet",
        "packets_in",
        "payload_type",
        "peer",
        "play",
        "position",
        "presses",
        "prompts",
        "receive_into",
        "recorded",
        "recording",
        "relay_to",
        "relayed_octets_out",
        "relayed_out",
        "remote",
        "room",
        "send",
        "send_errors",
        "sent_ms",
        "sequence",
        "sequence_shift",
        "session",
        "signalled",
        "silences",
        "slice",
        "sock",
        "sound",
        "source",
        "stream",
        "timestamp",
        "timestamp_shift",
        "types",
        "watch_ms",
        "watched_from_ms",
    )

    def __init__(self, leg: LegId, sock: socket.socket, local: Address, now_ms: int) -> None:
        self.id = leg
        self.sock = sock
        self.local = local
        self.receive_into = sock.recv_into
        self.send: Callable[[bytearray | memoryview], int] = sock.send
        self.signalled: Address | None = None
        self.remote: Address | None = None
        """The signalled address, or the one learnt by latching."""
        self.codec = self.payload_type = int(Codec.PCMA)
        self.dtmf: int | None = None
        """What we send, and how the peer wants it and keys numbered."""
        self.types: Mapping[int, int] = {}
        """Payload type → codec, or `EVENTS`, of what the peer may send."""
        self.filter: object = EVERYTHING
        """What the kernel lets through; see `Switchboard`."""
        self.session = b""
        self.recording: Recording | None = None
        self.recorded: Recorded | None = None
        """What was told of the recording before."""
        self.collecting: Collecting | None = None
        self._init_latching()
        self._init_hearing()
        self._init_stream(now_ms)
        self._init_counters()

    def _init_latching(self) -> None:
        self.latch, self.near = Latch.NEVER, ""
        self.latching = False
        """Whose packets are the peer's is to be found out: the socket hears everybody."""
        self.first_ip = ""
        """Where the packets came from that were the first taken for those of the signalled address."""
        self.newcomer = Newcomer()
        self.before: Address | None = None
        """Where the peer was before it was heard from where it is now."""
        self.lively = self.looked_ms = 0
        """At so many looks since then it was heard anew; when it was heard last at the look before."""
        self.former: Address | None = None
        self.former_left = 0
        """So many more packets of the address before are not taken for the new one's."""

    def _init_hearing(self) -> None:
        self.prompts: deque[Sound] = deque()
        self.play: str | None = None
        self.last_play = ""
        self.loop: Sound | None = None
        self.deaf = False
        """The peer does not want to hear us."""
        self.room: RoomId | None = None
        self.peer: Leg | None = None
        """The other leg of a room for two."""
        self.agent = False
        """In a room: hears who is heard by agents only."""
        self.heard_by: HeardBy = "everybody"
        self.mix: Mix | None = None
        """What it hears in a room of more."""
        self.ears: tuple[Mix, ...] = ()
        """Those of such a room who hear it."""
        self.relay_to: Leg | None = None
        """Where this leg's received audio goes at this moment."""
        self.sound: Sound | Mix | None = None
        """What the ticker is sending, as `frames` from `position` on."""
        self.frames: tuple[bytes, ...] | Mix = ()
        self.position = 0
        self.slice = -1

    def _init_stream(self, now_ms: int) -> None:
        self.packet = bytearray(HEADER + FRAME)
        self.packet[0] = 0x80
        self.stream = getrandbits(32)
        _set_source(self.packet, 8, self.stream)
        self.sequence = getrandbits(15)
        self.timestamp = getrandbits(31)
        self.mark = MARKER
        self.sent_ms = now_ms
        self.source = NO_SOURCE
        """The relayed stream that the two shifts belong to."""
        self.sequence_shift = 0
        self.timestamp_shift = 0

    def _init_counters(self) -> None:
        self.presses = KeyPresses()
        self.packets_in = self.octets_in = 0
        self.frames_out = self.relayed_out = self.relayed_octets_out = 0
        self.ignored = self.send_errors = 0
        self.last_in_ms = -1
        self.dropped = 0
        self.watch_ms = 0
        self.watched_from_ms = 0
        self.silences = 0
        """So often its silence was told since it began."""

    def resume_stream(self, now_ms: int) -> None:
        """Make the next packet a marked one that is as much later as time went by, at least one frame."""
        if self.slice < 0:  # else the ticker sent a frame just before, and keeps no time
            gap = max(0, now_ms - self.sent_ms) * SAMPLES_PER_MS // FRAME * FRAME
            self.timestamp = (self.timestamp + max(0, gap - FRAME)) & 0xFFFF_FFFF
        self.mark = MARKER
        self.source = NO_SOURCE
        self.sent_ms = now_ms

    def state(self, now_ms: int) -> LegState:
        """The leg as told to a server that attaches."""
        stopped_ms = STOPPED_MS if self.filter == EVERYTHING else STOPPED_UNSEEN_MS
        return LegState(
            leg=self.id,
            local=self.local,
            remote=self.remote,
            payload_type=self.payload_type,
            dtmf=self.dtmf,
            room=self.room,
            deaf=self.deaf,
            loop=self.loop.id if self.loop else None,
            playing=self.play,
            session=self.session,
            silent=now_ms - self.last_in_ms > stopped_ms,
        )

    def stats(self, now_ms: int) -> LegStats:
        """The leg's counters."""
        return LegStats(
            leg=self.id,
            packets_in=self.packets_in,
            packets_filtered=self.dropped,
            octets_in=self.octets_in,
            packets_out=self.frames_out + self.relayed_out,
            octets_out=self.frames_out * len(self.packet) + self.relayed_octets_out,
            ignored=self.ignored,
            send_errors=self.send_errors,
            last_packet_age_ms=None if self.last_in_ms < 0 else now_ms - self.last_in_ms,
        )
