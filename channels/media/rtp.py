"""RTP packets (RFC 3550) and telephone events (RFC 4733), as far as a relay must understand them."""

import struct
from enum import IntEnum
from typing import Final, NamedTuple

HEADER: Final = 12
MAX_PACKET: Final = 1500
"""Longest datagram taken as RTP, in octets."""
DIGITS: Final = "0123456789*#ABCD"
"""RFC 4733 §3.2, table 3: the index is the event code."""

_FIXED = struct.Struct("!BBHII")


class Codec(IntEnum):
    """The audio codecs we speak; the value is the static RTP payload type (RFC 3551)."""

    PCMU = 0
    PCMA = 8


EVENTS: Final = -1
"""Stands for telephone-event where the codec of a payload type is asked for."""


class Address(NamedTuple):
    """An IP address (v4 or v6, never a name) and a UDP port."""

    ip: str
    port: int


class Packet(NamedTuple):
    """One RTP packet; `payload` is without padding."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    source: int
    payload: bytes


class NotRtpError(Exception):
    """The datagram is no usable RTP packet; the text says why."""


def payload_bounds(data: bytes | bytearray | memoryview, size: int) -> tuple[int, int]:
    """Where the payload of an RTP packet of `size` octets starts and ends (RFC 3550 §5.1, §5.3.1).

    Skips contributing sources, header extension and padding. Raises `NotRtpError`.
    """
    if not HEADER <= size <= MAX_PACKET:
        raise NotRtpError(f"{size} octets")
    first = data[0]
    if first >> 6 != 2:
        raise NotRtpError(f"version {first >> 6}")
    start, end = HEADER + 4 * (first & 0x0F), size
    if first & 0x10:
        if start + 4 > size:
            raise NotRtpError("header extension cut off")
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
    if first & 0x20:
        padding = data[size - 1]
        if padding == 0:
            raise NotRtpError("padding of no octets")
        end -= padding
    if start > end:
        raise NotRtpError("headers and padding longer than the packet")
    return start, end


def parse(datagram: bytes) -> Packet:
    """Read one RTP packet. Raises `NotRtpError`."""
    start, end = payload_bounds(datagram, len(datagram))
    _, second, sequence, timestamp, source = _FIXED.unpack_from(datagram)
    return Packet(second & 0x7F, second > 0x7F, sequence, timestamp, source, datagram[start:end])


def build(packet: Packet) -> bytes:
    """Write one RTP packet without contributing sources, extension and padding."""
    second = packet.payload_type | (0x80 if packet.marker else 0)
    return _FIXED.pack(0x80, second, packet.sequence, packet.timestamp, packet.source) + packet.payload


class KeyPresses:
    """Makes one digit of the several packets of a key press (RFC 4733 §2.5).

    Packets of one press share their timestamp. A press longer than a segment goes on under a new timestamp
    that is the old one plus the old duration (§2.5.1.3), and is no new press.
    """

    __slots__ = ("_duration", "_event", "_timestamp")

    def __init__(self) -> None:
        self._timestamp = -1
        self._event = -1
        self._duration = 0

    def feed(self, timestamp: int, payload: bytes | bytearray | memoryview) -> str | None:
        """The digit, if this packet is the first of its press; None for repeats, other events, garbage."""
        if len(payload) < 4:
            return None
        event, duration = payload[0], payload[2] << 8 | payload[3]
        if timestamp == self._timestamp:
            self._duration = max(self._duration, duration)
            return None
        older = (self._timestamp - timestamp) & 0xFFFF_FFFF < 0x8000
        if older and self._timestamp >= 0:
            return None
        follows = event == self._event and timestamp == (self._timestamp + self._duration) & 0xFFFF_FFFF
        self._timestamp, self._event, self._duration = timestamp, event, duration
        return None if follows or event >= len(DIGITS) else DIGITS[event]
