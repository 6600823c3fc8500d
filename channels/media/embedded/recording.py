"""What one leg says, as a WAV file that grows under another name until it is sealed."""

import struct
from pathlib import Path
from typing import Final

from channels.media.errors import UnwritableError
from channels.media.rtp import Codec
from channels.media.sound.companding import decode_alaw, decode_ulaw

SAMPLES_PER_MS: Final = 8
PART: Final = ".part"
LONGEST_GAP: Final = 30_000 * SAMPLES_PER_MS
"""A jump of the timestamps beyond this is a new stream, not silence."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_RATE: Final = 8000
_TO_LINEAR: Final = {
    int(Codec.PCMA): [decode_alaw(octet).to_bytes(2, "little", signed=True) for octet in range(256)],
    int(Codec.PCMU): [decode_ulaw(octet).to_bytes(2, "little", signed=True) for octet in range(256)],
}


class Recording:
    """One file. Lost packets and pauses of the sender become silence of their length, by RTP timestamps."""

    def __init__(self, path: Path, longest_ms: int, now_ms: int) -> None:
        """Raises `UnwritableError`; also for a relative path: the process does not know to what."""
        if not path.is_absolute() or longest_ms <= 0:
            raise UnwritableError(f"{path}, {longest_ms} ms: not an absolute path and a positive length")
        self.path = path
        self._part = path.with_name(path.name + PART)
        self._most = longest_ms * SAMPLES_PER_MS
        self._until_ms = now_ms + longest_ms
        self._samples = 0
        self._start = 0
        """RTP timestamp of the first sample, as if the stream had never changed."""
        self._source = -1
        try:
            self._file = self._part.open("wb")
            self._file.write(_header(0))
        except OSError as error:
            raise UnwritableError(f"{self._part}: {error.strerror}") from error

    def is_over(self, now_ms: int) -> bool:
        """Whether its length is reached, in sound or in time."""
        return self._samples >= self._most or now_ms >= self._until_ms

    def take(self, payload_type: int, timestamp: int, source: int, payload: bytes | memoryview) -> None:
        """One packet of G.711. Late and repeated ones are left out. Raises `UnwritableError`."""
        if source != self._source:
            self._start, self._source = timestamp - self._samples, source
        gap = ((timestamp - self._start) & 0xFFFF_FFFF) - self._samples
        if gap < 0 or gap > 0x7FFF_FFFF:
            return
        if gap > LONGEST_GAP:
            self._start, gap = timestamp - self._samples, 0
        table = _TO_LINEAR[payload_type]
        linear = bytes(2 * gap) + b"".join([table[octet] for octet in payload])
        linear = linear[: 2 * (self._most - self._samples)]
        try:
            self._file.write(linear)
        except OSError as error:
            raise UnwritableError(f"{self._part}: {error.strerror}") from error
        self._samples += len(linear) // 2

    def seal(self) -> int:
        """Give it its name; the length in ms. Raises `UnwritableError`."""
        try:
            with self._file:
                self._file.seek(0)
                self._file.write(_header(2 * self._samples))
            self._part.replace(self.path)
        except OSError as error:
            raise UnwritableError(f"{self.path}: {error.strerror}") from error
        return self._samples // SAMPLES_PER_MS


def _header(octets: int) -> bytes:
    """RIFF header of mono 16-bit PCM at 8 kHz."""
    return _HEADER.pack(
        b"RIFF", 36 + octets, b"WAVE", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16, b"data", octets
    )
