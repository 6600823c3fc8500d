"""From a scenario to a certified roster: requirement, heads by simulation, shifts, who works them, proof."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from math import ceil
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from agents.skills import AgentId
from simulation.runs.experiment import CERTIFICATE, FAMILY_DAYS, SEARCH, Progress, block_size, run_day
from simulation.runs.outcome import DayResult
from simulation.runs.result import Result
from simulation.runs.spread import Map, serial
from simulation.scenario import Duty, Scenario
from simulation.staffing.headcount import Found, Measured, Round, Search, measured, mix, search, with_heads
from simulation.staffing.proposal import Proposal, Window, duties, propose
from simulation.staffing.requirement import Requirement, requirement, scheduled
from simulation.staffing.shifts import (
    At,
    Cover,
    Demand,
    Menu,
    ShiftRules,
    cover,
    enough,
    every_day_alike,
    menu,
    shift_types,
)
from simulation.staffing.workload import Task, task

_ABSENCE = 101
"""Beside the purposes of `simulation.draws`: who is away on a day."""

DAY_MS = 86_400_000
ROUND_CONTACTS = (30_000, 30_000, 40_000, 40_000, 50_000, 50_000)
"""Contacts simulated in each round of the search."""
CERTIFICATE_CONTACTS = 120_000
"""So many leave a service level of 80 % uncertain by some 0.2 points."""
LEAST_DAYS, MOST_DAYS = 8, 200
CERTIFICATE_LEAST = 30


class Wanted(Struct, frozen=True):
    """What a planner asks for beside the scenario."""

    shifts: ShiftRules | None = None
    """None: heads per interval only."""
    at: At = every_day_alike(0)
    """When a time of day of the scenario is."""
    shrinkage: float = 0.0
    """Share of planned heads that will be away."""
    below: float = 0.1
    """How far an interval may stay below a goal of the day; 0: the goals hold for every interval."""
    available: Mapping[AgentId, Sequence[Window]] = {}
    """Agents who may work only within these times."""
    seed: int = 1
    days: int | None = None
    """Of the certificate; None: by the number of contacts."""
    effort: float = 1.0
    """Of the search: times as many simulated days as usual."""
    solver_s: float = 10.0
    kernel: bool = True
    """Let the compiled kernel search, where it has all the rules that the scenario needs."""
    gap: float = 0.01
    """How near to the cheapest the shifts must be proven to be."""


class Rota(Struct, frozen=True):
    """The shifts, and who works them."""

    menu: Menu
    demand: Demand
    """Heads to plan per interval and set of works, those included that will be away."""
    cover: Cover
    proposal: Proposal
    duties: tuple[Duty, ...]
    enough: tuple[int, ...]
    """About so many agents of each profile would cover everything that the rules let them."""


class Plan(Struct, frozen=True):
    """Everything that was found on the way."""

    task: Task
    wanted: Wanted
    required: Requirement
    """By lagged Erlang A."""
    found: Found
    """Heads present, corrected by simulation."""
    rota: Rota | None
    certificate: Result
    """Of the roster, else of the heads, on days that the search never saw."""
    searched_by: str
    """`engine`, or `kernel`: the same answer sooner. The certificate is the engine's."""


Told = Callable[[Progress], None]


def plan_staff(
    scenario: Scenario,
    wanted: Wanted,
    *,
    map: Map = serial,
    told: Told = lambda _: None,
    looked: Callable[[Round], None] = lambda _: None,
) -> Plan:
    """Heads, shifts and roster for `scenario`, and what they reach.

    Depends on its arguments alone, not on `map`, as long as the solver ends before its time is over. `told`
    gets the simulated days, `looked` each round of the search. Raises Unstaffable for a goal that no heads
    can be computed for, NoCover when there are no shifts.
    """
    todo = task(scenario)
    required = requirement(todo)
    how = Search(
        tuple(_days(scenario, many * wanted.effort) for many in ROUND_CONTACTS), wanted.seed, wanted.below
    )
    days = wanted.days or max(CERTIFICATE_LEAST, _days(scenario, CERTIFICATE_CONTACTS))
    levels = kernel(scenario) if wanted.kernel else None
    runs = _Runs(map, told, sum(how.days) + days, levels)
    found = search(todo, mix(todo, required), runs.evaluate, how, looked)
    rota = roster(todo, required, found, wanted)
    final = with_heads(todo, found.best.heads) if rota is None else with_duties(scenario, rota.duties)
    trial = Trial(final, wanted.seed, CERTIFICATE * FAMILY_DAYS, days, wanted.shrinkage if rota else 0.0)
    result = Result(final, wanted.seed, CERTIFICATE, runs.days(trial))
    return Plan(todo, wanted, required, found, rota, result, "engine" if levels is None else "kernel")


def kernel(scenario: Scenario) -> Any:
    """The module `simulation.kernel.levels`, where numba is installed and it lacks nothing; else None."""
    if find_spec("numba") is None:
        return None
    levels = import_module("simulation.kernel.levels")
    return None if levels.lacks(scenario) else levels


