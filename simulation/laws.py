"""Distributions of lengths of time, drawn by inverse transform so that common random numbers stay aligned."""

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import special

LONGEST_MS = 366 * 24 * 3600 * 1000
"""No drawn length exceeds a leap year, whatever the tail of its law."""


class Kind(StrEnum):
    """The families. `cv` (standard deviation over mean) says the shape of lognormal and gamma."""

    FIXED = "fixed"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    GAMMA = "gamma"
    EMPIRICAL = "empirical"


LEAST_CV = 1e-6
"""What varies less, an hour by 4 ms, counts as fixed: the square of a tiny cv is 0, and 1 / 0 is no shape."""


class Law(Struct, frozen=True):
    """The distribution of a length of time ≥ 0. Make it by one of the functions below.

    Raises ValueError when a parameter is negative or not finite, or when an empirical law has no values.
    """

    kind: Kind
    mean_ms: float
    cv: float = 0.0
    values_ms: tuple[int, ...] = ()
    """Of the empirical law: what was observed, sorted."""

    def __post_init__(self) -> None:
        for name, number in (("mean", self.mean_ms), ("cv", self.cv)):
            if not (math.isfinite(number) and number >= 0):
                raise ValueError(f"{name} must be a finite number of at least 0, not {number}")
        if (self.kind is Kind.EMPIRICAL) != bool(self.values_ms):
            raise ValueError("an empirical law needs values, and no other law has any")

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """The lengths in whole ms that belong to the probabilities `u` in [0, 1]; any shape, same shape out.

        Monotone in u, from 0 to LONGEST_MS. The empirical law gives one of its values, the k-th of n for
        u in [(k-1)/n, k/n).
        """
        if self.kind is Kind.EMPIRICAL:
            values = np.asarray(self.values_ms, dtype=np.int64)
            return values[np.minimum((u * len(values)).astype(np.int64), len(values) - 1)]
        exact = np.minimum(self.mean_ms * _relative(self.kind, self.cv, u), LONGEST_MS)
        return np.rint(exact).astype(np.int64)


def fixed(mean_ms: float) -> Law:
    """Always `mean_ms`."""
    return Law(Kind.FIXED, mean_ms)


def exponential(mean_ms: float) -> Law:
    """Memoryless, cv 1."""
    return Law(Kind.EXPONENTIAL, mean_ms, 1.0)


def lognormal(mean_ms: float, cv: float) -> Law:
    """The exponential of a normal variable, with this mean and cv (cv 0: fixed)."""
    return Law(Kind.LOGNORMAL, mean_ms, cv)


def gamma(mean_ms: float, cv: float) -> Law:
    """Gamma with shape 1/cv² and this mean (cv 0: fixed)."""
    return Law(Kind.GAMMA, mean_ms, cv)


def empirical(values_ms: Sequence[int]) -> Law:
    """Each of the values (at least one, ≥ 0, at most LONGEST_MS) equally likely; mean and cv are theirs."""
    values = np.sort(np.asarray(values_ms, dtype=np.int64))
    if values.size == 0 or values[0] < 0 or values[-1] > LONGEST_MS:
        raise ValueError(f"an empirical law needs values from 0 to {LONGEST_MS} ms, at least one")
    mean = float(values.mean())
    cv = float(values.std()) / mean if mean else 0.0
    return Law(Kind.EMPIRICAL, mean, cv, tuple(values.tolist()))


def _relative(kind: Kind, cv: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles of a parametric law of mean 1."""
    with np.errstate(divide="ignore", over="ignore"):
        if kind is Kind.EXPONENTIAL:
            return -np.log1p(-u)
        if kind is Kind.FIXED or cv < LEAST_CV:
            return np.ones_like(u)
        if kind is Kind.GAMMA:
            return gamma_quantile(cv, u)
        # ln X is normal with variance s² = ln(1 + cv²) and mean -s²/2.
        variance = math.log1p(cv * cv)
        normal: NDArray[np.float64] = special.ndtri(u)
        return np.exp(math.sqrt(variance) * normal - variance / 2)


def gamma_quantile(cv: float, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles of the gamma law with mean 1 and this cv."""
    if cv < LEAST_CV:
        return np.ones_like(u)
    shape = 1.0 / (cv * cv)
    quantiles: NDArray[np.float64] = special.gammaincinv(shape, u) / shape
    return quantiles
