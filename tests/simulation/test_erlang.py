"""Erlang B, C, A and X: exact against independent ways to the same number, sound at the extremes."""

import json
from collections.abc import Callable
from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyworkforce.queuing import ErlangC as PyworkforceC
from scipy import integrate, stats
from typer.testing import CliRunner

from simulation.commands.erlang import app
from simulation.erlang import (
    HOUR_S,
    ErlangError,
    NotReached,
    ServiceLevel,
    agents_needed,
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_x,
)
from simulation.theory.birth_death import Unstable

OFFERED = ServiceLevel.OFFERED


def solved(rate: float, mu: float, agents: int, theta: float, most: int) -> NDArray[np.float64]:
    """The same chain by a linear solve of its generator."""
    matrix = np.zeros((most + 1, most + 1))
    for k in range(most):
        matrix[k, k + 1] = rate
        matrix[k + 1, k] = mu * min(k + 1, agents) + theta * max(0, k + 1 - agents)
    matrix -= np.diag(matrix.sum(axis=1))
    matrix[:, -1] = 1
    wanted = np.zeros(most + 1)
    wanted[-1] = 1
    return np.asarray(np.linalg.solve(matrix.T, wanted), np.float64)


def virtual_wait(rate: float, mu: float, agents: int, theta: float, p_all_busy: float) -> dict[str, float]:
    """Integrals over the density of the virtual wait (Baccelli and Hebuterne 1981)."""

    def density(x: float) -> float:
        return agents * mu * p_all_busy * exp(rate / theta * (1 - exp(-theta * x)) - agents * mu * x)

    def over(f: Callable[[float], float], a: float, b: float) -> float:
        found, _ = integrate.quad(lambda x: density(x) * f(x), a, b, epsabs=1e-13, epsrel=1e-12, limit=400)
        return float(found)

    return {
        "late": over(lambda _: 1.0, 20, 2_000),
        "served late": over(lambda x: exp(-theta * x), 20, 2_000),
        "gone by then": over(lambda x: -np.expm1(-theta * x), 0, 20)
        - np.expm1(-theta * 20) * over(lambda _: 1, 20, 2_000),
    }


@pytest.mark.parametrize(("agents", "patience"), [(6, 90.0), (5, 400.0), (9, 30.0)])
def test_erlang_a_is_the_solution_of_its_balance_equations(agents: int, patience: float) -> None:
    found = erlang_a(80, 300, agents, patience, 20, OFFERED)
    state = solved(80 / HOUR_S, 1 / 300, agents, 1 / patience, 150)
    waiting = np.maximum(np.arange(151) - agents, 0)
    assert found.p_wait == pytest.approx(state[agents:].sum(), rel=1e-10)
    assert found.queue_length == pytest.approx(state @ waiting, rel=1e-10)
    assert found.p_abandon == pytest.approx(state @ waiting / patience / (80 / HOUR_S), rel=1e-10)
    assert found.p_empty == pytest.approx(state[0], rel=1e-10)
    assert found.occupancy == pytest.approx(state @ np.minimum(np.arange(151), agents) / agents, rel=1e-10)


@pytest.mark.parametrize("agents", [30, 50, 60])
def test_its_four_service_levels_are_integrals_over_the_virtual_wait(agents: int) -> None:
    rate, mu, theta = 0.8, 1 / 60, 1 / 120
    found = {sl: erlang_a(2880, 60, agents, 120, 20, sl) for sl in ServiceLevel}
    one = found[OFFERED]
    state = solved(rate, mu, agents, theta, 400)
    parts = virtual_wait(rate, mu, agents, theta, state[agents])
    served = 1 - one.p_abandon
    in_time = served - parts["served late"]
    assert found[ServiceLevel.VIRTUAL].service_level == pytest.approx(1 - parts["late"], rel=1e-9, abs=1e-9)
    assert found[ServiceLevel.OFFERED].service_level == pytest.approx(in_time, rel=1e-9, abs=1e-9)
    assert found[ServiceLevel.ANSWERED].service_level == pytest.approx(in_time / served, rel=1e-9, abs=1e-9)
    assert one.p_abandon_in_target == pytest.approx(parts["gone by then"], rel=1e-9, abs=1e-9)
    excluding = in_time / (1 - parts["gone by then"])
    assert found[ServiceLevel.EXCLUDING_SHORT].service_level == pytest.approx(excluding, rel=1e-9, abs=1e-9)


