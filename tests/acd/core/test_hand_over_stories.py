"""Transfer, priority change, preferred agents, lost legs, holding: what happens to one contact."""

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.engine import Engine
from acd.core.events import ContactId
from acd.testing.story import SECOND, START_MS, Story, agent, desk, entry, line, treatment
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import EntryId, LineId, TenantId
from queues.treatment import Music, Say

ANNA, BERT = AgentId("anna"), AgentId("bert")


def test_a_transfer_keeps_the_moment_it_first_waited_and_so_its_place() -> None:
    story = Story(desk(line(), line("second", "second"), agent("anna"), agent("bert", second=1))).ready(
        0, "anna"
    )
    call = story.arrive(0)
    story.accept(0, "anna")
    other = story.arrive(60_000, to="second")
    story.at(120_000, events.ContactTransferred(ContactId(call), ANNA, LineId("second")))
    assert story.of(facts.Queued)[-1].anchor_ms == START_MS
    assert [type(effect) for effect in story.outcome.effects][:2] == [
        effects.ReleaseAgent,
        effects.TreatContact,
    ]
    assert (story.position(call), story.position(other)) == (1, 2)
    story.ready(130_000, "bert")
    assert story.rung("bert") == call


def test_a_number_that_the_agent_dials_leads_to_the_line_of_its_entry() -> None:
    opened = desk(line(), line("second", "second"), agent("anna"), agent("bert", second=1))
    story = Story(opened).ready(0, "anna", "bert")
    call = story.arrive(0)
    story.accept(0, "anna")
    story.at(SECOND, events.ContactTransferred(ContactId(call), ANNA, LineId(""), EntryId("second")))
    assert (story.rung("bert"), story.contact(call).line) == (call, "second")
    assert story.of(facts.Transferred)[-1].to_line == "second"


def test_only_who_handles_a_contact_may_hand_it_over_and_only_to_a_line_that_exists() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    call = ContactId(story.arrive(0))
    assert "does not handle" in story.rejects(1_000, events.ContactTransferred(call, ANNA, LineId("help")))
    story.accept(1_000, "anna")
    assert "does not handle" in story.rejects(2_000, events.ContactTransferred(call, BERT, LineId("help")))
    assert "unknown" in story.rejects(2_000, events.ContactTransferred(call, ANNA, LineId("nowhere")))
    dialled = events.ContactTransferred(call, ANNA, LineId(""), EntryId("no number of ours"))
    assert "no number of ours is unknown" in story.rejects(2_000, dialled)
    mailbox = events.ContactTransferred(call, ANNA, LineId("help"), EntryId("help mail"))
    assert "help mail is unknown" in story.rejects(2_000, mailbox), "a call cannot be handed to a mailbox"
    assert "not live" in story.rejects(2_000, events.ContactTransferred(ContactId(99), ANNA, LineId("help")))


def test_a_priority_change_re_ranks_who_waits_already() -> None:
    story = Story(desk(line(), agent("anna")))
    first, second = story.arrive(0), story.arrive(1_000)
    story.at(2_000, events.PriorityChanged(ContactId(second), priority_class=1))
    assert (story.position(first), story.position(second)) == (2, 1)
    story.at(3_000, events.PriorityChanged(ContactId(first), priority_class=1)).ready(4_000, "anna")
    assert story.rung("anna") == first


def test_a_priority_change_of_a_contact_being_rung_holds_when_it_comes_back() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna")
    first, second = story.arrive(0), story.arrive(1_000)
    story.at(2_000, events.PriorityChanged(ContactId(first), priority_class=9)).refuse(3_000, "anna")
    assert story.rung("anna") == second
    story.ready(4_000, "bert")
    assert story.rung("bert") == first


def test_a_priority_change_to_a_negative_head_start_is_rejected() -> None:
    story = Story(desk(line(), agent("anna")))
    assert "negative" in story.rejects(0, events.PriorityChanged(ContactId(story.arrive(0)), None, -1))


def test_a_priority_change_during_the_call_holds_when_it_waits_again() -> None:
    """Who became a VIP while he was spoken to is one in the second line, too."""
    story = Story(desk(line(), line("second"), agent("anna"), entry("second", "second"))).ready(0, "anna")
    call, other = ContactId(story.arrive(0)), story.arrive(0, to="second")
    story.accept(0, "anna")
    story.at(1_000, events.PriorityChanged(call, 1))
    assert story.position(other) == 1
    story.at(2_000, events.ContactTransferred(call, ANNA, LineId("second")))
    assert (story.position(call), story.position(other)) == (1, 2)


