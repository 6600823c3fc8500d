"""Long runs: the warm-up is found and left out, and batch means are honest about correlation."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.runs.steady import batch, lag_1_correlation, long_run, mser5

MEAN = 100.0


def ar1(rng: np.random.Generator, length: int, phi: float, start: float = MEAN) -> NDArray[np.float64]:
    """x(t) = mean + phi (x(t-1) - mean) + noise, from `start`."""
    noise = rng.normal(0, 1, length)
    values = np.empty(length)
    last = start - MEAN
    for number in range(length):
        last = phi * last + noise[number]
        values[number] = MEAN + last
    return values


def test_mser_5_cuts_a_transient_off_and_little_more() -> None:
    """It starts 200 noises too high and decays by 2 % a step: after 230 steps it is within 2 of the mean."""
    rng = np.random.default_rng(1)
    cuts = [mser5(ar1(rng, 5_000, 0.98, start=MEAN + 200)) for _ in range(50)]
    assert all(100 <= cut <= 1_000 for cut in cuts)


def test_mser_5_keeps_nearly_all_of_a_run_that_begins_in_steady_state() -> None:
    rng = np.random.default_rng(2)
    cuts = [mser5(rng.normal(0, 1, 5_000)) for _ in range(50)]
    assert float(np.median(cuts)) <= 100


def test_mser_5_agrees_with_its_definition() -> None:
    series = ar1(np.random.default_rng(3), 400, 0.9, start=MEAN + 50)
    means = [series[5 * j : 5 * j + 5].mean() for j in range(80)]

    def statistic(cut: int) -> float:
        kept = np.array(means[cut:])
        return float(((kept - kept.mean()) ** 2).sum() / len(kept) ** 2)

    assert mser5(series) == 5 * min(range(41), key=statistic)


def test_too_short_a_series_has_no_warm_up_to_find() -> None:
    with pytest.raises(ValueError, match="20 observations"):
        mser5(np.ones(19))


def test_leaving_the_warm_up_out_removes_its_bias() -> None:
    series = ar1(np.random.default_rng(4), 6_400, 0.9, start=MEAN + 300)
    steady = long_run(series, np.ones(6_400))
    kept_all = long_run(series, np.ones(6_400), warm_up=0)
    assert steady.fault == ""
    assert abs(steady.estimate.value - MEAN) < 4 * steady.estimate.se
    assert kept_all.estimate.value - MEAN > 4 * steady.estimate.se


def test_95_percent_of_the_intervals_of_batch_means_hold_the_true_mean_of_a_correlated_process() -> None:
    rng = np.random.default_rng(5)
    runs = [long_run(ar1(rng, 3_200, 0.8), np.ones(3_200), warm_up=0).estimate for _ in range(300)]
    hits = sum(run.lo <= MEAN <= run.hi for run in runs)
    assert abs(hits - 285) <= 4 * (300 * 0.95 * 0.05) ** 0.5


def test_batches_that_correlate_are_made_longer_and_at_last_reported() -> None:
    rng = np.random.default_rng(6)
    longer = long_run(ar1(rng, 3_200, 0.99), np.ones(3_200), warm_up=0)
    hopeless = long_run(np.cumsum(rng.normal(0, 1, 3_200)), np.ones(3_200), warm_up=0)
    assert longer.batches < 64
    assert "correlate" in hopeless.fault


def test_a_run_that_never_settles_is_reported() -> None:
    assert "warming up" in long_run(np.arange(1_000.0), np.ones(1_000)).fault


def test_several_runs_are_replications_whose_warm_up_is_deleted() -> None:
    rng = np.random.default_rng(7)
    runs = np.array([ar1(rng, 2_000, 0.95, start=MEAN + 100) for _ in range(20)])
    steady = long_run(runs, np.ones_like(runs))
    assert steady.batches == 20
    assert steady.estimate.dof == 19
    assert steady.deleted > 0
    assert abs(steady.estimate.value - MEAN) < 4 * steady.estimate.se
    means = runs[:, steady.deleted :].mean(axis=1)
    assert steady.estimate.se == pytest.approx(means.std(ddof=1) / 20**0.5)


def test_slices_are_batched_from_the_end() -> None:
    assert batch(np.arange(10.0), 3).tolist() == [1 + 2 + 3, 4 + 5 + 6, 7 + 8 + 9]


def test_the_lag_1_correlation_is_that_of_neighbours() -> None:
    assert lag_1_correlation(np.array([1.0, -1.0] * 500)) == pytest.approx(-1, abs=0.01)
    assert lag_1_correlation(np.ones(5)) == 0
    assert lag_1_correlation(ar1(np.random.default_rng(8), 20_000, 0.7)) == pytest.approx(0.7, abs=0.03)