def test_with_patience_like_handling_times_the_number_of_calls_is_poisson() -> None:
    found = erlang_a(1200, 300, 95, 300, 20, OFFERED)
    assert found.p_wait == pytest.approx(stats.poisson.sf(94, 100), rel=1e-12)
    assert found.p_empty == pytest.approx(exp(-100), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    calls=st.floats(0.1, 5_000),
    aht=st.floats(1, 2_000),
    agents=st.integers(1, 300),
    patience=st.floats(1, 5_000),
    target=st.floats(0, 600),
)
def test_every_share_is_a_share_and_the_definitions_are_in_order(
    calls: float, aht: float, agents: int, patience: float, target: float
) -> None:
    found = {sl: erlang_a(calls, aht, agents, patience, target, sl) for sl in ServiceLevel}
    levels = {sl: one.service_level for sl, one in found.items()}
    one = found[OFFERED]
    for share in (*levels.values(), one.p_wait, one.p_abandon, one.p_abandon_in_target, one.occupancy):
        assert -1e-12 <= share <= 1 + 1e-12
    assert levels[OFFERED] <= levels[ServiceLevel.EXCLUDING_SHORT] + 1e-12
    assert levels[OFFERED] <= levels[ServiceLevel.VIRTUAL] + 1e-12
    assert levels[OFFERED] <= levels[ServiceLevel.ANSWERED] + 1e-12
    served = calls * aht / HOUR_S * (1 - one.p_abandon)
    assert one.occupancy * agents == pytest.approx(served, rel=1e-9, abs=1e-12)  # Little's law at the agents


def test_more_patience_leads_to_erlang_c_and_none_to_erlang_b() -> None:
    patient = erlang_c(2880, 60, 50, 20)
    nearly = erlang_a(2880, 60, 50, 1e12, 20, OFFERED)
    endless = erlang_a(2880, 60, 50, inf, 20, OFFERED)
    for found in (nearly, endless):
        assert found.service_level == pytest.approx(patient.service_level, rel=1e-9)
        assert found.asa_s == pytest.approx(patient.asa_s, rel=1e-7)
        assert found.p_empty == pytest.approx(nearly.p_empty, rel=1e-9)
    blocked = erlang_b(48, 50)
    assert erlang_a(2880, 60, 50, 0, 20, OFFERED).p_abandon == pytest.approx(blocked, rel=1e-9)
    assert erlang_a(2880, 60, 50, 120, 20, OFFERED, lines=50).p_block == pytest.approx(blocked, rel=1e-12)


def test_with_many_lines_nobody_is_blocked_and_nothing_else_changes() -> None:
    without, many = (erlang_a(1200, 240, 60, 180, 20, OFFERED, lines) for lines in (None, 400))
    assert many.p_block < 1e-30
    assert many.service_level == pytest.approx(without.service_level, rel=1e-12)
    assert erlang_a(1200, 240, 60, inf, 20, OFFERED, lines=90).p_block > 0.2  # overloaded, and yet stable


def test_ten_thousand_agents_are_no_more_than_a_longer_sum() -> None:
    assert erlang_b(10_000, 10_000) == pytest.approx(0.00794, rel=1e-2)
    found = erlang_a(600_000, 60, 10_000, 60, 20, OFFERED)
    assert found.p_wait == pytest.approx(stats.poisson.sf(9_999, 10_000), rel=1e-9)
    tired = erlang_a(900_000, 60, 10_000, 60, 20, OFFERED)
    assert tired.p_abandon == pytest.approx(1 / 3, rel=1e-9)
    assert erlang_b(1, 10_000) == 0.0


