"""Heads that the work needs per interval: Erlang A on the lagged rate for calls, hours for what can wait."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from agents.capacity import VOICE
from simulation.erlang import ErlangA, ServiceLevel, erlang_a
from simulation.scenario import Goal, Scenario
from simulation.staffing.workload import Floats, Task, Work, clock
from simulation.theory.birth_death import Unstable

Heads = NDArray[np.int64]

MOST_AGENTS = 50_000
MOST_ROWS = 63
"""Sets of works at most for which a requirement of its own is made."""


class Unstaffable(ValueError):
    """A goal by a definition that no number of agents can be computed for."""


class Rate(NamedTuple):
    """Calls as Erlang A sees them."""

    per_hour: float
    aht_s: float
    patience_s: float
    """Infinite when nobody gives up."""
    short_s: float
    """Abandons below this are short."""


class Requirement(Struct, frozen=True):
    """Heads that must be present, for sets of works.

    Agents cover the work when, for each set, those who may take something of it are at least so many.
    The condition on a set of several works is what sharing costs or saves: whoever has both skills counts
    once for it. (Hall's condition; that for all sets together it is not only needed but enough holds
    exactly for work that splits freely, and nearly for calls. The simulation decides.)
    """

    sets: tuple[tuple[int, ...], ...]
    """Places in the tuple of works."""
    heads: Heads
    """[intervals, sets]"""
    counts: NDArray[np.bool_]
    """Whether a head of the profile counts for the set, [sets, profiles]."""


def requirement(task: Task, *, lag: bool = True) -> Requirement:
    """Heads per interval and set of works. Raises Unstaffable for a goal that is no share of contacts."""
    sets = tuple(work_sets(task.may))
    waiting = {i: deferred_heads(task.scenario, work) for i, work in enumerate(task.works) if deferred(work)}
    nobody = np.zeros(task.scenario.intervals, dtype=np.int64)
    columns = []
    for chosen in sets:
        calls = [task.works[i] for i in chosen if i not in waiting]
        column = call_heads(task.scenario, calls, lag=lag) if calls else nobody
        columns.append(sum((waiting[i] for i in chosen if i in waiting), column))
    return Requirement(
        sets=sets,
        heads=np.stack(columns, axis=1),
        counts=np.array([task.may[list(chosen)].any(axis=0) for chosen in sets]),
    )


def work_sets(may: NDArray[np.bool_]) -> Iterator[tuple[int, ...]]:
    """Sets of works that share agents, small ones first; `may` is [works, profiles]. At most MOST_ROWS.

    Works that no agent shares need no common condition: theirs follows from the single ones.
    """
    number = len(may)
    left = max(MOST_ROWS, number)
    neighbours = [{j for j in range(number) if j != i and (may[i] & may[j]).any()} for i in range(number)]
    level: list[tuple[int, ...]] = [(i,) for i in range(number)]
    while level and left > 0:
        yield from level[:left]
        left -= len(level)
        # A set that hangs together does so without some work of it, too: each is found from a smaller one.
        level = sorted(_grown(level, neighbours)) if left > 0 else []


def _grown(level: Iterable[tuple[int, ...]], neighbours: Sequence[set[int]]) -> set[tuple[int, ...]]:
    """The sets of one work more that hang together."""
    return {
        tuple(sorted((*chosen, other)))
        for chosen in level
        for other in set[int]().union(*(neighbours[i] for i in chosen)).difference(chosen)
    }


def deferred(work: Work) -> bool:
    """Whether the contacts wait for hours rather than on the telephone."""
    return work.medium != VOICE


def lagged(rate: Floats, lag: Floats | float, interval_ms: float) -> Floats:
    """The rate `lag` ms before the middle of each interval, linear between the middles; [intervals].

    The load follows the arrivals later by about the mean handling time (Green, Kolesar and Soares, Operations
    Research 49, 2001: "lag SIPP"). Before the first middle the rate is that of the first interval.
    """
    middles = (np.arange(len(rate)) + 0.5) * interval_ms
    return np.asarray(np.interp(middles - lag, middles, rate))


def call_heads(scenario: Scenario, calls: Sequence[Work], *, lag: bool = True) -> Heads:
    """Agents per interval who reach the goals of `calls`, when they serve all of them as one line.

    Of several lines the rates add up, the mean handling time, patience, threshold and goal are averages
    weighted with the calls. Without a goal: the load, rounded up. `lag=False`: each interval by itself.
    """
    share = available(scenario)
    needed = [agents_for(calls, rate) / share for rate in rates(scenario, calls, lag=lag)]
    return np.ceil(np.array(needed) - 1e-9).astype(np.int64)


def rates(scenario: Scenario, calls: Sequence[Work], *, lag: bool = True) -> list[Rate]:
    """The rate of `calls` as one line in each interval."""
    arrivals: Floats = np.sum([work.arrivals for work in calls], axis=0)
    busy_ms: Floats = np.sum([work.arrivals * work.handling_ms for work in calls], axis=0)
    handling = np.divide(busy_ms, arrivals, out=np.ones_like(busy_ms), where=arrivals > 0)
    if lag and arrivals.sum() > 0:
        # A closed line needs nobody: its last calls are finished by those who have them.
        shifted = lagged(arrivals, float(busy_ms.sum() / arrivals.sum()), scenario.interval_ms)
        arrivals = np.where(arrivals > 0, shifted, 0.0)
    per_hour = arrivals * 3_600_000 / scenario.interval_ms
    patience_s, short_s = pooled_patience_s(calls), scenario.short_ms / 1000
    return [
        Rate(float(rate), float(length) / 1000, patience_s, short_s)
        for rate, length in zip(per_hour, handling, strict=True)
    ]


def available(scenario: Scenario) -> float:
    """Share of his time on duty that an agent does not pause unplanned."""
    every, pause = scenario.habits.pause_every, scenario.habits.pause
    if every is None or pause is None or every.mean_ms + pause.mean_ms == 0:
        return 1.0
    return every.mean_ms / (every.mean_ms + pause.mean_ms)


def agents_for(calls: Sequence[Work], rate: Rate) -> int:
    """The fewest agents who reach every goal of `calls`, served as one line, at this rate."""
    if rate.per_hour <= 0:
        return 0
    wanted = pooled_goals(calls)
    if not wanted:
        return max(1, int(np.ceil(rate.per_hour * rate.aht_s / 3600 - 1e-9)))
    return max(_fewest(goal, rate) for goal in wanted)


def _fewest(goal: Goal, rate: Rate) -> int:
    """Steps up, then halving: the level grows with the agents."""
    low, high = 0, max(1, int(rate.per_hour * rate.aht_s / 3600))
    while level(goal, rate, high) < goal.share:
        if high > MOST_AGENTS:
            raise Unstaffable(f"no number of agents reaches {goal.share:.1%} by {goal.definition}")
        low, high = high, high + max(1, high // 8)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if level(goal, rate, middle) >= goal.share else (middle, high)
    return high


def pooled_goals(calls: Sequence[Work]) -> list[Goal]:
    """The goals of one work; of several one goal each definition has in the mean of its works."""
    if len(calls) == 1:
        return list(calls[0].goals)
    by_definition: dict[str, list[tuple[float, Goal]]] = {}
    for work in calls:
        for goal in work.goals:
            by_definition.setdefault(goal.definition, []).append((float(work.arrivals.sum()), goal))
    return [_mean_goal(weighted) for weighted in by_definition.values()]


def _mean_goal(weighted: list[tuple[float, Goal]]) -> Goal:
    total = sum(weight for weight, _ in weighted)
    threshold = sum(weight * goal.threshold_ms for weight, goal in weighted) / total
    share = sum(weight * goal.share for weight, goal in weighted) / total
    return replace(weighted[0][1], threshold_ms=round(threshold), share=share)


def pooled_patience_s(calls: Sequence[Work]) -> float:
    """Mean patience: rates of giving up are averaged over the calls. Infinite when nobody gives up."""
    total = sum(float(work.arrivals.sum()) for work in calls)
    leaving = sum(float(work.arrivals.sum()) / work.patience_ms for work in calls if work.patience_ms)
    return total / leaving / 1000 if leaving else inf


def level(goal: Goal, rate: Rate, agents: int) -> float:
    """What `agents` reach of the measure that `goal` names, in steady state, by Erlang A.

    0 when the queue grows for ever. Raises Unstaffable for a measure that Erlang A does not give.
    """
    if goal.definition not in MEASURES:
        known = ", ".join(sorted(MEASURES))
        raise Unstaffable(f"no number of agents follows from a goal by {goal.definition!r}; known: {known}")
    # Rates that differ by less than this are one: the same intervals come again and again.
    rounded = rate._replace(per_hour=round(rate.per_hour, 1), aht_s=round(rate.aht_s, 1))
    try:
        inside = _steady(rounded, agents, goal.threshold_ms / 1000)
        short = _steady(rounded, agents, rate.short_s)
    except Unstable:
        return 0.0
    return MEASURES[goal.definition](inside, short.p_abandon_in_target)


@lru_cache(maxsize=100_000)
def _steady(rate: Rate, agents: int, target_s: float) -> ErlangA:
    return erlang_a(rate.per_hour, rate.aht_s, agents, rate.patience_s, target_s, ServiceLevel.OFFERED)


MEASURES: Mapping[str, Callable[[ErlangA, float], float]] = {
    "offered": lambda a, _: a.service_level,
    "answered": lambda a, _: _share(a.service_level, 1 - a.p_abandon),
    "answered_or_abandoned_in_time": lambda a, _: a.service_level + a.p_abandon_in_target,
    "abandons_ignored": lambda a, _: _share(a.service_level, 1 - a.p_abandon_in_target),
    "abandons_negative": lambda a, short: _share(a.service_level, 1 - short),
    "abandons_positive": lambda a, short: _share(a.service_level + a.p_abandon_in_target - short, 1 - short),
    "reachability": lambda a, _: 1 - a.p_abandon,
    "reachability_net": lambda a, short: _share(1 - a.p_abandon, 1 - short),
}
"""Measures of calls from Erlang A with the threshold, and from the share that gives up as a short one.

