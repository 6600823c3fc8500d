"""The test of a simulated value: right in size, fair to rare events, blind to nothing."""

import numpy as np
import pytest
from scipy import stats

from simulation.validate.verdict import MOST_Z, compared


def test_z_of_a_true_value_is_a_normal_number() -> None:
    rng = np.random.default_rng(1)
    many = [
        compared([(float(n), float(d)) for n, d in zip(rng.gamma(9, d / 9), d, strict=True)], 1.0)[2]
        for d in rng.uniform(50, 150, (2_000, 32))
    ]
    assert stats.kstest(many, "norm").pvalue > 0.001


def test_a_value_that_is_off_is_found() -> None:
    rng = np.random.default_rng(2)
    means = [(float(n), 100.0) for n in rng.normal(100, 5, 32)]
    value, error, z = compared(means, 0.95)
    assert value == pytest.approx(1.0, abs=0.03)
    assert z == pytest.approx((value - 0.95) / error, rel=0.2)
    assert z > MOST_Z


def test_events_that_are_never_seen_are_judged_by_how_often_they_were_expected() -> None:
    none = [(0.0, 1_000.0)] * 32
    assert compared(none, 0.0)[2] == 0.0
    assert abs(compared(none, 1e-5)[2]) < 1
    assert compared(none, 1e-3)[2] < -MOST_Z


def test_a_few_rare_events_are_not_taken_for_certainty() -> None:
    few = [(1.0, 1_000.0, 1.0)] + [(0.0, 1_000.0, 1.0)] * 31
    assert abs(compared(few, 6 / 32_000)[2]) < MOST_Z  # 6 expected, 1 seen: P = 0.017
    assert abs(compared([mean[:2] for mean in few], 6 / 32_000)[2]) > MOST_Z


def test_nothing_measured_never_passes() -> None:
    assert not compared([(0.0, 0.0)] * 32, 0.5)[2] < MOST_Z
    assert not compared([(1.0, 2.0)], 0.5)[2] < MOST_Z
