"""A callback keeps its place: both orders, busy, another try, a call from elsewhere, a VIP list that changes.

The engine is a new one, from its snapshot, after every step; then each wait is left unanswered once.
"""

from typing import Any

import pytest

from acd.core import effects, events, facts
from acd.core.events import CallId, ContactId
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import CallbackRule, EntryId, Order, OutboundRule

ANNA = AgentId("anna")
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
RING, GAP = 30 * SECOND, 5 * MINUTE

both_orders = pytest.mark.parametrize("order", list(Order))


class Desk(Story):
    """Anna alone takes calls; callbacks may go to mobile numbers."""

    def __init__(self, order: Order) -> None:
        rule = CallbackRule(order, attempts=3, gap_ms=GAP, ring_ms=RING, within_ms=8 * HOUR)
        allowed = OutboundRule("callback", ("mobile",), "sip")
        opened = desk(line(callback=rule), agent("anna"), outbound=(allowed,))
        super().__init__(opened, forgetful=True)
        self.order = order
        self.ready(0, "anna")

    def promised(self, now: int) -> int:
        """Somebody arrives while anna talks, waits a minute, and is promised a callback."""
        first = self.arrive(now)
        self.accept(now, "anna")
        caller = self.arrive(now + SECOND)
        self.at(now + MINUTE, events.CallbackPromised(ContactId(caller), "the number", "mobile"))
        self.first = first
        return caller

    def turn(self, now: int) -> CallId:
        """It is its turn now: whoever is called first is called, up to the call to the party."""
        if self.order is Order.AGENT_FIRST:
            self.accept(now, "anna")
        return self.ordered(effects.PlaceCall)[-1].call

    def picks_up(self, now: int, call: CallId) -> None:
        """The party answers; anna too, if she was not first."""
        self.at(now, events.CallAnswered(call, f"c{call}"))
        if self.order is Order.CALLER_FIRST:
            self.accept(now, "anna")

    def ended(self) -> list[tuple[int, str]]:
        return [(fact.call, fact.result) for fact in self.of(facts.CallOver)]


@both_orders
def test_it_is_busy_then_answered_and_nobody_overtook_it(order: Order) -> None:
    story = Desk(order)
    caller = story.promised(0)
    later = story.arrive(2 * MINUTE)
    story.release(3 * MINUTE, story.first, "anna")
    story.at(3 * MINUTE + 5 * SECOND, events.CallFailed(story.turn(3 * MINUTE), "busy"))
    assert story.shown("anna") == "offered", "neither paused nor in wrap-up: she has the next caller already"
    story.accept(3 * MINUTE + 9 * SECOND, "anna").release(9 * MINUTE, later, "anna")
    story.picks_up(9 * MINUTE + 9 * SECOND, story.turn(9 * MINUTE + SECOND))
    assert story.contact(caller).state == "connected"
    assert story.ended() == [(1, "busy"), (2, "answered")]
    assert [fact.kept for fact in story.of(facts.CallbackOver)] == [True]
    assert story.contact(caller).anchor_ms == START_MS + SECOND
    story.leave(12 * MINUTE, caller)
    assert story.shown("anna") == "ready"
    assert story.engine.next_deadline() is None


@both_orders
def test_between_two_tries_he_calls_in_from_another_number(order: Order) -> None:
    story = Desk(order)
    caller = story.promised(0)
    story.release(3 * MINUTE, story.first, "anna")
    story.at(3 * MINUTE + 5 * SECOND, events.CallFailed(story.turn(3 * MINUTE), "no answer"))
    first = story.arrive(4 * MINUTE)
    story.accept(4 * MINUTE, "anna")
    second = story.arrive(5 * MINUTE)
    said: dict[str, Any] = {"party": "another number", "joins": ContactId(caller)}
    story.at(6 * MINUTE, events.ContactArrived("from elsewhere", EntryId("help"), VOICE, **said))
    assert [story.position(number) for number in (caller, second)] == [1, 2]
    story.release(7 * MINUTE, first, "anna").accept(7 * MINUTE, "anna")
    assert story.contact(caller).state == "connected"
    assert story.contact(caller).carrier == Carrier("sip", "from elsewhere")
    story.until(24 * HOUR)
    assert len(story.of(facts.CallPlaced)) == 1, "nobody calls him any more"


@both_orders
def test_a_list_that_changes_while_he_is_parked_moves_him(order: Order) -> None:
    story = Desk(order)
    caller = story.promised(0)
    vip = story.arrive(2 * MINUTE, priority_class=1)
    assert story.position(caller) == 2
    story.at(3 * MINUTE, events.PriorityChanged(ContactId(caller), 0))
    assert (story.position(caller), story.position(vip)) == (1, 2)


@both_orders
def test_a_priority_does_not_place_a_call_that_no_rule_allows(order: Order) -> None:
    story = Desk(order)
    caller = story.arrive(0)
    refused = story.rejects(SECOND, events.CallbackPromised(ContactId(caller), "n", "premium"))
    assert "not allowed" in refused
    assert story.contact(caller).state == "offered", "he waits on, and loses nothing"


@both_orders
def test_nobody_answers_any_of_it(order: Order) -> None:
    """Each wait left alone: the offer, the call, the server, the gap, the promise. It ends once."""
    story = Desk(order)
    caller = story.promised(0)
    story.release(3 * MINUTE, story.first, "anna")
    story.until(3 * MINUTE + RING)
    if order is Order.AGENT_FIRST:
        assert story.shown("anna") == "paused", "she let it ring"
        story.at(4 * MINUTE, events.AgentReady(ANNA))
        story.turn(4 * MINUTE)
    story.away(4 * MINUTE + SECOND, until=20 * MINUTE).until(20 * MINUTE + RING)
    assert "timed out" in [result for _, result in story.ended()]
    assert story.shown("anna") in ("ready", "reserved")
    story.until(24 * HOUR)
    assert caller not in story.engine.state.contacts
    assert [fact.kept for fact in story.of(facts.CallbackOver)] == [False]
    assert len(story.of(facts.CallPlaced)) == len(story.of(facts.CallOver))
    assert not story.engine.state.calls
    assert story.engine.next_deadline() is None
