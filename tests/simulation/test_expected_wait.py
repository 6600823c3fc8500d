"""Simulated callers hear how long they will wait; and a simulation from a snapshot knows about as much."""

from random import Random

import pytest
from msgspec.structs import replace

from acd.core import facts
from acd.core.estimates.queue import expected
from acd.core.facts import Fact
from acd.kpi.definitions import DEFINITIONS
from acd.kpi.ledger import Ledger
from acd.kpi.service import Counts, Terms, count
from bench.expected_wait import workload
from queues.names import TreatmentId
from queues.states import ContactState
from queues.treatment import Condition, GoOn, Music, Park, SayExpectedWait, Treatment, When
from simulation.draws import Day
from simulation.loop import LoopDriver
from simulation.rollout import rolled_out
from simulation.scenario import Scenario
from simulation.world.model import World, play

SOON, LATER = TreatmentId("soon"), TreatmentId("later")


def told(agents: int, calls: int) -> Scenario:
    """Callers hear it, and again after each minute; who would wait long hears nothing more of it."""
    plain = workload("W1", agents, calls)
    long = When(Condition.EXPECTED_WAIT, LATER, 600_000)
    treatments = (
        Treatment(SOON, (SayExpectedWait(), long, Music("default", 60_000), GoOn(SOON))),
        Treatment(LATER, (Park(), Music("default"))),
    )
    lines = tuple(replace(line, treatment=SOON) for line in plain.desk.lines)
    return replace(plain, desk=replace(plain.desk, lines=lines, treatments=treatments))


def test_nine_of_ten_waits_on_a_simulated_day_are_as_they_were_announced() -> None:
    counts, found = Counts(), list[Fact]()
    ledger = Ledger(lambda segment: count(segment, Terms(), counts))

    def observe(batch: list[Fact]) -> None:
        ledger.take(batch)
        found.extend(batch)

    scenario = told(20, 3_400)
    play(scenario, Day(scenario, 1, 0), observe)
    assert counts.waits_told > 500
    kept = DEFINITIONS["announced_wait_kept"].value(counts)
    error_ms = DEFINITIONS["announced_wait_error"].value(counts)
    assert kept is not None
    assert error_ms is not None
    assert 0.85 <= kept <= 0.96
    assert error_ms < 0.7 * counts.wait_ms / counts.answered
    assert len([fact for fact in found if isinstance(fact, facts.WaitTold)]) > counts.waits_told


def test_a_short_simulation_from_the_snapshot_expects_about_the_same() -> None:
    scenario = workload("W1", 16, 3_400)
    world = World(scenario, Day(scenario, 1, 0), lambda _: None, LoopDriver, None)
    world.clock.run(scenario.start_ms + 3 * 3_600_000)
    engine = world.clock.engine
    waiting = [one for one in engine.state.contacts.values() if one.state is ContactState.WAITING]
    assert len(waiting) > 5
    before = engine.snapshot()
    last = waiting[-1]
    quick, slow = expected(engine.state, last), rolled_out(engine, last.id, 60, Random(1))
    assert quick is not None
    assert slow is not None
    assert quick.expected_ms == pytest.approx(slow.expected_ms, rel=0.25)
    assert quick.high_ms == pytest.approx(slow.high_ms, rel=0.35)
    assert engine.snapshot() == before, "it is a copy that was driven on"
