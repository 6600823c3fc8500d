"""Callers hear how long they will wait, and go another way if it is long."""

import pytest

from acd.core import events, facts
from acd.core.estimates.queue import LEAST_HANDLED
from acd.core.view import contact_view, status
from acd.testing.story import START_MS, Story, agent, desk, line, treatment
from agents.skills import AgentId
from queues.desk import Line
from queues.names import TreatmentId
from queues.treatment import Condition, GoOn, Music, Say, SayExpectedWait, SayPosition, Step, When

SECOND = 1000
TALK = 120 * SECOND
TAUGHT = TALK * LEAST_HANDLED


def to(name: str) -> TreatmentId:
    return TreatmentId(name)


def taught(*steps: Step, forgetful: bool = False, waits: Line | None = None) -> Story:
    """Anna is through with a call in two minutes, as the desk knows, and has one in hand since TAUGHT."""
    opened = waits or line(treatment=to("waiting"))
    parts = treatment("waiting", *steps), treatment("long", Say("long"), Music("calm"))
    story = Story(desk(opened, agent("anna"), *parts), forgetful=forgetful).ready(0, "anna")
    for number in range(LEAST_HANDLED):
        call = story.arrive(number * TALK)
        story.accept(number * TALK, "anna").release((number + 1) * TALK, call, "anna")
    story.arrive(TAUGHT)
    return story.accept(TAUGHT, "anna")


@pytest.mark.parametrize("forgetful", [False, True])
def test_who_waits_hears_the_minutes_that_are_expected(forgetful: bool) -> None:
    """One ahead takes two minutes: as likely more than 83 s as less; two of them 201 s."""
    story = taught(SayExpectedWait(), Music("calm", 30 * SECOND), GoOn(to("waiting")), forgetful=forgetful)
    first, second = story.arrive(TAUGHT), story.arrive(TAUGHT)
    assert [story.heard_by(call)[0][1] for call in (first, second)] == [
        ("expected wait 1",),
        ("expected wait 3",),
    ]
    told = story.of(facts.WaitTold)
    assert [(one.contact, one.line, one.minutes) for one in told] == [(first, "help", 1), (second, "help", 3)]
    assert told[0].low_ms < 10 * SECOND < told[0].expected_ms < 300 * SECOND < told[0].high_ms


def test_it_is_worked_out_anew_each_time() -> None:
    story = taught(SayExpectedWait(), Music("calm", 30 * SECOND), GoOn(to("waiting")))
    first, second = story.arrive(TAUGHT), story.arrive(TAUGHT)
    story.heard(TAUGHT + 3_000, second).leave(TAUGHT + 10_000, first).until(TAUGHT + 40_000)
    told = [fact.minutes for fact in story.of(facts.WaitTold) if fact.contact == second]
    assert told == [3, 1]


def test_it_is_said_beside_the_position_as_one_list() -> None:
    story = taught(Say("welcome"), SayPosition(), SayExpectedWait(), Music("calm"))
    call = story.arrive(TAUGHT)
    assert story.heard_by(call)[0][1] == ("welcome", "position 1", "expected wait 1")


def test_nothing_is_said_while_nothing_is_known_or_nobody_is_there() -> None:
    opened = desk(
        line(treatment=to("waiting")), agent("anna"), treatment("waiting", SayExpectedWait(), Music("calm"))
    )
    story = Story(opened).ready(0, "anna")
    story.arrive(0)
    story.arrive(0)
    assert story.of(facts.WaitTold) == []
    story = taught(SayExpectedWait(), Music("calm"))
    story.at(TAUGHT, events.AgentPaused(AgentId("anna"), "break"))
    call = story.arrive(TAUGHT)
    assert story.of(facts.WaitTold) == []
    assert story.heard_by(call)[0][1:] == ((), "calm")


def test_who_is_being_rung_hears_nothing_of_it() -> None:
    story = taught(Music("calm", 5 * SECOND), SayExpectedWait(), Say("please wait"), Music("calm"))
    call = story.arrive(TAUGHT)
    story.release(TAUGHT + 4_000, story.answered()[-1], "anna").until(TAUGHT + 5_000)
    assert story.rung("anna") == call
    assert story.heard_by(call)[-1][1] == ("please wait",)


def test_who_will_wait_long_goes_another_way() -> None:
    story = taught(When(Condition.EXPECTED_WAIT, to("long"), 150 * SECOND), Music("calm"))
    first, second = story.arrive(TAUGHT), story.arrive(TAUGHT)
    assert [story.heard_by(call)[0][1] for call in (first, second)] == [(), ("long",)]
    asked = story.of(facts.ConditionAsked)[-2:]
    assert [(one.contact, one.condition, one.least, one.held) for one in asked] == [
        (first, "expected_wait", 150_000, False),
        (second, "expected_wait", 150_000, True),
    ]


def test_where_nobody_is_there_the_wait_is_longer_than_anything() -> None:
    story = taught(When(Condition.EXPECTED_WAIT, to("long"), 3600 * SECOND), Music("calm"))
    story.at(TAUGHT, events.AgentPaused(AgentId("anna"), "break"))
    call = story.arrive(TAUGHT)
    assert story.heard_by(call)[0][1] == ("long",)


def test_as_long_as_nothing_is_known_nobody_goes_the_way_of_long_waits() -> None:
    steps = When(Condition.EXPECTED_WAIT, to("long"), SECOND), Music("calm")
    opened = desk(line(treatment=to("waiting")), agent("anna"), treatment("waiting", *steps))
    story = Story(opened).ready(0, "anna")
    story.arrive(0)
    story.arrive(0)
    assert [fact.held for fact in story.of(facts.ConditionAsked)] == [False, False]


def test_it_is_shown_of_those_who_wait() -> None:
    story = taught(Music("calm"))
    talks, waits = story.answered()[-1], story.arrive(TAUGHT)
    state, now_ms = story.engine.state, START_MS + story.now
    shown = contact_view(state, story.contact(waits), now_ms)
    assert shown.expected_wait_ms is not None
    assert shown.expected_wait_band_ms is not None
    assert shown.expected_wait_band_ms[0] < shown.expected_wait_ms < shown.expected_wait_band_ms[1]
    assert contact_view(state, story.contact(talks), now_ms).expected_wait_ms is None
    assert [one.expected_wait_ms for one in status(state, now_ms).contacts] == [None, shown.expected_wait_ms]


def test_of_very_many_who_wait_only_the_first_are_asked_for() -> None:
    story = taught(Music("calm"))
    for _ in range(120):
        story.arrive(TAUGHT)
    told = [one.expected_wait_ms for one in status(story.engine.state, START_MS + story.now).contacts]
    assert (told[0], told[101:], len(told)) == (None, [None] * 20, 121)
    assert None not in told[1:101]
