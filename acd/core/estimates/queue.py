"""The estimate that the desk tells: who is ahead, how fast agents are through, who gives up, who overtakes.

While all agents are busy, the queue ahead of a contact shrinks at the rate at which agents are through with
what they have, and at which those ahead give up. After `n` ahead the wait is a sum of `n + 1` such times, as
in Whitt, Predicting Queueing Delays, Management Science 45 (1999); its law is about a gamma law.
"""

from collections.abc import Iterable

from acd.core.estimates.ahead import (
    THOUSAND,
    WHOLE,
    claim_of,
    coming_ahead,
    rivals,
    seats_for,
    waiting_ahead,
)
from acd.core.estimates.expectation import NO_WAIT, Expectation, expectation
from acd.core.state import State
from agents.roster import Seat
from queues.contact import Contact
from queues.desk import LineId
from queues.pace import LEFT, Pace

LEAST_HANDLED = 8
"""A mean of fewer says nothing yet: that of all lines is taken, and if that is none, nothing is expected."""

PASSES = 3
"""Who overtakes depends on how long it takes, and that on who overtakes."""

MOST_TERMS = 32
"""A longer queue is added up in so many parts."""

LEAST_SHARE = 5
"""Whatever comes ahead, one fifth of the agents' work is left for who waits: nobody waits for ever."""


def expected(state: State, contact: Contact) -> Expectation | None:
    """How long it will still wait, as far as is known now; None: nobody is there, or nothing is learned yet.

    For who is in no line yet: how long it would, from entering the line for which it came.
    """
    claim = claim_of(state, contact)
    seats = seats_for(state, claim.need)
    usual_ms = usual_handling_ms(state.paces.values())
    if not seats or not usual_ms:
        return None
    if contact.id not in state.board.places and any(claim.need.medium in seat.free for seat in seats):
        return NO_WAIT
    rate = sum(_rate(state, seat, contact.line, usual_ms) for seat in seats)
    pace = state.paces[contact.line]
    leaving = pace.left * WHOLE // (LEFT * max(1, pace.waited_ms))
    among, mean_ms = rivals(state, seats), 0
    for _ in range(PASSES):
        waiting = waiting_ahead(state, claim, among, mean_ms // 2)
        coming = coming_ahead(state, claim, seats, mean_ms)
        left = max(rate // LEAST_SHARE, rate - rate * coming // (waiting + coming + THOUSAND))
        longer_ms, variance = drained(waiting + THOUSAND, left, leaving)
        mean_ms = (mean_ms + longer_ms) // 2 if mean_ms else longer_ms
    return expectation(mean_ms, variance * rate // left)


def drained(contacts: int, rate: int, leaving: int) -> tuple[int, int]:
    """Mean and variance of the time until so many thousandths are served, in ms and ms².

    `rate` at which agents are through, `leaving` at which each of them gives up, per WHOLE milliseconds.
    """
    terms = min(MOST_TERMS, -(-contacts // THOUSAND))
    mean_ms = variance = 0
    for number in range(terms):
        part = contacts * (number + 1) // terms - contacts * number // terms
        behind = contacts * (2 * number + 1) // (2 * terms) - THOUSAND // 2
        per_ms = rate + leaving * max(0, behind) // THOUSAND
        mean_ms += part * WHOLE // (per_ms * THOUSAND)
        variance += part * (WHOLE // per_ms) ** 2 // THOUSAND
    return mean_ms, variance


def usual_handling_ms(paces: Iterable[Pace]) -> int:
    """Mean over all lines; 0: too few to say."""
    handled = handling_ms = 0
    for pace in paces:
        handled += pace.handled
        handling_ms += pace.handling_ms
    return max(1, handling_ms // handled) if handled >= LEAST_HANDLED else 0


def handling_ms(pace: Pace, usual_ms: int) -> int:
    """Mean of this line, if that says something."""
    return max(1, pace.handling_ms // pace.handled) if pace.handled >= LEAST_HANDLED else usual_ms


def _rate(state: State, seat: Seat, line: LineId, usual_ms: int) -> int:
    """At which he is through with something, as if he forgot how long he has been at it."""
    lines = [work.line for work in seat.works] or [line]
    return sum(WHOLE // handling_ms(state.paces.get(one, _NEW), usual_ms) for one in lines)


_NEW = Pace()
