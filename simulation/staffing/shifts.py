"""Shifts that cover a requirement at least paid time: an integer programme, solved by HiGHS."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array, eye_array

Heads = NDArray[np.int64]
Shares = NDArray[np.float64]

DAY_MS = 86_400_000
ANY_NUMBER = 100_000
"""Of heads: more than any plan asks for."""


class ShiftType(Struct, frozen=True):
    """One shift that somebody may work. Times are milliseconds after the beginning of the plan."""

    start_ms: int
    end_ms: int
    """Of a shift past the end of a plan that repeats itself: after that end."""
    breaks: tuple[tuple[int, int], ...] = ()
    """(begins, ends), unpaid, within the shift."""
    day: int = 0
    """The day it belongs to: nobody works two shifts of one day."""

    @property
    def paid_ms(self) -> int:
        return self.end_ms - self.start_ms - sum(end - start for start, end in self.breaks)

    def work(self) -> list[tuple[int, int]]:
        """The stretches between the breaks."""
        edges = [self.start_ms, *(edge for pause in self.breaks for edge in pause), self.end_ms]
        return list(zip(edges[::2], edges[1::2], strict=True))

    def presence(self, interval_ms: int, intervals: int, *, wraps: bool) -> Shares:
        """Share of each interval that is worked; with `wraps`, time past the end counts at the beginning."""
        starts = np.arange(intervals) * interval_ms
        shifted = (0, intervals * interval_ms) if wraps else (0,)
        present = np.zeros(intervals)
        for begin, end in self.work():
            for back_ms in shifted:
                inside = np.minimum(end - back_ms, starts + interval_ms) - np.maximum(begin - back_ms, starts)
                present += np.maximum(inside, 0) / interval_ms
        return present


class ShiftRules(Struct, frozen=True):
    """Which shifts there may be. Lengths and times of day in milliseconds."""

    lengths_ms: tuple[int, ...] = (8 * 3_600_000,)
    """From beginning to end, the break included."""
    first_start_ms: int = 0
    last_start_ms: int = DAY_MS - 1_800_000
    every_ms: int = 1_800_000
    break_ms: int = 1_800_000
    """0: no break."""
    break_from_ms: int = 3 * 3_600_000
    """After the shift's beginning: the earliest beginning of the break …"""
    break_until_ms: int = 5 * 3_600_000
    """… and the latest."""
    rest_ms: int = 11 * 3_600_000
    """Between two shifts of one agent, at least."""
    most_shifts: int = 5
    """Of one agent in the whole plan."""


At = Callable[[int, int], int]
"""(number of a day of the plan, time of day in ms) → ms after the beginning of the plan."""


def every_day_alike(opens_ms: int) -> At:
    """Of a plan that begins at that time of day, where the clocks do not change."""
    return lambda day, time_ms: day * DAY_MS + time_ms - opens_ms


