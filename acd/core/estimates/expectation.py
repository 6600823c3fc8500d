"""An expected wait with its band, and how people say it. Whole numbers only, so that every machine agrees."""

from math import isqrt

from msgspec import Struct

MILLION = 1_000_000
Z_PERMILLE = 1_645
"""Between minus and plus 1.645 deviations lie 90 % of a normal law."""

MOST_DEVIATION = 3 * MILLION // 2
"""A wait that is spread wider is said with this spread: beyond it the formula for the band fails."""

MOST_MINUTES = 60
"""What is longer is told as "more than" that."""
BEYOND_MINUTES = MOST_MINUTES + 1

MINUTES: tuple[int, ...] = (0, *range(1, 11), 15, 20, 25, 30, 40, 50, MOST_MINUTES, BEYOND_MINUTES)
"""All that is ever told; 0: less than a minute."""


class Expectation(Struct, frozen=True, gc=False):
    """How long a contact will still wait until an agent answers it. Lengths in milliseconds."""

    expected_ms: int
    """As likely too long as too short."""
    low_ms: int
    """It is shorter in one of twenty cases, …"""
    high_ms: int
    """… and longer in one of twenty."""


NO_WAIT = Expectation(0, 0, 0)


def expectation(mean_ms: int, variance_ms2: int) -> Expectation:
    """Median and 90 % band of the gamma law with this mean and variance.

    A wait is a sum of times between completions; if these are exponential and alike, it is exactly that law.
    """
    if mean_ms <= 0:
        return NO_WAIT
    deviation = min(MOST_DEVIATION, isqrt(variance_ms2) * MILLION // mean_ms)
    low_ms, median_ms, high_ms = (_quantile(mean_ms, deviation, z) for z in (-Z_PERMILLE, 0, Z_PERMILLE))
    return Expectation(median_ms, low_ms, high_ms)


def _quantile(mean_ms: int, deviation: int, z_permille: int) -> int:
    """By the cube root of a gamma variate, which is nearly normal (Wilson and Hilferty 1931).

    `deviation`: the standard deviation as a share of the mean, in millionths.
    """
    root = MILLION - deviation * deviation // (9 * MILLION) + z_permille * deviation // 3_000
    root = max(0, root)
    return mean_ms * root * root * root // (MILLION * MILLION * MILLION)


def in_minutes(expected_ms: int) -> int:
    """As people say it: 0 is less than a minute; the rounder, the longer it is."""
    if expected_ms < 60_000:
        return 0
    exact = min((expected_ms + 30_000) // 60_000, BEYOND_MINUTES)
    if exact == BEYOND_MINUTES:
        return exact
    return min(MINUTES[1:-1], key=lambda minutes: (abs(minutes - exact), -minutes))
