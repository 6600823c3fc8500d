"""Stories whose reason is known: the rule that is said is the one by which it waits, is offered or goes."""

from collections.abc import Callable
from typing import Any

import pytest

from acd.core import events
from acd.core.events import ContactId
from acd.testing.story import Story, agent, declared, desk, entry, line, treatment
from acd.why.verdict import Rule
from agents.capacity import MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import (
    Calendar,
    CalendarId,
    CallbackRule,
    LastAgentRule,
    LineId,
    Order,
    OutboundRule,
    Overflow,
    Policy,
    Promotion,
    Relaxation,
    Way,
    WrapUpRule,
)
from queues.names import TreatmentId
from queues.treatment import Menu, Say
from tests.acd.why.explained import SECOND, Remembered, looks, sentences, timeline, why_not

ANNA, BERT = AgentId("anna"), AgentId("bert")
OTHER = line("other")
"""Also of the skill `help`."""


def story(*parts: object, **settings: object) -> Remembered:
    return Remembered(desk(*parts, **settings))  # type: ignore[arg-type]


def busy(told: Story, now: int, who: str, to: str = "help") -> int:
    """He talks from now on."""
    number = told.arrive(now, to)
    told.accept(now, who)
    return number


# ---- who could not take it, and by which rule


def kept_by_pause(told: Remembered) -> None:
    told.ready(0, "bert").at(0, events.AgentPaused(BERT, "break"))


def kept_by_wrap_up(told: Remembered) -> None:
    told.ready(0, "bert")
    number = busy(told, 0, "bert", "wrapped")
    told.release(1 * SECOND, number, "bert")


def kept_by_work(told: Remembered) -> None:
    told.ready(0, "bert")
    busy(told, 0, "bert")


def kept_by_ringing(told: Remembered) -> None:
    told.ready(0, "bert")
    told.arrive(0)


def kept_by_no_phone(told: Remembered) -> None:
    told.at(0, events.AgentSignedIn(BERT))


def kept_by_a_phone_that_vanished(told: Remembered) -> None:
    device = Carrier("sip", "bert")
    told.at(0, events.AgentReachable(BERT, VOICE, device)).at(0, events.AgentSignedIn(BERT))
    told.at(0, events.DeviceVanished(BERT, device))


def kept_by_not_signing_in(told: Remembered) -> None:
    told.at(0, events.AgentReachable(BERT, VOICE))


@pytest.mark.parametrize(
    ("cause", "rule"),
    [
        (kept_by_pause, Rule.PAUSED),
        (kept_by_wrap_up, Rule.WRAP_UP),
        (kept_by_work, Rule.BUSY),
        (kept_by_ringing, Rule.RUNG),
        (kept_by_no_phone, Rule.NO_DEVICE),
        (kept_by_a_phone_that_vanished, Rule.DEVICE_AWAY),
        (kept_by_not_signing_in, Rule.SIGNED_OUT),
    ],
)
def test_who_could_not_take_it_is_named_with_his_rule(
    cause: Callable[[Remembered], None], rule: Rule
) -> None:
    told = story(line(), line("wrapped", wrap_up=WrapUpRule(ms=60 * SECOND)), agent("bert"))
    cause(told)
    number = told.arrive(2 * SECOND)
    look = looks(timeline(told, number), "nobody")[0]
    assert why_not(look, "bert") == [rule.value]


def test_skill_level_and_medium_are_named_with_what_is_missing() -> None:
    told = story(
        line(level=5), agent("anna", help=3), agent("bert", other=9), agent("carl", (MAIL, 1), help=9)
    )
    told.ready(0, "anna", "bert")
    found = timeline(told, told.arrive(0))
    look = looks(found, "nobody")[0]
    assert [why_not(look, name)[0] for name in ("anna", "bert", "carl")] == ["skill", "skill", "medium"]
    said = sentences(found)
    assert "not: anna: has help 3, not 5" in said
    assert "not: bert: lacks help 5" in said
    assert "not: carl: takes no voice" in said