def shift_types(rules: ShiftRules, *, at: At, length_ms: int, wraps: bool) -> tuple[ShiftType, ...]:
    """Every shift that `rules` allow in a plan of this length.

    Starts are times of day as `at` has them, also on the day on which the clocks change; with `wraps` (the
    plan is a day that repeats itself) a shift may run past the end of the plan, else it lies inside. Break
    places lie `every_ms` apart.
    """
    starts = {
        at(day, start): day
        for day in range(length_ms // DAY_MS + 2)
        for start in range(rules.first_start_ms, rules.last_start_ms + 1, rules.every_ms)
    }
    return tuple(
        ShiftType(start, start + length, pauses, day=day)
        for start, day in sorted(starts.items())
        if 0 <= start < length_ms
        for length in rules.lengths_ms
        if wraps or start + length <= length_ms
        for pauses in _breaks(rules, start, length)
    )


def _breaks(rules: ShiftRules, start_ms: int, length_ms: int) -> list[tuple[tuple[int, int], ...]]:
    latest = min(rules.break_until_ms, length_ms - rules.break_ms)
    places = range(rules.break_from_ms, latest + 1, rules.every_ms)
    if rules.break_ms == 0 or not places:
        return [()]
    return [((start_ms + place, start_ms + place + rules.break_ms),) for place in places]


class Demand(Struct, frozen=True):
    """What is to be covered."""

    required: Heads
    """[intervals, rows]: heads that must be present."""
    counts: NDArray[np.bool_]
    """[rows, groups]: whether a head of the group counts for the row."""


class Menu(Struct, frozen=True):
    """The shifts to choose from."""

    types: tuple[ShiftType, ...]
    presence: Shares
    """[types, intervals]: share of the interval that the shift works."""
    interval_ms: int


def menu(types: tuple[ShiftType, ...], interval_ms: int, intervals: int, *, wraps: bool) -> Menu:
    """`types` with when they are there; `wraps`: the plan repeats itself."""
    rows = [kind.presence(interval_ms, intervals, wraps=wraps) for kind in types]
    return Menu(types, np.array(rows).reshape(len(types), intervals), interval_ms)


class Proof(StrEnum):
    """What the solver can say about its answer."""

    OPTIMAL = "optimal"
    """Nothing is cheaper."""
    NEAR = "near"
    """The best found; `Cover.gap` says how much cheaper one might be."""


class Cover(Struct, frozen=True):
    """How many of each group work each shift, and where that is too few."""

    chosen: Heads
    """[groups, types]"""
    present: Shares
    """[intervals, rows]: heads that count for the row and are not on a break, averaged over the interval."""
    short: Shares
    """[intervals, rows]: heads missing."""
    paid_ms: int
    proof: Proof
    gap: float
    """How far, relative to itself, the cost may lie above the cheapest; 0 when optimal."""


class NoCover(Exception):
    """The solver found nothing in its time."""


class _Programme(Struct, frozen=True):
    """Variables: shifts worked [groups x types], heads missing [intervals x rows], the highest surplus."""

    matrix: csr_array
    lower: Shares
    upper: Shares
    cost: Shares
    """Paid intervals; a head missing for an interval costs more than any shift."""
    shifts: int
    """The first so many variables are whole numbers."""


def cover(
    demand: Demand,
    menu: Menu,
    heads: Sequence[int],
    *,
    time_limit_s: float = 20.0,
    gap: float = 0.0,
) -> Cover:
    """The shifts of least paid time whose heads reach the demand.

    `heads` per group: how many there are on each day. In order of importance: as few head-intervals missing
    as heads and types allow (the only head of an interval weighs half as much again as others), the least
    paid time, the lowest peak of surplus. Set covering after Dantzig (1954), with breaks as part of a shift
    type and shared skills as overlapping rows. The search ends when the cost is proven within `gap`
    (relative) of the least. Raises NoCover when there are no types, or when the time limit passes without
    any answer.
    """
    if not menu.types:
        raise NoCover("no shift of the lengths and starts allowed lies within the plan")
    chosen = np.zeros((len(heads), len(menu.types)), dtype=np.int64)
    left = 0.0
    parts = components(demand.counts)
    for rows, groups in parts:
        own = Demand(demand.required[:, rows], demand.counts[np.ix_(rows, groups)])
        programme = _programme(own, menu, [heads[group] for group in groups], [1.0] * len(groups))
        values, open_gap = _best(programme, Limits(time_limit_s / len(parts), gap))
        chosen[groups] = np.rint(values[: programme.shifts]).astype(np.int64).reshape(len(groups), -1)
        left = max(left, open_gap)
    return _read(chosen, demand, menu, left)


def enough(demand: Demand, menu: Menu, heads: Sequence[int], dear: Sequence[float]) -> Heads:
    """About how many heads of each group would cover the demand: those there are, and more where short.

    Paid time of the further heads counts `dear` times. By the linear relaxation, rounded up: a shift may be
    worked by half a head, so that one or two more may be needed in the end.
    """
    have = len(heads)
    twice = Demand(demand.required, np.tile(demand.counts, 2))
    programme = _programme(twice, menu, [*heads, *[ANY_NUMBER] * have], [*[1.0] * have, *dear])
    found = _solve(structs.replace(programme, shifts=0), programme.cost, None, Limits(60.0, 0.0))
    if found is None:
        raise NoCover("no answer within a minute")
    further = found[0][: programme.shifts].reshape(2, have, -1)[1]
    days = np.array([kind.day for kind in menu.types])
    per_day = np.stack([further[:, days == day].sum(axis=1) for day in np.unique(days)])
    return np.asarray(np.array(heads) + np.ceil(per_day.max(axis=0) - 1e-6)).astype(np.int64)


def components(counts: NDArray[np.bool_]) -> list[tuple[list[int], list[int]]]:
    """Rows and groups that have nothing to do with the others, each to be solved by itself.

    Rows that the same groups count for stay together; rows for which nobody counts, and groups that count
    for nothing, are left out.
    """
    found = []
    rest = set(np.flatnonzero(counts.any(axis=1)).tolist())
    while rest:
        rows = {min(rest)}
        groups = counts[list(rows)].any(axis=0)
        while True:
            more = {row for row in rest if (counts[row] & groups).any()}
            if more == rows:
                break
            rows, groups = more, counts[list(more)].any(axis=0)
        found.append((sorted(rows), np.flatnonzero(groups).tolist()))
        rest -= rows
    return found


class Limits(NamedTuple):
    """When the solver stops: after so long, or when its answer is proven so close to the best."""

    time_s: float
    gap: float


def _best(programme: _Programme, limits: Limits) -> tuple[Shares, float]:
    """The cheapest values, and of these the ones with the lowest peak; and how far from proven they are."""
    cheapest = _solve(programme, programme.cost, None, limits)
    if cheapest is None:
        raise NoCover(f"no shifts found within {limits.time_s:g} s")
    values, left = cheapest
    peak = np.zeros_like(programme.cost)
    peak[-1] = 1.0
    flattest = _solve(programme, peak, float(programme.cost @ values), Limits(limits.time_s / 4, 0.05))
    return (values if flattest is None else flattest[0]), left


def _programme(demand: Demand, menu: Menu, heads: Sequence[int], dear: Sequence[float]) -> _Programme:
    groups, cells = demand.counts.shape[1], demand.required.size
    reached = np.einsum("rg,kt->trgk", demand.counts.astype(np.float64), menu.presence)
    present = csr_array(reached.reshape(cells, groups * len(menu.types)))
    days = sorted({kind.day for kind in menu.types})
    of_day = np.array([[kind.day == day for kind in menu.types] for day in days], dtype=np.float64)
    per_day = csr_array(np.kron(np.eye(groups), of_day.reshape(len(days), len(menu.types))))
    missing, none = eye_array(cells, format="csr"), csr_array((per_day.shape[0], 1))
    surplus = csr_array(np.ones((cells, 1)))
    paid = np.outer(dear, [kind.paid_ms / menu.interval_ms for kind in menu.types]).ravel()
    needed = demand.required.astype(np.float64).ravel()
    unbounded = np.full(cells, np.inf)
    caps = np.repeat(np.asarray(heads, dtype=np.float64), len(days))
    return _Programme(
        matrix=block_array(
            [[present, missing, None], [present, None, -surplus], [per_day, None, none]]
        ).tocsc(),
        lower=np.concatenate((needed, -unbounded, np.full(caps.size, -np.inf))),
        upper=np.concatenate((unbounded, needed, caps)),
        cost=np.concatenate(
            (paid, (float(paid.max(initial=0.0)) + 1.0) * weight(demand.required.ravel()), (0.0,))
        ),
        shifts=paid.size,
    )


def weight(required: Heads) -> Shares:
    """What a missing head weighs: one half more where it would be the only one."""
    return np.where(required == 1, 3.0, 2.0)


def _solve(
    programme: _Programme, cost: Shares, at_most: float | None, limits: Limits
) -> tuple[Shares, float] | None:
    """Values of the variables and the gap; `at_most` bounds the programme's own cost; None: nothing found."""
    constraints = [LinearConstraint(programme.matrix, programme.lower, programme.upper)]
    if at_most is not None:
        constraints.append(LinearConstraint(programme.cost, ub=at_most + 1e-6))
    whole = np.zeros(cost.size)
    whole[: programme.shifts] = 1
    answer = milp(
        cost,
        constraints=constraints,
        integrality=whole,
        bounds=Bounds(0, np.inf),
        options={"time_limit": limits.time_s, "mip_rel_gap": limits.gap},
    )
    return None if answer.x is None else (answer.x, float(answer.mip_gap or 0.0))


def _read(chosen: Heads, demand: Demand, menu: Menu, gap: float) -> Cover:
    present = menu.presence.T @ (demand.counts.astype(np.float64) @ chosen).T
    short = np.maximum(demand.required - present, 0.0)
    paid = np.array([kind.paid_ms for kind in menu.types], dtype=np.int64)
    return Cover(
        chosen=chosen,
        present=present,
        short=np.where(short > 1e-9, short, 0.0),
        paid_ms=int(chosen.sum(axis=0) @ paid),
        proof=Proof.OPTIMAL if gap <= 1e-6 else Proof.NEAR,
        gap=gap,
    )
