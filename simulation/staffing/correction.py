"""Correcting a staffing: which heads to add and which to take away, goal by goal, from what was measured."""

from collections.abc import Iterable, Sequence
from math import inf

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulation.scenario import Goal
from simulation.staffing.marginal import Cadence, CallOutlook, Outlook, WaitingOutlook, Weights
from simulation.staffing.requirement import Heads, deferred, rates, spread_of
from simulation.staffing.workload import Floats, Task

LEAST_WORTH = 1e-4
"""A head that would better no goal by more than this share is not added."""


SPILL = 0.5
"""For how much of one of a goal's own heads one counts that only takes other calls away from these."""


class Seen(Struct, frozen=True):
    """What was measured of a goal."""

    counted: Floats
    """Contacts per day, [intervals]."""
    share: Floats
    """Of them that meet the goal, [intervals]."""
    margin: float
    """How far above the goal the whole day is to end: for the uncertainty of what was measured."""

    @property
    def lowest(self) -> float:
        """Share of the worst interval."""
        return float(self.share[self.counted > 0].min(initial=1.0))


def aim_of(task: Task, below: float, goal: Goal, seen: Seen) -> "Aim | None":
    """What the correction works with; None when nothing came, or nobody at all can do it.

    An interval of calls may end `below` the goal.
    """
    place = next((i for i, work in enumerate(task.works) if goal in work.goals), None)
    if place is None or not seen.counted.any() or not task.may[place].any():
        return None
    outlook = (
        _waiting(task, place, goal, seen) if deferred(task.works[place]) else _calls(task, place, goal, seen)
    )
    return Aim(outlook, seen.margin, below, len(task.profiles))


def _waiting(task: Task, place: int, goal: Goal, seen: Seen) -> WaitingOutlook:
    work = task.works[place]
    done = task.scenario.interval_ms / np.maximum(work.handling_ms, 1.0)
    cadence = Cadence(spread_of(task.scenario, work, goal.threshold_ms), done, task.may[place])
    return WaitingOutlook(goal, seen.counted, seen.share, cadence)


def _calls(task: Task, place: int, goal: Goal, seen: Seen) -> CallOutlook:
    calls = np.array([not deferred(work) for work in task.works])
    beside = calls & (task.may <= task.may[place]).all(axis=1)
    pool = rates(task.scenario, [work for i, work in enumerate(task.works) if beside[i]])
    return CallOutlook(goal, seen.counted, seen.share, pool, _weights(task, place, calls, beside))


def _weights(task: Task, place: int, calls: NDArray[np.bool_], beside: NDArray[np.bool_]) -> Weights:
    """Whoever may take the calls counts for one when he goes, and for less when he comes, by his other calls.

    Who may not take them, but other calls of agents who may, leaves more of those to them when he goes.
    """
    may = task.may[place]
    load = np.array([float(work.arrivals @ work.handling_ms) for work in task.works])
    common, every = (load * beside) @ task.may, (load * calls) @ task.may
    shared = np.divide(common, every, out=np.zeros_like(every), where=every > 0)
    agents = np.array([len(group.agents) for group in task.profiles], dtype=np.float64)
    together = (task.may[calls].T.astype(int) @ task.may[calls].astype(int)) > 0
    spill = (together & may[None, :]) @ agents / max(float(agents[may].sum()), 1.0)
    return Weights(np.where(may, (1 + shared) / 2, 0.0), np.where(may, 1.0, SPILL * spill))


