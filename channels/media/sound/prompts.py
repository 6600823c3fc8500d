"""Makes sounds of texts and WAV files, once per content: a sound's id is the hash of what it is made of."""

import hashlib
from collections.abc import Mapping
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from channels.media.commands import SoundId
from channels.media.sound.g711 import Samples, encode_pcma, encode_pcmu
from channels.media.sound.signal_shape import PROMPT_PEAK_DB, halve_rate, normalise
from channels.media.sound.sounds import SoundStore
from channels.media.sound.speaking import Speaker, SpeechError
from channels.media.sound.wav import read_wav

_RECIPE: Final = "1"
"""Part of every hash: raise it when the same content shall sound different."""
LONGEST_TEXT: Final = 2000
"""Characters: some two minutes of speech, which nobody listens to."""
_NO_MARKUP: Final = {ord("<"): " ", ord(">"): " "}
"""The speech engine has tags in angle brackets, some of which play or write files."""
_SPOKEN_PEAK: Final = 1000
"""Any word is louder; punctuation alone gives a faint noise."""


class Voice(StrEnum):
    """The languages that texts are spoken in."""

    GERMAN = "de-DE"
    ENGLISH = "en-GB"


VOICES: Final[Mapping[str, Voice]] = {"de": Voice.GERMAN, "en": Voice.ENGLISH}
"""By language, whatever the region."""


class PromptTextError(ValueError):
    """A text cannot be spoken; the text of the error says why."""


def speak(store: SoundStore, text: str, voice: Voice, speaker: Speaker | None = None) -> SoundId:
    """Store a text as speech, unless it is there already. Takes about 5 ms per second of speech.

    Whoever speaks several texts gives a `speaker`. Raises `PromptTextError` when the text is empty, longer
    than `LONGEST_TEXT`, has nothing to say, or the speech engine fails at it.
    """
    words = _words(text)
    sound = _id_of("text", voice.encode(), words.encode())
    if not store.has(sound):
        with nullcontext(speaker) if speaker is not None else Speaker() as speaking:
            write_samples(store, sound, _spoken(speaking, words, voice))
    return sound


def spoken(text: str, voice: Voice) -> Samples:
    """A text as speech, which is stored nowhere. Raises `PromptTextError`, as `speak`."""
    with Speaker() as speaker:
        return _spoken(speaker, _words(text), voice)


def _words(text: str) -> str:
    words = " ".join(text.translate(_NO_MARKUP).split())
    if not words:
        raise PromptTextError("the text is empty")
    if len(words) > LONGEST_TEXT:
        raise PromptTextError(f"the text has {len(words)} characters; at most {LONGEST_TEXT} are spoken")
    return words


def from_wav(store: SoundStore, path: Path) -> SoundId:
    """Store a WAV file as a sound, unless it is there already. Raises `SoundFileError`."""
    signal = read_wav(path)
    sound = _id_of("file", signal.tobytes())
    if not store.has(sound):
        write_samples(store, sound, normalise(signal, PROMPT_PEAK_DB))
    return sound


def write_samples(store: SoundStore, sound: SoundId, samples: Samples) -> None:
    """Store 8 kHz samples in both laws. Raises `OSError`."""
    store.write(sound, encode_pcma(samples), encode_pcmu(samples))


def _spoken(speaker: Speaker, words: str, voice: Voice) -> Samples:
    try:
        octets = speaker.speak(voice.value, words)
    except SpeechError as error:
        raise PromptTextError(f"{error} ({words[:60]!r} …)") from error
    signal = np.frombuffer(octets, "<i2").astype(np.float64)
    if np.abs(signal).max(initial=0.0) < _SPOKEN_PEAK:
        raise PromptTextError(f"nothing to say in {words!r}")
    return normalise(halve_rate(signal), PROMPT_PEAK_DB)


def _id_of(kind: str, *content: bytes) -> SoundId:
    digest = hashlib.sha256(b"\0".join((_RECIPE.encode(), kind.encode(), *content))).hexdigest()
    return SoundId(f"{kind}-{digest[:32]}")
