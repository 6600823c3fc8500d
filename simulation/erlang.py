"""Erlang B, C, A and X: what a group of agents does for a given load, and how many agents a goal needs.

All functions take and return scalars. Calls come as a Poisson stream and handling times are exponential; the
system is in steady state. Rates are calls per hour, lengths of time seconds, loads Erlang. Input that has no
meaning raises ErlangError; a load that grows for ever raises Unstable. Both are ValueErrors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import exp, inf, isfinite, isinf, lgamma, log

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import brentq

from simulation.theory.birth_death import Floats, Station, Unstable
from simulation.theory.waits import Waits

HOUR_S = 3600.0
MOST_AGENTS = 100_000
SHORTEST_PATIENCE = 1e-12
"""Of the handling time; a shorter patience, 0 too, counts as this."""
FORECAST_POINTS = 48
"""Points of the quadrature over an uncertain forecast: five digits at a coefficient of variation of 0.3."""


class ErlangError(ValueError):
    """An input that has no meaning."""


class NotReached(ErlangError):
    """No number of agents reaches the goal."""


class ServiceLevel(StrEnum):
    """What "served in time" is a share of. T is the target, W the wait of a call that is served."""

    VIRTUAL = "virtual"
    """P(V <= T), V the wait that a call with endless patience would have."""
    ANSWERED = "answered"
    """Answered within T, of the answered."""
    OFFERED = "offered"
    """Answered within T, of all that came; who gave up or was blocked counts against."""
    EXCLUDING_SHORT = "excluding_short"
    """Answered within T, of all that came except those who gave up within T."""


@dataclass(frozen=True, slots=True)
class ErlangC:
    """Nobody gives up, so that the four definitions of the service level are one."""

    load: float
    p_wait: float
    """Share of calls that wait at all."""
    asa_s: float
    """Mean wait of all calls."""
    service_level: float
    occupancy: float
    queue_length: float
    """Mean number waiting."""
    wait_given_wait_s: float
    """Mean wait of those that wait."""
    rate_given_wait: float
    """The wait of those that wait is exponential with this rate, per second."""

    def wait_quantile(self, share: float) -> float:
        """The wait, in seconds, that this share of all calls does not exceed."""
        if not 0 <= share < 1:
            raise ErlangError(f"share must be at least 0 and below 1, not {share:g}")
        return max(0.0, log(self.p_wait / (1 - share)) / self.rate_given_wait) if self.p_wait else 0.0


@dataclass(frozen=True, slots=True)
class ErlangA:
    """Impatient callers, and finitely many lines when asked for."""

    load: float
    p_wait: float
    """Share that waits, of the admitted."""
    p_abandon: float
    """Share that gives up, of all that came."""
    p_block: float
    """Share that finds all lines taken, of all that came."""
    p_abandon_in_target: float
    """Share that gives up within the target, of all that came."""
    mean_wait_s: float
    """Mean wait of all admitted, until the answer or the hang-up."""
    asa_s: float
    """Mean wait of the answered."""
    definition: ServiceLevel
    service_level: float
    """By `definition`. 1 when nobody came, else 0 when nobody is counted."""
    counted: float
    """Share, of all that came, that the service level is taken of."""
    occupancy: float
    queue_length: float
    """Mean number waiting."""
    p_empty: float
    """Share of the time in which there is no call at all."""


@dataclass(frozen=True, slots=True)
class ErlangX:
    """As ErlangA, with redials and an uncertain forecast; shares are of attempts, redials included."""

    calls_per_hour: float
    """Attempts per hour, redials included."""
    p_abandon: float
    p_block: float
    asa_s: float
    definition: ServiceLevel
    service_level: float
    occupancy: float
    queue_length: float
    p_lost: float
    """Share of the customers that are never served."""


def erlang_b(load: float, agents: int) -> float:
    """Share of calls that are blocked when nobody can wait.

    `load` in Erlang, any real number from 0; `agents` from 0. Source: Erlang 1917; recursion
    B(k) = a B(k-1) / (k + a B(k-1)), which loses no digits.
    """
    _check(load=load, agents=agents)
    blocked = 1.0
    for k in range(1, agents + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked


def erlang_c(calls_per_hour: float, aht_s: float, agents: int, target_s: float) -> ErlangC:
    """The group when nobody ever gives up.

    Raises Unstable unless the load is below the number of agents. Source: Erlang 1917, with
    C = n B / (n - a (1 - B)) from Erlang B; the wait of those that wait is exponential.
    """
    _check(calls_per_hour=calls_per_hour, agents=agents, target_s=target_s)
    _check_aht(aht_s)
    load = calls_per_hour * aht_s / HOUR_S
    if load == 0:
        rate = max(agents, 1) / aht_s
        return ErlangC(0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / rate, rate)
    if load >= agents:
        raise Unstable(f"a load of {load:g} Erlang on {agents} agents grows for ever when nobody gives up")
    blocked = erlang_b(load, agents)
    p_wait = agents * blocked / (agents - load * (1 - blocked))
    rate = (agents - load) / aht_s
    in_target = 1 - p_wait * exp(-rate * target_s)
    asa_s = p_wait / rate
    queue = asa_s * calls_per_hour / HOUR_S
    return ErlangC(load, p_wait, asa_s, in_target, load / agents, queue, 1 / rate, rate)


def erlang_a(  # noqa: PLR0917 (the order in which the trade says them)
    calls_per_hour: float,
    aht_s: float,
    agents: int,
    patience_s: float,
    target_s: float,
    sl: ServiceLevel,
    lines: int | None = None,
) -> ErlangA:
    """The group when callers give up after an exponential patience of mean `patience_s` (may be `inf`).

    `lines`: calls in the system at most, served and waiting; None: no limit. Raises Unstable when nobody
    gives up, no line limits the queue, and the load is not below the agents. Source: Palm 1957; Mandelbaum
    and Zeltyn 2007, "Service engineering in action: the Palm/Erlang-A queue"; here by the balance equations.
    """
    _check(calls_per_hour=calls_per_hour, agents=agents, target_s=target_s, patience_s=patience_s)
    _check_aht(aht_s)
    _check(lines=lines or 0)
    definition = ServiceLevel(sl)
    load = calls_per_hour * aht_s / HOUR_S
    if load == 0:
        return _idle(definition)
    if isinf(patience_s) and lines is None:
        return _of_patient(erlang_c(calls_per_hour, aht_s, agents, target_s), agents, definition)
    patience_s = max(patience_s, SHORTEST_PATIENCE * aht_s)
    servers = agents if lines is None else min(agents, lines)
    impatience = 0.0 if isinf(patience_s) else 1 / patience_s
    station = Station(calls_per_hour / HOUR_S, 1 / aht_s, servers, impatience, lines)
    return _of_waits(Waits.of(station, target_s), load, agents, definition)


def _of_waits(found: Waits, load: float, agents: int, definition: ServiceLevel) -> ErlangA:
    return ErlangA(
        load=load,
        p_wait=found.p_wait,
        p_abandon=found.p_abandon,
        p_block=found.p_block,
        p_abandon_in_target=found.p_abandon_in_target,
        mean_wait_s=found.mean_wait,
        asa_s=found.asa,
        definition=definition,
        service_level=_service_level(found, definition),
        counted=_counted(found, definition),
        occupancy=found.busy / agents if agents else 0.0,
        queue_length=found.queue_length,
        p_empty=found.p_empty,
    )


def erlang_x(  # noqa: PLR0917 (as erlang_a)
    calls_per_hour: float,
    aht_s: float,
    agents: int,
    patience_s: float,
    target_s: float,
    sl: ServiceLevel,
    *,
    p_redial: float = 0.0,
    forecast_cv: float = 0.0,
    lines: int | None = None,
) -> ErlangX:
    """Erlang A with redials, an uncertain forecast, and finitely many lines when asked for.

    Who gave up or was blocked calls again with probability `p_redial` (below 1), each time anew, and so late
    that the attempts are a Poisson stream too: the rate L solves L = l + p L P_lost(L). The hour's rate of
    first attempts is gamma with mean `calls_per_hour` and coefficient of variation `forecast_cv`; shares are
    of the attempts of all hours together. Exact only in the limit of long redial delays.
    Source: Koole 2013, "Call center optimization", chapter 4; quadrature by Golub and Welsch 1969.
    """
    _check(forecast_cv=forecast_cv)
    if not 0 <= p_redial < 1:
        raise ErlangError(f"p_redial must be at least 0 and below 1, not {p_redial:g}")

    def attempt(rate: float) -> ErlangA:
        return erlang_a(rate, aht_s, agents, patience_s, target_s, sl, lines)

    rates, weights = _forecast(calls_per_hour, forecast_cv)
    hours = [attempt(_with_redials(attempt, rate, p_redial)) for rate in rates]
    return _mixed(hours, weights, aht_s, p_redial, ServiceLevel(sl))


def _with_redials(attempt: Callable[[float], ErlangA], first: float, p_redial: float) -> float:
    """Attempts per hour when `first` customers per hour begin."""

    def excess(rate: float) -> float:
        found = attempt(rate)
        return rate * (1 - p_redial * (found.p_abandon + found.p_block)) - first

    if first == 0 or p_redial == 0 or excess(first) >= 0:
        return first
    return float(brentq(excess, first, first / (1 - p_redial), xtol=1e-14 * first, rtol=1e-14))


def _forecast(mean: float, cv: float) -> tuple[Floats, Floats]:
    """Points and weights, each of shape (FORECAST_POINTS,), of a gamma with this mean."""
    if cv == 0 or mean == 0:
        return np.array([mean]), np.array([1.0])
    shape = cv**-2
    k = np.arange(FORECAST_POINTS, dtype=np.float64)
    points, vectors = eigh_tridiagonal(2 * k + shape, np.sqrt(k[1:] * (k[1:] + shape - 1)))
    return np.maximum(points, 0.0) * mean / shape, vectors[0] ** 2


def _mixed(hours: list[ErlangA], weights: Floats, aht_s: float, p_redial: float, sl: ServiceLevel) -> ErlangX:
    """The long-run figures of hours that differ in their rate."""
    rates = np.array([hour.load for hour in hours]) * HOUR_S / aht_s
    total = float(weights @ rates)
    calls = weights * rates / total if total else weights
    lost = np.array([hour.p_abandon + hour.p_block for hour in hours])
    counted = calls * np.array([hour.counted for hour in hours])
    answered = calls * (1 - lost)
    customers = float(calls @ (1 - p_redial * lost))
    return ErlangX(
        calls_per_hour=total,
        p_abandon=_over(hours, calls, "p_abandon"),
        p_block=_over(hours, calls, "p_block"),
        asa_s=_over(hours, answered / answered.sum(), "asa_s") if answered.sum() else 0.0,
        definition=sl,
        service_level=_over(hours, counted / counted.sum(), "service_level") if counted.sum() else 0.0,
        occupancy=_over(hours, weights, "occupancy"),
        queue_length=_over(hours, weights, "queue_length"),
        p_lost=float(calls @ lost) * (1 - p_redial) / customers,
    )


def _over(hours: list[ErlangA], weights: Floats, name: str) -> float:
    return float(weights @ np.array([getattr(hour, name) for hour in hours]))


def agents_needed(
    calls_per_hour: float,
    aht_s: float,
    *,
    share: float,
    target_s: float,
    sl: ServiceLevel,
    patience_s: float = inf,
    lines: int | None = None,
    max_occupancy: float = 1.0,
) -> int:
    """The fewest agents with which the service level by `sl` is at least `share`; by Erlang A, or Erlang C
    where `patience_s` is `inf` and lines are not limited.

    `max_occupancy`: nor may the agents be busier than that. Raises NotReached when no number of agents up
    to MOST_AGENTS (or to `lines`) reaches it. Source: search on the exact service level, which grows with n.
    """
    if not (0 <= share <= 1 and 0 < max_occupancy <= 1):
        raise ErlangError("share must be from 0 to 1, max_occupancy above 0 and at most 1")

    def enough(agents: int) -> bool:
        try:
            found = erlang_a(calls_per_hour, aht_s, agents, patience_s, target_s, sl, lines)
        except Unstable:
            return False
        return found.service_level >= share and found.occupancy <= max_occupancy

    most = MOST_AGENTS if lines is None else min(lines, MOST_AGENTS)
    found = _fewest(enough, most, calls_per_hour * aht_s / HOUR_S)
    if found is None:
        raise NotReached(f"not even {most} agents reach {share:g} within {target_s:g} s")
    return found


def _fewest(enough: Callable[[int], bool], most: int, load: float) -> int | None:
    """The smallest number from 0 to `most` that is enough, if there is one; it is looked for near `load`."""
    if enough(0):
        return 0
    least, high = 0, max(1, min(most, round(load)))
    while not enough(high):
        if high >= most:
            return None
        least, high = high, min(most, high + max(1, high // 8))
    while high - least > 1:
        middle = (least + high) // 2
        least, high = (least, middle) if enough(middle) else (middle, high)
    return high


def _idle(definition: ServiceLevel) -> ErlangA:
    """No calls come."""
    zeros = dict.fromkeys(
        ("load", "p_wait", "p_abandon", "p_block", "p_abandon_in_target", "mean_wait_s"), 0.0
    )
    rest = {"asa_s": 0.0, "occupancy": 0.0, "queue_length": 0.0, "counted": 0.0}
    return ErlangA(**zeros, **rest, definition=definition, service_level=1.0, p_empty=1.0)


def _of_patient(found: ErlangC, agents: int, definition: ServiceLevel) -> ErlangA:
    p_all_busy = found.p_wait * (1 - found.occupancy)
    p_empty = exp(log(p_all_busy) - agents * log(found.load) + lgamma(agents + 1)) if p_all_busy else None
    return ErlangA(
        load=found.load,
        p_wait=found.p_wait,
        p_abandon=0.0,
        p_block=0.0,
        p_abandon_in_target=0.0,
        mean_wait_s=found.asa_s,
        asa_s=found.asa_s,
        definition=definition,
        service_level=found.service_level,
        counted=1.0,
        occupancy=found.occupancy,
        queue_length=found.queue_length,
        p_empty=exp(-found.load) if p_empty is None else p_empty,
    )


def _service_level(found: Waits, definition: ServiceLevel) -> float:
    if definition is ServiceLevel.VIRTUAL:
        return found.p_virtual
    counted = _counted(found, definition)
    return found.p_in_target / counted if counted > 0 else 0.0


def _counted(found: Waits, definition: ServiceLevel) -> float:
    """The share of all that came on which the service level is taken."""
    match definition:
        case ServiceLevel.VIRTUAL:
            return 1 - found.p_block
        case ServiceLevel.ANSWERED:
            return found.p_served
        case ServiceLevel.OFFERED:
            return 1.0
        case ServiceLevel.EXCLUDING_SHORT:
            return 1 - found.p_abandon_in_target


def _check_aht(aht_s: float) -> None:
    if not (isfinite(aht_s) and aht_s > 0):
        raise ErlangError(f"aht_s must be above 0, not {aht_s:g}")


def _check(**given: float) -> None:
    """Each must be a finite number of at least 0; agents and lines whole and within bounds; patience may be
    infinite."""
    for name, value in given.items():
        if not value >= 0 or (isinf(value) and name != "patience_s"):
            raise ErlangError(f"{name} must be a finite number of at least 0, not {value:g}")
        if name in {"agents", "lines"} and (value != int(value) or value > MOST_AGENTS):
            raise ErlangError(f"{name} must be a whole number up to {MOST_AGENTS}, not {value:g}")
