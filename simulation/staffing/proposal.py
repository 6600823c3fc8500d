"""A roster proposal: which agent works which of the chosen shifts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, lil_array

from agents.skills import AgentId
from simulation.scenario import Duty, Scenario
from simulation.staffing.shifts import Cover, ShiftRules, ShiftType
from simulation.staffing.workload import Profile

OPEN_COST = 1000.0
"""Of a shift that nobody gets."""
INSTEAD_COST = 1.0
"""Of an agent with more skills than the shift asks for."""
MOST_COST = 0.01
"""Of each shift of whoever works most."""
LIMIT_S = 20.0
"""The solver's time."""

Window = tuple[int, int]
"""(from, until) in milliseconds after the beginning of the plan."""


class Assignment(NamedTuple):
    """One agent's shift."""

    agent: AgentId
    shift: ShiftType


class Unfilled(NamedTuple):
    """Shifts for which nobody is left."""

    profile: str
    shift: ShiftType
    heads: int


class Proposal(Struct, frozen=True):
    """Who works what, sorted by agent and time, and what nobody works."""

    shifts: tuple[Assignment, ...]
    unfilled: tuple[Unfilled, ...]


class _Slot(NamedTuple):
    group: int
    kind: int
    heads: int


def propose(
    cover: Cover,
    types: Sequence[ShiftType],
    groups: Sequence[Profile],
    rules: ShiftRules,
    available: Mapping[AgentId, Sequence[Window]],
) -> Proposal:
    """The chosen shifts given to agents of their profile, or to agents who can do all of it and more.

    `available`: agents who may work only within these times; others always. One shift a day, the rest
    between shifts, and at most so many shifts hold for everybody. As few shifts as can be stay open; then
    few agents stand in for others, and nobody works many more shifts than the others. An assignment
    problem, solved by HiGHS.
    """
    slots = [
        _Slot(int(group), int(kind), int(cover.chosen[group, kind]))
        for group, kind in zip(*np.nonzero(cover.chosen), strict=True)
    ]
    people = [(agent, number) for number, group in enumerate(groups) for agent in group.agents]
    pairs = [
        _Pair(person, slot, types[one.kind], INSTEAD_COST * (group != one.group))
        for (person, (agent, group)), (slot, one) in product(enumerate(people), enumerate(slots))
        if _stands_in(groups[group], groups[one.group]) and _free(available.get(agent), types[one.kind])
    ]
    taken = _assign(pairs, slots, rules)
    shifts = [Assignment(people[pair.person][0], pair.shift) for pair in taken]
    filled = np.bincount(np.array([pair.slot for pair in taken], dtype=int), minlength=len(slots))
    left = [
        Unfilled(groups[slot.group].name, types[slot.kind], slot.heads - int(number))
        for slot, number in zip(slots, filled, strict=True)
        if number < slot.heads
    ]
    return Proposal(tuple(sorted(shifts, key=lambda one: (one.agent, one.shift.start_ms))), tuple(left))


def _stands_in(who: Profile, instead_of: Profile) -> bool:
    """Whether `who` has every skill and every medium of the other profile."""
    skills, capacity = dict(who.skills), dict(who.capacity)
    return all(skills.get(skill, 0) >= level for skill, level in instead_of.skills) and all(
        capacity.get(medium, 0) >= many for medium, many in instead_of.capacity
    )


def _free(windows: Sequence[Window] | None, shift: ShiftType) -> bool:
    return windows is None or any(start <= shift.start_ms and shift.end_ms <= end for start, end in windows)


class _Pair(NamedTuple):
    """A person may work the shift of a slot."""

    person: int
    slot: int
    shift: ShiftType
    cost: float


def _assign(pairs: Sequence[_Pair], slots: Sequence[_Slot], rules: ShiftRules) -> list[_Pair]:
    """The pairs that are taken. Besides one variable per pair there is the most that anybody works."""
    if not pairs:
        return []
    most = len(pairs)
    rows, uppers = [], []
    for slot, members in _by(pairs, lambda pair: pair.slot):
        rows.append((members, False))
        uppers.append(float(slots[slot].heads))
    for members in _clashes(pairs, rules.rest_ms):
        rows.append((members, False))
        uppers.append(1.0)
    for _, members in _by(pairs, lambda pair: pair.person):
        rows += [(members, False), (members, True)]
        uppers += [float(rules.most_shifts), 0.0]
    matrix = lil_array((len(rows), most + 1))
    for number, (members, below_most) in enumerate(rows):
        matrix[number, members] = 1.0
        if below_most:
            matrix[number, most] = -1.0
    answer = milp(
        np.array([*(pair.cost - OPEN_COST for pair in pairs), MOST_COST]),
        constraints=LinearConstraint(csr_array(matrix), ub=np.array(uppers)),
        integrality=np.ones(most + 1),
        bounds=Bounds(0, np.array([1.0] * most + [np.inf])),
        options={"time_limit": LIMIT_S, "mip_rel_gap": 1e-4},
    )
    taken = np.zeros(most) if answer.x is None else answer.x[:most]
    return [pair for pair, value in zip(pairs, taken, strict=True) if value > 0.5]


def _by(pairs: Sequence[_Pair], key: Callable[[_Pair], int]) -> list[tuple[int, list[int]]]:
    found: dict[int, list[int]] = {}
    for number, pair in enumerate(pairs):
        found.setdefault(key(pair), []).append(number)
    return sorted(found.items())


def _clashes(pairs: Sequence[_Pair], rest_ms: int) -> Iterator[list[int]]:
    """Sets of pairs of which one person works one at most: one day's shifts, and the next day's if too near.

    For each end of a shift: all of that day that end no earlier, and all of the next day that begin before
    the rest after it is over.
    """
    for _, mine in _by(pairs, lambda pair: pair.person):
        days = sorted({pairs[number].shift.day for number in mine})
        for day in days:
            today = [number for number in mine if pairs[number].shift.day == day]
            yield today
            after = [number for number in mine if pairs[number].shift.day == day + 1]
            for end_ms in sorted({pairs[number].shift.end_ms for number in today}):
                early = [number for number in after if pairs[number].shift.start_ms < end_ms + rest_ms]
                late = [number for number in today if pairs[number].shift.end_ms >= end_ms]
                if early:
                    yield late + early


def duties(scenario: Scenario, shifts: Sequence[Assignment], *, wraps: bool) -> tuple[Duty, ...]:
    """The duties of a roster, by start and agent; those under way when the scenario begins are cut.

    With `wraps` the roster is also that of the time before and after the scenario.
    """
    length_ms = scenario.intervals * scenario.interval_ms
    rounds = (-length_ms, 0, length_ms) if wraps else (0,)
    made = [
        _duty(scenario, agent, shift, by_ms)
        for agent, shift in shifts
        for by_ms in rounds
        if shift.end_ms + by_ms > 0 and shift.start_ms + by_ms < length_ms + scenario.run_on_ms
    ]
    return tuple(sorted(made, key=lambda duty: (duty.start_ms, duty.agent)))


def _duty(scenario: Scenario, agent: AgentId, shift: ShiftType, by_ms: int) -> Duty:
    first_ms = scenario.start_ms
    moment = first_ms + by_ms
    return Duty(
        agent,
        max(first_ms, moment + shift.start_ms),
        moment + shift.end_ms,
        tuple((max(first_ms, moment + a), moment + b) for a, b in shift.breaks if moment + b > first_ms),
    )
