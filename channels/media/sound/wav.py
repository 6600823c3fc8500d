"""Reads the WAV files that a site supplies as prompts or music."""

import struct
import wave
from pathlib import Path
from typing import Final

import numpy as np

from channels.media.sound.signal_shape import Signal, to_telephone

LONGEST_S: Final = 600
"""A text is in memory as a whole, in both codecs."""


class SoundFileError(ValueError):
    """A sound file cannot be used; the text names the file and the reason."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def read_wav(path: Path) -> Signal:
    """The signal of a WAV file (16 bit, mono, 8 or 16 kHz, at most `LONGEST_S`) at 8 kHz.

    Raises `SoundFileError`.
    """
    try:
        with wave.open(str(path), "rb") as file:
            reason = _refusal(file)
            if reason:
                raise SoundFileError(path, reason)
            octets = file.readframes(file.getnframes())
            rate = file.getframerate()
    except OSError as error:
        raise SoundFileError(path, error.strerror or str(error)) from error
    except (wave.Error, EOFError, struct.error) as error:
        raise SoundFileError(
            path, f"not a WAV file that can be read: {str(error) or 'it is cut off'}"
        ) from error
    whole = octets[: len(octets) // 2 * 2]
    if not whole:
        raise SoundFileError(path, "no sound in it")
    return to_telephone(np.frombuffer(whole, "<i2").astype(np.float64), rate)


def _refusal(file: wave.Wave_read) -> str:
    """Why this file is not accepted; empty if it is."""
    if file.getnchannels() != 1:
        return f"{file.getnchannels()} channels; only mono is accepted"
    if file.getsampwidth() != 2:
        return f"{8 * file.getsampwidth()} bits a sample; only 16 are accepted"
    if file.getframerate() not in (8000, 16_000):
        return f"{file.getframerate()} samples a second; 8000 or 16000 are accepted"
    if file.getnframes() > LONGEST_S * file.getframerate():
        return f"longer than {LONGEST_S} s"
    return ""
