"""An outside PBX keeps the call and asks who is to get it; its webhook is silent; it never says "ended".

The engine is a new one, from its snapshot, after every step; then each wait is left unanswered once.
"""

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import DEFAULT_MEDIA, Medium, MediumTraits, WrapUpRule

ANNA, BERT = AgentId("anna"), AgentId("bert")
PBX = Medium("pbx call")
ANNAS_HOOK, BERTS_HOOK = Carrier("webhook", "anna"), Carrier("webhook", "bert")
SECOND, MINUTE = 1_000, 60_000
LEASE, CONFIRM, WRAP_UP = 2 * MINUTE, 3 * SECOND, 20 * SECOND


class Desk(Story):
    """Anna and bert are reached by the webhook of the PBX, which renews the leases of its calls."""

    def __init__(self) -> None:
        kept = MediumTraits(PBX, promise=False, put_aside=False, keeps_leg=True, lease_ms=LEASE)
        people = agent("anna", (PBX, 1)), agent("bert", (PBX, 1))
        opened = desk(line(wrap_up=WrapUpRule(WRAP_UP)), *people, media=(*DEFAULT_MEDIA, kept))
        super().__init__(opened, forgetful=True)
        for who, hook in ((ANNA, ANNAS_HOOK), (BERT, BERTS_HOOK)):
            self.at(0, events.AgentReachable(who, PBX, hook)).at(0, events.AgentSignedIn(who))

    def asks(self, now: int) -> int:
        """The PBX asks who is to get a call that it keeps."""
        return self.arrive(now, medium=PBX, channel="webhook")

    def renews(self, now: int, call: int) -> "Desk":
        self.at(now, events.LeaseRenewed(ContactId(call)))
        return self

    def hook_is_silent(self, now: int, who: str) -> "Desk":
        """What the channel says when its request was not answered within its own deadline."""
        self.at(now, events.OfferFailed(self.offer_to(who, now)))
        return self


def test_a_silent_webhook_costs_nobody_a_pause_and_a_silent_pbx_no_agent() -> None:
    story = Desk()
    call = story.asks(0)
    assert story.ordered(effects.OfferContact)[-1].carrier == ANNAS_HOOK
    story.hook_is_silent(CONFIRM, "anna")
    assert story.shown("anna") == "ready", "it is not her fault"
    assert story.of(facts.Paused) == []
    assert story.rung("bert") == call
    story.accept(5 * SECOND, "bert")
    story.renews(MINUTE, call).renews(2 * MINUTE, call)
    story.until(2 * MINUTE + LEASE - 1)
    assert story.shown("bert") == "handling"
    story.until(2 * MINUTE + LEASE)
    assert story.engine.state.contacts == {}
    assert [(one.contact, one.by) for one in story.of(facts.Released)] == [(call, "leg lost")]
    assert story.shown("bert") == "wrap_up", "what he heard he can still write down"
    released = story.ordered(effects.ReleaseAgent)[-1]
    assert (released.agent, released.carrier) == (BERT, BERTS_HOOK)
    assert "not live" in story.rejects(5 * MINUTE, events.LeaseRenewed(ContactId(call)))
    story.until(2 * MINUTE + LEASE + WRAP_UP)
    assert story.shown("bert") == "ready"


def test_a_call_that_nobody_renews_does_not_wait_for_ever() -> None:
    """Neither does it ring: it is one that was lost, not one that we turned away."""
    story = Desk()
    first, second, third = story.asks(0), story.asks(1), story.asks(2)
    story.accept(SECOND, "anna").accept(SECOND, "bert")
    story.renews(MINUTE, first).renews(MINUTE, second)
    story.until(2 + LEASE)
    assert [(one.contact, one.leg_lost, one.wait_ms) for one in story.of(facts.Abandoned)] == [
        (third, True, LEASE)
    ]
    assert sorted(story.engine.state.contacts) == [first, second]
    assert story.ordered(effects.ReleaseContact) == [], "the PBX has nothing left that could be ended"


def test_a_lease_that_ends_while_somebody_is_rung_stops_the_ringing() -> None:
    story = Desk()
    for who in (ANNA, BERT):
        story.at(0, events.AgentPaused(who, "break"))
    call = story.asks(0)
    story.at(LEASE - SECOND, events.AgentReady(ANNA))
    assert story.rung("anna") == call
    story.until(LEASE)
    assert story.rung("anna") is None
    assert story.ordered(effects.WithdrawOffer)[-1].cause == "contact ended"
    assert story.shown("anna") == "ready"


def test_what_the_pbx_could_not_say_while_the_server_was_away_is_not_held_against_it() -> None:
    story = Desk()
    call = story.asks(0)
    story.accept(SECOND, "anna")
    story.away(2 * SECOND, until=10 * MINUTE)
    assert story.contact(call).state == "connected"
    story.until(10 * MINUTE + LEASE - 1)
    assert story.contact(call).state == "connected"
    story.until(10 * MINUTE + LEASE)
    assert story.shown("anna") == "wrap_up"


def test_nobody_answers_any_of_it() -> None:
    """Each wait left alone: both webhooks, the agents, the server, the lease. Nothing is stuck."""
    story = Desk()
    story.asks(0)
    story.hook_is_silent(CONFIRM, "anna").hook_is_silent(2 * CONFIRM, "bert")
    assert [story.shown(who) for who in ("anna", "bert")] == ["ready", "ready"]
    story.away(MINUTE, until=3 * MINUTE).until(3 * MINUTE + LEASE)
    assert [one.stage for one in story.of(facts.Abandoned)] == ["waiting"]
    assert story.engine.state.contacts == {}
    assert story.of(facts.Paused) == []
    assert story.engine.next_deadline() is None
    assert story.engine.state.now_ms == START_MS + 3 * MINUTE + LEASE
