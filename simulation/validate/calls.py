"""What became of each call of one replication, taken from the engine's facts, and means over it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acd.core.facts import Abandoned, Answered, Arrived, Blocked, Fact, Released

Floats = NDArray[np.float64]

OPEN, ANSWERED, ABANDONED, BLOCKED = range(4)

Mean = tuple[float, float] | tuple[float, float, float]
"""Numerator and denominator of one replication, and what a single event adds to the numerator where that is
rare enough to matter: so much must it vary at least."""


@dataclass(frozen=True, slots=True)
class Calls:
    """All calls in the order of arrival; arrays of shape (calls,), times since the start in units of the
    case."""

    stream: NDArray[np.int64]
    arrived: Floats
    wait: Floats
    """Until the (first) answer or the hang-up; of the still waiting until the end of the run."""
    outcome: NDArray[np.int64]
    ended: Floats
    """When it left the system."""
    begin: float
    end: float
    """The window: calls that arrive in it count, and time averages are over it."""

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Those that arrive in the window."""
        return (self.arrived >= self.begin) & (self.arrived < self.end)


Measure = Callable[[Calls], Mean]


class Watch:
    """Takes the facts of one replication."""

    def __init__(self) -> None:
        self._rows: list[list[int]] = []
        self._row: dict[int, list[int]] = {}

    def observe(self, told: list[Fact]) -> None:
        """Called with the facts of each event."""
        fact: Any
        for fact in told:
            kind = type(fact)
            if kind is Answered:
                row = self._row[fact.contact]
                if row[3] == OPEN:
                    row[2], row[3] = fact.wait_ms, ANSWERED
            elif kind is Released:
                self._row.pop(fact.contact)[4] = fact.t_ms
            elif kind is Arrived:
                row = [int(fact.party.partition("/")[0]), fact.t_ms, -1, OPEN, -1]
                self._row[fact.contact] = row
                self._rows.append(row)
            elif kind is Abandoned:
                row = self._row.pop(fact.contact)
                row[2:] = fact.wait_ms, ABANDONED, fact.t_ms
            elif kind is Blocked:
                stream = int(fact.ref.partition("/")[0])
                self._rows.append([stream, fact.t_ms, 0, BLOCKED, fact.t_ms])

    def calls(self, start_ms: int, stop_ms: int, unit_ms: float, window: tuple[float, float]) -> Calls:
        """All that was seen; the run began at `start_ms` and was stopped at `stop_ms`."""
        table = np.array(self._rows, dtype=np.int64).reshape(-1, 5)
        stream, arrived, wait, outcome, ended = table.T
        wait = np.where(wait < 0, stop_ms - arrived, wait)
        ended = np.where(ended < 0, stop_ms, ended)
        since = (arrived - start_ms) / unit_ms
        return Calls(stream, since, wait / unit_ms, outcome, (ended - start_ms) / unit_ms, *window)


# ---- shares and waits of the calls that arrive in the window


def share(which: Callable[[Calls], NDArray[np.bool_]], of: Callable[[Calls], NDArray[np.bool_]]) -> Measure:
    """Share of those `of` that are also `which`."""

    def measure(calls: Calls) -> Mean:
        among = calls.counted & of(calls)
        return float((among & which(calls)).sum()), float(among.sum()), 1.0

    return measure


def mean_wait(of: Callable[[Calls], NDArray[np.bool_]]) -> Measure:
    """Mean wait of those."""

    def measure(calls: Calls) -> Mean:
        among = calls.counted & of(calls)
        return float(calls.wait[among].sum()), float(among.sum())

    return measure


def mean_time(of: Callable[[Calls], NDArray[np.bool_]], less: float = 0.0) -> Measure:
    """Mean time in the system of those, less a fixed time."""

    def measure(calls: Calls) -> Mean:
        among = calls.counted & of(calls)
        stay = calls.ended[among] - calls.arrived[among]
        return float(stay.sum()) - less * float(among.sum()), float(among.sum())

    return measure


