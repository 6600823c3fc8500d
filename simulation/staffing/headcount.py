"""Staffing by simulation: from a requirement to heads of each profile that reach the goals, and no more."""

from collections.abc import Callable, Sequence
from math import isnan

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from agents.skills import AgentId
from queues.desk import Agent
from simulation.runs.estimates import LEVEL, Estimate, ratio
from simulation.runs.outcome import COUNTS, DayResult
from simulation.runs.result import defined, part
from simulation.scenario import Duty, Goal, Scenario
from simulation.staffing.correction import Aim, Seen, aim_of, corrected
from simulation.staffing.marginal import smoothed
from simulation.staffing.requirement import Heads, Requirement
from simulation.staffing.workload import Floats, Task

BEYOND = 1000.0
"""Cost of a head that the site does not have, against one that it has."""

TOLERANCE = 0.02
"""An interval this much below its floor still counts as reached: its share is measured on few contacts."""


MOST_REMOVED = 0.15
"""Share of the heads that the first round takes away at most, the second half of it, and so on: the forecast
of what that does is rough."""


ADDING = 2
"""The last rounds only add what is still missing."""

MISSING_COST = 5.0
"""Of a goal missed, against the hours: missed by 1 % it weighs as much as 5 % of them."""


class Measured(Struct, frozen=True):
    """What was counted for each goal of a scenario, in its order; arrays are [days, goals, intervals]."""

    hits: Floats
    counted: Floats

    def share(self, goal: int, interval: int | None = None, level: float = LEVEL) -> Estimate:
        """Over the whole day, or in one interval, with its confidence interval."""
        chosen = slice(None) if interval is None else slice(interval, interval + 1)
        hits, counted = self.hits[:, goal, chosen], self.counted[:, goal, chosen]
        return ratio(hits.sum(axis=1), counted.sum(axis=1), level)


def measured(scenario: Scenario, days: Sequence[DayResult]) -> Measured:
    """The goals of `scenario` in what its days left, by the interval in which a contact entered the line.

    What entered after the last interval (a redial) is left out. Raises ValueError for an unknown definition.
    """
    hits = np.zeros((len(days), len(scenario.goals), scenario.intervals))
    counted = np.zeros_like(hits)
    for number, goal in enumerate(scenario.goals):
        definition = defined(goal.definition)
        counts = np.stack([_counts(day, goal, scenario.intervals) for day in days])
        hits[:, number] = part(definition.numerator, counts)
        counted[:, number] = part(definition.denominator, counts)
    return Measured(hits, counted)


def _counts(day: DayResult, goal: Goal, intervals: int) -> NDArray[np.int64]:
    """What the line of the goal counted, clients and VIPs together, [intervals, COUNTS]."""
    counts = np.zeros((intervals, len(COUNTS)), dtype=np.int64)
    for tally in (day.single, day.segments):
        for cell, row in zip(tally.cells, tally.counts, strict=True):
            if (cell.line, cell.medium) == (goal.line, goal.medium) and cell.interval < intervals:
                counts[cell.interval] += row
    return counts


Evaluate = Callable[[Scenario, int, int], Measured]
"""(scenario, days, seed) → what was counted; equal seeds mean equal callers."""


class Round(Struct, frozen=True):
    """One look of the search."""

    heads: Heads
    """[intervals, profiles]"""
    hours: float
    shares: tuple[Estimate, ...]
    """Per goal over the day."""
    lowest: tuple[float, ...]
    """Per goal the share of the worst interval."""
    missing: float
    """By how much goals of the day, or floors of intervals, are missed, added up."""

    @property
    def score(self) -> float:
        """Hours, made dearer by what is missing."""
        return self.hours * (1 + MISSING_COST * self.missing)


class Search(Struct, frozen=True):
    """How the search goes about it."""

    days: tuple[int, ...] = (12, 16, 20, 24, 24)
    """Simulated days of each round."""
    seed: int = 1
    below: float = 0.1
    """How far an interval may stay below the goal of the day. 0: every interval reaches it."""


class Found(Struct, frozen=True):
    """What the search came to."""

    best: Round
    rounds: tuple[Round, ...]


def mix(task: Task, required: Requirement) -> Heads:
    """The fewest heads per profile that cover the requirement in each interval, [intervals, profiles].

    Agents that the site has go first, then those with few skills, so that the versatile stay free. More than
    it has are planned only where nobody else will do. Sets that no profile serves are left out.
    """
    served = required.counts.any(axis=1)
    matrix = required.counts[served].astype(np.float64)
    skilled = (
        1 + task.may.sum(axis=0) * 1e-3 + np.array([len(group.skills) for group in task.profiles]) * 1e-4
    )
    cost = np.concatenate((skilled, skilled * BEYOND))
    have = [len(group.agents) for group in task.profiles]
    found: dict[bytes, Heads] = {}
    for row in required.heads:
        if row.tobytes() not in found:
            found[row.tobytes()] = _cheapest(np.hstack((matrix, matrix)), row[served], cost, have)
    return np.array([found[row.tobytes()] for row in required.heads]).reshape(-1, len(have))


