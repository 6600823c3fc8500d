"""Durations as people write them: `20s`, `5m`, `1h30m`, or a number of seconds."""

import math
import re

LONGEST_MS = 366 * 24 * 3600 * 1000
"""A year: what is longer is a unit mixed up."""

_UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_PARTS = re.compile(
    r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?(?:([0-9]{1,9})ms)?"
)


def duration_text(ms: int) -> str:
    """As people write it: `300_000` is `5m`."""
    parts = []
    for unit, length_ms in _UNIT_MS.items():
        many, ms = divmod(ms, length_ms)
        if many:
            parts.append(f"{many}{unit}")
    return "".join(parts) or "0s"


def duration_ms(value: object) -> int:
    """Milliseconds of a duration. Raises ValueError with a reason fit for the user."""
    if isinstance(value, str):
        ms = _from_text(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        ms = _from_seconds(value)
    else:
        raise ValueError('must be a duration such as "20s", "5m", "1h30m" or a number of seconds')
    if ms > LONGEST_MS:
        raise ValueError("is longer than 366 days")
    return ms


def _from_text(text: str) -> int:
    if re.fullmatch(r"-\s*[0-9].*", text):
        raise ValueError("must not be negative")
    match = _PARTS.fullmatch(text)
    if match is None or not text:
        raise ValueError(f'"{text:.40}" is not a duration such as "20s", "5m" or "1h30m"')
    return sum(int(part or 0) * unit for part, unit in zip(match.groups(), _UNIT_MS.values(), strict=True))


def _from_seconds(seconds: float) -> int:
    if isinstance(seconds, float) and math.isnan(seconds):
        raise ValueError("is not a number")
    if seconds < 0:
        raise ValueError("must not be negative")
    return round(min(seconds, 2 * LONGEST_MS) * 1000)
