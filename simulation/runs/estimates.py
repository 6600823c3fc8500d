"""Estimates with confidence intervals from independent replications: ratios, differences, quantiles.

Throughout, axis 0 of an array is the replication; further axes are cells that are estimated side by side.
"""

from collections.abc import Iterator, Sequence
from math import ceil, floor, isfinite, nan

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]

LEVEL = 0.95
"""Share of all intervals that are to hold the true value, where nothing else is asked for."""


class Estimate(Struct, frozen=True):
    """A number with its uncertainty; `nan` where there was nothing to estimate it from."""

    value: float
    lo: float
    hi: float
    """Ends of the confidence interval."""
    se: float
    """Standard error."""
    dof: int
    """Degrees of freedom of the t quantile: replications or batches, less one."""

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.hi - self.lo) / 2


def t_quantile(dof: int, level: float = LEVEL) -> float:
    """By how many standard errors a two-sided interval reaches to each side; `nan` when `dof` < 1."""
    return float(stdtrit(dof, (1 + level) / 2)) if dof > 0 else nan


def estimate(value: float, se: float, dof: int, level: float = LEVEL) -> Estimate:
    """`value` ± t × `se`."""
    reach = t_quantile(dof, level) * se
    return Estimate(value, value - reach, value + reach, se, dof)


def influence(numerator: ArrayLike, denominator: ArrayLike) -> tuple[Floats, Floats]:
    """The ratio Σn / Σd of each cell, and by how much each replication pulls at it (delta method).

    The second is (n − ratio × d) / mean(d), of the shape of the input; its mean is 0 and its sum of squares
    gives the variance of the ratio (Law, Simulation Modeling and Analysis, ch. 9: ratio estimation).
    A cell whose denominators are all 0 gives `nan`.
    """
    n, d = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    total = d.sum(axis=0)
    empty = total == 0
    value = np.where(empty, nan, n.sum(axis=0) / np.where(empty, 1.0, total))
    return value, (n - value * d) * len(d) / np.where(empty, 1.0, total)


def standard_error(pulls: Floats) -> Floats:
    """Standard error of an estimate whose replications pull as `pulls` says; `nan` for fewer than two."""
    k = len(pulls)
    if k < 2:
        return np.full(pulls.shape[1:], nan)
    return np.asarray(np.sqrt((pulls**2).sum(axis=0) / (k * (k - 1))))


def ratios(numerator: ArrayLike, denominator: ArrayLike) -> tuple[Floats, Floats]:
    """(values, standard errors) of the ratio of every cell; input of shape (replications, …)."""
    value, pulls = influence(numerator, denominator)
    return value, standard_error(pulls)


def ratio(numerator: ArrayLike, denominator: ArrayLike, level: float = LEVEL) -> Estimate:
    """Σn / Σd from one (n, d) per replication, both of shape (replications,).

    With denominators of 1 it is the mean and the usual t interval.
    """
    value, se = ratios(numerator, denominator)
    return estimate(float(value), float(se), np.size(denominator) - 1, level)


class Difference(Struct, frozen=True):
    """One measure of two runs that met the same demand."""

    estimate: Estimate
    """b − a, with the interval of the pairs."""
    gain: float
    """Variance that independent runs of the same length would have had, over that of the pairs."""


def difference(
    a: tuple[ArrayLike, ArrayLike], b: tuple[ArrayLike, ArrayLike], level: float = LEVEL
) -> Difference:
    """b − a of two ratios, each given as (numerators, denominators); replication i of both is one pair."""
    value_a, pulls_a = influence(*a)
    value_b, pulls_b = influence(*b)
    paired = float(standard_error(pulls_b - pulls_a))
    apart = float(standard_error(pulls_a) ** 2 + standard_error(pulls_b) ** 2)
    gain = apart / paired**2 if paired > 0 else nan
    return Difference(estimate(float(value_b - value_a), paired, len(pulls_a) - 1, level), gain)


class Sample(Struct, frozen=True):
    """Values of all replications in ascending order, each with the replication it comes from."""

    values: NDArray[np.int64]
    replication: NDArray[np.int64]
    replications: int


def pool(days: Sequence[ArrayLike]) -> Sample:
    """One array of values per replication, made one sample."""
    arrays = [np.asarray(day, dtype=np.int64) for day in days]
    values = np.concatenate([*arrays, np.zeros(0, dtype=np.int64)])
    source = np.repeat(np.arange(len(arrays)), [len(array) for array in arrays])
    order = np.argsort(values, kind="stable")
    return Sample(values[order], source[order], len(arrays))


def quantile(sample: Sample, p: float, level: float = LEVEL) -> Estimate:
    """The smallest value that at least the share `p` of all values does not exceed.

    The interval is Woodruff's (J. Am. Stat. Assoc. 47, 1952): the share of values up to the quantile is a
    ratio over replications, its interval is turned back into values. So dependence within a day does no harm.
    """
    size = len(sample.values)
    if size == 0:
        return Estimate(nan, nan, nan, nan, sample.replications - 1)
    value = _at(sample, p)
    below = int(np.searchsorted(sample.values, value, side="right"))
    numerator = np.bincount(sample.replication[:below], minlength=sample.replications)
    denominator = np.bincount(sample.replication, minlength=sample.replications)
    share = ratio(numerator, denominator, level)
    if not isfinite(share.se):
        return Estimate(value, nan, nan, nan, share.dof)
    lo, hi = _at(sample, p - share.half_width), _at(sample, p + share.half_width)
    return Estimate(value, lo, hi, (hi - lo) / 2 / t_quantile(share.dof, level), share.dof)


def _at(sample: Sample, p: float) -> float:
    rank = ceil(round(p * len(sample.values), 6))
    return float(sample.values[min(max(rank, 1), len(sample.values)) - 1])


LEAST_DAYS = 30
"""Fewest replications before a run may stop by itself."""


class Stop(Struct, frozen=True):
    """Run until the interval of `measure` is no wider than ± `half_width`.

    `measure` is `sl` (every goal of the scenario; without goals the service level of all contacts) or the
    name of a definition, of all contacts. Looked at only after the numbers of replications that `looks`
    gives, fixed beforehand: each look is a chance to stop on a variance that came out small by luck.
    """

    measure: str
    half_width: float
    least: int = LEAST_DAYS
    growth: float = 1.25
    most: int = 10_000
    """Replications after which it stops all the same."""

    def __post_init__(self) -> None:
        """Raises ValueError where a rule would not be one."""
        if not self.half_width > 0:
            raise ValueError(f"half-width must be greater than 0, not {self.half_width}")
        if self.least < LEAST_DAYS or self.growth < 1.05 or self.most < self.least:
            raise ValueError(f"at least {LEAST_DAYS} days, growth of 1.05 or more, and no fewer days at most")

    def looks(self) -> Iterator[int]:
        """Replications done at each look, ascending, `most` the last."""
        days = self.least
        while days < self.most:
            yield days
            days = max(days + 1, floor(days * self.growth))
        yield self.most


def parse_stop(text: str) -> Stop:
    """`sl:0.005` as a rule. Raises ValueError saying what is wrong."""
    measure, colon, width = text.partition(":")
    try:
        half_width = float(width)
    except ValueError:
        half_width = nan
    if not (measure and colon and isfinite(half_width)):
        raise ValueError(f"{text!r} is not MEASURE:HALF_WIDTH, as in sl:0.005")
    return Stop(measure, half_width)
