"""Sends one 20 ms frame to every listening leg, a quarter of the legs every 5 ms."""

import struct
from collections.abc import Callable
from typing import Final

from channels.media.embedded.leg import Leg
from channels.media.sound.sounds import FRAME

SLICES: Final = 4
SLICE_MS: Final = 5
FRAME_MS: Final = SLICES * SLICE_MS
GIVE_UP_MS: Final = 100
"""When later than this, the frames missed are not sent in a burst but left out."""

_set_numbers = struct.Struct("!BHI").pack_into


class Ticker:
    """The clock of all sounds; `run` is called with the time, it reads none itself."""

    def __init__(self, on_end: Callable[[Leg, int], None]) -> None:
        """`on_end(leg, now_ms)`: the leg's sound is over; it sets the next one, or removes the leg."""
        self._slices: list[dict[Leg, None]] = [{} for _ in range(SLICES)]
        self._next_ms = 0
        self._on_end = on_end
        self.skipped = 0
        """Slices left out because the process was not run in time."""

    def add(self, leg: Leg, now_ms: int) -> None:
        """Begin to send `leg.frames`; the first frame goes out within 20 ms."""
        if leg.slice >= 0:
            return
        if not any(self._slices):
            self._next_ms = -(-now_ms // SLICE_MS) * SLICE_MS
        sizes = [len(legs) for legs in self._slices]
        leg.slice = sizes.index(min(sizes))
        self._slices[leg.slice][leg] = None

    def remove(self, leg: Leg) -> None:
        """Send no more frames to the leg."""
        if leg.slice >= 0:
            del self._slices[leg.slice][leg]
            leg.slice = -1

    def due_ms(self) -> int | None:
        """When `run` has something to do; None while nobody listens."""
        for due in range(self._next_ms, self._next_ms + FRAME_MS, SLICE_MS):
            if self._slices[due // SLICE_MS % SLICES]:
                return due
        return None

    def run(self, now_ms: int) -> None:
        """Send the frames that are due."""
        late = now_ms - self._next_ms
        if late > GIVE_UP_MS:
            rounds = late // FRAME_MS
            self._next_ms += rounds * FRAME_MS
            if any(self._slices):
                self.skipped += rounds * SLICES
        while self._next_ms <= now_ms:
            legs = self._slices[self._next_ms // SLICE_MS % SLICES]
            if legs:
                self._send(tuple(legs), now_ms)
            self._next_ms += SLICE_MS

    def _send(self, legs: tuple[Leg, ...], now_ms: int) -> None:
        for leg in legs:
            if leg.position == len(leg.frames):
                self._on_end(leg, now_ms)
                if leg.slice < 0:
                    continue
            packet = leg.packet
            leg.sequence = sequence = (leg.sequence + 1) & 0xFFFF
            leg.timestamp = timestamp = (leg.timestamp + FRAME) & 0xFFFF_FFFF
            _set_numbers(packet, 1, leg.payload_type | leg.mark, sequence, timestamp)
            packet[12:] = leg.frames[leg.position]
            leg.position += 1
            leg.mark = 0
            leg.frames_out += 1
            try:
                leg.send(packet)
            except OSError:
                leg.send_errors += 1
