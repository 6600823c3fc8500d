"""G.711 companding as 256-octet tables in plain Python, for the media process (which needs no numpy).

ITU-T G.711 (11/1988), tables 1a and 2a: both laws have 8 segments of 16 intervals per sign.
"""

from bisect import bisect_right
from typing import Final

_ALAW_TOGGLE: Final = 0x55
"""G.711 §3.1: the even bits of an A-law code are inverted for transmission."""
_ULAW_BIAS: Final = 33
"""ITU-T G.711: what is added so that the segments join."""


def _alaw_lower(code: int) -> int:
    """Lower decision value of positive interval 0..127, in 1/4096 of full scale."""
    segment, step = code >> 4, code & 15
    return step if segment == 0 else (16 + step) << (segment - 1)


def _ulaw_lower(code: int) -> int:
    """Lower decision value of positive interval 0..127, in 1/8192 of full scale."""
    segment, step = code >> 4, code & 15
    return max(0, ((_ULAW_BIAS + 2 * step) << segment) - _ULAW_BIAS - (1 << segment))


ALAW_THRESHOLDS: Final = tuple(_alaw_lower(code) for code in range(128))
ULAW_THRESHOLDS: Final = tuple(_ulaw_lower(code) for code in range(128))


def decode_alaw(octet: int) -> int:
    """The 16-bit sample that an A-law octet stands for."""
    code = octet ^ _ALAW_TOGGLE
    interval = code & 0x7F
    magnitude = (ALAW_THRESHOLDS[interval] << 4) + (8 << max(0, (interval >> 4) - 1))
    return magnitude if code & 0x80 else -magnitude


def decode_ulaw(octet: int) -> int:
    """The 16-bit sample that a µ-law octet stands for."""
    code = ~octet & 0xFF
    magnitude = (((_ULAW_BIAS + 2 * (code & 15)) << ((code >> 4) & 7)) - _ULAW_BIAS) << 2
    return -magnitude if code & 0x80 else magnitude


def encode_alaw(sample: int) -> int:
    """The A-law octet of a 16-bit sample."""
    magnitude = (sample if sample >= 0 else ~sample) >> 4
    interval = bisect_right(ALAW_THRESHOLDS, magnitude) - 1
    return (interval | (0x80 if sample >= 0 else 0)) ^ _ALAW_TOGGLE


def encode_ulaw(sample: int) -> int:
    """The µ-law octet of a 16-bit sample."""
    magnitude = (sample if sample >= 0 else ~sample) >> 2
    interval = bisect_right(ULAW_THRESHOLDS, magnitude) - 1
    return ~(interval | (0 if sample >= 0 else 0x80)) & 0xFF


ALAW_TO_ULAW: Final = bytes(encode_ulaw(decode_alaw(octet)) for octet in range(256))
ULAW_TO_ALAW: Final = bytes(encode_alaw(decode_ulaw(octet)) for octet in range(256))
ALAW_SILENCE: Final = encode_alaw(0)
ULAW_SILENCE: Final = encode_ulaw(0)