def roster(todo: Task, required: Requirement, found: Found, wanted: Wanted) -> Rota | None:
    """Shifts that cover the heads found, and agents for them; None without rules. Raises NoCover."""
    scenario, rules = todo.scenario, wanted.shifts
    if rules is None:
        return None
    wraps = repeats(scenario)
    length_ms = scenario.intervals * scenario.interval_ms
    types = shift_types(rules, at=wanted.at, length_ms=length_ms, wraps=wraps)
    choice = menu(types, scenario.interval_ms, scenario.intervals, wraps=wraps)
    counts = np.unique(required.counts, axis=0)
    demand = Demand(scheduled(found.best.heads @ counts.T.astype(np.int64), wanted.shrinkage), counts)
    have = [len(group.agents) for group in todo.profiles]
    covered = cover(demand, choice, have, time_limit_s=wanted.solver_s, gap=wanted.gap)
    proposal = propose(covered, types, todo.profiles, rules, wanted.available)
    working = duties(scenario, proposal.shifts, wraps=wraps)
    return Rota(choice, demand, covered, proposal, working, _enough(todo, demand, choice, covered))


def _enough(todo: Task, demand: Demand, choice: Menu, covered: Cover) -> tuple[int, ...]:
    """Agents of each profile: those there are, or more, and rather such with few skills."""
    have = [len(group.agents) for group in todo.profiles]
    if not covered.short.any():
        return tuple(have)
    return tuple(
        enough(demand, choice, have, [2.0 + 0.05 * len(group.skills) for group in todo.profiles]).tolist()
    )


def repeats(scenario: Scenario) -> bool:
    """Whether the plan is of whole days, so that its end is followed by its beginning."""
    return scenario.intervals * scenario.interval_ms % DAY_MS == 0


def with_duties(scenario: Scenario, roster: tuple[Duty, ...]) -> Scenario:
    """The scenario with another roster."""
    return replace(scenario, duties=roster)


def _days(scenario: Scenario, contacts: float) -> int:
    expected = sum(sum(stream.expected) + stream.backlog for stream in scenario.streams)
    return min(max(ceil(contacts / max(expected, 1.0)), LEAST_DAYS), MOST_DAYS)


class Trial(Struct, frozen=True):
    """Replications `first` … `first + count - 1` of a scenario of whose agents a share is away each day."""

    scenario: Scenario
    seed: int
    first: int
    count: int
    shrinkage: float = 0.0


def run_trial(trial: Trial) -> list[DayResult]:
    """Its days. In a process of its own or not."""
    numbers = range(trial.first, trial.first + trial.count)
    return [run_day(present(trial, number), trial.seed, number) for number in numbers]


def present(trial: Trial, replication: int) -> Scenario:
    """The scenario without those who are away on this day.

    The duties, sorted by skills and time, are passed in steps of 1 / shrinkage from a random start
    (systematic sampling), so that on every day the share is away that was planned for, spread over profiles
    and shifts.
    """
    scenario = trial.scenario
    if not trial.shrinkage:
        return scenario
    skills = {agent.id: (agent.skills, agent.capacity) for agent in scenario.desk.agents}
    order = sorted(scenario.duties, key=lambda duty: (repr(skills[duty.agent]), duty.start_ms, duty.agent))
    seeds = np.random.SeedSequence(trial.seed, spawn_key=(replication, _ABSENCE))
    passed = np.floor(np.random.default_rng(seeds).random() + trial.shrinkage * np.arange(len(order) + 1))
    away = {
        (order[int(number)].agent, order[int(number)].start_ms) for number in np.flatnonzero(np.diff(passed))
    }
    there = tuple(duty for duty in scenario.duties if (duty.agent, duty.start_ms) not in away)
    return replace(scenario, duties=there)


class _Runs:
    """Runs trials and tells how far everything is."""

    def __init__(self, spread: Map, told: Told, planned: int, levels: Any) -> None:
        """`levels`: the module `simulation.kernel.levels`, or None."""
        self._levels = levels
        self._spread = spread
        self._told = told
        self._planned = planned
        self._done = 0

    def days(self, trial: Trial) -> list[DayResult]:
        done: list[DayResult] = []
        for part in self._spread(run_trial, _blocks(trial)):
            done += part
            self._done += len(part)
            self._told(Progress(self._done, self._planned))
        return done

    def evaluate(self, scenario: Scenario, days: int, seed: int) -> Measured:
        """On the days of the search, by the kernel where it can: it says exactly the same."""
        first = SEARCH * FAMILY_DAYS
        if self._levels is None:
            return measured(scenario, self.days(Trial(scenario, seed, first, days)))
        found: Measured = self._levels.measure(scenario, range(first, first + days), seed)
        self._done += days
        self._told(Progress(self._done, self._planned))
        return found


def _blocks(trial: Trial) -> Iterator[Trial]:
    size = block_size(trial.scenario)
    for first in range(0, trial.count, size):
        yield replace(trial, first=trial.first + first, count=min(size, trial.count - first))
