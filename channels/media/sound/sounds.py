"""Sounds on disk: 8 kHz G.711, once per law, cut into 20 ms frames that every leg shares."""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from channels.media.commands import SoundId
from channels.media.errors import UnknownSoundError
from channels.media.rtp import Codec
from channels.media.sound.companding import ALAW_SILENCE, ULAW_SILENCE

FRAME: Final = 160
"""Samples, and G.711 octets, in 20 ms."""
KEPT: Final = 1000
"""Sounds kept in memory; the one loaded first goes first."""

ONCE: Final = "once-"
"""A sound whose name begins so is read whenever it is played and not kept: it may be somebody's own words."""

_SUFFIX = {Codec.PCMA: ".alaw", Codec.PCMU: ".ulaw"}
_FILL = {Codec.PCMA: ALAW_SILENCE, Codec.PCMU: ULAW_SILENCE}
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound as frames of `FRAME` octets, per codec."""

    id: SoundId
    pcma: tuple[bytes, ...]
    pcmu: tuple[bytes, ...]

    def frames(self, payload_type: int) -> tuple[bytes, ...]:
        """The frames for an RTP payload type."""
        return self.pcma if payload_type == Codec.PCMA else self.pcmu


SILENCE: Final = Sound(SoundId("silence"), (bytes([ALAW_SILENCE]) * FRAME,), (bytes([ULAW_SILENCE]) * FRAME,))


class SoundStore:
    """The sounds of one folder, read when first used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[SoundId, Sound] = {SILENCE.id: SILENCE}

    def get(self, sound: SoundId) -> Sound:
        """A sound by id; `silence` always exists. Raises `UnknownSoundError`."""
        known = self._loaded.get(sound)
        if known is None:
            known = self._read(sound)
            if sound.startswith(ONCE):
                return known
            if len(self._loaded) >= KEPT:
                del self._loaded[next(name for name in self._loaded if name != SILENCE.id)]
            self._loaded[sound] = known
        return known

    def _read(self, sound: SoundId) -> Sound:
        if not _ID.fullmatch(sound):
            raise UnknownSoundError(f"{sound!r} is no sound id")
        try:
            pcma, pcmu = (_frames(self._path(sound, codec), codec) for codec in (Codec.PCMA, Codec.PCMU))
        except OSError as error:
            raise UnknownSoundError(f"{sound}: {error.strerror}") from error
        if not pcma or len(pcma) != len(pcmu):
            raise UnknownSoundError(f"{sound}: empty, or of two lengths")
        return Sound(sound, pcma, pcmu)

    def _path(self, sound: SoundId, codec: Codec) -> Path:
        return self._folder / f"{sound}{_SUFFIX[codec]}"

    def has(self, sound: SoundId) -> bool:
        """Is the sound in the folder (or built in)?"""
        return sound == SILENCE.id or self._path(sound, Codec.PCMA).exists()

    def write(self, sound: SoundId, pcma: bytes, pcmu: bytes) -> None:
        """Store a sound; a reader sees all of it or nothing. Raises `OSError`, `ValueError` (not an id)."""
        if not _ID.fullmatch(sound):
            raise ValueError(f"{sound!r} is no sound id")
        self._folder.mkdir(parents=True, exist_ok=True)
        _replace(self._path(sound, Codec.PCMU), pcmu)
        _replace(self._path(sound, Codec.PCMA), pcma)


def _frames(path: Path, codec: Codec) -> tuple[bytes, ...]:
    octets = path.read_bytes()
    whole = octets.ljust(-(-len(octets) // FRAME) * FRAME, bytes([_FILL[codec]]))
    return tuple(whole[at : at + FRAME] for at in range(0, len(whole), FRAME))


def _replace(path: Path, octets: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
