"""The queue with n agents, impatience and limited lines as a birth-death chain, exact in steady state."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc

Floats = NDArray[np.float64]

REACH = 40.0
"""How far the sums reach around the most likely state, in standard deviations: tails below 1e-300."""
TAIL = 1e-30
"""Queue lengths less likely than this, relative to the most likely state, are left out at the upper end."""
LONGEST_SUM = 4_000_000
"""Terms at most; a longer sum means a load so close to the limit that steady state has no practical sense."""


class Unstable(ValueError):
    """There is no steady state: more work comes than the agents do, and nobody gives up."""


@dataclass(frozen=True, slots=True)
class Station:
    """Poisson arrivals, exponential handling and patience. Rates are per one common unit of time."""

    arrivals: float
    """Calls per unit of time."""
    service: float
    """Calls that one agent ends per unit of time."""
    agents: int
    impatience: float = 0.0
    """1 / mean patience; 0: nobody gives up."""
    lines: int | None = None
    """Calls in the system at most (served and waiting); None: no limit."""

    @property
    def load(self) -> float:
        """Offered load in Erlang."""
        return self.arrivals / self.service


@dataclass(frozen=True, slots=True)
class Steady:
    """The steady state of a station.

    `below` has the probabilities of 0 … n-1 calls in the system (shape (n,)); `waiting` those of n+`first`,
    n+`first`+1, … (shape (m,)): all agents busy and so many calls waiting.
    """

    station: Station
    below: Floats
    waiting: Floats
    first: int

    @property
    def ahead(self) -> Floats:
        """Number waiting in the states of `waiting`, shape (m,)."""
        return self.first + np.arange(len(self.waiting), dtype=np.float64)

    @property
    def blocked(self) -> float:
        """Share of the calls that find all lines taken (states as seen by arrivals are those of time)."""
        lines = self.station.lines
        if lines is None or self.station.agents + self.first + len(self.waiting) <= lines:
            return 0.0
        return float(self.waiting[-1])

    @property
    def admitted(self) -> Floats:
        """As `waiting`, only states in which a call is admitted."""
        return self.waiting[:-1] if self.blocked else self.waiting

    @property
    def queue(self) -> float:
        """Mean number waiting."""
        return float(self.waiting @ self.ahead)

    @property
    def busy(self) -> float:
        """Mean number of busy agents."""
        known = np.arange(len(self.below), dtype=np.float64)
        return float(self.below @ known) + self.station.agents * float(self.waiting.sum())


def steady(station: Station) -> Steady:
    """Solve the balance equations by products outwards from the most likely state: no difference is taken,
    so each probability above 1e-300 has about 13 digits.

    Raises Unstable.
    """
    n = station.agents
    if station.arrivals == 0:
        return Steady(station, np.eye(1, n)[0] if n else np.zeros(0), np.array([0.0 if n else 1.0]), 0)
    top = _most_likely(station)
    first = max(0, top - n - _reach(station, top))
    start = n + first
    last = _last(station, max(top, n))
    states = np.arange(start if first else 0, last + 1, dtype=np.float64)
    weights = _products(station, states, max(top, int(states[0])))
    weights /= weights.sum()
    if first:
        return Steady(station, np.zeros(n), weights, first)
    return Steady(station, weights[:n], weights[n:], 0)


def _death(station: Station, states: Floats) -> Floats:
    n = station.agents
    return station.service * np.minimum(states, n) + station.impatience * np.maximum(states - n, 0.0)


def _most_likely(station: Station) -> int:
    """The state from which the chain falls as often as it grows."""
    n, load = station.agents, station.load
    if load < n:
        return int(load)
    limit = station.lines
    if station.impatience > 0:
        state = n + int((station.arrivals - n * station.service) / station.impatience)
        return state if limit is None else min(state, limit)
    if limit is None or n == 0:
        raise Unstable(f"a load of {load:g} Erlang on {n} agents grows for ever when nobody gives up")
    return limit


def _reach(station: Station, top: int) -> int:
    """States left and right of `top` that matter when it lies among the waiting."""
    if station.impatience > 0:
        return 10 + int(REACH * (station.arrivals / station.impatience + station.agents) ** 0.5)
    return top


def _last(station: Station, top: int) -> int:
    """The last state of the sums: the last line, or where the tail is over."""
    width = _tail(station, top)
    if width > LONGEST_SUM:
        raise Unstable(f"a load of {station.load!r} Erlang is too close to {station.agents} agents")
    return top + width if station.lines is None else min(top + width, station.lines)


def _tail(station: Station, top: int) -> int:
    """States above `top` until the probability has fallen by TAIL."""
    width = 64
    while width <= LONGEST_SUM:
        far = np.arange(top + 1, top + width + 1, dtype=np.float64)
        if np.log(station.arrivals / _death(station, far)).sum() < np.log(TAIL):
            return width
        if station.lines is not None and top + width >= station.lines:
            return width
        width *= 2
    return width


def _products(station: Station, states: Floats, top: int) -> Floats:
    """Weights of `states` relative to that of `top`, which is one of them."""
    at = top - int(states[0])
    weights = np.ones(len(states))
    weights[at + 1 :] = np.cumprod(station.arrivals / _death(station, states[at + 1 :]))
    weights[:at] = np.cumprod((_death(station, states[1 : at + 1]) / station.arrivals)[::-1])[::-1]
    return weights


def served_share(found: Steady) -> Floats:
    """Probability that a call that finds all agents busy and so many ahead (`admitted`) is served."""
    station = found.station
    rate = station.agents * station.service
    if rate == 0:
        return np.zeros(len(found.admitted))
    ahead = found.ahead[: len(found.admitted)]
    return rate / (rate + (ahead + 1) * station.impatience)


def mean_waits(found: Steady) -> Floats:
    """Mean wait of a call that is served, by what it finds (as `served_share`), in units of time.

    Whoever leaves first, the time to the next departure from the queue is the same: so the wait of those
    served with k ahead is the sum of 1 / (n mu + i theta), i = 1 … k+1.
    """
    station, count = found.station, len(found.admitted)
    rate = station.agents * station.service
    steps = rate + station.impatience * np.arange(1, found.first + count + 1, dtype=np.float64)
    return np.asarray(np.cumsum(1 / steps)[found.first :]) if rate or station.impatience else np.zeros(count)


def in_time(found: Steady, target: float, *, patient: bool) -> Floats:
    """Probability that the turn of a call comes within `target`, by what it finds (as `served_share`).

    `patient`: of a call that never gives up itself (virtual wait); else of one that is served, which has one
    more impatient caller, itself, in the queue. Sums of exponential times with rates r, r + theta,
    …, r + k theta are -log(Beta(r / theta, k + 1)) / theta.
    """
    station = found.station
    rate, theta = station.agents * station.service, station.impatience
    turns = found.ahead[: len(found.admitted)] + 1
    if theta == 0:
        return np.asarray(gammainc(turns, rate * target))
    first = rate / theta if patient else rate / theta + 1
    if first == 0:
        return np.zeros(len(turns))
    return np.asarray(betainc(turns, first, -np.expm1(-theta * target)))