def test_without_calls_all_is_well_and_without_agents_nobody_is_served() -> None:
    assert erlang_b(0, 0) == 1.0
    assert erlang_b(0, 3) == 0.0
    assert erlang_c(0, 60, 0, 20).service_level == 1.0
    assert erlang_a(0, 60, 0, 60, 20, OFFERED).service_level == 1.0
    alone = erlang_a(10, 60, 0, 60, 20, ServiceLevel.ANSWERED)
    assert alone.service_level == 0.0
    assert alone.p_abandon == pytest.approx(1.0)


def test_a_load_that_nobody_can_carry_is_an_error_unless_callers_give_up() -> None:
    with pytest.raises(Unstable, match="55 Erlang on 50 agents grows for ever"):
        erlang_c(3300, 60, 50, 20)
    with pytest.raises(Unstable):
        erlang_a(3300, 60, 50, inf, 20, OFFERED)
    assert erlang_a(3300, 60, 50, 120, 20, OFFERED).p_abandon > 0.09


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"calls_per_hour": -1}, "calls_per_hour must be a finite number of at least 0, not -1"),
        ({"calls_per_hour": float("nan")}, "calls_per_hour"),
        ({"aht_s": 0}, "aht_s must be above 0"),
        ({"agents": 2.5}, "agents must be a whole number"),
        ({"agents": 1_000_000}, "agents must be a whole number up to"),
        ({"patience_s": -3}, "patience_s"),
        ({"target_s": inf}, "target_s"),
        ({"sl": "best"}, "'best' is not a valid ServiceLevel"),
    ],
)
def test_input_without_meaning_is_named(changed: dict[str, object], said: str) -> None:
    told: dict[str, object] = {
        "calls_per_hour": 10,
        "aht_s": 60,
        "agents": 3,
        "patience_s": 60,
        "target_s": 20,
    }
    with pytest.raises(ValueError, match=said):
        erlang_a(**(told | {"sl": "offered"} | changed))  # type: ignore[arg-type]


def test_the_agents_needed_are_the_fewest_that_do() -> None:
    for share, target, patience in ((0.8, 20, 180.0), (0.95, 10, 60.0), (0.9, 0, 300.0)):
        for sl in ServiceLevel:
            many = agents_needed(1200, 240, share=share, target_s=target, sl=sl, patience_s=patience)
            reached, missed = (
                erlang_a(1200, 240, agents, patience, target, sl).service_level for agents in (many, many - 1)
            )
            assert missed < share <= reached


@pytest.mark.parametrize("calls", [20, 77, 400, 1200, 2313])
def test_pyworkforce_needs_as_many_agents_as_erlang_c(calls: int) -> None:
    peer = PyworkforceC(transactions=calls, aht=5, interval=60, asa=20 / 60, shrinkage=0)
    needed = agents_needed(calls, 300, share=0.8, target_s=20, sl=OFFERED)
    assert peer.required_positions(service_level=0.8)["positions"] == needed
    found = erlang_c(calls, 300, needed, 20)
    assert peer.service_level(positions=needed) == pytest.approx(found.service_level, rel=1e-10)
    assert peer.waiting_probability(positions=needed) == pytest.approx(found.p_wait, rel=1e-10)


def test_a_goal_that_no_number_reaches_is_told() -> None:
    with pytest.raises(NotReached, match=r"not even 20 agents reach 0\.8 within 20 s"):
        agents_needed(1200, 300, share=0.8, target_s=20, sl=OFFERED, patience_s=180, lines=20)
    assert agents_needed(0, 300, share=0.8, target_s=20, sl=OFFERED) == 0
    busy = agents_needed(1200, 300, share=0.8, target_s=20, sl=OFFERED, patience_s=180, max_occupancy=0.85)
    assert erlang_a(1200, 300, busy, 180, 20, OFFERED).occupancy <= 0.85
    with pytest.raises(ErlangError):
        agents_needed(1200, 300, share=1.2, target_s=20, sl=OFFERED)


