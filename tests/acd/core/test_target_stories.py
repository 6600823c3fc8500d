"""Targets of lines: told while there is time, and when it is over, in the hours that count."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import events, facts
from acd.core.events import ContactId
from acd.core.view import contact_view
from acd.testing.story import SECOND, START_MS, Story, agent, desk, entry, line
from agents.capacity import VOICE
from queues.desk import Calendar, CalendarId, EntryId, LineId, OutboundRule, Overflow, Way

RULES: dict[str, Any] = {"target_ms": 20 * SECOND, "target_warning_ms": 5 * SECOND}


def opened(*more: Any, **rules: Any) -> Story:
    return Story(desk(line(**{**RULES, **rules}), agent("anna"), *more), forgetful=True)


def told(story: Story) -> list[tuple[object, ...]]:
    return [one[:3] for one in story.log(facts.TargetNear, facts.TargetMissed)]


def test_it_is_told_five_seconds_before_and_when_it_has_passed() -> None:
    story = opened()
    story.arrive(0)
    story.until(15 * SECOND)
    assert contact_view(story.engine.state, story.contact(1), story.moment(15 * SECOND)).late == "near"
    story.until(60 * SECOND)
    assert told(story) == [(15 * SECOND, "TargetNear", 1), (20 * SECOND, "TargetMissed", 1)]
    (near,) = story.of(facts.TargetNear)
    assert near.due_ms == story.moment(20 * SECOND)
    assert contact_view(story.engine.state, story.contact(1), story.moment(60 * SECOND)).late == "missed"


def test_who_is_answered_in_time_is_no_case() -> None:
    story = opened().ready(0, "anna")
    story.arrive(0)
    story.accept(14 * SECOND, "anna").until(60 * SECOND)
    assert told(story) == []


def test_who_is_answered_between_the_two_was_near() -> None:
    story = opened().ready(0, "anna")
    story.arrive(0)
    story.accept(16 * SECOND, "anna").until(60 * SECOND)
    assert told(story) == [(15 * SECOND, "TargetNear", 1)]


def test_who_was_answered_once_is_not_late_when_his_agent_is_lost_or_he_is_handed_on() -> None:
    story = opened(line("other", **RULES)).ready(0, "anna")
    story.arrive(0)
    story.accept(SECOND, "anna")
    story.at(30 * SECOND, events.ContactTransferred(ContactId(1), "anna", LineId("other")))  # type: ignore[arg-type]
    story.until(120 * SECOND)
    assert told(story) == []


def test_a_head_start_does_not_make_anybody_late() -> None:
    """It is the desk's own affair, and was agreed on with nobody."""
    story = opened(entry("vip", "help", head_start_ms=60_000))
    story.arrive(0, "vip")
    story.until(16 * SECOND)
    assert told(story) == [(15 * SECOND, "TargetNear", 1)]


def test_the_hours_that_count_are_those_of_the_line() -> None:
    """Twelve seconds of them, then night for a minute."""
    hours = Calendar(CalendarId("office"), ((1, 2), (0, 0)))
    story = opened(calendar=CalendarId("office"))
    start = story.start_ms
    open_ = ((start, start + 12 * SECOND), (start + 72 * SECOND, start + 600 * SECOND))
    story.at(0, events.CalendarChanged(Calendar(hours.id, open_)))
    story.arrive(0)
    story.until(200 * SECOND)
    assert told(story) == [(75 * SECOND, "TargetNear", 1), (80 * SECOND, "TargetMissed", 1)]


def test_a_target_later_than_its_calendar_knows_is_near_and_not_missed() -> None:
    hours = Calendar(CalendarId("office"), ((0, START_MS + 17 * SECOND),))
    story = Story(
        desk(line(**RULES, calendar=CalendarId("office")), agent("anna"), calendars=(hours,)), forgetful=True
    )
    story.arrive(0)
    story.until(120 * SECOND)
    assert told(story) == [(15 * SECOND, "TargetNear", 1)]
    assert [fact.due_ms for fact in story.of(facts.TargetNear)] == [0]


def test_an_outage_over_both_tells_the_breach_alone() -> None:
    story = opened()
    story.arrive(0)
    story.away(10 * SECOND, 40 * SECOND).until(41 * SECOND)
    assert [what for _, what, _ in told(story)] == ["TargetMissed"]


def test_who_moves_to_another_line_has_that_one_s_target_from_his_first_moment() -> None:
    story = opened(line("slow", target_ms=60 * SECOND, target_warning_ms=10 * SECOND), max_wait_ms=8_000)
    state = story.engine.state.desk
    first = replace(state.lines[0], when_waited=Way(Overflow.LINE, LineId("slow")))
    story.at(0, events.DeskChanged(replace(state, lines=(first, *state.lines[1:]))))
    story.arrive(0)
    story.until(120 * SECOND)
    assert told(story) == [(50 * SECOND, "TargetNear", 1), (60 * SECOND, "TargetMissed", 1)]


def test_who_is_to_be_called_or_asks_has_no_target() -> None:
    rule = OutboundRule("callback", ("mobile",), "sip")
    story = Story(desk(line(**RULES), agent("anna"), outbound=(rule,)), forgetful=True)
    number = ContactId(story.arrive(0))
    story.at(SECOND, events.CallbackPromised(number, "n", "mobile")).until(120 * SECOND)
    assert told(story) == []


def test_who_rings_again_while_an_agent_is_rung_for_his_callback_waits_and_has_a_target_again() -> None:
    rule = OutboundRule("callback", ("mobile",), "sip")
    story = Story(desk(line(**RULES), agent("anna"), outbound=(rule,)), forgetful=True)
    number = ContactId(story.arrive(0))
    story.at(SECOND, events.CallbackPromised(number, "n", "mobile")).ready(16 * SECOND, "anna")
    assert story.rung("anna") == number
    again = events.ContactArrived("again", EntryId("help"), VOICE, "n", dial_class="mobile")
    story.at(17 * SECOND, again).until(25 * SECOND)
    assert told(story) == [(17 * SECOND, "TargetNear", 1), (20 * SECOND, "TargetMissed", 1)]


@pytest.mark.parametrize("warning", [0])
def test_a_line_that_does_not_want_it_sets_no_deadline(warning: int) -> None:
    story = opened(target_warning_ms=warning)
    story.arrive(0)
    assert story.engine.next_deadline() is None
    assert EntryId("help") in story.engine.state.entries
