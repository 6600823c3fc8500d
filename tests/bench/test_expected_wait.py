"""bench/expected_wait.py measures what it says: waits that came against what was said when they began."""

import pytest

from acd.core.estimates.expectation import Expectation
from bench.expected_wait import CASES, SHIPPED, Sample, aims, figures, rows_of, samples_of, with_patient


def sample(real_s: int, said_s: int, naive_s: int, *, patient: bool = False) -> Sample:
    said = {
        SHIPPED: Expectation(said_s * 1000, said_s * 500, said_s * 2000),
        "naive": Expectation(naive_s * 1000, 0, naive_s * 1000),
    }
    return Sample(real_s * 1000, said, patient)


def test_errors_are_compared_with_the_naive_ones_of_the_same_waits() -> None:
    found = figures([sample(10, 12, 20), sample(30, 20, 10), sample(5, 20, 5)], SHIPPED)
    assert found is not None
    assert (found.waits, found.mae_s, found.of_naive) == (3, 9.0, 0.9)
    assert (found.in_band, found.below) == (0.667, 0.333)


def test_who_was_not_asked_has_no_figures() -> None:
    assert figures([sample(10, 12, 20)], "rollout") is None


def test_an_aim_is_missed_by_too_wide_a_band_or_too_great_an_error() -> None:
    good = {"case": rows_of([sample(10, 11, 20)] * 9 + [sample(100, 99, 99)])}
    assert [ok for _, _, ok in aims(good)] == [False, True], "all of them lie in the band"
    bad = {"case": rows_of([sample(10, 11, 11)] * 9 + [sample(100, 10, 10)])}
    assert [ok for _, _, ok in aims(bad)] == [True, False]


def test_one_caller_in_twenty_waits_for_ever_and_the_demand_stays_the_same() -> None:
    whole = CASES["few agents"]()
    made = with_patient(whole)
    assert [stream.patience is None for stream in made.streams] == [False, True]
    total = [sum(sum(stream.expected) for stream in one.streams) for one in (whole, made)]
    assert total[0] == pytest.approx(total[1])


def test_a_day_of_few_agents_is_told_better_than_by_the_naive_one_and_a_simulation_knows_no_more() -> None:
    rows = rows_of(samples_of(CASES["few agents"](), 1, 1, 100))
    assert set(rows) == {"naive", SHIPPED, "last served", "rollout"}
    shipped = rows[SHIPPED]["all"]
    assert shipped is not None
    assert shipped.waits > 200
    assert shipped.of_naive < 0.85
    assert 0.85 < shipped.in_band < 0.97
