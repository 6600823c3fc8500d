"""What a line does to those who wait: relaxation, limits, overflow, hours, promotion, positions, greeting."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.core.view import agent_views
from acd.testing.story import START_MS, Story, agent, change, desk, entry, line
from agents.capacity import FAX, MAIL, VOICE
from agents.devices import Carrier
from agents.skills import AgentId, SkillId
from queues.desk import Calendar, CalendarId, LineId, Medium, Overflow, Promotion, Relaxation, Way

OTHER = Way(Overflow.LINE, LineId("other"))
SECOND_LEVEL = (((SkillId("second"), 1),),)


def hours(name: str, *opens: tuple[int, int]) -> Calendar:
    return Calendar(CalendarId(name), tuple((START_MS + start, START_MS + close) for start, close in opens))


def test_after_thirty_seconds_the_second_level_may_serve_and_the_music_goes_on() -> None:
    opened = desk(line(relaxations=(Relaxation(30_000, SECOND_LEVEL),)), agent("bert", second=1))
    story = Story(opened).ready(0, "bert")
    call = story.arrive(0)
    story.until(29_999)
    assert story.rung("bert") is None
    story.until(30_000)
    assert story.rung("bert") == call
    assert story.of(facts.Offered)[0].step == 1
    assert len(story.of(facts.Queued)) == 1
    assert story.ordered(effects.TreatContact) == []


def test_relaxation_widens_and_never_takes_the_first_choice_away() -> None:
    opened = desk(line(relaxations=(Relaxation(1_000, SECOND_LEVEL),)), agent("anna"))
    story = Story(opened)
    call = story.arrive(0)
    story.ready(5_000, "anna")
    assert story.rung("anna") == call


def test_who_waited_too_long_is_released_or_goes_to_another_line() -> None:
    lines = line(max_wait_ms=60_000, when_waited=OTHER), line("other", "other", max_wait_ms=30_000)
    story = Story(desk(*lines))
    call = story.arrive(0)
    story.until(90_000)
    assert story.log(facts.Overflowed, facts.Queued, facts.Released)[1:] == [
        (60_000, "Overflowed", call),
        (60_000, "Queued", call),
        (90_000, "Released", call),
    ]
    assert story.of(facts.Queued)[1].anchor_ms == START_MS
    assert story.ordered(effects.ReleaseContact)[0].cause == "waited too long"


def test_a_limit_reached_while_an_agent_is_rung_waits_for_his_answer() -> None:
    story = Story(desk(line(max_wait_ms=10_000, ring_ms=8_000), agent("anna")))
    call = story.arrive(0)
    story.ready(9_000, "anna").until(16_999)
    assert story.rung("anna") == call
    story.until(17_000)
    assert story.log(facts.Released) == [(17_000, "Released", call)]


def test_a_full_line_sends_on_or_refuses_and_those_being_greeted_count() -> None:
    greeting: dict[str, Any] = {"greeting": "welcome", "greeting_mandatory": True}
    full = line(max_length=2, when_full=OTHER, **greeting)
    story = Story(desk(full, line("other", "other", max_length=1)))
    for now in range(4):
        story.at(now, events.ContactArrived(f"r{now}", entry("help", "help").id, VOICE))
    assert [fact.line for fact in story.of(facts.Queued)] == ["other"]
    assert story.of(facts.Blocked)[0].reason == "full"
    assert story.ordered(effects.RejectContact) == [
        effects.RejectContact("full", carrier=Carrier("sip", "r3"))
    ]


def test_a_closed_line_refuses_and_says_so() -> None:
    opened = desk(line(hours="day"), calendars=(hours("day", (10_000, 20_000)),))
    story = Story(opened)
    for now in (0, 20_000):
        story.at(now, events.ContactArrived(f"r{now}", entry("help", "help").id, VOICE))
    assert [fact.reason for fact in story.of(facts.Blocked)] == ["closed", "closed"]
    assert [fact.t_ms - START_MS for fact in story.of(facts.Arrived)] == []


def test_lines_that_send_to_each_other_when_closed_do_not_go_round_for_ever() -> None:
    night: dict[str, Any] = {"hours": CalendarId("never"), "when_closed": OTHER}
    back: dict[str, Any] = {"hours": CalendarId("never"), "when_closed": Way(Overflow.LINE, LineId("help"))}
    story = Story(desk(line(**night), line("other", **back), calendars=(hours("never"),)))
    story.at(0, events.ContactArrived("r", entry("help", "help").id, VOICE))
    assert story.of(facts.Blocked)[0].reason == "closed"


def test_an_unknown_entry_or_a_wrong_medium_is_blocked_and_never_a_contact() -> None:
    story = Story(desk(line()))
    story.at(0, events.ContactArrived("a", entry("nowhere", "help").id, VOICE))
    story.at(0, events.ContactArrived("b", entry("help", "help").id, MAIL))
    assert [fact.reason for fact in story.of(facts.Blocked)] == ["unknown entry", "unknown entry"]
    assert story.engine.state.contacts == {}


def test_urgency_runs_in_open_hours_only() -> None:
    """Two mails of lines with the same target: the night does not count for the one with office hours."""
    office = hours("office", (0, 10_000), (100_000, 200_000))
    lines = line("office", calendar="office"), line("always")
    story = Story(desk(*lines, agent("anna"), calendars=(office,)))
    overnight = story.arrive(5_000, to="office")
    fresh = story.arrive(90_000, to="always")
    story.ready(105_000, "anna")  # 10 s of open time against 15 s
    assert story.rung("anna") == fresh
    story.accept(105_000, "anna").release(105_000, fresh, "anna")
    assert story.rung("anna") == overnight


def test_near_its_breach_a_mail_is_promoted_on_time_in_its_own_calendar() -> None:
    office = hours("office", (0, 10_000), (100_000, 200_000))
    rules: dict[str, Any] = {"target_ms": 20_000, "promotion": Promotion(5_000, 1), "calendar": "office"}
    story = Story(desk(line("mails", priority_class=7, **rules), line(), agent("anna"), calendars=(office,)))
    mail = story.arrive(0, to="mails")
    story.until(104_999)
    assert story.of(facts.Promoted) == []
    story.arrive(105_000)
    assert story.log(facts.Promoted) == [(105_000, "Promoted", mail)]
    story.ready(105_000, "anna")
    assert story.rung("anna") == mail


def test_a_head_start_given_later_brings_the_promotion_forward() -> None:
    story = Story(desk(line(target_ms=60_000, promotion=Promotion(10_000, 1))))
    call = story.arrive(0)
    story.at(1_000, events.PriorityChanged(ContactId(call), None, 20_000)).until(29_999)
    assert story.of(facts.Promoted) == []
    story.until(30_000)
    assert story.log(facts.Promoted) == [(30_000, "Promoted", call)]


def test_who_arrives_already_near_his_breach_is_promoted_before_anybody_is_chosen() -> None:
    story = Story(desk(line(target_ms=60_000, promotion=Promotion(10_000, 1)), agent("anna"))).ready(
        0, "anna"
    )
    story.arrive(0, head_start_ms=55_000)
    assert story.of(facts.Offered)[0].priority_class == 1


def test_the_told_position_never_gets_worse_when_a_vip_overtakes() -> None:
    story = Story(desk(line(announce_every_ms=10_000), entry("vip", "help", priority_class=1)))
    story.arrive(0)
    call = story.arrive(1_000)
    story.until(11_000)
    story.arrive(12_000, to="vip")
    story.until(23_000)
    mine = [(fact.position, fact.rank) for fact in story.of(facts.PositionTold) if fact.contact == call]
    assert mine == [(2, 2), (2, 3)]


def test_the_position_told_gets_better_as_the_line_moves() -> None:
    story = Story(desk(line(announce_every_ms=10_000)))
    first, second = story.arrive(0), story.arrive(0)
    story.until(10_000).leave(11_000, first).until(22_000)
    told = [fact.position for fact in story.of(facts.PositionTold) if fact.contact == second]
    assert told == [2, 1]


def test_a_mandatory_greeting_must_end_before_the_contact_can_be_offered() -> None:
    story = Story(desk(line(greeting="consent", greeting_mandatory=True), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    assert story.rung("anna") is None
    assert story.ordered(effects.TreatContact)[0].hears.reports
    story.at(4_000, events.PromptEnded(ContactId(call)))
    assert story.rung("anna") == call
    assert story.contact(call).anchor_ms == START_MS + 4_000
    assert "hears no text" in story.rejects(4_001, events.PromptEnded(ContactId(call)))


@pytest.mark.parametrize("medium", [MAIL, FAX])
def test_a_mail_or_a_fax_does_not_wait_for_the_end_of_a_greeting_that_nobody_hears(medium: Medium) -> None:
    opened = desk(line(greeting="consent", greeting_mandatory=True), agent("anna", (medium, 1)))
    story = Story(opened).ready(0, "anna", media=(medium,))
    assert story.arrive(0, medium=medium) == story.rung("anna")
    assert story.of(facts.Treated) == []


def test_an_ordinary_greeting_never_delays_the_match() -> None:
    story = Story(desk(line(greeting="welcome"), agent("anna"))).ready(0, "anna")
    assert story.arrive(0) == story.rung("anna")


def test_who_hangs_up_during_a_mandatory_greeting_was_never_queued() -> None:
    story = Story(desk(line(greeting="consent", greeting_mandatory=True, max_length=1)))
    story.leave(3_000, story.arrive(0))
    abandoned = story.of(facts.Abandoned)[0]
    assert (abandoned.stage, abandoned.wait_ms) == ("greeting", 0)
    story.arrive(4_000)
    assert story.of(facts.Blocked) == []


def test_a_new_desk_applies_to_who_waits() -> None:
    opened = desk(line(), agent("bert", second=1))
    story = Story(opened).ready(0, "bert")
    call = story.arrive(0)
    story.at(5_000, change(opened, lambda one: replace(one, needs=SECOND_LEVEL)))
    assert story.rung("bert") == call


@pytest.mark.parametrize(("after_ms", "rung_at"), [(3_000, 10_000), (30_000, 30_000)])
def test_a_relaxation_added_later_counts_from_when_the_caller_came(after_ms: int, rung_at: int) -> None:
    opened = desk(line(), agent("bert", second=1))
    story = Story(opened).ready(0, "bert")
    story.arrive(0)
    wider = change(opened, lambda one: replace(one, relaxations=(Relaxation(after_ms, SECOND_LEVEL),)))
    story.at(10_000, wider).until(60_000)
    assert story.log(facts.Offered)[0][0] == rung_at


def test_a_line_that_is_dropped_serves_out_who_waits_in_it() -> None:
    story = Story(desk(line(), line("old", "old"), agent("anna", old=1)))
    call = story.arrive(0, to="old")
    story.at(1_000, events.DeskChanged(desk(line(), agent("anna", old=1)))).restart().ready(2_000, "anna")
    assert story.rung("anna") == call
    story.accept(3_000, "anna").release(4_000, call, "anna")


def test_an_agent_who_is_dropped_finishes_his_call_and_is_then_forgotten() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").at(1_000, events.DeskChanged(desk(line(), agent("bert"))))
    assert "left the desk" in story.rejects(1_500, events.AgentSignedIn(AgentId("anna")))
    story.restart().release(2_000, call, "anna")
    assert list(story.engine.state.seats) == ["bert"]
    assert "unknown" in story.rejects(3_000, events.AgentSignedIn(AgentId("anna")))


def test_an_idle_agent_who_is_dropped_is_signed_out_and_shown_no_more() -> None:
    story = Story(desk(line(), agent("anna"), agent("bert"))).ready(0, "anna")
    story.at(1_000, events.DeskChanged(desk(line(), agent("bert"))))
    assert [view.id for view in agent_views(story.engine.state)] == ["bert"]
    assert story.of(facts.SignedOut) == [facts.SignedOut(START_MS + 1_000, AgentId("anna"))]


def test_the_offer_of_a_dropped_agent_goes_to_the_one_with_the_best_claim() -> None:
    """The caller who rang at the dropped agent came first; he is served before the one who waits."""
    story = Story(desk(line(), line("new", "new"), agent("anna"), agent("bert", other=1))).ready(
        0, "anna", "bert"
    )
    first, second = story.arrive(0), story.arrive(1_000)
    story.at(2_000, events.DeskChanged(desk(line(), line("new", "new"), agent("bert"))))
    assert (story.rung("bert"), story.position(first), story.position(second)) == (first, 1, 2)


def test_a_calendar_resolved_anew_re_ranks_who_waits() -> None:
    first, then = hours("office", (0, 10_000)), hours("office", (0, 200_000))
    lines = line("office", calendar="office"), line("always")
    story = Story(desk(*lines, agent("anna"), calendars=(first,)))
    overnight = story.arrive(5_000, to="office")
    story.arrive(90_000, to="always")
    story.at(100_000, events.CalendarChanged(then)).ready(105_000, "anna")
    assert story.rung("anna") == overnight


def test_a_calendar_out_of_order_or_the_one_without_a_name_is_rejected() -> None:
    story = Story(desk(line()))
    wrong = hours("office", (5_000, 10_000), (9_000, 12_000))
    assert "not sorted" in story.rejects(0, events.CalendarChanged(wrong))
    assert "always open" in story.rejects(0, events.CalendarChanged(Calendar(CalendarId(""), ())))