def test_erlang_x_without_its_extras_is_erlang_a() -> None:
    plain, more = erlang_a(1200, 240, 75, 180, 20, OFFERED), erlang_x(1200, 240, 75, 180, 20, OFFERED)
    for name in ("p_abandon", "service_level", "asa_s", "occupancy", "queue_length"):
        assert getattr(more, name) == pytest.approx(getattr(plain, name), rel=1e-12)
    assert more.calls_per_hour == pytest.approx(1200)


def test_redials_are_the_fixed_point_of_their_own_losses() -> None:
    found = erlang_x(1200, 240, 75, 180, 20, OFFERED, p_redial=0.7, lines=85)
    again = erlang_a(found.calls_per_hour, 240, 75, 180, 20, OFFERED, lines=85)
    assert again.p_abandon == pytest.approx(found.p_abandon, rel=1e-10)
    lost = found.p_abandon + found.p_block
    assert found.calls_per_hour == pytest.approx(1200 + 0.7 * found.calls_per_hour * lost, rel=1e-10)
    customers_lost = 1 - found.calls_per_hour * (1 - lost) / 1200
    assert found.p_lost == pytest.approx(customers_lost, rel=1e-9)


@pytest.mark.parametrize("cv", [0.05, 0.1, 0.3])
def test_an_uncertain_forecast_is_averaged_over_its_gamma_distribution(cv: float) -> None:
    found = erlang_x(1200, 240, 85, 180, 20, OFFERED, forecast_cv=cv)
    rate = stats.gamma(cv**-2, scale=1200 * cv**2)

    def weighted(x: float) -> float:
        return float(rate.pdf(x) * x * erlang_a(x, 240, 85, 180, 20, OFFERED).service_level / 1200)

    ends = rate.ppf(1e-12), rate.isf(1e-12)
    expected = integrate.quad(weighted, *ends, epsrel=1e-9, limit=400)[0]
    assert found.service_level == pytest.approx(expected, rel=1e-5)


# ---- the commands

runner = CliRunner()
A = ["a", *["--calls-per-hour=2880", "--aht=60", "--agents=50", "--patience=120", "--target=20"]]


def test_the_command_gives_the_service_level_by_the_definition_asked_for() -> None:
    for sl, level in (("offered", 0.943018954747), ("virtual", 0.967943066585)):
        told = runner.invoke(app, [*A, "--sl", sl, "--json"], standalone_mode=False)
        found = json.loads(told.stdout)
        assert told.return_value == 0
        assert found["definition"] == sl
        assert found["service_level"] == pytest.approx(level, rel=1e-9)


def test_a_service_level_without_its_definition_is_refused_with_the_choices() -> None:
    told = runner.invoke(app, A)
    assert told.exit_code == 2
    for sl in ServiceLevel:
        assert sl in told.output


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("b --load 10 --agents 10", "p_block", 0.214582343107),
        ("b --calls-per-hour 600 --aht 60 --agents 10", "p_block", 0.214582343107),
        ("c --calls-per-hour 2880 --aht 60 --agents 50 --target 20", "service_level", 0.643454600803),
        ("x --calls-per-hour 1200 --aht 240 --agents 75 --patience 180 --target 20 --sl offered --redial 0.5",
         "calls_per_hour", 1285.71142904),
        ("agents --calls-per-hour 1200 --aht 300 --share 0.8 --target 20 --sl offered", "agents", 108),
    ],
)  # fmt: skip
def test_every_formula_is_a_command(words: str, name: str, value: float) -> None:
    told = runner.invoke(app, [*words.split(), "--json"], standalone_mode=False)
    assert told.return_value == 0
    assert json.loads(told.stdout)[name] == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("c --calls-per-hour 2880 --aht 60 --agents 40 --target 20", 2, "48 Erlang on 40 agents"),
        ("b --agents 10", 2, "give --load"),
        (
            "agents --calls-per-hour 1200 --aht 300 --share 0.8 --target 20 --sl offered --lines 20",
            1,
            "not even",
        ),
    ],
)
def test_bad_input_is_2_and_no_is_1(
    words: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = runner.invoke(app, words.split(), standalone_mode=False)
    assert told.return_value == code
    assert said in told.stderr
