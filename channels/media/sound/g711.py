"""G.711 encoding and decoding of whole signals by numpy tables (ITU-T G.711)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from channels.media.sound.companding import ALAW_THRESHOLDS, ULAW_THRESHOLDS, decode_alaw, decode_ulaw

Samples = NDArray[np.int16]
RATE: Final = 8000
"""Samples per second."""

_ALAW: Final = np.array([decode_alaw(octet) for octet in range(256)], np.int16)
_ULAW: Final = np.array([decode_ulaw(octet) for octet in range(256)], np.int16)


def _encoding(thresholds: tuple[int, ...], shift: int) -> NDArray[np.uint8]:
    """Interval and positive sign (128) of every 16-bit sample from -32768 on."""
    samples = np.arange(-32_768, 32_768)
    magnitudes = np.where(samples >= 0, samples, ~samples) >> shift
    intervals = np.searchsorted(np.array(thresholds), magnitudes, side="right") - 1
    return (intervals | (samples >= 0) << 7).astype(np.uint8)


_TO_ALAW: Final = _encoding(ALAW_THRESHOLDS, 4) ^ 0x55
_TO_ULAW: Final = ~(_encoding(ULAW_THRESHOLDS, 2) ^ 0x80)


def encode_pcma(samples: Samples) -> bytes:
    """One A-law octet per 16-bit sample."""
    return _TO_ALAW[samples.astype(np.int32) + 32_768].tobytes()


def encode_pcmu(samples: Samples) -> bytes:
    """One µ-law octet per 16-bit sample."""
    return _TO_ULAW[samples.astype(np.int32) + 32_768].tobytes()


def decode_pcma(octets: bytes) -> Samples:
    """One 16-bit sample per A-law octet."""
    return _ALAW[np.frombuffer(octets, np.uint8)]


def decode_pcmu(octets: bytes) -> Samples:
    """One 16-bit sample per µ-law octet."""
    return _ULAW[np.frombuffer(octets, np.uint8)]