def test_who_refused_or_let_it_ring_was_tried_already() -> None:
    told = story(line(ring_ms=20 * SECOND), agent("anna"), agent("bert"))
    told.ready(0, "anna", "bert")
    number = told.arrive(0)
    told.refuse(1 * SECOND, "anna")
    told.until(30 * SECOND)
    found = timeline(told, number)
    offered, nobody = looks(found, "offered"), looks(found, "nobody")
    assert [look.agent for look in offered] == ["anna", "bert"]
    assert why_not(offered[1], "anna") == ["tried"]
    assert why_not(nobody[-1], "bert") == ["paused", "tried"]
    assert "bert did not answer in time (RONA)." in sentences(found)


def test_who_frees_himself_by_the_same_event_is_asked_after_the_idle() -> None:
    told = story(line(), OTHER, agent("anna"), agent("bert"))
    told.ready(0, "anna", "bert")
    number = busy(told, 0, "anna")
    told.at(9 * SECOND, events.ContactTransferred(ContactId(number), ANNA, LineId("other")))
    look = looks(timeline(told, number), "offered")[1]
    assert look.agent == "bert"
    assert why_not(look, "anna") == ["later"]


# ---- who was chosen, and what made the difference


@pytest.mark.parametrize(
    ("policy", "chosen", "why"),
    [
        (Policy.LONGEST_IDLE, "anna", "idle"),
        (Policy.MOST_SKILLED, "bert", "skill"),
        (Policy.ROUND_ROBIN, "bert", "last offer"),
    ],
)
def test_the_policy_decides_between_idle_agents(policy: Policy, chosen: str, why: str) -> None:
    able = agent("anna", first=1, help=2), agent("bert", help=5)
    told = story(line(policy=policy), line("first", "first"), *able)
    told.ready(0, "anna")
    told.arrive(0, "first")
    told.refuse(1 * SECOND, "anna").ready(2 * SECOND, "bert")
    look = looks(timeline(told, told.arrive(9 * SECOND)), "offered")[0]
    assert (look.agent, look.decided_by, look.policy) == (chosen, why, policy)


def test_a_tie_between_agents_is_decided_by_the_roster() -> None:
    told = story(line(), agent("anna"), agent("bert")).ready(0, "anna", "bert")
    look = looks(timeline(told, told.arrive(9 * SECOND)), "offered")[0]  # type: ignore[arg-type]
    assert (look.agent, look.decided_by) == ("anna", "roster")
    assert [one.agent for one in look.idle] == ["anna", "bert"]


@pytest.mark.parametrize(
    ("second", "why"),
    [({"priority_class": 1}, "class"), ({"head_start_ms": 60 * SECOND}, "urgency")],
)
def test_who_overtakes_it_is_named_with_what_put_him_first(second: dict[str, Any], why: str) -> None:
    told = story(line(), entry("vip", "help", **second), agent("anna")).ready(0, "anna")
    first = busy(told, 0, "anna")
    number, vip = told.arrive(5 * SECOND), told.arrive(9 * SECOND, "vip")
    told.release(20 * SECOND, first, "anna").accept(21 * SECOND, "anna").release(60 * SECOND, vip, "anna")
    found = timeline(told, number)  # type: ignore[arg-type]
    over = looks(found, "passed over")[0]
    assert (over.agent, over.rivals[0].contact, over.decided_by) == ("anna", vip, why)
    ahead = looks(timeline(told, vip), "offered")[0]  # type: ignore[arg-type]
    assert (ahead.choice, ahead.rivals[0].contact, ahead.decided_by) == ("contact chosen", number, why)


def test_equal_contacts_go_by_arrival() -> None:
    told = story(line(), agent("anna")).ready(0, "anna")
    first = busy(told, 0, "anna")
    number, _ = told.arrive(5 * SECOND), told.arrive(5 * SECOND)
    told.release(20 * SECOND, first, "anna")
    assert looks(timeline(told, number), "offered")[0].decided_by == "arrival"  # type: ignore[arg-type]


# ---- which rule took effect


def test_class_and_head_start_are_said_with_where_they_come_from() -> None:
    told = story(line(priority_class=5), entry("vip", "help", priority_class=3, head_start_ms=40 * SECOND))
    by_entry = sentences(timeline(told, told.arrive(0, "vip")))
    assert "Class 3 by entry vip." in by_entry
    assert "Head start of 40 s by entry vip." in by_entry
    by_list = sentences(timeline(told, told.arrive(1, "vip", priority_class=2, head_start_ms=50 * SECOND)))
    assert "Class 2 by a VIP list, or as its channel says." in by_list
    assert "Head start of 50 s by a VIP list, or as its channel says." in by_list
    assert "Class 5, as line help has it." in sentences(timeline(told, told.arrive(2)))


