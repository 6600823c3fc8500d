"""Estimates are right: intervals cover as often as they say, pairs gain, rules stop where they promise."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.runs.estimates import (
    Estimate,
    Stop,
    difference,
    parse_stop,
    pool,
    quantile,
    ratio,
    ratios,
    t_quantile,
)

Numbers = NDArray[np.float64]

RUNS = 1_000
TRUE_SHARE = 0.8
RATES = np.array([(300.0, 0.72), (500.0, 0.848)])
"""Contacts and share in time of a quiet and of a busy day, as likely as each other."""


def days(rng: np.random.Generator, count: int) -> tuple[Numbers, Numbers]:
    """(in time, offered) of `count` days whose share and volume hang together; long-run ratio 0.8."""
    kind = rng.integers(0, 2, count)
    offered = rng.poisson(RATES[kind, 0])
    return rng.binomial(offered, RATES[kind, 1]).astype(float), offered.astype(float)


def covered(estimate_once: Callable[[np.random.Generator], Estimate], truth: float, seed: int) -> int:
    """How many of `RUNS` intervals hold the truth."""
    rng = np.random.default_rng(seed)
    estimates = (estimate_once(rng) for _ in range(RUNS))
    return sum(one.lo <= truth <= one.hi for one in estimates)


def is_95_percent(count: int) -> bool:
    """Within four binomial standard deviations of 95 %."""
    return bool(abs(count - 0.95 * RUNS) <= 4 * (RUNS * 0.95 * 0.05) ** 0.5)


def test_the_known_process_has_the_long_run_ratio_that_the_tests_assume() -> None:
    assert (RATES[:, 0] * RATES[:, 1]).sum() / RATES[:, 0].sum() == pytest.approx(TRUE_SHARE)


@pytest.mark.parametrize("count", [30, 150])
def test_95_percent_of_the_intervals_of_a_ratio_hold_the_true_one(count: int) -> None:
    assert is_95_percent(covered(lambda rng: ratio(*days(rng, count)), TRUE_SHARE, seed=1))


def test_an_average_of_daily_ratios_would_miss_the_true_one_that_the_ratio_estimator_meets() -> None:
    def mean_of_ratios(rng: np.random.Generator) -> Estimate:
        in_time, offered = days(rng, 150)
        return ratio(in_time / offered, np.ones(150))

    assert covered(mean_of_ratios, TRUE_SHARE, seed=1) < 0.5 * RUNS


def test_the_delta_method_agrees_with_the_jackknife() -> None:
    n, d = days(np.random.default_rng(2), 40)
    left_out = (n.sum() - n) / (d.sum() - d)
    jackknife = (39 / 40 * ((left_out - left_out.mean()) ** 2).sum()) ** 0.5
    assert ratio(n, d).se == pytest.approx(jackknife, rel=0.02)


def test_with_denominators_of_one_a_ratio_is_the_mean_and_its_t_interval() -> None:
    values = [3.0, 5.0, 4.0, 8.0]
    got = ratio(values, np.ones(4))
    se = float(np.std(values, ddof=1)) / 2
    assert got.value == 5.0
    assert got.se == pytest.approx(se)
    assert (got.lo, got.hi) == pytest.approx((5 - 3.182446305 * se, 5 + 3.182446305 * se))


def test_many_cells_are_estimated_as_one_by_one_and_empty_ones_are_nan() -> None:
    rng = np.random.default_rng(3)
    n, d = rng.poisson(50, (30, 4)), rng.poisson(90, (30, 4))
    n[:, 2] = d[:, 2] = 0
    values, errors = ratios(n, d)
    for cell in (0, 1, 3):
        one = ratio(n[:, cell], d[:, cell])
        assert (values[cell], errors[cell]) == pytest.approx((one.value, one.se))
    assert np.isnan(values[2])
    assert np.isnan(errors[2])


def test_a_single_replication_has_a_value_and_no_interval() -> None:
    got = ratio([30], [40])
    assert got.value == 0.75
    assert np.isnan([got.lo, got.hi, got.se, t_quantile(0)]).all()


def test_pairs_that_met_the_same_days_cover_the_difference_and_gain() -> None:
    gains = []

    def better_by_a_tenth(rng: np.random.Generator) -> Estimate:
        in_time, offered = days(rng, 60)
        more = in_time + rng.binomial((offered - in_time).astype(int), 0.5)
        found = difference((in_time, offered), (more, offered))
        gains.append(found.gain)
        return found.estimate

    assert is_95_percent(covered(better_by_a_tenth, 0.1, seed=4))
    assert float(np.median(gains)) > 1


def test_independent_runs_gain_nothing_by_pairing() -> None:
    rng = np.random.default_rng(5)
    found = difference(days(rng, 4_000), days(rng, 4_000))
    assert found.gain == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_95_percent_of_the_intervals_of_a_quantile_hold_the_true_one_though_days_differ(p: float) -> None:
    """Waits are exponential with a mean that changes from day to day."""
    means = np.array([10_000.0, 30_000.0])
    lo, hi = 0.0, 1_000_000.0
    for _ in range(100):
        middle = (lo + hi) / 2
        below = (1 - np.exp(-middle / means)).mean()
        lo, hi = (middle, hi) if below < p else (lo, middle)

    def one(rng: np.random.Generator) -> Estimate:
        mine = means[rng.integers(0, 2, 40)]
        return quantile(pool([rng.exponential(mean, 200).astype(int) for mean in mine]), p)

    assert is_95_percent(covered(one, lo, seed=6))


def test_a_quantile_is_the_smallest_value_that_the_share_does_not_exceed() -> None:
    sample = pool([[5, 1, 3], [2, 4]])
    assert [quantile(sample, p).value for p in (0.2, 0.5, 0.6, 0.61, 1.0)] == [1, 3, 3, 4, 5]
    assert np.isnan(quantile(pool([[], []]), 0.5).value)
    assert np.isnan(quantile(pool([[7, 8]]), 0.5).lo)


def test_a_run_is_never_stopped_before_thirty_days_and_never_looked_at_between() -> None:
    looks = list(Stop("sl", 0.005, most=200).looks())
    assert looks == [30, 37, 46, 57, 71, 88, 110, 137, 171, 200]
    assert all(later > earlier for earlier, later in pairwise(looks))
    assert list(Stop("sl", 0.005, most=30).looks()) == [30]


@pytest.mark.parametrize(("half_width", "hits"), [(0.02, 929), (0.012, 933), (0.008, 955)])
def test_intervals_of_stopped_runs_cover_as_often_as_the_documentation_says(
    half_width: float, hits: int
) -> None:
    """The price of looking; the numbers are those of docs/background/statistics.md."""
    rule = Stop("sl", half_width)
    ended = []

    def run(rng: np.random.Generator) -> Estimate:
        n, d = days(rng, 3_000)
        for look in rule.looks():
            found = ratio(n[:look], d[:look])
            if found.half_width <= rule.half_width:
                ended.append(look)
                return found
        raise AssertionError("never narrow enough")

    assert covered(run, TRUE_SHARE, seed=7) == pytest.approx(hits, abs=10)
    assert min(ended) >= 30


def test_a_stopping_rule_is_read_from_its_text() -> None:
    assert parse_stop("sl:0.005") == Stop("sl", 0.005)
    assert parse_stop("asa:500").measure == "asa"


@pytest.mark.parametrize("text", ["", "sl", "sl:", ":0.1", "sl:wide", "sl:0", "sl:-1", "sl:nan", "sl:inf"])
def test_a_stopping_rule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"HALF_WIDTH|half-width"):
        parse_stop(text)


def test_a_stopping_rule_cannot_be_told_to_stop_before_thirty_days() -> None:
    with pytest.raises(ValueError, match="30"):
        Stop("sl", 0.005, least=10)
