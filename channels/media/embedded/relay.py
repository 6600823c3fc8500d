"""Takes a leg's received packets: relays audio and key presses to its peer, reports key presses."""

import struct
from collections.abc import Callable
from typing import Final

from channels.media.embedded.leg import Leg
from channels.media.latch import Latch, may_send
from channels.media.rtp import EVENTS, HEADER, MAX_PACKET, Address, Codec, NotRtpError, payload_bounds
from channels.media.sound.companding import ALAW_TO_ULAW, ULAW_TO_ALAW
from channels.media.sound.sounds import FRAME

_TO_CODEC: Final = {int(Codec.PCMU): ALAW_TO_ULAW, int(Codec.PCMA): ULAW_TO_ALAW}
COMFORT_NOISE: Final = 13
"""What a peer sends now and then who is silent (RFC 3389): nothing to hear, but from where he sends."""
_PLAIN: Final = 0x80
"""First octet of a packet without padding, extension and contributing sources."""
_Header = tuple[int, int, int, int]
"""Marker and payload type, sequence number, timestamp, source."""

_read_header = struct.Struct("!BHII").unpack_from
_write_header = struct.Struct("!BHII").pack_into


class Relay:
    """Receives into one buffer; nothing is copied on the way to a peer with the same codec."""

    def __init__(
        self,
        on_digit: Callable[[Leg, str, int], None],
        on_latched: Callable[[Leg, Address], None],
        on_sound: Callable[[Leg, int, int, int, memoryview], None],
    ) -> None:
        """`on_digit(leg, digit, now_ms)`; if recorded `on_sound(leg, codec, timestamp, source, payload)`."""
        self._on_digit = on_digit
        self._on_sound = on_sound
        self._on_latched = on_latched
        self._buffer = bytearray(MAX_PACKET + 1)
        whole = memoryview(self._buffer)
        self._views = [whole[:size] for size in range(MAX_PACKET + 1)]

    def receive(self, leg: Leg, now_ms: int) -> None:
        """Take one datagram from a readable leg. Errors of the network are counted, never raised."""
        size = self._datagram(leg)
        if not size:
            return
        leg.packets_in += 1
        leg.octets_in += size
        leg.last_in_ms = now_ms
        header = _read_header(self._buffer, 1)
        codec = leg.types.get(header[0] & 0x7F)
        if codec is None:
            leg.ignored += 1
            return
        if codec == EVENTS:
            digit = leg.presses.feed(header[2], self._views[size][HEADER:])
            if digit is not None:
                self._on_digit(leg, digit, now_ms)
        elif leg.recording is not None:
            self._on_sound(leg, codec, header[2], header[3], self._views[size][HEADER:])
        if leg.ears:
            self._mix(leg, codec, size)
        elif leg.relay_to is not None:
            self._send_on(leg.relay_to, size, header, codec, now_ms)

    def _mix(self, leg: Leg, codec: int, size: int) -> None:
        """Several hear it; nobody hears keys that way."""
        for mix in () if codec == EVENTS else leg.ears:
            mix.hear(leg.id, codec, self._views[size][HEADER:])

    def _datagram(self, leg: Leg) -> int:
        """Receive into the buffer; the size of a plain RTP packet, or 0."""
        buffer = self._buffer
        try:
            size = self._receive_first(leg) if leg.latching else leg.receive_into(buffer)
        except BlockingIOError:
            return 0
        except OSError:  # an ICMP "port unreachable" of an earlier send is reported here
            leg.send_errors += 1
            return 0
        if buffer[0] != _PLAIN or not HEADER <= size <= MAX_PACKET:
            size = self._make_plain(size)
            leg.ignored += not size
        return size

    def _send_on(self, out: Leg, size: int, header: _Header, codec: int, now_ms: int) -> None:
        """Send the buffered packet with the numbers and payload type of the outgoing stream."""
        second, sequence, timestamp, source = header
        if source != out.source:
            _anchor(out, header, now_ms)
        if codec != EVENTS:
            payload_type = out.payload_type
            if codec != out.codec:
                self._buffer[HEADER:size] = self._buffer[HEADER:size].translate(_TO_CODEC[out.codec])
        elif out.dtmf is None:
            out.sequence_shift -= 1  # the listener shall not take it for a lost packet
            return
        else:
            payload_type = out.dtmf
        sequence = (sequence + out.sequence_shift) & 0xFFFF
        timestamp = (timestamp + out.timestamp_shift) & 0xFFFF_FFFF
        _write_header(
            self._buffer, 1, payload_type | (second & 0x80) | out.mark, sequence, timestamp, out.stream
        )
        if (sequence - out.sequence) & 0xFFFF < 0x8000:
            out.sequence = sequence
            out.timestamp = timestamp
        out.mark = 0
        out.sent_ms = now_ms
        out.relayed_out += 1
        out.relayed_octets_out += size
        try:
            out.send(self._views[size])
        except OSError:
            out.send_errors += 1

    def _make_plain(self, size: int) -> int:
        """Strip what a listener may not know from the buffered packet; its new size, or 0 if not RTP."""
        try:
            start, end = payload_bounds(self._buffer, size)
        except NotRtpError:
            return 0
        length = end - start
        self._buffer[HEADER : HEADER + length] = self._buffer[start:end]
        self._buffer[0] = _PLAIN
        return HEADER + length

    def _receive_first(self, leg: Leg) -> int:
        """Receive from anybody; valid RTP of an agreed payload type settles who the peer is.

        Of whoever may not be the peer nothing is taken, and nothing of the peer before that. From where we
        send to one packet is enough; somebody else must send some in a row.
        """
        size, sender = leg.sock.recvfrom_into(self._buffer)
        address = Address(sender[0], sender[1])
        if address == leg.former and leg.former_left:
            leg.former_left -= 1
            return 0
        kind = self._buffer[1] & 0x7F
        is_rtp = size >= HEADER and self._buffer[0] >> 6 == 2 and (kind in leg.types or kind == COMFORT_NOISE)
        if not is_rtp or not _may_be_peer(leg, address):
            leg.ignored += 1
            return 0
        if address != leg.remote:
            _, sequence, _, source = _read_header(self._buffer, 1)
            if not leg.newcomer.is_believed(address, source, sequence):
                leg.ignored += 1
                return 0
        self._on_latched(leg, address)
        return size


def _may_be_peer(leg: Leg, sender: Address) -> bool:
    """Who was there once is no more changed for somebody from anywhere, but for his like only."""
    if leg.signalled is None or sender == leg.signalled:
        return True
    known = leg.near, leg.signalled.ip, leg.first_ip
    latch = Latch.NETWORK if leg.first_ip and leg.latch is Latch.ANYWHERE else leg.latch
    return may_send(sender.ip, latch, known)


def _anchor(out: Leg, header: _Header, now_ms: int) -> None:
    """Join a relayed stream to the end of what the listener heard before."""
    _, sequence, timestamp, out_source = header
    out.resume_stream(now_ms)
    out.source = out_source
    out.sequence_shift = (out.sequence + 1 - sequence) & 0xFFFF
    out.timestamp_shift = (out.timestamp + FRAME - timestamp) & 0xFFFF_FFFF