def test_a_relaxation_lets_others_in_and_was_announced() -> None:
    relaxed = line(relaxations=(Relaxation(30 * SECOND, ((("printer", 1),),)),))  # type: ignore[arg-type]
    told = story(relaxed, agent("bert", printer=2))
    told.ready(0, "bert")
    number = told.arrive(0)
    told.until(31 * SECOND)
    found = timeline(told, number)
    assert "not: bert: lacks help 1; a relaxation lets him in at 08:00:30" in sentences(found)
    assert "Relaxation 1 applies: more agents may serve it." in sentences(found)
    assert looks(found, "offered")[0].agent == "bert"


def test_a_promotion_is_said() -> None:
    told = story(line(target_ms=60 * SECOND, promotion=Promotion(20 * SECOND, 2)))
    number = told.arrive(0)
    told.until(41 * SECOND)
    found = timeline(told, number)
    assert "Its target is near: promoted to class 2." in sentences(found)
    assert (
        looks(found, "nobody")[-1].standing.class_of,
        looks(found, "nobody")[-1].standing.priority_class,
    ) == (
        "promotion",
        2,
    )


def test_who_is_held_for_somebody_is_offered_to_nobody_else() -> None:
    told = story(line(), agent("anna"), agent("bert"))
    told.ready(0, "anna", "bert")
    busy(told, 0, "anna")
    number = told.arrive(5 * SECOND, preferred=ANNA, preferred_ms=20 * SECOND)
    told.until(30 * SECOND)
    found = timeline(told, number)
    assert why_not(looks(found, "nobody")[0], "bert") == ["held"]
    assert why_not(looks(found, "nobody")[0], "anna") == ["busy"]
    assert looks(found, "offered")[0].agent == "bert"
    said = sentences(found)
    assert "It is held for anna, until 08:00:25 at most: nobody else is asked." in said
    assert "It is held for anna no longer: that took too long." in said


def test_the_last_agent_is_said_to_have_spoken_with_him() -> None:
    told = story(line(last_agent=LastAgentRule(3_600 * SECOND, 60 * SECOND)), agent("anna"), agent("bert"))
    told.ready(0, "anna", "bert")
    first = told.arrive(0, person="him")
    told.accept(1 * SECOND, "anna").release(9 * SECOND, first, "anna")
    busy(told, 10 * SECOND, "bert")
    busy(told, 11 * SECOND, "anna")
    said = sentences(timeline(told, told.arrive(20 * SECOND, person="him")))
    assert any("anna, who spoke with this person last (08:00:01)" in one for one in said)


def test_an_incident_that_it_heard_is_said() -> None:
    told = story(line()).at(0, declared("vpn"))
    number = told.arrive(1 * SECOND)
    told.heard(9 * SECOND, number)
    found = timeline(told, number)  # type: ignore[arg-type]
    assert "Incident vpn concerns it: its text is told." in sentences(found)
    assert found.heard == ["vpn"]


def test_a_closed_line_sends_it_on_or_away_and_that_is_said() -> None:
    shut = Calendar(CalendarId("office"), ((0, 1),))
    day = line(hours=CalendarId("office"), when_closed=Way(Overflow.LINE, LineId("other")))
    told = story(day, OTHER, calendars=(shut,))
    assert "Overflow from line help to other: the line is closed." in sentences(
        timeline(told, told.arrive(0))
    )
    says = line(hours=CalendarId("office"), when_closed=Way(Overflow.TREATMENT, None, TreatmentId("closed")))
    told = story(says, treatment("closed", Say("closed")), calendars=(shut,))
    number = told.arrive(0)
    told.heard(5 * SECOND, number)
    told.until(20 * SECOND)
    said = sentences(timeline(told, number))
    assert "Line help does not take it: the line is closed." in said
    assert "It is over: the line is closed." in said


def test_who_waited_too_long_overflows() -> None:
    told = story(line(max_wait_ms=30 * SECOND, when_waited=Way(Overflow.LINE, LineId("other"))), OTHER)
    number = told.arrive(0)
    told.until(31 * SECOND)
    assert "Overflow from line help to other: waited too long." in sentences(timeline(told, number))


