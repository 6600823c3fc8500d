"""The all-clear: everybody who is linked is told once, a few at a time, in the hours of his line."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.all_clear import LOOKED_AT_AGAIN_MS
from acd.core.events import CallId, ContactId
from acd.testing.story import SECOND, START_MS, Story, declared, desk, line
from queues.desk import Calendar, CalendarId, CallbackRule, EntryId, IncidentId, OutboundRule
from queues.incident import KEPT_MS
from queues.outbound import ALL_CLEAR

VPN = IncidentId("vpn")
MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND
SOLVED = events.IncidentEnded(VPN, "solved", (("en", "It is solved."),))


def linked(people: int, *, at_once: int = 2, hours: Calendar | None = None, **more: Any) -> Story:
    """So many pressed the key at 1 s; the engine is a new one after every event."""
    rule = OutboundRule(ALL_CLEAR, ("local",), "sip", at_once=at_once)
    callback = CallbackRule(attempts=2, gap_ms=5 * MINUTE, ring_ms=30 * SECOND)
    calendars = () if hours is None else (hours,)
    rules: dict[str, Any] = {} if hours is None else {"hours": hours.id}
    opened = desk(line(callback=callback, **rules), outbound=(rule,), calendars=calendars)
    story = Story(opened, forgetful=True).at(0, declared(mode="offer", expires_ms=START_MS + HOUR, **more))
    calls = [story.arrive(0, party=f"n{number}", dial_class="local") for number in range(people)]
    for call in calls:
        story.press(SECOND, call, "1")
    for call in calls:
        story.heard(2 * SECOND, call)
    assert story.engine.state.contacts == {}
    return story


def called(story: Story) -> list[str]:
    return [effect.party for effect in story.ordered(effects.PlaceCall)]


def answers(story: Story, now: int, call: int) -> ContactId:
    """Whoever is called by that attempt answers; the contact that is told."""
    story.until(now)
    contact = story.engine.state.calls[call].contact
    story.at(now, events.CallAnswered(CallId(call), f"out-{call}"))
    return contact


def results(story: Story) -> list[tuple[int, str]]:
    return [(fact.contact, fact.result) for fact in story.of(facts.LinkOver)]


def test_everybody_is_told_once_and_no_more_at_a_time_than_the_desk_allows() -> None:
    story = linked(5).at(10 * SECOND, SOLVED)
    now = 10 * SECOND
    for call in range(1, 6):
        under_way = [one for one in story.engine.state.contacts.values() if one.purpose == ALL_CLEAR]
        assert len(under_way) <= 2
        now += SECOND
        contact = answers(story, now, call)
        says = [hears for _, hears, _ in story.heard_by(contact) if hears]
        assert says == [("solved",)]
        story.heard(now, contact)
    assert called(story) == ["n0", "n1", "n2", "n3", "n4"]
    assert results(story) == [(number, "told") for number in range(1, 6)]
    (done,) = story.of(facts.AllClear)
    assert (done.told, done.others, story.engine.state.contacts) == (5, 0, {})
    story.until(10 * HOUR)
    assert len(called(story)) == 5, "nobody is called again"
    assert not story.of(facts.Queued)


FAILS: dict[str, Callable[[Story, int, int], object]] = {
    "busy": lambda story, now, call: story.at(now, events.CallFailed(CallId(call), "busy")),
    "rings for ever": lambda story, now, call: story.until(now + 31 * SECOND),
}


@pytest.mark.parametrize("how", FAILS)
def test_who_is_not_reached_is_called_again_after_a_gap_and_then_not_any_more(how: str) -> None:
    story = linked(1).at(10 * SECOND, SOLVED)
    FAILS[how](story, 11 * SECOND, 1)
    first = story.now
    story.until(first + 4 * MINUTE)
    assert len(called(story)) == 1
    story.until(first + 5 * MINUTE)
    assert len(called(story)) == 2
    FAILS[how](story, story.now, 2)
    story.until(story.now + 10 * HOUR)
    assert len(called(story)) == 2, "it has two attempts"
    assert results(story) == [(1, "not reached")]
    assert [(fact.told, fact.others) for fact in story.of(facts.AllClear)] == [(0, 1)]


def test_a_number_that_the_channel_will_never_dial_is_tried_once() -> None:
    story = linked(1).at(10 * SECOND, SOLVED)
    story.at(11 * SECOND, events.CallFailed(CallId(1), "refused")).until(HOUR)
    assert (len(called(story)), results(story)) == (1, [(1, "not reached")])


@pytest.mark.parametrize("lost", [True, False])
def test_who_answers_and_hangs_up_is_not_called_again(lost: bool) -> None:
    story = linked(1).at(10 * SECOND, SOLVED)
    contact = answers(story, 11 * SECOND, 1)
    story.at(12 * SECOND, events.LegLost(contact) if lost else events.ContactLeft(contact)).until(HOUR)
    assert (len(called(story)), results(story)) == (1, [(1, "hung up")])
    assert [(fact.told, fact.others) for fact in story.of(facts.AllClear)] == [(1, 0)]


def test_a_fax_that_answers_is_not_called_again() -> None:
    """It becomes a reception, of which nothing comes."""
    story = linked(1).at(10 * SECOND, SOLVED)
    contact = answers(story, 11 * SECOND, 1)
    story.at(12 * SECOND, events.MediumChanged(contact, EntryId("help fax")))
    story.leave(13 * SECOND, contact).until(HOUR)
    assert (len(called(story)), results(story)) == (1, [(1, "hung up")])


def test_a_name_whose_callers_are_still_being_told_is_not_declared_anew() -> None:
    story = linked(1).at(10 * SECOND, SOLVED)
    assert "still wait for the all-clear" in story.rejects(11 * SECOND, declared())
    story.heard(13 * SECOND, answers(story, 12 * SECOND, 1)).at(14 * SECOND, declared())


def test_nobody_is_called_at_night_and_everybody_in_the_morning() -> None:
    hours = Calendar(
        CalendarId("office"), ((START_MS, START_MS + MINUTE), (START_MS + 9 * HOUR, START_MS + 18 * HOUR))
    )
    story = linked(2, hours=hours).at(2 * MINUTE, SOLVED).until(9 * HOUR - 1)
    assert called(story) == []
    story.until(9 * HOUR)
    assert called(story) == ["n0", "n1"]


def test_hours_that_change_wake_it() -> None:
    hours = Calendar(CalendarId("office"), ((START_MS, START_MS + MINUTE),))
    story = linked(1, hours=hours).at(2 * MINUTE, SOLVED).until(3 * MINUTE)
    assert called(story) == []
    story.at(4 * MINUTE, events.CalendarChanged(Calendar(hours.id, ((START_MS, START_MS + HOUR),))))
    story.until(4 * MINUTE)
    assert called(story) == ["n0"]


def test_a_rule_that_is_gone_forbids_and_one_that_is_back_allows() -> None:
    story = linked(1)
    opened = story.engine.state.desk
    story.at(10 * SECOND, events.DeskChanged(replace(opened, outbound=()))).at(11 * SECOND, SOLVED)
    story.until(2 * LOOKED_AT_AGAIN_MS)
    assert called(story) == []
    story.at(3 * HOUR, events.DeskChanged(opened)).until(3 * HOUR)
    assert called(story) == ["n0"]


def test_a_server_that_dies_in_the_middle_calls_nobody_twice() -> None:
    """One has been told, one hears it, one is being called; the effects that stand are stated anew."""
    story = linked(4, at_once=2).at(10 * SECOND, SOLVED)
    story.until(10 * SECOND)
    story.heard(12 * SECOND, answers(story, 11 * SECOND, 1))
    hears = answers(story, 13 * SECOND, 2)
    story.until(13 * SECOND)
    story.away(14 * SECOND, until=5 * MINUTE)
    stand = story.engine.standing()
    again = [one.call for one in stand if isinstance(one, effects.PlaceCall)]
    assert again == [3], "the call that was under way, under its number"
    assert [one.contact for one in stand if isinstance(one, effects.TreatContact)] == [hears]
    story.heard(5 * MINUTE + SECOND, hears)
    for call in (3, 4):
        now = 5 * MINUTE + call * SECOND
        story.heard(now, answers(story, now, call))
    assert called(story) == ["n0", "n1", "n2", "n3"]
    assert sorted(results(story)) == [(number, "told") for number in range(1, 5)]


def test_one_that_has_expired_keeps_its_links_until_the_all_clear() -> None:
    story = linked(1).until(2 * HOUR)
    assert [fact.reason for fact in story.of(facts.IncidentOff)] == ["expired"]
    assert "wait for the all-clear" in story.rejects(2 * HOUR, declared(expires_ms=START_MS + 9 * HOUR))
    story.at(3 * HOUR, SOLVED).until(3 * HOUR)
    assert called(story) == ["n0"]
    assert "not on" in story.rejects(4 * HOUR, SOLVED)


def test_links_for_which_no_all_clear_comes_are_dropped_after_a_week() -> None:
    story = linked(1).until(HOUR + KEPT_MS)
    assert (called(story), results(story)) == ([], [(1, "dropped")])


def test_an_end_without_a_text_tells_nobody() -> None:
    story = linked(2).at(10 * SECOND, events.IncidentEnded(VPN)).until(HOUR)
    assert (called(story), results(story)) == ([], [(1, "dropped"), (2, "dropped")])
    assert [(fact.told, fact.others) for fact in story.of(facts.AllClear)] == [(0, 2)]


def test_two_all_clears_share_the_room() -> None:
    story = linked(2, at_once=1)
    story.at(3 * SECOND, declared("mail", mode="offer"))
    other = story.arrive(3 * SECOND, party="m0", dial_class="local")
    story.heard(4 * SECOND, other).until(60 * SECOND)
    story.at(60 * SECOND, events.ContactLinked(ContactId(other), IncidentId("mail")))
    story.leave(61 * SECOND, other)
    story.at(62 * SECOND, SOLVED).at(62 * SECOND, events.IncidentEnded(IncidentId("mail"), "mail solved"))
    now = 63 * SECOND
    while story.engine.state.calls or now < 3 * MINUTE:
        story.until(now)
        assert len(story.engine.state.contacts) <= 1
        for call in list(story.engine.state.calls):
            story.heard(now, answers(story, now, call))
        now += SECOND
    assert sorted(called(story)) == ["m0", "n0", "n1"]


def test_a_call_that_somebody_cancels_is_not_tried_again() -> None:
    story = linked(1).at(10 * SECOND, SOLVED).until(10 * SECOND)
    story.at(11 * SECOND, events.CallOutCancelled(ContactId(2))).until(HOUR)
    assert (len(called(story)), results(story)) == (1, [(1, "dropped")])


def test_who_calls_for_it_says_of_which_incident_and_for_whom() -> None:
    story = linked(1).at(10 * SECOND, SOLVED).until(10 * SECOND)
    (fact,) = story.of(facts.CalledOut)
    assert (fact.purpose, fact.incident, fact.linked) == (ALL_CLEAR, VPN, 1)
