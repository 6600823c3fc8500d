"""bench/simulation.py compares like with like: every program finds the same fate for every call."""

import pytest

from bench.peers.programs import PROGRAMS, case
from bench.peers.workload import WORKLOADS
from bench.simulation import Aim, differing


@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_program_finds_the_same_fate_for_every_call(workload: str) -> None:
    of = case(workload, 1, 3)
    right = PROGRAMS["c"].fates(of)
    assert len(right[0]) == of.calls > 9_000
    assert 0.05 < sum(fate < 0 for fate in right[0]) / of.calls < 0.2, "some give up, most are answered"
    for name, program in PROGRAMS.items():
        if not program.missing(workload):
            assert program.fates(of) == right, name


def test_the_cost_of_a_day_is_told_in_cpu_time_and_memory() -> None:
    of = case("W1", 1, 3)
    for name in ("c", "idiomatic"):
        spent = PROGRAMS[name].timed(of)
        assert spent.cpu_ns > 0
        assert spent.peak_kb > 1_000


def test_what_cannot_be_said_in_a_peer_is_left_out_with_the_reason() -> None:
    assert PROGRAMS["ciw"].missing("W1") == ""
    assert PROGRAMS["ciw"].missing("W2") == "cannot be said in it"


def test_calls_with_another_fate_are_counted_once_each() -> None:
    same, other = bytes(24).hex(), (bytes(7) + b"\1" + bytes(8) + b"\1\1" + bytes(6)).hex()
    assert differing(same, same) == 0
    assert differing(other, same) == 2


def test_an_aim_is_missed_below_its_least_value() -> None:
    assert Aim("x", 0.5, 0.5).reached
    assert not Aim("x", 0.49, 0.5).reached
