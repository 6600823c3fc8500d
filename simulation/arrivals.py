"""When the contacts of a stream come: Poisson per interval, with a surge and what waits from before."""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simulation.scenario import Scenario, Stream, Surge

DAY_MS = 86_400_000

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Uniforms = Callable[["Part", int, int], Floats]
"""(part, column, how many) → that many numbers in [0, 1): always the same, a longer list begins alike."""

_COUNTS, _MOMENTS, _THINNING = 0, 1, 2


class Part(IntEnum):
    """Parts of a stream that are drawn apart, so that a change of one leaves the others as they are."""

    FORECAST = 0
    SURGE = 1
    BACKLOG = 2


class Arrivals(NamedTuple):
    """The contacts of one stream, in the order of time."""

    moments: Integers
    places: tuple[tuple[Part, Integers], ...]
    """Per part the places of its contacts in a column of random numbers …"""
    order: Integers
    """… and, with the parts put one after the other, which of them is the first, second, … in time."""


def poisson(u: Floats, mean: Floats) -> Integers:
    """The Poisson quantiles of the probabilities `u` in [0, 1): the least k with P(N ≤ k) > u."""
    rough = np.ceil(np.nan_to_num(special.pdtrik(u, mean)))
    # The continuous inverse may err by one near a jump; two looks at the exact distribution decide.
    counts = np.maximum(rough - 1, 0.0)
    for _ in range(3):
        counts += special.pdtr(counts, mean) <= u
    return np.where(mean > 0, counts, 0).astype(np.int64)


def day_factors(scenario: Scenario, factor: Callable[[int], Floats]) -> Floats:
    """The factor on each interval's demand; `factor(n)` gives one for each of n days, 24 h each."""
    starts = np.arange(scenario.intervals, dtype=np.int64) * scenario.interval_ms
    days = starts // DAY_MS
    return factor(int(days[-1]) + 1 if len(days) else 0)[days]


def arrive(
    scenario: Scenario, stream: Stream, factors: Floats, surge: Surge | None, draw: Uniforms
) -> Arrivals:
    """The contacts of `stream`; `surge` only when it concerns this stream.

    Within the surge the rate is `factor` times the forecast, from moment to moment: above 1 contacts are
    added in the overlap with each interval, below 1 each contact in it is kept with that probability.
    """
    expected = np.asarray(stream.expected, dtype=np.float64) * factors
    starts = scenario.start_ms + np.arange(scenario.intervals, dtype=np.int64) * scenario.interval_ms
    lengths = np.full(scenario.intervals, scenario.interval_ms, dtype=np.int64)
    parts = [(Part.BACKLOG, np.arange(stream.backlog), np.full(stream.backlog, scenario.start_ms))]
    places, moments = _scatter(Part.FORECAST, expected, starts, lengths, draw)
    if surge is not None and surge.factor < 1:
        kept = _kept(surge, places, moments, draw)
        places, moments = places[kept], moments[kept]
    parts.append((Part.FORECAST, places, moments))
    if surge is not None and surge.factor > 1:
        first = np.clip(surge.start_ms, starts, starts + lengths)
        overlap = np.clip(surge.end_ms, first, starts + lengths) - first
        more = expected * (surge.factor - 1) * overlap / scenario.interval_ms
        parts.append((Part.SURGE, *_scatter(Part.SURGE, more, first, overlap, draw)))
    together = np.concatenate([moments for _, _, moments in parts])
    order = np.argsort(together, kind="stable")
    return Arrivals(together[order], tuple((part, where) for part, where, _ in parts), order)


def _scatter(
    part: Part, expected: Floats, starts: Integers, lengths: Integers, draw: Uniforms
) -> tuple[Integers, Integers]:
    """Places and moments of Poisson many contacts in each interval.

    The r-th contact drawn in interval i of n has the place r n + i: it keeps its numbers whatever happens in
    other intervals, and the contacts before it in its own.
    """
    counts = poisson(draw(part, _COUNTS, len(expected)), expected)
    interval = np.repeat(np.arange(len(expected)), counts)
    rank = np.arange(len(interval)) - np.repeat(np.cumsum(counts) - counts, counts)
    places = rank * len(expected) + interval
    spread = draw(part, _MOMENTS, int(places.max(initial=-1)) + 1)[places]
    return places, starts[interval] + (spread * lengths[interval]).astype(np.int64)


def _kept(surge: Surge, places: Integers, moments: Integers, draw: Uniforms) -> NDArray[np.bool_]:
    chance = draw(Part.FORECAST, _THINNING, int(places.max(initial=-1)) + 1)[places]
    inside = (moments >= surge.start_ms) & (moments < surge.end_ms)
    return ~inside | (chance < surge.factor)
