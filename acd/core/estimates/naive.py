"""The yardstick: queue length × handling time / agents. It knows no priority, no patience, no other line."""

from acd.core.estimates.ahead import claim_of, seats_for
from acd.core.estimates.expectation import Expectation, expectation
from acd.core.estimates.queue import handling_ms, usual_handling_ms
from acd.core.state import State
from queues.contact import Contact


def naive(state: State, contact: Contact) -> Expectation | None:
    """As above, with the contact itself in the queue; None: nobody is there, or nothing is learned yet."""
    usual_ms = usual_handling_ms(state.paces.values())
    agents = len(seats_for(state, claim_of(state, contact).need))
    if not agents or not usual_ms:
        return None
    length = max(1, state.board.length(contact.line))
    mean_ms = length * handling_ms(state.paces[contact.line], usual_ms) // agents
    return Expectation(mean_ms, *_band(mean_ms, length))


def _band(mean_ms: int, length: int) -> tuple[int, int]:
    """Of the sum of so many exponential times."""
    found = expectation(mean_ms, mean_ms * mean_ms // length)
    return found.low_ms, found.high_ms