@pytest.mark.parametrize("given", [{"priority_class": 1}, {"head_start_ms": 60_000}])
def test_what_a_priority_change_gave_the_next_one_takes_back(given: dict[str, int]) -> None:
    """It says what holds, not what is added: the contact has the place that it would always have had."""
    story = Story(desk(line(), agent("anna")))
    first, second = ContactId(story.arrive(0)), ContactId(story.arrive(1_000))
    story.at(2_000, events.PriorityChanged(second, **given))
    assert (story.position(first), story.position(second)) == (2, 1)
    story.at(3_000, events.PriorityChanged(second))
    assert (story.position(first), story.position(second)) == (1, 2)
    assert (story.contact(second).asked_class, story.contact(second).head_start_ms) == (None, 0)
    assert [(fact.priority_class, fact.head_start_ms) for fact in story.of(facts.PriorityChange)][-1] == (
        5,
        0,
    )


def test_a_list_has_one_version_which_only_grows_and_survives_a_restart() -> None:
    story = Story(desk(line()))
    tenant = story.engine.state.desk.tenants[0].id
    story.at(0, events.ListChanged(tenant, "vip", 3)).at(0, events.ListChanged(tenant, "users", 1))
    assert "has version 3" in story.rejects(1_000, events.ListChanged(tenant, "vip", 3))
    assert "unknown" in story.rejects(1_000, events.ListChanged(TenantId("nobody"), "vip", 1))
    assert [(fact.list, fact.version) for fact in story.of(facts.ListSet)] == [("vip", 3), ("users", 1)]
    again = Engine.restore(story.engine.snapshot())
    assert again.state.lists == {(tenant, "vip"): 3, (tenant, "users"): 1}


def test_a_contact_is_held_for_its_preferred_agent_for_a_bounded_time() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    story.arrive(0)
    story.accept(0, "anna")
    call = story.arrive(1_000, preferred=ANNA, preferred_ms=15_000)
    story.until(15_999)
    assert story.rung("bert") is None
    story.until(16_000)
    assert story.rung("bert") == call
    assert story.of(facts.PreferredLet)[0].reason == "waited"


def test_the_preferred_agent_gets_it_when_he_frees_in_time() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    first = story.arrive(0)
    story.accept(0, "anna")
    call = story.arrive(1_000, preferred=ANNA, preferred_ms=15_000)
    story.release(9_000, first, "anna")
    assert story.rung("anna") == call


def test_nothing_is_held_for_an_agent_who_is_not_here() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "bert")
    call = story.arrive(1_000, preferred=ANNA, preferred_ms=15_000)
    assert story.rung("bert") == call


def test_the_hold_ends_when_he_leaves_or_was_tried() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    story.arrive(0)
    story.accept(0, "anna")
    call = story.arrive(1_000, preferred=ANNA, preferred_ms=60_000)
    story.at(2_000, events.AgentPaused(ANNA, "break"))
    assert story.rung("bert") == call
    other = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    call = other.arrive(1_000, preferred=BERT, preferred_ms=60_000)
    other.refuse(2_000, "bert")
    assert other.rung("anna") == call


def test_of_several_held_for_him_the_first_is_served_first_when_he_leaves() -> None:
    """One of them is being rung at him, the other waits: the better claim gets the only idle colleague."""
    story = Story(desk(line(), agent("anna"), agent("bert", help=1, other=1))).ready(0, "anna", "bert")
    first = story.arrive(0, preferred=ANNA, preferred_ms=60_000)
    second = story.arrive(1_000, preferred=ANNA, preferred_ms=60_000)
    story.at(2_000, events.AgentSignedOut(ANNA))
    assert (story.rung("bert"), story.position(second)) == (first, 2)


def test_a_lost_leg_of_the_agent_sends_the_caller_back_to_his_old_place() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna")
    story.arrive(30_000)
    story.at(60_000, events.AgentUnreachable(ANNA, VOICE)).at(60_000, events.LegLost(ContactId(call), ANNA))
    assert story.log(facts.AgentLegLost) == [(60_000, "AgentLegLost", call, "anna")]
    assert story.of(facts.Queued)[-1].cause == "leg lost"
    story.ready(61_000, "bert")
    assert story.rung("bert") == call


