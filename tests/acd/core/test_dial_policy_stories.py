"""Toll fraud: every way in which the desk could be made to ring a number outside, and how often."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.errors import Rejected
from acd.core.events import CallId, ContactId
from acd.testing.story import SECOND, Story, agent, desk, line, treatment
from agents.skills import AgentId
from queues.desk import CallbackRule, EntryId, OutboundRule, TenantId, WrapUpRule
from queues.names import TreatmentId
from queues.treatment import Menu, Park, Say

HOUR = 3600 * SECOND
CLASSES = (
    "internal",
    "local",
    "mobile",
    "toll_free",
    "short",
    "foreign",
    "emergency",
    "premium",
    "unknown",
    "",
)
MENU = (
    treatment("choose", Menu("press 1", (("1", TreatmentId("callback")),), 9_000, "calm")),
    treatment("callback", Park("callback"), Say("no")),
    treatment("alarm", Say("line is down")),
)


def opened(*rules: OutboundRule, forgetful: bool = True, **of_line: Any) -> Story:
    rules_of_line = {"callback": CallbackRule(gap_ms=60_000, attempts=9), **of_line}
    people = agent("anna"), agent("bert")
    story = Story(desk(line(**rules_of_line), *people, *MENU, outbound=rules), forgetful=forgetful)
    return story.ready(0, "anna", "bert")


def connected(story: Story, now: int = 0) -> ContactId:
    number = ContactId(story.arrive(now))
    story.accept(now + SECOND, "anna")
    return number


def both_pause(story: Story) -> None:
    for name in ("anna", "bert"):
        story.at(0, events.AgentPaused(AgentId(name), "break"))


# ---- the ways


def by_promise(story: Story, dial_class: str) -> None:
    """The API or a desktop promises somebody a callback."""
    story.at(0, events.AgentPaused(AgentId("anna"), "break")).at(
        0, events.AgentPaused(AgentId("bert"), "break")
    )
    number = ContactId(story.arrive(0))
    story.at(SECOND, events.CallbackPromised(number, "number", dial_class))
    story.at(2 * SECOND, events.AgentReady(AgentId("anna"))).accept(3 * SECOND, "anna")


def by_key(story: Story, dial_class: str) -> None:
    """A caller with a forged number presses a key."""
    wanted = replace(story.engine.state.desk.lines[0], treatment=TreatmentId("choose"))
    story.at(0, events.DeskChanged(replace(story.engine.state.desk, lines=(wanted,))))
    story.at(0, events.AgentPaused(AgentId("anna"), "break")).at(
        0, events.AgentPaused(AgentId("bert"), "break")
    )
    number = story.arrive(0, party="number", dial_class=dial_class)
    story.press(SECOND, number, "1")
    story.at(2 * SECOND, events.AgentReady(AgentId("anna")))
    if story.rung("anna") and story.contact(number).parked:
        story.accept(3 * SECOND, "anna")


def by_consult(story: Story, dial_class: str) -> None:
    """An agent asks somebody outside, or hands his caller over to him: that is a consult first."""
    number = connected(story)
    what = {"party": "number", "dial_class": dial_class}
    story.at(2 * SECOND, events.ConsultStarted(number, AgentId("anna"), **what))  # type: ignore[arg-type]


def by_call_out(story: Story, dial_class: str) -> None:
    """Whoever may begin escalations or all-clear calls."""
    alarm = events.CallOut(EntryId("help"), "escalation", "number", dial_class, TreatmentId("alarm"))
    story.at(0, alarm)


def by_diversion(story: Story, dial_class: str) -> None:
    """An agent's phone answers 302."""
    story.arrive(0)
    offer = story.offer_to("anna", SECOND)
    story.at(SECOND, events.OfferDiverted(offer, "number", dial_class))


WAYS: dict[str, Callable[[Story, str], None]] = {
    "callback": by_promise,
    "callback by key": by_key,
    "consult": by_consult,
    "escalation": by_call_out,
    "divert": by_diversion,
}


LEGS = effects.PlaceCall | effects.DivertOffer


def rang(story: Story) -> list[effects.Effect]:
    return [effect for _, effect in story.effects if isinstance(effect, LEGS)]


def purpose_of(way: str) -> str:
    return way.split(maxsplit=1)[0]


def tried(way: str, story: Story, dial_class: str) -> list[effects.Effect]:
    try:
        WAYS[way](story, dial_class)
    except (Rejected, StopIteration):
        return rang(story)
    story.until(10 * SECOND)
    return rang(story)


@pytest.mark.parametrize("dial_class", CLASSES)
@pytest.mark.parametrize("way", WAYS)
def test_only_what_a_rule_names_for_that_purpose_is_rung(way: str, dial_class: str) -> None:
    purpose = purpose_of(way)
    others = [name for name in (*WAYS, "all_clear") if purpose_of(name) != purpose]
    everything = tuple(one for one in CLASSES if one)
    wrong = [OutboundRule(name, everything, "sip") for name in others]
    wrong.append(OutboundRule(purpose, everything, "sip", TenantId("somebody else")))
    wrong.append(OutboundRule(purpose, tuple(one for one in everything if one != dial_class), "sip"))
    assert tried(way, opened(*wrong), dial_class) == []


@pytest.mark.parametrize("dial_class", ["emergency", "premium", "unknown"])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_never_rung_is_not_even_if_a_rule_names_it(way: str, dial_class: str) -> None:
    """The site file cannot say so; a journal of another hand could."""
    assert tried(way, opened(OutboundRule(purpose_of(way), (dial_class,), "sip")), dial_class) == []


