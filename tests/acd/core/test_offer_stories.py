"""Offers as leases: answered, refused, not answered, failed, withdrawn; whom a contact has tried; pauses."""

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId

ANNA, BERT = AgentId("anna"), AgentId("bert")


def test_no_answer_pauses_the_agent_and_the_next_one_is_rung_in_the_old_place() -> None:
    story = Story(desk(line(ring_ms=15_000), agent("anna"), agent("bert"))).ready(0, "anna")
    call = story.arrive(1_000)
    later = story.arrive(2_000)
    story.until(16_000)
    assert story.log(facts.NotAnswered, facts.Paused, facts.Requeued) == [
        (16_000, "NotAnswered", call, "anna"),
        (16_000, "Paused", "anna"),
        (16_000, "Requeued", call),
    ]
    assert story.engine.state.seats[ANNA].record.reason == "no answer"
    assert story.position(call) == 1
    story.ready(20_000, "bert")
    assert story.rung("bert") == call
    assert story.contact(call).anchor_ms == START_MS + 1_000
    assert story.position(later) == 2


def test_who_did_not_answer_is_offered_nothing_until_he_is_ready() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    story.until(300_000)
    assert len(story.of(facts.Offered)) == 1
    assert story.shown("anna") == "paused"


def test_a_refused_contact_goes_to_somebody_else_and_the_refuser_gets_the_next() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    first, second = story.arrive(0), story.arrive(1_000)
    story.refuse(2_000, "anna")
    assert story.rung("anna") == second
    assert story.position(first) == 1


def test_when_everybody_was_tried_the_contact_forgets_and_tries_again_after_the_pause() -> None:
    story = Story(desk(line(retry_tried_ms=30_000), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.refuse(2_000, "anna").until(31_999)
    assert story.rung("anna") is None
    story.until(32_000)
    assert story.log(facts.TriedForgotten) == [(32_000, "TriedForgotten", call)]
    assert story.rung("anna") == call


def test_it_does_not_forget_while_somebody_untried_may_still_come() -> None:
    story = Story(desk(line(retry_tried_ms=10_000), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    busy, call = story.arrive(0), story.arrive(0)
    story.accept(0, "anna").refuse(1_000, "bert").until(100_000)
    assert story.of(facts.TriedForgotten) == []
    story.release(100_000, busy, "anna")
    assert story.rung("anna") == call


def test_an_untried_agent_without_a_phone_does_not_keep_it_from_forgetting() -> None:
    story = Story(desk(line(retry_tried_ms=10_000), agent("anna"), agent("bert"))).ready(0, "anna")
    story.ready(0, "bert", media=())
    call = story.arrive(0)
    story.refuse(1_000, "anna").until(11_000)
    assert story.rung("anna") == call


def test_an_offer_that_cannot_be_delivered_is_the_fault_of_the_device_and_not_of_the_agent() -> None:
    """He is not paused, but cannot be reached until the device says that it is there again."""
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna").ready(1, "bert")
    call = story.arrive(1_000)
    story.at(1_100, events.OfferFailed(story.offer_to("anna", 1_100)))
    assert story.rung("bert") == call
    assert story.shown("anna") == "ready"
    assert [effect.cause for effect in story.ordered(effects.WithdrawOffer)] == ["unreachable"]
    assert story.log(facts.Unreachable) == [(1_100, "Unreachable", "anna")]
    waits = story.arrive(2_000)
    assert story.rung("anna") is None
    story.at(3_000, events.AgentReachable(ANNA, VOICE))
    assert story.rung("anna") == waits


def test_an_offer_dies_at_once_when_its_caller_hangs_up() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call = story.arrive(1_000)
    offer = story.offer_to("anna", 1_000)
    story.leave(4_000, call)
    assert story.outcome.effects[0] == effects.WithdrawOffer(
        offer, ContactId(call), ANNA, "contact ended", carrier=events.FIRST_DEVICE
    )
    assert story.log(facts.Abandoned) == [(4_000, "Abandoned", call)]
    assert story.shown("anna") == "ready"
    assert "closed" in story.rejects(4_001, events.OfferAccepted(offer))


def test_a_pause_withdraws_what_rings_and_nothing_comes_until_ready() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call = story.arrive(1_000)
    story.at(2_000, events.AgentPaused(ANNA, "break"))
    assert story.of(facts.OfferWithdrawn)[0].cause == "agent left"
    assert story.rung("anna") is None
    assert story.contact(call).tried == []
    story.at(60_000, events.AgentReady(ANNA))
    assert story.rung("anna") == call


def test_a_pause_during_a_call_lets_it_finish() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call, waits = story.arrive(0), story.arrive(0)
    story.accept(1_000, "anna").at(2_000, events.AgentPaused(ANNA, "break")).release(9_000, call, "anna")
    assert story.shown("anna") == "paused"
    assert story.position(waits) == 1


def test_a_pause_reason_may_change_and_must_be_known() -> None:
    story = Story(desk(line(), agent("anna"), pause_reasons=("break", "training"))).ready(0, "anna")
    story.at(1_000, events.AgentPaused(ANNA, "break")).at(2_000, events.AgentPaused(ANNA, "training"))
    assert story.engine.state.seats[ANNA].record.reason == "training"
    assert "not a pause reason" in story.rejects(3_000, events.AgentPaused(ANNA, "nap"))


def test_signing_out_during_a_call_lets_it_finish_and_nothing_follows() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call, waits = story.arrive(0), story.arrive(0)
    story.accept(1_000, "anna").at(2_000, events.AgentSignedOut(ANNA))
    assert story.shown("anna") == "handling"
    story.release(9_000, call, "anna")
    assert story.shown("anna") == "signed_out"
    assert story.position(waits) == 1


def test_a_phone_that_vanishes_gives_its_offer_back_and_leaves_other_media_alone() -> None:
    story = Story(desk(line(), agent("anna", (VOICE, 1), (MAIL, 1)))).ready(0, "anna", media=(MAIL, VOICE))
    call = story.arrive(1_000)
    story.at(2_000, events.AgentUnreachable(ANNA, VOICE))
    assert story.of(facts.OfferWithdrawn)[0].cause == "unreachable"
    assert story.position(call) == 1
    mail = story.arrive(3_000, medium=MAIL)
    assert story.rung("anna") == mail


def test_ring_at_once_the_first_accept_wins_and_the_others_stop_ringing() -> None:
    story = Story(desk(line(ring_at_once=2), agent("anna"), agent("bert"), agent("carl")))
    story.ready(0, "anna").ready(1, "bert").ready(2, "carl")
    call = story.arrive(1_000)
    assert (story.rung("anna"), story.rung("bert"), story.rung("carl")) == (call, call, None)
    late = story.offer_to("bert", 1_000)
    story.accept(3_000, "anna")
    assert story.of(facts.OfferWithdrawn)[0].cause == "answered elsewhere"
    assert story.shown("bert") == "ready"
    assert "closed" in story.rejects(3_000, events.OfferAccepted(late))
    assert story.answered() == [call]


def test_ring_at_once_a_refusal_leaves_the_others_ringing() -> None:
    story = Story(desk(line(ring_at_once=2), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    call = story.arrive(1_000)
    story.refuse(2_000, "anna")
    assert story.rung("bert") == call
    assert story.of(facts.Requeued) == []
    story.accept(3_000, "bert")
    assert story.answered() == [call]