def _cheapest(matrix: Floats, needed: Heads, cost: Floats, have: Sequence[int]) -> Heads:
    if not needed.any():
        return np.zeros(len(have), dtype=np.int64)
    limit = np.concatenate((np.asarray(have, dtype=np.float64), np.full(len(have), np.inf)))
    answer = milp(
        cost,
        constraints=LinearConstraint(matrix, lb=needed),
        integrality=np.ones(cost.size),
        bounds=Bounds(0, limit),
    )
    own, more = np.rint(answer.x).astype(np.int64).reshape(2, -1)
    return np.asarray(own + more)


def with_heads(task: Task, heads: Heads) -> Scenario:
    """The scenario with `heads` [intervals, profiles] on duty; invented agents where the desk has too few.

    Nobody comes and goes more often than he must: the first agents of a profile are there whenever one is.
    Who is on duty when the last interval ends stays until the run is over.
    """
    scenario = task.scenario
    invented: list[Agent] = []
    duties: list[Duty] = []
    for group, column in zip(task.profiles, heads.T, strict=True):
        names = list(group.agents)
        for number in range(len(names), int(column.max(initial=0))):
            names.append(AgentId(f"{group.name} #{number + 1}"))
            invented.append(Agent(names[-1], group.skills, group.capacity))
        for number, name in enumerate(names):
            duties += _duties(scenario, name, column > number)
    desk = replace(scenario.desk, agents=(*scenario.desk.agents, *invented))
    return replace(scenario, desk=desk, duties=tuple(duties))


def _duties(scenario: Scenario, agent: AgentId, present: NDArray[np.bool_]) -> list[Duty]:
    steps = np.diff(present.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist()
    moments = [
        (scenario.start_ms + start * scenario.interval_ms, scenario.start_ms + end * scenario.interval_ms)
        for start, end in zip(starts, ends, strict=True)
    ]
    return [Duty(agent, start, stays(scenario, end)) for start, end in moments]


def stays(scenario: Scenario, end_ms: int) -> int:
    """The end of a duty: who is there when the plan ends finishes what is left."""
    return end_ms + scenario.run_on_ms if end_ms >= scenario.end_ms else end_ms


def search(
    task: Task, start: Heads, evaluate: Evaluate, how: Search, told: Callable[[Round], None] = lambda _: None
) -> Found:
    """Heads per interval and profile that reach the goals, by a few rounds of simulation and correction.

    Every round meets the same callers. Heads are added where they save most, and taken away where that costs
    least, as Erlang A reads the shares measured; the next round measures what came of it. `best` is the round
    with the fewest hours among those that reach everything, else the one that misses least. `told` gets each
    round as it ends.
    """
    heads, rounds = start, list[Round]()
    nearest: tuple[Round, Measured] | None = None
    for number, days in enumerate(how.days):
        measured = evaluate(with_heads(task, heads), days, how.seed)
        rounds.append(_look(task.scenario, heads, measured, how))
        told(rounds[-1])
        if nearest is None or rounds[-1].score < nearest[0].score:
            nearest = rounds[-1], measured
        removing = number < len(how.days) - 1 - ADDING
        if removing:
            heads = corrected(task, heads, _aims(task, measured, how.below), MOST_REMOVED / (1 + number))
        else:
            heads = corrected(task, nearest[0].heads, _aims(task, nearest[1], how.below), 0.0)
        if any(np.array_equal(heads, one.heads) for one in rounds):
            break
    return Found(min(rounds, key=_rank), tuple(rounds))


def _aims(task: Task, measured: Measured, below: float) -> list[Aim]:
    aims = (
        aim_of(task, below, goal, _seen(measured, place)) for place, goal in enumerate(task.scenario.goals)
    )
    return [aim for aim in aims if aim is not None]


def _seen(measured: Measured, goal: int) -> Seen:
    counted, hits = measured.counted[:, goal].mean(axis=0), measured.hits[:, goal].mean(axis=0)
    day = measured.share(goal)
    share = smoothed(hits, counted, len(measured.hits), day.value)
    return Seen(counted, share, 0.0 if isnan(day.half_width) else day.half_width / 2)


def _rank(one: Round) -> tuple[bool, float]:
    return one.missing > 0, one.score


def _look(scenario: Scenario, heads: Heads, measured: Measured, how: Search) -> Round:
    numbers = range(len(scenario.goals))
    shares = tuple(measured.share(number) for number in numbers)
    lowest = tuple(_seen(measured, number).lowest for number in numbers)
    gaps = [
        max(0.0, goal.share - share.value, goal.share - how.below - TOLERANCE - low)
        for goal, share, low in zip(scenario.goals, shares, lowest, strict=True)
        if not isnan(share.value)
    ]
    hours = float(heads.sum()) * scenario.interval_ms / 3_600_000
    return Round(heads, hours, shares, lowest, sum(gaps))
