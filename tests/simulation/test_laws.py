"""Laws of lengths of time."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from simulation.laws import LONGEST_MS, Kind, Law, empirical, exponential, fixed, gamma, lognormal

MIDPOINTS = (np.arange(200_000) + 0.5) / 200_000
CVS = (0.0, 0.1, 0.5, 1.0, 2.0)

laws = st.one_of(
    st.floats(0, 1e7).map(fixed),
    st.floats(0, 1e7).map(exponential),
    st.builds(lognormal, st.floats(0, 1e7), st.floats(0, 5)),
    st.builds(gamma, st.floats(0, 1e7), st.floats(0, 5)),
    st.lists(st.integers(0, LONGEST_MS), min_size=1, max_size=20).map(empirical),
)


@pytest.mark.parametrize("cv", CVS)
@pytest.mark.parametrize("make", [lognormal, gamma])
def test_a_law_has_the_mean_and_the_cv_it_was_made_with(make: object, cv: float) -> None:
    drawn = make(240_000, cv).quantile(MIDPOINTS)  # type: ignore[operator]
    assert drawn.mean() == pytest.approx(240_000, rel=0.002)
    assert drawn.std() / drawn.mean() == pytest.approx(cv, rel=0.05, abs=1e-5)


def test_the_exponential_law_has_cv_1_and_the_fixed_one_0() -> None:
    drawn = exponential(180_000).quantile(MIDPOINTS)
    assert drawn.mean() == pytest.approx(180_000, rel=0.001)
    assert drawn.std() / drawn.mean() == pytest.approx(1, rel=0.001)
    assert set(fixed(1234.4).quantile(MIDPOINTS).tolist()) == {1234}


@pytest.mark.parametrize(
    ("law", "frozen"),
    [
        (exponential(60_000), stats.expon(scale=60_000)),
        (lognormal(60_000, 0.8), stats.lognorm(s=math.sqrt(math.log(1.64)), scale=60_000 / math.sqrt(1.64))),
        (gamma(60_000, 0.8), stats.gamma(a=1 / 0.64, scale=60_000 * 0.64)),
    ],
)
def test_quantiles_are_those_of_the_textbook(law: Law, frozen: stats.rv_continuous) -> None:
    u = np.array([1e-9, 0.001, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9])
    assert np.abs(law.quantile(u) - frozen.ppf(u)).max() <= 0.5 + 1e-6


def test_an_empirical_law_gives_its_values_equally_often_and_nothing_else() -> None:
    law = empirical([30_000, 10_000, 10_000, 70_000])
    drawn = law.quantile(MIDPOINTS)
    assert dict(zip(*np.unique(drawn, return_counts=True), strict=True)) == {
        10_000: 100_000,
        30_000: 50_000,
        70_000: 50_000,
    }
    assert law.mean_ms == 30_000
    assert law.quantile(np.array([0.0, 0.25, 0.5, 0.75])).tolist() == [10_000, 10_000, 30_000, 70_000]


@settings(max_examples=200, deadline=None)
@example(gamma(1e7, 1e-203), [0.0, 0.5])
@example(lognormal(1e7, 1e-203), [0.0, 0.5])
@given(law=laws, u=st.lists(st.floats(0, 1, exclude_max=True), min_size=2, max_size=20))
def test_quantiles_rise_with_u_and_stay_within_bounds(law: Law, u: list[float]) -> None:
    drawn = law.quantile(np.sort(np.array(u)))
    assert drawn.dtype == np.int64
    assert (np.diff(drawn) >= 0).all()
    assert drawn.min() >= 0
    assert drawn.max() <= LONGEST_MS


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_a_parameter_that_is_negative_or_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="mean"):
        fixed(bad)
    with pytest.raises(ValueError, match="cv"):
        lognormal(1000, bad)


def test_an_empirical_law_without_values_or_with_impossible_ones_is_refused() -> None:
    for values in ([], [-1], [LONGEST_MS + 1]):
        with pytest.raises(ValueError, match="values"):
            empirical(values)
    with pytest.raises(ValueError, match="values"):
        Law(Kind.FIXED, 5.0, values_ms=(5,))


def test_a_law_can_be_sent_to_another_process() -> None:
    for law in (lognormal(5000, 1), empirical([1, 2])):
        assert pickle.loads(pickle.dumps(law)) == law
