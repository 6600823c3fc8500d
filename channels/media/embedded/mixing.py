"""What one listener hears of several who speak: their sound added up, frame by frame, as it is sent.

Plain Python: a conference of three costs some hundredths of a core, and the process needs no numpy for it.
"""

from array import array
from itertools import zip_longest
from typing import Final

from channels.media.rtp import Codec
from channels.media.sound.companding import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from channels.media.sound.sounds import FRAME, SILENCE

KEPT: Final = 6 * FRAME
"""Samples of one speaker that wait at most: who sends faster than we play is heard late, then loses some."""
BEGIN: Final = 2 * FRAME
"""Of a speaker who begins, or begins again, so many are waited for: packets do not come evenly."""

_LINEAR: Final = {
    int(Codec.PCMA): [decode_alaw(octet) for octet in range(256)],
    int(Codec.PCMU): [decode_ulaw(octet) for octet in range(256)],
}
_STEP: Final = 8
"""Both laws tell samples apart that differ by so much, and not always those that differ by less."""
_LOUDEST: Final = 32_767
_OCTETS: Final = {
    int(Codec.PCMA): bytes(encode_alaw(level * _STEP) for level in range(-4096, 4096)),
    int(Codec.PCMU): bytes(encode_ulaw(level * _STEP) for level in range(-4096, 4096)),
}


class Mix:
    """Stands for a sound whose frames are made when they are asked for; it never ends."""

    __slots__ = ("_octets", "_silence", "_speakers", "_waits")

    def __init__(self) -> None:
        self._speakers: dict[object, array[int]] = {}
        self._waits: set[object] = set()
        """Speakers of whom not enough has come yet."""
        self._octets, self._silence = b"", b""

    def frames(self, payload_type: int) -> "Mix":
        """As of a sound: itself, in the law of the listener."""
        self._octets = _OCTETS[payload_type]
        self._silence = SILENCE.frames(payload_type)[0]
        return self

    def __len__(self) -> int:
        """More than anybody counts to."""
        return 1 << 62

    def __getitem__(self, _: int) -> bytes:
        """The next 20 ms."""
        heard = [frame for speaker in self._speakers if (frame := self._take(speaker)) is not None]
        if not heard:
            return self._silence
        octets, samples = self._octets, heard[0]
        if len(heard) > 1:
            together = map(sum, zip_longest(*heard, fillvalue=0))
            samples = array("h", [max(-_LOUDEST, min(_LOUDEST, sample)) for sample in together])
        mixed = bytes([octets[(sample >> 3) + 4096] for sample in samples])
        return mixed.ljust(FRAME, self._silence[:1])

    def hear(self, speaker: object, payload_type: int, payload: bytes | memoryview) -> None:
        """A packet of somebody."""
        waiting = self._speakers.get(speaker)
        if waiting is None:
            waiting = self._speakers[speaker] = array("h")
            self._waits.add(speaker)
        table = _LINEAR[payload_type]
        waiting.extend([table[octet] for octet in payload])
        if len(waiting) > KEPT:
            del waiting[: len(waiting) - BEGIN]

    def forget(self, speakers: "set[object]") -> None:
        """Only these are heard from now on."""
        for gone in self._speakers.keys() - speakers:
            del self._speakers[gone]
            self._waits.discard(gone)

    def _take(self, speaker: object) -> "array[int] | None":
        waiting = self._speakers[speaker]
        if speaker in self._waits:
            if len(waiting) < BEGIN:
                return None
            self._waits.discard(speaker)
        frame = waiting[:FRAME]
        del waiting[:FRAME]
        if not waiting:
            self._waits.add(speaker)
        return frame or None