def test_who_lost_his_agent_hears_that_he_is_connected_again_and_then_what_one_hears_who_waits() -> None:
    """In his language, as every text; he may be offered at once, and is asked nothing."""
    opened = desk(line(reconnect="sorry"), agent("anna"), agent("bert"))
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna")
    story.at(60_000, events.AgentUnreachable(ANNA, VOICE)).at(60_000, events.LegLost(ContactId(call), ANNA))
    heard = story.ordered(effects.TreatContact)[-1].hears
    assert ([phrase.text for phrase in heard.says], heard.music) == (["sorry"], "default")
    story.ready(61_000, "bert")
    assert story.rung("bert") == call


def test_the_treatment_of_the_line_begins_with_the_text_of_who_lost_his_agent() -> None:
    waits = treatment("waits", Say("please wait"), Music("default", 60_000))
    opened = desk(line(reconnect="sorry", treatment=waits.id), agent("anna"), waits)
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").at(60_000, events.LegLost(ContactId(call), ANNA))
    heard = story.ordered(effects.TreatContact)[-1].hears
    assert [phrase.text for phrase in heard.says] == ["sorry", "please wait"]


def test_a_lost_leg_of_the_caller_ends_the_contact_in_any_state() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    talking, waiting = story.arrive(0), story.arrive(0)
    story.accept(0, "anna").at(5_000, events.LegLost(ContactId(waiting)))
    assert story.of(facts.Abandoned)[0].leg_lost
    story.at(6_000, events.LegLost(ContactId(talking)))
    assert story.of(facts.Released)[0].by == "leg lost"
    assert story.shown("anna") == "ready"


def test_a_leg_lost_while_ringing_is_an_offer_that_failed() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna").ready(1, "bert")
    call = story.arrive(1_000)
    story.at(2_000, events.LegLost(ContactId(call), ANNA))
    assert story.rung("bert") == call
    assert story.shown("anna") == "ready"
    assert "has no leg" in story.rejects(3_000, events.LegLost(ContactId(call), ANNA))


def test_holding_is_noted_and_only_during_a_call() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call = ContactId(story.arrive(0))
    assert "not connected" in story.rejects(0, events.ContactHeld(call, by_agent=True))
    assert "not connected" in story.rejects(0, events.ContactResumed(call, by_agent=True))
    story.accept(0, "anna").at(1_000, events.ContactHeld(call, by_agent=False))
    assert "illegal" in story.rejects(1_500, events.ContactHeld(call, by_agent=False)), "it holds already"
    assert "illegal" in story.rejects(1_500, events.ContactResumed(call, by_agent=True)), (
        "only the other does"
    )
    story.at(2_000, events.ContactResumed(call, by_agent=False))
    assert story.log(facts.Held, facts.Resumed) == [(1_000, "Held", 1, "anna"), (2_000, "Resumed", 1, "anna")]


@pytest.mark.parametrize(("to", "escalated"), [("second", True), ("help", False), ("first", False)])
def test_a_transfer_to_a_line_of_a_higher_level_is_an_escalation(to: str, escalated: bool) -> None:
    names = ("first", "help", "second")
    levels = [replace(line(name), level=level) for level, name in enumerate(names, 1)]
    story = Story(desk(*levels, agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").at(1_000, events.ContactTransferred(ContactId(call), ANNA, LineId(to)))
    assert [fact.escalated for fact in story.of(facts.Transferred)] == [escalated]


@pytest.mark.parametrize("kind", ["voicemail", "callback"])
def test_a_waiting_contact_may_leave_for_another_service_and_has_not_abandoned(
    kind: events.Diversion,
) -> None:
    story = Story(desk(line()))
    call = story.arrive(0)
    story.at(40_000, events.ContactDiverted(ContactId(call), kind))
    assert story.facts[-1] == facts.FlowedOut(
        START_MS + 40_000, ContactId(call), LineId("help"), kind, 40_000
    )
    assert story.outcome.effects == [
        effects.ReleaseContact(ContactId(call), kind, carrier=Carrier("sip", "ref-0-1"))
    ]
    assert story.engine.next_deadline() is None
    assert story.engine.state.contacts == {}


def test_who_is_diverted_while_an_agent_is_rung_stops_ringing_and_the_agent_gets_the_next() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call, following = story.arrive(0), story.arrive(1_000)
    story.at(5_000, events.ContactDiverted(ContactId(call), "callback"))
    assert [fact.cause for fact in story.of(facts.OfferWithdrawn)] == ["contact ended"]
    assert story.rung("anna") == following
