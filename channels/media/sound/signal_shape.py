"""Makes any mono signal fit for the telephone: 8 kHz, a set loudness, 16 bits."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from channels.media.sound.g711 import RATE, Samples

Signal = NDArray[np.float64]

PROMPT_PEAK_DB: Final = -3.0
"""Loudest sample of a prompt, relative to full scale."""
_TAPS: Final = 127
_CUTOFF_HZ: Final = 3600


def halve_rate(signal: Signal) -> Signal:
    """From 16 kHz to 8 kHz, what is above the telephone band filtered out first (windowed sinc)."""
    at = np.arange(_TAPS) - _TAPS // 2
    width = 2 * _CUTOFF_HZ / (2 * RATE)
    kernel = np.sinc(at * width) * np.hamming(_TAPS)
    kernel /= kernel.sum()
    filtered: Signal = np.convolve(signal, kernel)[_TAPS // 2 : _TAPS // 2 + len(signal)]
    return filtered[::2]


def normalise(signal: Signal, peak_db: float) -> Samples:
    """Scale so that the loudest sample has `peak_db` relative to full scale; silence stays silence."""
    loudest = float(np.abs(signal).max(initial=0.0))
    factor = 32_767 * 10 ** (peak_db / 20) / loudest if loudest else 0.0
    return np.rint(signal * factor).astype(np.int16)


def to_telephone(signal: Signal, rate: int) -> Signal:
    """A signal of 8,000 or 16,000 samples a second at 8,000. Raises `ValueError` for another rate."""
    if rate == RATE:
        return signal
    if rate == 2 * RATE:
        return halve_rate(signal)
    raise ValueError(f"{rate} samples a second; 8000 or 16000 are accepted")
