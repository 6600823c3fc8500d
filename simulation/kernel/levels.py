"""The goals of a scenario as the kernel's days reach them: exactly what the engine's days would say."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acd.kpi.definitions import SERVICE_LEVELS
from simulation.draws import Day
from simulation.kernel.plain import Fate, play, refusals
from simulation.runs.outcome import COUNTS
from simulation.runs.result import defined, part
from simulation.scenario import Goal, Scenario
from simulation.staffing.headcount import Measured

SERVED = frozenset((*SERVICE_LEVELS, "reachability", "reachability_net"))
"""Definitions that are made of answers and abandons alone."""


def lacks(scenario: Scenario) -> list[str]:
    """Why the kernel cannot measure the goals of this scenario; empty: it can."""
    others = {goal.definition for goal in scenario.goals} - SERVED
    return [*refusals(scenario), *(f"goal by {name}" for name in sorted(others))]


def measure(scenario: Scenario, replications: Sequence[int], seed: int) -> Measured:
    """As `simulation.staffing.headcount.measured` of the same days. Raises NotPlain, Unplayable."""
    goals = scenario.goals
    counts = np.zeros((len(goals), len(replications), scenario.intervals, len(COUNTS)), dtype=np.int64)
    lines = {entry.id: entry.line for entry in scenario.desk.entries}
    for number, replication in enumerate(replications):
        day = Day(scenario, seed, replication)
        fate = play(scenario, day)
        came = np.array(day.arrivals, dtype=np.int64).reshape(-1, 3)
        for place, goal in enumerate(goals):
            mine = [stream for stream, one in enumerate(scenario.streams) if lines[one.entry] == goal.line]
            counts[place, number] = _counted(scenario, goal, came, np.isin(came[:, 1], mine), fate)
    hits = [part(defined(goal.definition).numerator, counts[place]) for place, goal in enumerate(goals)]
    counted = [part(defined(goal.definition).denominator, counts[place]) for place, goal in enumerate(goals)]
    return Measured(np.stack(hits, axis=1), np.stack(counted, axis=1))


def _counted(
    scenario: Scenario, goal: Goal, came: NDArray[np.int64], mine: NDArray[np.bool_], fate: Fate
) -> NDArray[np.int64]:
    """What the goal's line counted of one day, [intervals, COUNTS]."""
    arrival = came[mine, 0] - scenario.start_ms
    answered, left = fate.answered[mine], fate.left[mine]
    kept, lost = answered >= 0, left >= 0
    wait = np.where(kept, answered, left) - arrival
    in_time, short = wait <= goal.threshold_ms, wait < scenario.short_ms
    counts = np.zeros((scenario.intervals, len(COUNTS)), dtype=np.int64)
    for name, which in (
        ("arrived", np.ones_like(kept)),
        ("answered", kept),
        ("abandoned", lost),
        ("short", lost & short),
        ("open", ~kept & ~lost),
        ("in_time", kept & in_time),
        ("abandoned_in_time", lost & in_time),
    ):
        places = arrival[which] // scenario.interval_ms
        counts[:, COUNTS.index(name)] = np.bincount(places, minlength=scenario.intervals)
    return counts
