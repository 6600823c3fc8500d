"""Estimates that that of the engine is compared with. They ask the engine's state, and change nothing."""

from collections.abc import Iterable

from acd.core import facts
from acd.core.estimates.ahead import claim_of, seats_for
from acd.core.estimates.expectation import Expectation, expectation
from acd.core.estimates.queue import handling_ms, usual_handling_ms
from acd.core.facts import Fact
from acd.core.state import State
from queues.contact import Contact
from queues.desk import LineId

Kind = tuple[LineId, int]
"""Line and class."""


class LastServed:
    """The last to enter service: whoever comes waits as long as who was answered last.

    Ibrahim and Whitt, Real-Time Delay Estimation Based on Delay History, M&SOM 11 (2009). Folds facts.
    """

    def __init__(self) -> None:
        self._kinds: dict[int, Kind] = {}
        self._waits_ms: dict[Kind, int] = {}

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold the facts of an event."""
        for fact in batch:
            if isinstance(fact, facts.Queued):
                self._kinds[fact.contact] = fact.line, fact.priority_class
            elif isinstance(fact, facts.Answered):
                kind = self._kinds.pop(fact.contact, None)
                if kind is not None:
                    self._waits_ms[kind] = fact.line_wait_ms
            elif isinstance(fact, facts.Abandoned | facts.Released | facts.FlowedOut | facts.Deflected):
                self._kinds.pop(fact.contact, None)

    def expected(self, state: State, contact: Contact) -> Expectation | None:
        """The wait of the last one of its line and class; None: nobody of them was answered yet."""
        claim = claim_of(state, contact)
        last_ms = self._waits_ms.get((contact.line, claim.urgency.priority_class))
        usual_ms = usual_handling_ms(state.paces.values())
        agents = len(seats_for(state, claim.need))
        if last_ms is None or not agents or not usual_ms:
            return None
        between_ms = handling_ms(state.paces[contact.line], usual_ms) // agents
        found = expectation(max(last_ms, between_ms), 2 * max(last_ms, between_ms) * between_ms)
        return Expectation(last_ms, found.low_ms, found.high_ms)


def naive(state: State, contact: Contact) -> Expectation | None:
    """Queue length × handling time / agents. It knows no priority, no patience, no other line.

    With the contact itself in the queue; None: nobody is there, or nothing is learned yet.
    """
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
