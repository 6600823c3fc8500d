"""Steady-state estimates for validation: end of the warm-up, batch means, replications with deletion."""

from math import sqrt

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from acd.kpi.definitions import Definition
from simulation.runs.estimates import LEVEL, Estimate, Floats, influence, ratio
from simulation.runs.experiment import experiment
from simulation.runs.result import Result
from simulation.runs.spread import Map, serial
from simulation.runs.sums import EVERYTHING, Where
from simulation.scenario import Scenario

BATCHES = 64
"""Batches that one long run is cut into at first."""
LEAST_BATCHES = 16
CORRELATION_TEST = 1.645
"""Normal quantile of the one-sided 5 % test on the lag-1 correlation of the batches."""


class Steady(Struct, frozen=True):
    """An estimate of a long-run ratio, and whether its conditions were met."""

    estimate: Estimate
    deleted: int
    """Slices at the beginning that were left out."""
    batches: int
    """Batches of one run, or replications."""
    lag_1: float
    """Correlation of neighbouring batches; 0 for replications, which are independent."""
    fault: str = ""
    """Why the interval is not to be trusted; empty: no reason found."""


def steady_state(
    scenario: Scenario,
    kpi: str | Definition,
    *,
    seed: int,
    where: Where = EVERYTHING,
    replications: int = 1,
    map: Map = serial,
    level: float = LEVEL,
) -> Steady:
    """The long-run value of a KPI where demand and staff do not change; the intervals are the slices.

    One long replication gives batch means, several replication/deletion. Raises ValueError as `long_run`
    and `simulation.runs.experiment.experiment`.
    """
    result = experiment(scenario, seed=seed, days=replications, map=map)
    return of_result(result, kpi, where, level=level)


def of_result(
    result: Result, kpi: str | Definition, where: Where = EVERYTHING, *, level: float = LEVEL
) -> Steady:
    """The same from days that were played already. What came after the last interval is left out."""
    parts = [
        result.parts(kpi, where._replace(interval=interval)) for interval in range(result.scenario.intervals)
    ]
    numerator, denominator = (np.stack(side, axis=1) for side in zip(*parts, strict=True))
    return long_run(numerator, denominator, level=level)


def mser5(series: ArrayLike) -> int:
    """Observations of `series`, shape (n,), to delete as warm-up; n // 2 when it was still going on there.

    White's MSER-5 (White, Cobb and Spratt, Winter Simulation Conference 2000): over means of 5, the cut that
    makes the standard error of the mean of what is left smallest. Raises ValueError below 20 observations.
    """
    values = np.asarray(series, dtype=float)
    means = values[: len(values) // 5 * 5].reshape(-1, 5).mean(axis=1)
    if len(means) < 4:
        raise ValueError(f"20 observations are needed to find a warm-up, not {len(values)}")
    means = means - means.mean()
    left = np.arange(len(means), 0, -1)
    total, squares = np.cumsum(means[::-1])[::-1], np.cumsum(means[::-1] ** 2)[::-1]
    error = (squares - total**2 / left) / left**2
    return 5 * int(np.argmin(error[: len(means) // 2 + 1]))


def long_run(
    numerator: ArrayLike, denominator: ArrayLike, *, warm_up: int | None = None, level: float = LEVEL
) -> Steady:
    """Long-run Σn / Σd from the slices of one run, shape (slices,), or of several, (replications, slices).

    `warm_up` slices are left out; None: as many as MSER-5 says for n − ratio × d, averaged over the
    replications. Several runs: replication/deletion. One: batch means, with fewer and longer batches as long
    as neighbours correlate (Law, Simulation Modeling and Analysis, section 9.5).
    """
    n, d = np.atleast_2d(np.asarray(numerator, float)), np.atleast_2d(np.asarray(denominator, float))
    slices = n.shape[1]
    series = (n - n.sum() / d.sum() * d).mean(axis=0)
    deleted = mser5(series) if warm_up is None else warm_up
    fault = "still warming up after half of the run" if 2 * deleted >= slices - 10 else ""
    n, d = n[:, deleted:], d[:, deleted:]
    if len(n) > 1:
        return Steady(ratio(n.sum(axis=1), d.sum(axis=1), level), deleted, len(n), 0.0, fault)
    return _batch_means(n[0], d[0], deleted, fault, level)


def _batch_means(n: Floats, d: Floats, deleted: int, fault: str, level: float) -> Steady:
    batches = min(BATCHES, len(n))
    if batches < LEAST_BATCHES:
        raise ValueError(f"{LEAST_BATCHES} slices are needed after the warm-up, not {len(n)}")
    while True:
        sums, weights = batch(n, batches), batch(d, batches)
        lag_1 = lag_1_correlation(influence(sums, weights)[1])
        correlated = lag_1 > CORRELATION_TEST / sqrt(batches)
        if not correlated or batches // 2 < LEAST_BATCHES:
            break
        batches //= 2
    fault = fault or ("neighbouring batches correlate: the run is too short" if correlated else "")
    return Steady(ratio(sums, weights, level), deleted, batches, lag_1, fault)


def batch(series: Floats, batches: int) -> Floats:
    """Sums over `batches` neighbouring stretches of equal length; what is over at the front is dropped."""
    length = len(series) // batches
    sums: Floats = series[len(series) - batches * length :].reshape(batches, length).sum(axis=1)
    return sums


def lag_1_correlation(values: Floats) -> float:
    """Correlation of each value with the next; 0 when they do not vary."""
    centred = values - values.mean()
    spread = float((centred**2).sum())
    return float((centred[1:] * centred[:-1]).sum()) / spread if spread else 0.0
