"""Waits by class of priority: one server with any handling time, n servers with exponential ones.

Classes are given the one served first in front. Rates are per one common unit of time, and so are the waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from simulation.erlang import HOUR_S, erlang_c
from simulation.theory.birth_death import Unstable


@dataclass(frozen=True, slots=True)
class Busy:
    """n exponential servers, served in any order that does not look at the handling times."""

    p_wait: float
    """Share of calls that find all servers busy."""
    wait: float
    """Mean wait over all classes, as of first come first served."""
    to_next: float
    """Mean time until a server frees, as met by a call: P(all busy) / (n mu)."""


@dataclass(frozen=True, slots=True)
class Preempted:
    """Calls interrupt mails; both take the same exponential time."""

    call_wait: float
    mail_sojourn: float
    """Mean time in the system of a mail, its own handling included."""

    mail_delay: float
    """Mean time in the system less the handling itself: waiting and interruptions."""


def busy(rate: float, mu: float, agents: int) -> Busy:
    """Erlang C in the unit of `rate` and `mu`. Raises Unstable."""
    found = erlang_c(rate * HOUR_S, 1 / mu, agents, 0.0)
    return Busy(found.p_wait, found.asa_s, found.p_wait / (agents * mu))


def one_server(rate: float, mean: float, squared: float) -> float:
    """Mean wait in M/G/1: handling time with this mean and mean square. Pollaczek 1930, Khinchine 1932.

    Raises Unstable.
    """
    return rate * squared / 2 / (1 - _share(rate * mean))


def one_server_by_class(
    rates: Sequence[float], means: Sequence[float], squares: Sequence[float]
) -> list[float]:
    """Mean waits in M/G/1 with non-preemptive priority. Cobham 1954. Raises Unstable."""
    remaining = sum(rate * square for rate, square in zip(rates, squares, strict=True)) / 2
    return _cobham(remaining, [rate * mean for rate, mean in zip(rates, means, strict=True)])


def by_class(rates: Sequence[float], mu: float, agents: int) -> list[float]:
    """Mean waits in M/M/n with non-preemptive priority. Cobham 1954; Kella and Yechiali 1985."""
    return _cobham(busy(sum(rates), mu, agents).to_next, [rate / (agents * mu) for rate in rates])


def accumulating(rates: Sequence[float], weights: Sequence[float], mu: float, agents: int) -> list[float]:
    """Mean waits when each class gains priority at its own weight while it waits, non-preemptive, M/M/n.

    In the order given. Kleinrock 1964, "A delay dependent queue discipline": a recursion from the slowest
    class upwards, with the wait of M/M/1 replaced by that of M/M/n.
    """
    wait = busy(sum(rates), mu, agents).wait
    share = [rate / (agents * mu) for rate in rates]
    waits = [0.0] * len(rates)
    slowest_first = sorted(range(len(rates)), key=lambda k: weights[k])
    for place, k in enumerate(slowest_first):
        slower, faster = slowest_first[:place], slowest_first[place + 1 :]
        gained = sum(share[i] * waits[i] * (1 - weights[i] / weights[k]) for i in slower)
        lost = sum(share[i] * (1 - weights[k] / weights[i]) for i in faster)
        waits[k] = (wait - gained) / (1 - lost)
    return waits


def preempted(call_rate: float, mail_rate: float, mu: float, agents: int) -> Preempted:
    """Preemptive-resume: calls see a group of their own; all together are M/M/n, whatever is served first."""
    calls, both = busy(call_rate, mu, agents), busy(call_rate + mail_rate, mu, agents)
    mails = mail_rate / mu + (call_rate + mail_rate) * both.wait - call_rate * calls.wait
    sojourn = mails / mail_rate
    return Preempted(calls.wait, sojourn, sojourn - 1 / mu)


def _cobham(remaining: float, shares: Sequence[float]) -> list[float]:
    _share(sum(shares))
    waits, before = [], 0.0
    for share in shares:
        upto = before + share
        waits.append(remaining / ((1 - before) * (1 - upto)))
        before = upto
    return waits


def _share(occupancy: float) -> float:
    if not occupancy < 1:
        raise Unstable(f"the servers would be busy {occupancy:g} of the time: the queue grows for ever")
    return occupancy