Exact where patience and handling are exponential: A_T/O is the served in time of all that came, X_T the
abandons within T, Xs those within the short time.
"""


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 1.0


def deferred_heads(scenario: Scenario, work: Work) -> Heads:
    """Heads per interval for contacts that can wait: their hours, spread evenly over the time allowed.

    The time allowed is that of the strictest goal, else the line's target. Heads are whole: so many that at
    the end of every interval no more work is open than the spread allows.
    """
    line = next(line for line in scenario.desk.lines if line.id == work.line)
    allowed_ms = min((goal.threshold_ms for goal in work.goals), default=line.target_ms)
    busy_ms = (work.arrivals * work.handling_ms) @ spread_of(scenario, work, allowed_ms)
    so_far = np.cumsum(busy_ms / scenario.interval_ms / available(scenario))
    return np.diff(np.ceil(so_far - 1e-9), prepend=0.0).astype(np.int64)


def spread_of(scenario: Scenario, work: Work, allowed_ms: int) -> Floats:
    """Share of `allowed_ms` after an arrival in each interval, [intervals of arrival, intervals of work].

    In the calendar in which the line's target runs, from the middle of the interval of arrival. A row adds
    up to less than 1 where the time allowed reaches beyond the last interval: that part is not ours to plan.
    """
    line = next(line for line in scenario.desk.lines if line.id == work.line)
    elapsed = clock(scenario.desk, line.calendar).elapsed
    edges = [scenario.start_ms + scenario.interval_ms * number for number in range(scenario.intervals + 1)]
    opens = np.array([elapsed(edge) for edge in edges], dtype=np.float64)
    arrived = np.array([elapsed(edge + scenario.interval_ms // 2) for edge in edges[:-1]], dtype=np.float64)
    latest = np.minimum(opens[None, 1:], arrived[:, None] + allowed_ms)
    inside = latest - np.maximum(opens[None, :-1], arrived[:, None])
    return np.asarray(np.maximum(inside, 0.0) / max(allowed_ms, 1))


def scheduled(heads: Heads, shrinkage: float) -> Heads:
    """Heads to plan so that `heads` are present when the share `shrinkage` is away: n / (1 - s), upwards."""
    return np.ceil(heads / (1 - shrinkage) - 1e-9).astype(np.int64)
