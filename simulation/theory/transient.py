"""How a group of agents fills and empties when the rate of calls changes: Kolmogorov's forward equations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import expm

from simulation.theory.birth_death import Floats

LOST_MASS = 1e-13
"""The queue is cut where the probability of a longer one stays below this."""
MOST_STATES = 3_000


@dataclass(frozen=True, slots=True)
class Desk:
    """M(t)/M/n+M that begins empty. Rates are per one unit of time, `impatience` is 1 / mean patience."""

    agents: int
    service: float
    impatience: float
    segments: tuple[tuple[float, float], ...]
    """(until when, rate of calls), from time 0."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Means at one time, and counts from time 0 to then."""

    t: float
    queue: float
    busy: float
    abandoned: float
    delayed: float
    """Calls that came while all agents were busy."""


def moments(desk: Desk, times: Iterable[float]) -> list[Moment]:
    """The desk at each of `times`, in their order. Raises ValueError: the queue grows beyond MOST_STATES.

    Exact up to rounding: the state and the two running counts are moved over each piece of constant rate
    by one matrix exponential.
    """
    wanted, states = list(times), desk.agents + 64
    while states <= MOST_STATES:
        found, lost = _moments(desk, wanted, states)
        if lost < LOST_MASS:
            return found
        states *= 2
    raise ValueError(f"the queue grows beyond {MOST_STATES} states")


def _moments(desk: Desk, wanted: Sequence[float], states: int) -> tuple[list[Moment], float]:
    """The moments with that many states, and the largest probability ever met in the last of them."""
    waiting = np.maximum(np.arange(states) - desk.agents, 0.0)
    working = np.minimum(np.arange(states), desk.agents).astype(np.float64)

    @lru_cache(maxsize=64)
    def step(rate: float, length: float) -> Floats:
        return np.asarray(expm(_generator(desk, rate, states) * length))

    row = np.zeros(states + 2)
    row[0] = 1.0
    now, lost, at = 0.0, 0.0, dict[float, Moment]()
    for until, rate in _pieces(desk, wanted):
        row = row @ step(rate, until - now)
        now, lost = until, max(lost, float(row[states - 1]))
        mass = row[:states]
        at[now] = Moment(now, float(mass @ waiting), float(mass @ working), float(row[-2]), float(row[-1]))
    return [at[t] for t in wanted], lost


def _pieces(desk: Desk, wanted: Sequence[float]) -> list[tuple[float, float]]:
    """(until when, rate), cut at the ends of segments and at the moments that are asked for."""
    cuts = sorted({*(until for until, _ in desk.segments), *wanted})
    return [(cut, next(rate for until, rate in desk.segments if cut <= until)) for cut in cuts]


def _generator(desk: Desk, rate: float, states: int) -> Floats:
    """Of the chain; its two last columns count hang-ups and calls that find all agents busy."""
    k = np.arange(states)
    deaths = desk.service * np.minimum(k, desk.agents) + desk.impatience * np.maximum(k - desk.agents, 0)
    moves = np.zeros((states + 2, states + 2))
    moves[k[:-1], k[1:]] = rate
    moves[k[1:], k[:-1]] = deaths[1:]
    moves[k, k] = -moves.sum(axis=1)[:states]
    moves[k, states] = desk.impatience * np.maximum(k - desk.agents, 0)
    moves[k, states + 1] = np.where(k >= desk.agents, rate, 0.0)
    return moves
