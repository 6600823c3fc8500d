"""What one head more or less is expected to do to a goal, from what was measured with the heads there are."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from simulation.scenario import Goal
from simulation.staffing.requirement import Rate, level
from simulation.staffing.workload import Floats

PRIOR = 20.0
"""Contacts that the share expected beforehand counts for, beside those that were measured."""

LEAST_SHARE, MOST_SHARE = 0.01, 0.995
"""Shares beyond these say nothing about how many heads too few or too many there are."""

MOST_HEADS = 20_000


class Outlook(Protocol):
    """One goal, interval by interval, as it is expected to be after the changes made so far."""

    goal: Goal
    counted: Floats
    """Contacts per day that the goal is a share of, [intervals]."""
    hits: Floats
    """Those that meet it, [intervals]."""

    def effect(self, profile: int, interval: int, heads: int) -> float:
        """By how many hits per day `heads` (1 or -1) of the profile in the interval change the goal."""

    def apply(self, profile: int, interval: int, heads: int) -> None:
        """Expect that change from now on."""


def smoothed(hits: Floats, counted: Floats, days: int, before: float) -> Floats:
    """Shares per interval from the means of `days`, drawn towards `before` where little was counted."""
    return np.asarray((hits * days + PRIOR * before) / (counted * days + PRIOR))


class Weights(NamedTuple):
    """For how many heads of a goal's own agents a head of each profile counts, [profiles]."""

    gain: Floats
    """When it is added."""
    loss: Floats
    """When it is taken away: more, for a loss that was forecast too small costs another round."""


class CallOutlook:
    """A goal of calls: Erlang A gives the share measured for some number of agents; what of one more?"""

    def __init__(
        self, goal: Goal, counted: Floats, share: Floats, rates: Sequence[Rate], weights: Weights
    ) -> None:
        """`rates` [intervals]: of all calls that only such agents take as may take those of the goal."""
        self.goal = goal
        self.counted = counted
        self.hits = counted * share
        self._share = share.copy()
        self._rates = rates
        self._weights = weights

    def effect(self, profile: int, interval: int, heads: int) -> float:
        return float(self.counted[interval] * (self._then(profile, interval, heads) - self._share[interval]))

    def apply(self, profile: int, interval: int, heads: int) -> None:
        self._share[interval] = self._then(profile, interval, heads)
        self.hits[interval] = self.counted[interval] * self._share[interval]

    def _then(self, profile: int, interval: int, heads: int) -> float:
        share, rate = float(self._share[interval]), self._rates[interval]
        if rate.per_hour <= 0:
            return share
        seen = min(max(share, LEAST_SHARE), MOST_SHARE)
        weights = self._weights.gain if heads > 0 else self._weights.loss
        change = heads * float(weights[profile])
        then = share + between(self.goal, rate, heads_for(self.goal, rate, seen) + change) - seen
        return min(max(then, 0.0), 1.0)


def heads_for(goal: Goal, rate: Rate, share: float) -> float:
    """The number of agents, linear between whole ones, with which Erlang A gives `share`."""
    low, high = 0, max(1, int(rate.per_hour * rate.aht_s / 3600))
    while level(goal, rate, high) < share and high < MOST_HEADS:
        low, high = high, high + max(1, high // 8)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if level(goal, rate, middle) >= share else (middle, high)
    below, above = level(goal, rate, low), level(goal, rate, high)
    if above <= below or share <= below:
        return float(low)
    return low + min(1.0, (share - below) / (above - below))


def between(goal: Goal, rate: Rate, agents: float) -> float:
    """The share for a number of agents that need not be whole."""
    if agents <= 0:
        return 0.0
    low = int(agents)
    below, above = level(goal, rate, low), level(goal, rate, low + 1)
    return below + (agents - low) * (above - below)


class Cadence(NamedTuple):
    """How what can wait is worked on."""

    spread: Floats
    """[intervals of arrival, intervals of work]: where the time allowed lies."""
    done: Floats
    """Contacts that one head does in the interval, [intervals]."""
    may: NDArray[np.bool_]
    """Whether the profile may, [profiles]."""


class WaitingOutlook:
    """A goal of what can wait: a head does so many contacts more per interval, of those it may still save."""

    def __init__(self, goal: Goal, counted: Floats, share: Floats, cadence: Cadence) -> None:
        self.goal = goal
        self.counted = counted
        self.hits = counted * share
        self._cadence = cadence

    def effect(self, profile: int, interval: int, heads: int) -> float:
        return float(self._changes(profile, interval, heads).sum())

    def apply(self, profile: int, interval: int, heads: int) -> None:
        self.hits = self.hits + self._changes(profile, interval, heads)

    def _changes(self, profile: int, interval: int, heads: int) -> Floats:
        """Hits gained or lost by interval of arrival: late ones are saved, those in time fall behind."""
        reach = (self._cadence.spread[:, interval] > 0) & self._cadence.may[profile]
        movable = (self.counted - self.hits if heads > 0 else self.hits) * reach
        total = float(movable.sum())
        if total <= 0:
            return np.zeros_like(movable)
        return np.asarray(movable * (heads * min(1.0, float(self._cadence.done[interval]) / total)))