def test_a_menu_and_its_key_are_said() -> None:
    menu = treatment("welcome", Menu("menu", (("1", TreatmentId("go")),), 5_000, "calm"))
    told = story(line(), entry("menu", "help", treatment=TreatmentId("welcome")), menu, treatment("go"))
    number = told.arrive(0, "menu")
    told.press(2 * SECOND, number, "1")
    assert "Key 1 was pressed." in sentences(timeline(told, number))


def test_who_may_not_be_called_now_is_offered_to_nobody() -> None:
    rule = OutboundRule("callback", ("mobile",), "sip", at_once=1)
    told = story(line(), agent("anna"), agent("bert"), outbound=(rule,))
    parked = [told.arrive(0, party=f"p{at}", dial_class="mobile") for at in range(2)]
    for at, number in enumerate(parked):
        told.at(1 * SECOND, events.CallbackPromised(ContactId(number), f"p{at}", "mobile"))
    told.ready(2 * SECOND, "anna", "bert")
    found = timeline(told, parked[1])
    assert looks(found, "nobody")[-1].bar == "" or looks(found, "offered") == []
    assert looks(timeline(told, parked[0]), "offered")[0].agent == "anna"


def test_an_agent_who_is_kept_free_for_a_callback_is_said() -> None:
    rule = OutboundRule("callback", ("mobile",), "sip")
    told = story(line(callback=CallbackRule(Order.CALLER_FIRST)), agent("anna"), outbound=(rule,))
    number = told.arrive(0, party="p", dial_class="mobile")
    told.at(1 * SECOND, events.CallbackPromised(ContactId(number), "p", "mobile")).ready(2 * SECOND, "anna")
    other = told.arrive(3 * SECOND)
    assert looks(timeline(told, number), "reserved")[0].agent == "anna"
    assert why_not(looks(timeline(told, other), "nobody")[0], "anna") == ["reserved"]


def test_where_everybody_was_meanwhile_is_told_in_spells() -> None:
    told = story(line(), line("wrapped", wrap_up=WrapUpRule(ms=20 * SECOND)), agent("anna"), agent("bert"))
    told.ready(0, "anna", "bert").at(0, events.AgentPaused(BERT, "break"))
    first = busy(told, 0, "anna", "wrapped")
    number = told.arrive(5 * SECOND)
    told.release(10 * SECOND, first, "anna")
    told.until(30 * SECOND).accept(31 * SECOND, "anna")
    said = [one for one in sentences(timeline(told, number)) if one.startswith(("anna:", "bert:"))]
    assert said == [
        f"anna: 08:00:05 to 08:00:10: has contact {first} in hand since 08:00:00",
        f"anna: 08:00:10 to 08:00:30: wraps up contact {first} until 08:00:30",
        f"anna: 08:00:30 to 08:00:31: being rung for contact {number}",
        "bert: 08:00:05 to 08:00:31: paused (break) since 08:00:00",
    ]


def test_the_same_in_german() -> None:
    told = story(line(), agent("bert"))
    told.ready(0, "bert").at(0, events.AgentPaused(BERT, "break"))
    said = sentences(timeline(told, told.arrive(5 * SECOND)), "de")
    assert "Ein Agent wird gesucht und keiner gefunden." in said
    assert "nicht: bert: in Pause (break) seit 08:00:00" in said


def test_who_is_kept_free_was_the_one_for_whom_it_was_held() -> None:
    rule = OutboundRule("callback", ("mobile",), "sip")
    told = story(
        line(callback=CallbackRule(Order.CALLER_FIRST)), agent("anna"), agent("bert"), outbound=(rule,)
    )
    told.ready(0, "anna")
    first = busy(told, 0, "anna")
    number = told.arrive(1 * SECOND, party="p", dial_class="mobile", preferred=ANNA, preferred_ms=60 * SECOND)
    told.at(2 * SECOND, events.CallbackPromised(ContactId(number), "p", "mobile")).ready(3 * SECOND, "bert")
    told.release(9 * SECOND, first, "anna")
    look = looks(timeline(told, number), "reserved")[0]
    assert (look.agent, why_not(look, "bert")) == ("anna", ["held"])
