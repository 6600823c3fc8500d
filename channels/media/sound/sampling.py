"""A text as callers hear it, as a WAV file: for whoever wants to hear it before they do."""

import io
import wave
from typing import Final

import numpy as np

from channels.media.sound.g711 import RATE, decode_pcma, encode_pcma
from channels.media.sound.prompts import VOICES, spoken
from config.texts import plain

_SAMPLE_OCTETS: Final = 2


def sample(text: str, language: str) -> bytes:
    """A WAV file of 8,000 samples a second, through the codec of the telephone.

    `language`: one that is spoken (`de`, `de-AT`, `en`). Raises ValueError: it is none, or the text cannot be
    spoken.
    """
    voice = VOICES.get(plain(language))
    if voice is None:
        raise ValueError(f"no voice speaks {language} ({', '.join(VOICES)} are spoken)")
    heard = decode_pcma(encode_pcma(spoken(text, voice)))
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(_SAMPLE_OCTETS)
        made.setframerate(RATE)
        made.writeframes(np.asarray(heard, "<i2").tobytes())
    return file.getvalue()
