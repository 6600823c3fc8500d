"""SimPy and Ciw, closed forms and the engine give the same answers on what all of them can model."""

import pytest

from simulation.validate.cases import Case, Expected
from simulation.validate.families import family_of
from simulation.validate.inputs import Inputs
from simulation.validate.verdict import MOST_Z, compared, judge
from tests.simulation.validate.peers import Model, Seen, in_ciw, in_simpy

RUNS, WARM_UP, UNTIL = 12, 40.0, 240.0

PEERS = {"simpy": in_simpy, "ciw": in_ciw}

Told = tuple[Model, str, dict[str, object], list[str]]

MODELS: dict[str, Told] = {
    "M/M/n": (Model((4.0,), 6), "M/M/n", {"a": 4, "n": 6}, ["ASA"]),
    "M/M/n+M": (
        Model((6.0,), 5, patience=2.0),
        "M/M/n+M",
        {"a": 6, "n": 5, "patience": 2},
        ["mean_wait_all", "P_abandon"],
    ),
    "priority": (
        Model((1.0, 3.0), 5),
        "M/M/n non-preemptive priority",
        {"lams_high_to_low": [1, 3], "mu": 1, "n": 5},
        ["Wq[0]", "Wq[1]"],
    ),
}


def measured(seen: list[Seen], quantity: str) -> tuple[float, float]:
    """Numerator and denominator of one run of a peer."""
    if quantity == "P_abandon":
        return float(seen[0].abandoned), float(seen[0].calls)
    one = seen[int(quantity[3])] if "[" in quantity else seen[0]
    return one.waits, float(one.calls)


def case_of(told: Told) -> Case:
    _, model, inputs, names = told
    bare = Case("peers", "peers", model, inputs, ())
    exact = family_of(bare).formulas(Inputs(bare))
    return Case("peers", "peers", model, inputs, tuple(Expected(name, exact[name], 0.0) for name in names))


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", MODELS)
def test_a_peer_gives_what_the_closed_form_says(name: str, peer: str) -> None:
    told = MODELS[name]
    runs = [PEERS[peer](told[0], seed, WARM_UP, UNTIL).classes for seed in range(RUNS)]
    for one in case_of(told).expect:
        _, _, z = compared([measured(run, one.name) for run in runs], one.value)
        assert abs(z) < MOST_Z, one.name


@pytest.mark.parametrize("name", MODELS)
def test_the_engine_gives_what_the_closed_form_says(name: str) -> None:
    case = case_of(MODELS[name])
    trial = family_of(case).trial(Inputs(case), 20_000)
    means = [trial.replicate(1, replication) for replication in range(trial.replications)]
    verdict = judge(case, family_of(case).formulas(Inputs(case)), trial, means)
    assert verdict.passed, verdict.reason
    assert all(one.z is not None for one in verdict.quantities)


def test_a_peer_with_one_agent_fewer_is_found_out() -> None:
    model = Model((4.0,), 5)
    runs = [in_simpy(model, seed, WARM_UP, UNTIL).classes for seed in range(RUNS)]
    exact = case_of(MODELS["M/M/n"]).expect[0].value
    assert compared([measured(run, "ASA") for run in runs], exact)[2] > MOST_Z
