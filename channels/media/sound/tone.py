"""An RTP endpoint that sends one tone and keeps what it hears, and the test whether a tone is in a sound.

For tests and for the phones of the demonstration: two parties hear each other if each finds the other's tone.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections import deque
from typing import Final

import numpy as np

from channels.media import rtp
from channels.media.rtp import Address, Codec
from channels.media.sound.g711 import RATE, Samples, decode_pcma, decode_pcmu, encode_pcma, encode_pcmu
from channels.media.sound.signal_shape import Signal
from channels.media.sound.sounds import FRAME

KEPT_PACKETS: Final = 15_000
"""Five minutes; the oldest go first."""
_END_OF_KEY: Final = 0x80
_VOLUME: Final = 10
_FRAME_S: Final = FRAME / RATE
_LEVEL: Final = 8000
_QUIET_RMS: Final = 100
"""Below it lies what companding makes of silence."""
_SHORTEST: Final = RATE // 10
_DECODE: Final = {int(Codec.PCMA): decode_pcma, int(Codec.PCMU): decode_pcmu}
_ENCODE: Final = {Codec.PCMA: encode_pcma, Codec.PCMU: encode_pcmu}


def dominant_hz(samples: Samples) -> float:
    """The loudest frequency; 0.0 for silence and for less than 0.1 s."""
    if len(samples) < _SHORTEST or not samples.any():
        return 0.0
    return float(np.argmax(_spectrum(samples)) * RATE / len(samples))


def hears(samples: Samples, hz: float, *, share: float = 0.5, width_hz: float = 20.0) -> bool:
    """Is at least `share` of the power within `width_hz` of the tone? Never in less than 0.1 s or in hiss."""
    if len(samples) < _SHORTEST or float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) < _QUIET_RMS:
        return False
    power = _spectrum(samples)
    at = np.arange(len(power)) * RATE / len(samples)
    return float(power[np.abs(at - hz) <= width_hz].sum()) >= share * float(power.sum())


def tone(hz: float, seconds: float = 1.0) -> Samples:
    """A pure tone at 8 kHz, a quarter of full scale."""
    phase = 2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE
    samples: Samples = np.rint(_LEVEL * np.sin(phase)).astype(np.int16)
    return samples


def _spectrum(samples: Samples) -> Signal:
    power: Signal = np.abs(np.fft.rfft((samples - samples.mean()) * np.hanning(len(samples)))) ** 2
    return power


class ToneEndpoint:
    """One side of a call: sends a tone of a whole number of Hz, hears either law and key presses."""

    def __init__(self, sock: socket.socket, hz: int, codec: Codec, dtmf: int) -> None:
        """Use `open`."""
        name = sock.getsockname()
        self.address = Address(name[0], name[1])
        self.packets: deque[rtp.Packet] = deque(maxlen=KEPT_PACKETS)
        """Every RTP packet received, oldest first."""
        self.digits: list[str] = []
        """Keys that the other side pressed."""
        self.garbage = 0
        self.sent = 0
        self._sock = sock
        self._codec = codec
        self._dtmf = dtmf
        self._frames = _frames(hz, codec)
        self._presses = rtp.KeyPresses()
        self._remote: Address | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = 0.0
        self._keys: deque[tuple[int, bytes, int]] = deque()
        self._source = random.getrandbits(32)
        self._sequence = random.getrandbits(16)
        self._timestamp = random.getrandbits(32)
        self._loop.add_reader(sock.fileno(), self._receive)

    @classmethod
    def open(
        cls, hz: int, *, ip: str = "127.0.0.1", port: int = 0, codec: Codec = Codec.PCMA, dtmf: int = 101
    ) -> "ToneEndpoint":
        """Bind a socket and listen; port 0: any free one. Needs a running event loop. Raises `OSError`."""
        sock = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((ip, port))
        except OSError:
            sock.close()
            raise
        return cls(sock, hz, codec, dtmf)

    def talk_to(self, remote: Address, codec: Codec | None = None) -> None:
        """Send the tone to this address from now on."""
        self._remote = remote
        if codec is not None and codec is not self._codec:
            self._frames = [_ENCODE[codec](_DECODE[self._codec](frame)) for frame in self._frames]
            self._codec = codec
        if self._timer is None:
            self._due_s = self._loop.time()
            self._tick()

    def send(self, datagram: bytes, to: Address) -> None:
        """Any bytes from the same port, at once."""
        self._sock.sendto(datagram, to)

    def mute(self) -> None:
        """Send nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def press(self, digit: str, frames: int = 5) -> None:
        """Press a key for some frames of 20 ms; its packets take the place of the tone (RFC 4733 §2.5)."""
        event = rtp.DIGITS.index(digit)
        for number in range(1, frames + 1):
            last = number == frames
            payload = struct.pack("!BBH", event, _END_OF_KEY | _VOLUME if last else _VOLUME, number * FRAME)
            self._keys.append((number, payload, 3 if last else 1))

    def heard(self, last_s: float | None = None) -> Samples:
        """The sound received, or the last seconds of it."""
        audio = [packet for packet in self.packets if packet.payload_type in _DECODE]
        if last_s is not None:
            audio = audio[-max(1, round(last_s / _FRAME_S)) :]
        parts = [_DECODE[packet.payload_type](packet.payload) for packet in audio]
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def forget(self) -> None:
        """Drop what was received so far."""
        self.packets.clear()
        self.digits.clear()

    def close(self) -> None:
        """Stop and close the socket; may be repeated."""
        self.mute()
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _receive(self) -> None:
        try:
            packet = rtp.parse(self._sock.recv(rtp.MAX_PACKET + 1))
        except OSError:
            return
        except rtp.NotRtpError:
            self.garbage += 1
            return
        self.packets.append(packet)
        if packet.payload_type == self._dtmf:
            digit = self._presses.feed(packet.timestamp, packet.payload)
            if digit is not None:
                self.digits.append(digit)

    def _tick(self) -> None:
        """Send one frame and plan the next; a late loop catches up, so the count of packets stays right."""
        if self._keys:
            number, payload, copies = self._keys.popleft()
            start = (self._timestamp - (number - 1) * FRAME) & 0xFFFF_FFFF
            for _ in range(copies):
                self._send(rtp.Packet(self._dtmf, number == 1, self._sequence, start, self._source, payload))
        else:
            frame = self._frames[self.sent % len(self._frames)]
            self._send(
                rtp.Packet(int(self._codec), False, self._sequence, self._timestamp, self._source, frame)
            )
        self._timestamp = (self._timestamp + FRAME) & 0xFFFF_FFFF
        self._due_s += _FRAME_S
        self._timer = self._loop.call_at(self._due_s, self._tick)

    def _send(self, packet: rtp.Packet) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent += 1
        if self._remote is not None:
            with contextlib.suppress(OSError):
                self._sock.sendto(rtp.build(packet), self._remote)


def _frames(hz: int, codec: Codec) -> list[bytes]:
    """One second of a tone, which has a whole number of its waves, in frames."""
    octets = _ENCODE[codec](tone(hz))
    return [octets[at : at + FRAME] for at in range(0, len(octets), FRAME)]