def everyone(calls: Calls) -> NDArray[np.bool_]:
    """All, blocked or not."""
    return np.ones(len(calls.outcome), dtype=bool)


def admitted(calls: Calls) -> NDArray[np.bool_]:
    """Not blocked."""
    return np.not_equal(calls.outcome, BLOCKED)


def blocked(calls: Calls) -> NDArray[np.bool_]:
    """Refused by the desk."""
    return np.equal(calls.outcome, BLOCKED)


def answered(calls: Calls) -> NDArray[np.bool_]:
    """Spoke with an agent."""
    return np.equal(calls.outcome, ANSWERED)


def abandoned(calls: Calls) -> NDArray[np.bool_]:
    """Hung up before."""
    return np.equal(calls.outcome, ABANDONED)


def delayed(calls: Calls) -> NDArray[np.bool_]:
    """Had to wait, or did not want to."""
    return (calls.wait > 0) | abandoned(calls)


def of_stream(number: int) -> Callable[[Calls], NDArray[np.bool_]]:
    """The calls of one stream."""
    return lambda calls: calls.stream == number


def within(
    which: Callable[[Calls], NDArray[np.bool_]], target: float
) -> Callable[[Calls], NDArray[np.bool_]]:
    """Those whose wait is no longer than the target (to half a millisecond of the simulated time)."""
    return lambda calls: which(calls) & (calls.wait <= target * (1 + 1e-9))


# ---- averages over the time of the window


def mean_queue(calls: Calls) -> Mean:
    """Mean number waiting."""
    return _overlap(calls, calls.arrived, calls.arrived + calls.wait), calls.end - calls.begin


def busy_share(agents: int) -> Measure:
    """Share of the agents' time that they are busy."""

    def measure(calls: Calls) -> Mean:
        start = calls.arrived + calls.wait
        served = answered(calls)
        return _overlap(calls, start[served], calls.ended[served]), agents * (calls.end - calls.begin)

    return measure


def arrivals_per(length: float) -> Measure:
    """Calls per so many units of time."""
    return lambda calls: (float(calls.counted.sum()), (calls.end - calls.begin) / length)


def empty_share(calls: Calls) -> Mean:
    """Share of the time in which there is no call."""
    inside = admitted(calls)
    moments = np.concatenate([calls.arrived[inside], calls.ended[inside], [calls.begin, calls.end]])
    steps = np.concatenate([np.ones(inside.sum()), -np.ones(inside.sum()), [0.0, 0.0]])
    order = np.argsort(moments, kind="stable")
    present = np.cumsum(steps[order])[:-1]
    edges = np.clip(moments[order], calls.begin, calls.end)
    between = (calls.end - calls.begin) / max(1, int(calls.counted.sum()))
    return float(np.diff(edges)[present == 0].sum()), calls.end - calls.begin, 2 * between


def _overlap(calls: Calls, start: Floats, end: Floats) -> float:
    """Time of the window that lies in the intervals, one by one, added up."""
    spent = np.minimum(end, calls.end) - np.maximum(start, calls.begin)
    return float(np.maximum(spent, 0.0).sum())


# ---- the state at single moments


def queue_at(t: float) -> Measure:
    """How many wait at `t`."""
    return lambda calls: (float(((calls.arrived <= t) & (t < calls.arrived + calls.wait)).sum()), 1.0)


def busy_at(*moments: float) -> Measure:
    """How many talk, on average over the moments."""

    def measure(calls: Calls) -> Mean:
        start = np.sort((calls.arrived + calls.wait)[answered(calls)])
        ended = np.sort(calls.ended[answered(calls)])
        begun, over = (np.searchsorted(one, moments, side="right") for one in (start, ended))
        return float((begun - over).sum()), float(len(moments))

    return measure


def count_until(which: Callable[[Calls], NDArray[np.bool_]], t: float, *, at_end: bool) -> Measure:
    """How many of those came (`at_end`: had gone) by `t`."""

    def measure(calls: Calls) -> Mean:
        moments = calls.ended if at_end else calls.arrived
        return float((which(calls) & (moments <= t)).sum()), 1.0

    return measure
