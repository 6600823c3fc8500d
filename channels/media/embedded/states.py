"""What the media process tells of its legs."""

from msgspec import Struct

from channels.media.commands import LegId, RoomId, SoundId
from channels.media.rtp import Address


class LegState(Struct, frozen=True, array_like=True):
    """One leg as a server sees it that attaches again after a crash."""

    leg: LegId
    local: Address
    remote: Address | None
    payload_type: int
    dtmf: int | None
    room: RoomId | None
    deaf: bool
    """Its peer does not want to hear us."""
    loop: SoundId | None
    playing: str | None
    """Play id of what is being heard now; None also when its end was already told."""
    session: bytes
    """What was offered and answered, as the server gave it last."""
    silent: bool = False
    """Its peer has stopped sending, or has never begun."""


class LegStats(Struct, frozen=True, array_like=True):
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
