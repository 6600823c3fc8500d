"""Closed forms against laws that they must obey and against numerical solutions by another way."""

from collections.abc import Callable
from math import exp, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from simulation.theory import transient
from simulation.theory.birth_death import Station, Unstable, steady
from simulation.theory.infinite_server import Swing
from simulation.theory.priority import (
    accumulating,
    busy,
    by_class,
    one_server,
    one_server_by_class,
    preempted,
)
from simulation.theory.transient import Desk, moments
from simulation.theory.waits import Waits

RATES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=5)


@given(RATES, st.integers(1, 20))
def test_no_order_of_service_changes_the_work_that_waits(rates: list[float], agents: int) -> None:
    mu = 1.05 * sum(rates) / agents
    whole = sum(rates) * busy(sum(rates), mu, agents).wait
    weights = [2.0**-k for k in range(len(rates))]
    for waits in (by_class(rates, mu, agents), accumulating(rates, weights, mu, agents)):
        assert sum(rate * wait for rate, wait in zip(rates, waits, strict=True)) == pytest.approx(
            whole, rel=1e-9
        )
        assert waits == sorted(waits)


def test_equal_weights_are_first_come_first_served_and_extreme_ones_are_classes() -> None:
    rates, mu, agents = [1.0, 3.0, 2.5], 1.0, 8
    alike = accumulating(rates, [1, 1, 1], mu, agents)
    assert alike == pytest.approx([busy(6.5, mu, agents).wait] * 3, rel=1e-12)
    assert accumulating(rates, [1e12, 1e6, 1], mu, agents) == pytest.approx(
        by_class(rates, mu, agents), rel=1e-5
    )


def test_one_server_with_exponential_times_is_the_group_of_one() -> None:
    assert one_server(0.8, 1.0, 2.0) == pytest.approx(busy(0.8, 1.0, 1).wait, rel=1e-12)
    rates = [0.3, 0.5]
    assert one_server_by_class(rates, [1, 1], [2, 2]) == pytest.approx(by_class(rates, 1.0, 1), rel=1e-12)


def test_calls_that_interrupt_do_not_notice_the_mails() -> None:
    alone = busy(6.0, 1.0, 10).wait
    few, many = preempted(6, 0.001, 1, 10), preempted(6, 3, 1, 10)
    assert few.call_wait == many.call_wait == alone
    assert many.mail_sojourn > few.mail_sojourn > 1.0


@pytest.mark.parametrize(
    "grows",
    [
        lambda: by_class([0.5, 0.6], 1.0, 1),
        lambda: accumulating([0.5, 0.6], [2, 1], 1.0, 1),
        lambda: one_server(1.0, 1.0, 2.0),
        lambda: one_server_by_class([0.5, 0.5], [1, 1], [2, 2]),
        lambda: preempted(6, 4, 1, 10),
        lambda: steady(Station(3.0, 1.0, 3)),
        lambda: steady(Station(1.0, 1.0, 0)),
        lambda: steady(Station(1.0, 1.0 + 1e-9, 1)),
    ],
)
def test_what_grows_for_ever_is_an_error(grows: Callable[[], object]) -> None:
    with pytest.raises(Unstable):
        grows()


@given(st.floats(0.01, 50), st.floats(0.05, 5), st.integers(0, 30), st.floats(0.001, 10), st.integers(1, 20))
def test_what_comes_is_served_lost_or_blocked(
    rate: float, mu: float, agents: int, theta: float, places: int
) -> None:
    for lines in (None, agents + places):
        found = Waits.of(Station(rate, mu, agents, theta, lines), 1.0)
        assert found.p_served + found.p_abandon + found.p_block == pytest.approx(1, abs=1e-9)
        assert found.p_in_target <= found.p_served + 1e-12
        assert mu * found.busy == pytest.approx(rate * found.p_served, rel=1e-9, abs=1e-12)
        # who gives up and who is served share the wait of all
        lost = found.mean_wait * (1 - found.p_block) - found.asa * found.p_served
        assert lost >= -1e-9


def test_a_deep_queue_is_summed_around_its_most_likely_length() -> None:
    found = steady(Station(2_000.0, 1.0, 1_000, 0.01))
    assert found.first > 0
    assert found.waiting.sum() == pytest.approx(1, rel=1e-12)
    assert found.queue == pytest.approx(100_000, rel=1e-9)  # (arrivals - capacity) / impatience


def test_a_rate_that_swings_gives_the_integral_over_the_past() -> None:
    swing = Swing(10, 6, 8, 1)
    for t in (0.0, 3.0, 6.5, swing.peak_at):
        past, _ = integrate.quad(
            lambda age, t=t: swing.rate(t - age) * exp(-age), 0, 60, epsabs=1e-12, limit=400
        )
        assert swing.busy(t) == pytest.approx(past, rel=1e-10)
    around = [swing.busy(swing.peak_at + step) for step in (-0.01, 0.0, 0.01)]
    assert max(around) == around[1] == pytest.approx(swing.peak, rel=1e-12)
    assert swing.rate(2.0) == pytest.approx(10 + 6 * sin(np.pi / 2))


def test_many_agents_fill_like_a_poisson_number() -> None:
    (found,) = moments(Desk(200, 1.0, 0.0, ((5.0, 20.0),)), [1.5])
    assert found.busy == pytest.approx(20 * (1 - exp(-1.5)), rel=1e-10)
    assert found.queue == pytest.approx(0, abs=1e-12)
    assert found.delayed == pytest.approx(0, abs=1e-12)


def test_after_a_long_time_the_desk_is_in_its_steady_state() -> None:
    station = Station(5.0, 0.5, 9, 0.4)
    steadily = Waits.of(station, 1.0)
    early, late, last = moments(Desk(9, 0.5, 0.4, ((200.0, 5.0),)), [0.0, 150.0, 180.0])
    assert (early.queue, early.busy, early.abandoned) == (0.0, 0.0, 0.0)
    assert late.queue == pytest.approx(steadily.queue_length, rel=1e-10)
    assert late.busy == pytest.approx(steadily.busy, rel=1e-10)
    assert last.abandoned - late.abandoned == pytest.approx(30 * 5.0 * steadily.p_abandon, rel=1e-9)
    assert last.delayed - late.delayed == pytest.approx(30 * 5.0 * steadily.p_wait, rel=1e-9)


def test_a_queue_that_nobody_leaves_is_followed_as_far_as_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = moments(Desk(1, 1.0, 0.0, ((40.0, 3.0), (50.0, 0.0))), [40.0])
    assert found.queue + found.busy == pytest.approx(3 * 40 - 40 + 0.5, abs=1.0)
    monkeypatch.setattr(transient, "MOST_STATES", 300)
    with pytest.raises(ValueError, match="grows beyond 300"):
        moments(Desk(1, 1.0, 0.0, ((10_000.0, 3.0),)), [10_000.0])


def test_blocked_and_busy_agents_follow_the_truncated_poisson_law() -> None:
    found = steady(Station(8.0, 1.0, 12, 0.0, 12))
    number = stats.poisson(8)
    assert found.blocked == pytest.approx(number.pmf(12) / number.cdf(12), rel=1e-12)
    assert found.below == pytest.approx(number.pmf(np.arange(12)) / number.cdf(12), rel=1e-12)