@pytest.mark.parametrize("way", WAYS)
def test_what_a_rule_names_is_rung_with_its_caller_id_within_its_allow_list(way: str) -> None:
    """And that it may was decided, and is a fact."""
    allowed = OutboundRule(purpose_of(way), ("mobile",), "sip", caller_id="+4930555", prefixes=("+49",))
    (effect,) = tried(way, opened(allowed), "mobile")
    assert isinstance(effect, LEGS)
    assert (effect.party, effect.caller_id, effect.prefixes) == ("number", "+4930555", ("+49",))


@pytest.mark.parametrize("way", WAYS)
def test_every_leg_outside_is_a_decision_with_its_reason(way: str) -> None:
    story = opened(OutboundRule(purpose_of(way), ("mobile",), "sip"))
    tried(way, story, "mobile")
    (fact,) = story.of(facts.DialDecided)
    assert (fact.tenant, fact.purpose, fact.dial_class) == ("acme", purpose_of(way), "mobile")
    assert (fact.reason, fact.at_once, fact.in_hour, fact.to_number) == ("", 0, 0, 0)


# ---- how often


def alarm(party: str = "number") -> events.CallOut:
    return events.CallOut(EntryId("help"), "escalation", party, "mobile", TreatmentId("alarm"))


def test_caps_hold_for_any_hour_and_over_restarts() -> None:
    story = opened(OutboundRule("escalation", ("mobile",), "sip", per_hour=3))
    for number, at in enumerate((0, 1000 * SECOND, 2000 * SECOND, 3000 * SECOND), start=1):
        story.at(at, alarm(f"n{number}"))
        if number < 4:
            story.at(at + SECOND, events.CallFailed(CallId(number), "busy"))
    story.until(3001 * SECOND)
    assert [fact.reason for fact in story.of(facts.DialDecided)] == ["", "", "", "per hour"]
    assert story.of(facts.CallOver)[-1].result == "no room"
    story.at(HOUR - 1, alarm("n5")).until(HOUR - 1).at(HOUR, alarm("n6")).until(HOUR)
    assert [fact.reason for fact in story.of(facts.DialDecided)][4:] == ["per hour", ""]


def test_one_number_is_not_rung_again_and_again() -> None:
    story = opened(OutboundRule("escalation", ("mobile",), "sip", per_number=2))
    for number, party in enumerate(("a", "a", "a", "b"), start=1):
        story.at(number * 10 * SECOND, alarm(party)).until((number * 10 + 5) * SECOND)
        if story.engine.state.calls:
            story.at((number * 10 + 6) * SECOND, events.CallFailed(CallId(number), "busy"))
    assert [fact.reason for fact in story.of(facts.DialDecided)] == ["", "", "per number", ""]


def test_one_client_does_not_use_up_what_another_may() -> None:
    rule = OutboundRule("escalation", ("mobile",), "sip", per_hour=1)
    story = opened(rule).at(0, alarm())
    others = replace(story.engine.state.desk.entries[0], id=EntryId("other"), tenant=TenantId("other"))
    changed = replace(story.engine.state.desk, entries=(*story.engine.state.desk.entries, others))
    story.at(SECOND, events.DeskChanged(changed))
    story.at(2 * SECOND, alarm("b")).at(3 * SECOND, replace(alarm("c"), entry=EntryId("other")))
    assert [fact.reason for fact in story.of(facts.DialDecided)] == ["", "per hour", ""]


def test_who_has_no_room_within_the_hour_waits_and_nobody_is_rung_for_him() -> None:
    """He is called when the hour is over, without anything else that happens."""
    story = opened(OutboundRule("callback", ("mobile",), "sip", per_hour=1))
    story.at(0, events.AgentPaused(AgentId("anna"), "break")).at(
        0, events.AgentPaused(AgentId("bert"), "break")
    )
    for number in (1, 2):
        story.arrive(SECOND)
        story.at(SECOND, events.CallbackPromised(ContactId(number), f"n{number}", "mobile"))
    story.at(2 * SECOND, events.AgentReady(AgentId("anna"))).accept(3 * SECOND, "anna")
    story.at(4 * SECOND, events.CallAnswered(CallId(1), "out")).release(5 * SECOND, 1, "anna")
    story.until(HOUR)
    assert story.rung("anna") is None
    story.until(HOUR + 3 * SECOND)
    assert story.rung("anna") == 2


def test_a_diversion_counts_as_long_as_it_talks() -> None:
    story = opened(OutboundRule("divert", ("mobile",), "sip", at_once=1))
    by_diversion(story, "mobile")
    story.accept(2 * SECOND, "anna")
    story.arrive(3 * SECOND)
    offer = story.offer_to("bert", 4 * SECOND)
    asked = events.OfferDiverted(offer, "other", "mobile")
    assert "at once" in story.rejects(4 * SECOND, asked)
    story.release(5 * SECOND, 1, "anna").at(6 * SECOND, asked)
    assert len(rang(story)) == 2


def test_a_second_diversion_of_an_offer_is_none() -> None:
    story = opened(OutboundRule("divert", ("mobile",), "sip"))
    by_diversion(story, "mobile")
    assert story.rejects(8 * SECOND, events.OfferDiverted(story.open_offers()[0], "other", "mobile"))
    assert not story.of(facts.OfferWithdrawn)


def test_a_diversion_that_comes_while_the_agent_wraps_up_is_stale() -> None:
    rule = OutboundRule("divert", ("mobile",), "sip")
    story = Story(desk(line(wrap_up=WrapUpRule(ms=9 * SECOND)), agent("anna"), outbound=(rule,)))
    call = story.ready(0, "anna").arrive(0)
    offer = story.offer_to("anna", 0)
    story.accept(SECOND, "anna").release(2 * SECOND, call, "anna")
    asked = events.OfferDiverted(offer, "number", "mobile")
    assert "does not ring" in story.rejects(3 * SECOND, asked)
