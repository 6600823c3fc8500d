"""Music on hold, composed and synthesised here: four broken chords that end where they begin."""

from typing import Final

import numpy as np

from channels.media.commands import SoundId
from channels.media.sound.g711 import RATE, Samples
from channels.media.sound.prompts import write_samples
from channels.media.sound.signal_shape import Signal, normalise
from channels.media.sound.sounds import SoundStore

MUSIC: Final = SoundId("music-quiet-hour-1")
"""The built-in music; the number changes when the notes do."""
_PEAK_DB: Final = -9.0
_BEAT: Final = 2400
"""Samples from note to note (0.3 s); 32 of them are 480 frames of 20 ms."""
_CHORDS: Final = ((60, 64, 67, 71), (57, 60, 64, 67), (53, 57, 60, 64), (55, 59, 62, 65))
"""C major 7, A minor 7, F major 7, G 7, as MIDI notes."""
_PATTERN: Final = (0, 2, 1, 3, 2, 3, 1, 2)
_HARMONICS: Final = (1.0, 0.4, 0.15, 0.05)
_NOTE_S: Final = 1.6


def built_in_music(store: SoundStore) -> SoundId:
    """Store the built-in music, unless it is there already. Raises `OSError`."""
    if not store.has(MUSIC):
        write_samples(store, MUSIC, compose())
    return MUSIC


def compose() -> Samples:
    """9.6 s at 8 kHz. Notes that last beyond the end sound on at the beginning, so the loop has no seam."""
    loop = np.zeros(_BEAT * len(_PATTERN) * len(_CHORDS))
    for bar, chord in enumerate(_CHORDS):
        start = bar * len(_PATTERN) * _BEAT
        _add(loop, start, 0.5 * _pluck(chord[0]))
        for beat, voice in enumerate(_PATTERN):
            _add(loop, start + beat * _BEAT, _pluck(chord[voice] + 12))
    return normalise(loop, _PEAK_DB)


def _add(loop: Signal, start: int, note: Signal) -> None:
    np.add.at(loop, (start + np.arange(len(note))) % len(loop), note)


def _pluck(midi_note: int) -> Signal:
    """A soft plucked tone: it swells in 10 ms and dies away to nothing."""
    t = np.arange(int(_NOTE_S * RATE)) / RATE
    hz = 440 * 2 ** ((midi_note - 69) / 12)
    tone = sum(
        level * np.exp(-t * 2.5 * number) * np.sin(2 * np.pi * hz * number * t)
        for number, level in enumerate(_HARMONICS, start=1)
    )
    shape: Signal = np.minimum(1, t / 0.01) * np.minimum(1, (_NOTE_S - t) / 0.2)
    return np.asarray(tone) * shape