def corrected(task: Task, heads: Heads, aims: Sequence["Aim"], most_removed: float) -> Heads:
    """`heads` [intervals, profiles] with what the aims lack added, and what they have to spare removed.

    Where contacts of a work without a goal come, nobody who may take them is removed; where calls come, one
    head that may take them stays. `most_removed`: share of the heads that may go.
    """
    heads = heads.copy()
    for _ in range(2 * heads.size if aims else 0):
        worth = np.sum([aim.worth() for aim in aims], axis=0)
        interval, profile = _place(worth.argmax(), worth)
        if worth[interval, profile] <= LEAST_WORTH:
            break
        _change(heads, aims, (interval, profile), 1)
    fixed = _without_goal(task)
    for _ in range(max(1, int(heads.sum() * most_removed)) if aims else 0):
        price = np.sum([aim.price() for aim in aims], axis=0)
        price[(heads == 0) | fixed | _last(task, heads)] = inf
        interval, profile = _place(price.argmin(), price)
        if price[interval, profile] > 1.0:
            break
        _change(heads, aims, (interval, profile), -1)
    return heads


def _place(flat: np.intp, array: Floats) -> tuple[int, int]:
    interval, profile = divmod(int(flat), array.shape[1])
    return interval, profile


def _change(heads: Heads, aims: Sequence["Aim"], place: tuple[int, int], by: int) -> None:
    heads[place] += by
    for aim in aims:
        aim.change(*place, by)


def _without_goal(task: Task) -> NDArray[np.bool_]:
    fixed = np.zeros((task.scenario.intervals, len(task.profiles)), dtype=bool)
    for work, able in zip(task.works, task.may, strict=True):
        if not work.goals:
            fixed |= (work.arrivals > 0)[:, None] & able[None, :]
    return fixed


def _last(task: Task, heads: Heads) -> NDArray[np.bool_]:
    """Heads that are the only one for some calls, [intervals, profiles]."""
    last = np.zeros(heads.shape, dtype=bool)
    for work, able in zip(task.works, task.may, strict=True):
        if not deferred(work):
            alone = (work.arrivals > 0) & (heads[:, able].sum(axis=1) <= 1)
            last |= alone[:, None] & able[None, :]
    return last


class Aim:
    """A goal in the search: what is expected, what is wanted, and what each change would do."""

    def __init__(self, outlook: Outlook, margin: float, below: float, profiles: int) -> None:
        self.outlook = outlook
        self.whole = max(float(outlook.counted.sum()), 1e-9)
        self.wanted = (min(1.0, outlook.goal.share + margin)) * self.whole
        waits = isinstance(outlook, WaitingOutlook)
        self.floor = (
            np.zeros_like(outlook.counted) if waits else outlook.counted * (outlook.goal.share - below)
        )
        self.gain = np.zeros((len(outlook.counted), profiles))
        self.loss = np.zeros_like(self.gain)
        self.refresh(range(len(outlook.counted)))

    def refresh(self, intervals: Iterable[int]) -> None:
        """Expect anew what one head more or less would do; what waits feels it in every interval."""
        if isinstance(self.outlook, WaitingOutlook):
            intervals = range(len(self.gain))
        for interval in intervals:
            for profile in range(self.gain.shape[1]):
                self.gain[interval, profile] = self.outlook.effect(profile, interval, 1)
                self.loss[interval, profile] = -self.outlook.effect(profile, interval, -1)

    def change(self, interval: int, profile: int, heads: int) -> None:
        self.outlook.apply(profile, interval, heads)
        self.refresh((interval,))

    def worth(self) -> Floats:
        """What a head more does against what is missing, as a share of the goal's contacts."""
        day = max(0.0, self.wanted - float(self.outlook.hits.sum()))
        missing = np.maximum(np.maximum(self.floor - self.outlook.hits, 0.0), day)
        return np.asarray(np.minimum(self.gain, missing[:, None]) / self.whole)

    def price(self) -> Floats:
        """What a head less takes of what is to spare: above 1 it is not to be had."""
        spare = float(self.outlook.hits.sum()) - self.wanted
        left = self.outlook.hits[:, None] - self.loss
        price = self.loss / max(spare, 1e-9)
        return np.where(left < self.floor[:, None] - 1e-9, inf, np.where(self.loss > 0, price, 0.0))
