"""Treatments: what a party is told, asked and played: before it is in line, in line, and turned away."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.core.messages import SEALED_WITHIN_MS
from acd.core.steps import NEXT_KEY_MS
from acd.core.treatments import LONGEST_TEXT_MS
from acd.core.view import contact_view
from acd.testing.story import (
    SECOND,
    START_MS,
    Story,
    agent,
    declared,
    desk,
    entry,
    line,
    treatment,
)
from agents.capacity import MAIL
from agents.skills import AgentId
from queues.desk import Calendar, CalendarId, LineId, OutboundRule, Overflow, Way
from queues.names import TreatmentId
from queues.treatment import (
    Collect,
    Condition,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Phrase,
    Playlist,
    Say,
    SayPosition,
    SetLanguage,
    Step,
    When,
)

ANNA = AgentId("anna")
LOCAL: dict[str, Any] = {"dial_class": "local", "party": "number"}
CALLBACKS = (OutboundRule("callback", ("local",), "sip"),)


def to(name: str) -> TreatmentId:
    return TreatmentId(name)


def menu(**keys: str) -> Menu:
    """Asks for the keys (`_1="there"`) for 5 s, with the music `calm`."""
    pairs = tuple((key.removeprefix("_"), to(name)) for key, name in keys.items())
    return Menu("choose", pairs, 5 * SECOND, "calm")


def waiting(*steps: Step, forgetful: bool = False, **rules: Any) -> Story:
    """A line with these steps for whoever waits there; anna is signed in and pauses."""
    opened = desk(
        line(treatment=to("waiting"), **rules),
        line("other", "other"),
        agent("anna"),
        treatment("waiting", *steps),
        treatment("back", Say("we call you"), Park(), Say("sorry")),
        treatment("elsewhere", Enqueue(LineId("other"))),
        treatment("out", Say("good bye"), End()),
        outbound=CALLBACKS,
    )
    return Story(opened, forgetful=forgetful).ready(0, "anna").at(0, events.AgentPaused(ANNA, "break"))


def arriving(*steps: Step, **rules: Any) -> Story:
    """An entry with these steps for whoever arrives; anna is ready."""
    welcomed = entry("help", "help", treatment=to("arriving"))
    parts = (line(**rules), line("other", "other"), welcomed, agent("anna"))
    opened = desk(*parts, treatment("arriving", *steps), treatment("other", Enqueue(LineId("other"))))
    return Story(opened).ready(0, "anna")


# ---- in line


@pytest.mark.parametrize("forgetful", [False, True])
def test_texts_music_and_position_follow_each_other_and_begin_again(forgetful: bool) -> None:
    music = Music("calm", 10 * SECOND)
    story = waiting(Say("welcome"), music, SayPosition(), GoOn(to("waiting")), forgetful=forgetful)
    call = story.arrive(0)
    story.heard(3 * SECOND, call)
    assert story.heard_by(call) == [(0, ("welcome",), "calm")]
    story.until(13 * SECOND)
    assert story.heard_by(call)[1:] == [(13 * SECOND, ("position 1", "welcome"), "calm")]


def test_steps_that_decide_nothing_are_one_list() -> None:
    story = waiting(Say("one"), Say("two"), SayPosition(), Music("calm"))
    call = story.arrive(0)
    assert story.heard_by(call) == [(0, ("one", "two", "position 1"), "calm")]
    assert story.engine.next_deadline() is None, "music for good has no end"
    assert not story.ordered(effects.TreatContact)[0].hears.reports


def test_a_line_whose_only_treatment_is_its_music_costs_no_list_at_all() -> None:
    story = Story(desk(line(music="calm")))
    call = story.arrive(0)
    assert story.heard_by(call) == []
    assert story.ordered(effects.AdmitContact)[0].music == "calm"
    assert story.of(facts.Treated) == []


def test_the_music_of_a_list_begins_to_count_when_its_texts_are_over() -> None:
    story = waiting(Say("long"), Music("calm", 5 * SECOND), Say("next"), Music("calm"))
    call = story.arrive(0)
    story.heard(20 * SECOND, call).until(24_999)
    assert len(story.heard_by(call)) == 1
    assert story.until(25_000).heard_by(call)[1] == (25_000, ("next",), "calm")


def test_a_text_whose_end_nobody_reports_is_taken_for_heard_after_its_longest_time() -> None:
    story = arriving(Say("one"), Say("two"))
    call = story.arrive(0)
    story.until(2 * LONGEST_TEXT_MS - 1)
    assert story.rung("anna") is None
    assert story.until(2 * LONGEST_TEXT_MS).rung("anna") == call


def test_the_end_of_an_older_list_is_stale_and_the_list_that_stands_goes_on() -> None:
    story = waiting(Say("one"), Music("calm", SECOND), Say("two"), Music("calm", SECOND))
    call = story.arrive(0)
    story.at(2 * SECOND, events.PromptEnded(ContactId(call), 1)).until(3 * SECOND)
    assert "hears no text" in story.rejects(3 * SECOND, events.PromptEnded(ContactId(call), 1))
    story.at(4 * SECOND, events.PromptEnded(ContactId(call), 2))
    assert "hears no text" in story.rejects(4 * SECOND, events.PromptEnded(ContactId(call), 2)), "told twice"


def test_a_key_goes_on_with_another_treatment_and_no_key_with_the_next_step() -> None:
    story = waiting(menu(_1="elsewhere"), Say("nothing chosen"), Music("calm"))
    first, second = story.arrive(0), story.arrive(0)
    story.heard(2 * SECOND, first).heard(2 * SECOND, second).press(3 * SECOND, first, "1").until(7 * SECOND)
    assert (story.contact(first).line, story.contact(second).line) == ("other", "help")
    assert story.heard_by(second)[1] == (7 * SECOND, ("nothing chosen",), "calm")
    chosen = [(fact.contact, fact.treatment, fact.key) for fact in story.of(facts.KeyChosen)]
    assert chosen == [(first, "waiting", "1")]
    assert [(fact.contact, fact.treatment) for fact in story.of(facts.NoKey)] == [(second, "waiting")]


def test_a_key_counts_while_the_text_is_still_heard() -> None:
    story = waiting(menu(_1="out"))
    call = story.arrive(0)
    assert story.press(SECOND, call, "1").heard_by(call)[1][1] == ("good bye",)


def test_only_a_key_that_is_asked_for_by_the_list_that_stands_is_taken() -> None:
    story = waiting(menu(_1="out"), Music("calm"))
    call = ContactId(story.arrive(0))
    assert "not asked" in story.rejects(0, events.KeyPressed(call, 1, "2"))
    assert "not asked" in story.rejects(0, events.KeyPressed(call, 0, "1"))
    story.heard(SECOND, call).until(7 * SECOND)
    assert "not asked" in story.rejects(7 * SECOND, events.KeyPressed(call, 1, "1")), "its time is over"
    assert "not asked" in story.rejects(7 * SECOND, events.KeyPressed(call, 2, "1"))


@pytest.mark.parametrize("key_first", [True, False])
def test_a_key_in_the_instant_in_which_an_agent_answers_whichever_comes_first_counts(key_first: bool) -> None:
    story = waiting(menu(_1="back"))
    call = ContactId(story.arrive(0, **LOCAL))
    story.at(SECOND, events.AgentReady(ANNA))
    key = events.KeyPressed(call, story.contact(call).visit, "1")
    if key_first:
        story.at(2 * SECOND, key).accept(2 * SECOND, "anna")
        assert story.contact(call).state == "connected"
        assert "hears no text" in story.rejects(3 * SECOND, events.PromptEnded(call, 2))
    else:
        story.accept(2 * SECOND, "anna")
        assert "not asked" in story.rejects(2 * SECOND, key)
    assert story.of(facts.Parked) == []


def test_who_is_answered_hears_his_treatment_no_more_and_after_the_transfer_that_of_the_new_line() -> None:
    opened = desk(
        line(treatment=to("here")),
        line("second", "second", treatment=to("there")),
        agent("anna"),
        treatment("here", Say("here"), Music("calm", SECOND), GoOn(to("here"))),
        treatment("there", Say("there"), Music("brisk")),
    )
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").until(100 * SECOND)
    assert story.heard_by(call) == [(0, ("here",), "calm")]
    story.at(100 * SECOND, events.ContactTransferred(ContactId(call), ANNA, LineId("second")))
    assert story.heard_by(call)[1:] == [(100 * SECOND, ("there",), "brisk")]
    kinds = [type(effect).__name__ for effect in story.outcome.effects]
    assert kinds == ["ReleaseAgent", "TreatContact"]


def test_offers_come_and_go_while_the_treatment_goes_on_but_no_position_is_told_to_who_is_rung() -> None:
    story = waiting(
        Music("calm", 5 * SECOND), SayPosition(), Say("please wait"), Music("calm"), ring_ms=8_000
    )
    call = story.arrive(0)
    story.at(SECOND, events.AgentReady(ANNA)).until(6 * SECOND)
    assert story.heard_by(call)[1] == (5 * SECOND, ("please wait",), "calm")
    assert story.of(facts.PositionTold) == []


def test_who_finds_an_agent_at_once_is_told_no_place() -> None:
    opened = desk(
        line(treatment=to("waiting")), agent("anna"), treatment("waiting", SayPosition(), Say("hello"))
    )
    story = Story(opened).ready(0, "anna")
    call = story.arrive(0)
    assert story.rung("anna") == call
    assert story.heard_by(call) == [(0, ("hello",), "default")]


def test_another_line_by_overflow_begins_its_own_treatment() -> None:
    opened = desk(
        line(max_wait_ms=10 * SECOND, when_waited=Way(Overflow.LINE, LineId("other"))),
        line("other", "other", treatment=to("there")),
        treatment("there", Say("there"), Music("brisk")),
    )
    story = Story(opened)
    call = story.arrive(0)
    assert story.until(10 * SECOND).heard_by(call) == [(10 * SECOND, ("there",), "brisk")]


def test_overflow_to_a_line_with_other_music_changes_the_music_and_with_the_same_nothing() -> None:
    away: dict[str, Any] = {"max_wait_ms": 10 * SECOND}
    opened = desk(
        line(**away, when_waited=Way(Overflow.LINE, LineId("same"))),
        line("same", "x", **away, when_waited=Way(Overflow.LINE, LineId("new"))),
        line("new", "x", music="brisk"),
    )
    story = Story(opened)
    call = story.arrive(0)
    assert story.until(25 * SECOND).heard_by(call) == [(20 * SECOND, (), "brisk")]


def test_a_treatment_that_ends_in_line_is_followed_by_that_of_the_line_and_that_by_music() -> None:
    story = waiting(menu(_1="back"), Say("thank you"), forgetful=True)
    call = story.arrive(0)
    story.heard(0, call).press(SECOND, call, "1")
    assert story.heard_by(call)[1] == (SECOND, ("we call you", "sorry", "choose"), "calm"), (
        "no class, no callback"
    )
    story.heard(2 * SECOND, call).until(20 * SECOND)
    assert story.heard_by(call)[2:] == [(7 * SECOND, ("thank you",), "default")]
    assert story.engine.next_deadline() is None


def test_steps_in_a_circle_in_which_nothing_takes_time_end_in_music() -> None:
    story = waiting(Say("round"), GoOn(to("waiting")))
    call = story.arrive(0)
    assert [music for _, _, music in story.heard_by(call)] == ["default"]
    before = arriving(Say("round"), GoOn(to("arriving")))
    assert before.arrive(0) == before.rung("anna"), "and in its line"


# ---- conditions


@pytest.mark.parametrize(
    ("asked", "at", "said", "holds"),
    [
        (When(Condition.VIP, to("out")), 0, {"head_start_ms": 1}, True),
        (When(Condition.VIP, to("out")), 0, {"priority_class": 4}, True),
        (When(Condition.VIP, to("out")), 0, {"priority_class": 5}, False),
        (When(Condition.WAITED, to("out"), 10 * SECOND), 9, {}, False),
        (When(Condition.WAITED, to("out"), 10 * SECOND), 10, {}, True),
        (When(Condition.BEHIND, to("out"), 1), 0, {}, True),
        (When(Condition.BEHIND, to("out"), 2), 0, {}, False),
        (When(Condition.NOBODY, to("out")), 0, {}, True),
        (When(Condition.CLOSED, to("out")), 0, {}, False),
        (When(Condition.CALLBACK, to("out")), 0, LOCAL, True),
        (When(Condition.CALLBACK, to("out")), 0, {"dial_class": "foreign", "party": "number"}, False),
        (When(Condition.CALLBACK, to("out")), 0, {"dial_class": "local"}, False),
    ],
)
def test_a_condition_is_asked_when_its_moment_comes(
    asked: When, at: int, said: dict[str, Any], holds: bool
) -> None:
    steps = (Music("calm", at * SECOND), asked) if at else (asked,)
    story = waiting(*steps, Say("on"), Music("calm"))
    story.arrive(0)
    call = story.arrive(0, **said)
    texts = story.until(at * SECOND).heard_by(call)[-1][1]
    assert texts == (("good bye",) if holds else ("on",))


def test_somebody_who_is_ready_and_reachable_could_serve() -> None:
    story = waiting(Music("calm", SECOND), When(Condition.NOBODY, to("out")), Say("on"), Music("calm"))
    story.at(0, events.AgentReady(ANNA)).arrive(0)
    call = story.arrive(0)
    assert story.until(SECOND).heard_by(call)[1][1] == ("on",)


# ---- before it is in line


def test_a_text_before_the_line_is_heard_to_its_end_first_and_its_anchor_is_that_moment() -> None:
    story = arriving(Say("consent"), Enqueue(), Say("thank you"), Music("calm"))
    call = story.arrive(0)
    assert story.rung("anna") is None
    story.heard(4 * SECOND, call)
    assert story.rung("anna") == call
    assert story.contact(call).anchor_ms == START_MS + 4 * SECOND
    assert [said for _, said, _ in story.heard_by(call)] == [("consent",), ("thank you",)]


def test_who_chooses_a_line_hears_of_the_incident_of_that_line_and_of_no_other() -> None:
    story = arriving(menu(_1="other"))
    story.at(0, declared(lines=(LineId("other"),)))
    first, second = story.arrive(0), story.arrive(0)
    story.press(SECOND, first, "1").heard(SECOND, second).until(7 * SECOND)
    assert [(fact.contact, fact.line) for fact in story.of(facts.Informed)] == [(first, "other")]
    assert story.heard_by(first)[-1][1] == ("vpn down",)


def test_a_menu_before_the_line_chooses_the_line() -> None:
    story = arriving(menu(_1="other"), Enqueue())
    first, second = story.arrive(0), story.arrive(0)
    story.press(SECOND, first, "1").heard(SECOND, second).until(6 * SECOND)
    assert (story.contact(first).line, story.contact(second).line) == ("other", "help")
    queued = [(fact.contact, fact.line, fact.cause) for fact in story.of(facts.Queued)]
    assert queued == [(first, "other", "arrived"), (second, "help", "arrived")]


def test_who_is_in_no_line_yet_takes_no_place_and_may_find_it_full() -> None:
    story = arriving(Say("welcome"), max_length=1)
    first, second = story.arrive(0), story.arrive(0)
    story.heard(SECOND, first).at(SECOND, events.AgentPaused(ANNA, "break")).heard(2 * SECOND, second)
    assert [(fact.contact, fact.by) for fact in story.of(facts.Released)] == [(second, "full")]
    assert story.ordered(effects.ReleaseContact)[0].cause == "full"


def test_who_hangs_up_before_he_is_in_line_abandoned_without_a_wait() -> None:
    story = arriving(menu(_1="other"))
    story.leave(3 * SECOND, story.arrive(0))
    assert [(fact.stage, fact.wait_ms) for fact in story.of(facts.Abandoned)] == [("greeting", 0)]


def test_music_for_good_before_the_line_is_passed_over_else_nobody_would_ever_wait() -> None:
    story = arriving(Music("calm"))
    assert story.arrive(0) == story.rung("anna")


def test_a_mail_is_told_nothing_and_waits_at_once() -> None:
    mailbox = entry("help", "help", MAIL, treatment=to("arriving"))
    parts = (
        line(treatment=to("arriving")),
        mailbox,
        agent("anna", (MAIL, 1)),
        treatment("arriving", Say("hello")),
    )
    story = Story(desk(*parts)).ready(0, "anna", media=(MAIL,))
    assert story.arrive(0, medium=MAIL) == story.rung("anna")
    assert story.ordered(effects.TreatContact) == []


def test_the_text_of_an_incident_comes_before_the_treatment_of_the_entry() -> None:
    story = arriving(Say("welcome")).at(0, declared())
    call = story.arrive(0)
    story.heard(5 * SECOND, call).heard(8 * SECOND, call)
    assert [said for _, said, _ in story.heard_by(call)] == [("vpn down",), ("welcome",)]
    assert story.rung("anna") == call


# ---- a line that does not take anybody


def closed(*steps: Step) -> Story:
    """A line that is closed, and says these steps."""
    never = Calendar(CalendarId("office"), ())
    way = Way(Overflow.TREATMENT, None, to("closed"))
    rules: dict[str, Any] = {"hours": CalendarId("office"), "when_closed": way}
    parts = (line(**rules), line("night", "help"), agent("anna"), treatment("closed", *steps))
    to_night = treatment("night", Enqueue(LineId("night")))
    return Story(desk(*parts, to_night, calendars=(never,))).ready(0, "anna")


def test_who_finds_the_line_closed_is_told_so_and_counts_as_blocked() -> None:
    story = closed(Say("we are closed"))
    call = story.arrive(0)
    assert story.heard_by(call) == [(0, ("we are closed",), "default")]
    story.heard(4 * SECOND, call)
    assert [(fact.contact, fact.by) for fact in story.of(facts.Released)] == [(call, "closed")]
    assert story.ordered(effects.ReleaseContact)[0].cause == "closed"
    assert story.engine.state.contacts == {}


def test_who_hangs_up_while_he_is_told_that_it_is_closed_abandoned_nothing() -> None:
    story = closed(Say("we are closed"))
    story.leave(2 * SECOND, story.arrive(0))
    assert [fact.by for fact in story.of(facts.Released)] == ["closed"]
    assert story.of(facts.Abandoned) == []


def test_a_closed_line_can_offer_another_one_by_key() -> None:
    story = closed(menu(_9="night"))
    call = story.arrive(0)
    story.press(SECOND, call, "9")
    assert story.rung("anna") == call
    assert story.contact(call).line == "night"


def test_after_the_text_of_an_incident_a_closed_line_says_so() -> None:
    story = closed(Say("we are closed")).at(0, declared())
    call = story.arrive(0)
    story.heard(5 * SECOND, call).heard(9 * SECOND, call)
    assert [said for _, said, _ in story.heard_by(call)] == [("vpn down",), ("we are closed",)]
    assert [fact.by for fact in story.of(facts.Released)] == ["closed"]


def test_a_treatment_can_say_that_it_is_closed_before_it_says_anything_else() -> None:
    never = Calendar(CalendarId("office"), ())
    steps = When(Condition.CLOSED, to("closed")), Say("welcome")
    welcomed = entry("help", "help", treatment=to("welcome"))
    parts = (line(hours=CalendarId("office")), welcomed, treatment("welcome", *steps))
    story = Story(desk(*parts, treatment("closed", Say("closed"), End()), calendars=(never,)))
    call = story.arrive(0)
    story.heard(5 * SECOND, call)
    assert [said for _, said, _ in story.heard_by(call)] == [("closed",)]
    assert [fact.by for fact in story.of(facts.Released)] == ["closed"], "and counts as such"
    (asked,) = story.of(facts.ConditionAsked)
    assert (asked.treatment, asked.step, asked.condition, asked.held) == ("welcome", 0, "closed", True)


def test_a_mail_to_a_closed_line_is_blocked_without_a_word() -> None:
    story = closed(Say("we are closed"))
    story.at(0, events.ContactArrived("m", entry("help", "help", MAIL).id, MAIL))
    assert [fact.reason for fact in story.of(facts.Blocked)] == ["closed"]


# ---- callback and end by a step


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_callback_chosen_by_key_is_promised_when_its_text_was_heard(forgetful: bool) -> None:
    story = waiting(menu(_1="back"), forgetful=forgetful)
    call = story.arrive(0, **LOCAL)
    story.press(SECOND, call, "1").until(3 * SECOND)
    assert story.of(facts.Parked) == []
    story.heard(4 * SECOND, call)
    assert [(fact.contact, fact.wait_ms) for fact in story.of(facts.Parked)] == [(call, 4 * SECOND)]
    (released,) = story.ordered(effects.ReleaseContact)
    assert (released.cause, released.promise) == ("callback", True)
    assert story.contact(call).parked
    story.at(10 * SECOND, events.AgentReady(ANNA)).accept(11 * SECOND, "anna")
    assert story.ordered(effects.PlaceCall)[0].party == "number"


@pytest.mark.parametrize("gone", ["hangs up", "is lost"])
def test_who_goes_while_he_is_told_that_he_will_be_called_is_called(gone: str) -> None:
    story = waiting(menu(_1="back"), forgetful=True)
    call = ContactId(story.arrive(0, **LOCAL))
    story.press(SECOND, call, "1")
    story.at(2 * SECOND, events.ContactLeft(call) if gone == "hangs up" else events.LegLost(call))
    assert [(fact.contact, fact.again) for fact in story.of(facts.Parked)] == [(call, False)]
    assert story.ordered(effects.ReleaseContact) == [], "he is off already"
    assert story.of(facts.Abandoned) == []


def test_whom_the_line_lets_wait_no_longer_while_he_is_told_so_is_called_too() -> None:
    story = waiting(menu(_1="back"), max_wait_ms=5 * SECOND)
    call = story.arrive(0, **LOCAL)
    story.press(4 * SECOND, call, "1").until(5 * SECOND)
    assert [fact.contact for fact in story.of(facts.Parked)] == [call]
    assert [one.cause for one in story.ordered(effects.ReleaseContact)] == ["callback"]


def test_whom_an_agent_answers_while_he_is_told_so_needs_no_callback() -> None:
    story = waiting(menu(_1="back"))
    call = story.arrive(0, **LOCAL)
    story.press(SECOND, call, "1").at(2 * SECOND, events.AgentReady(ANNA)).accept(3 * SECOND, "anna")
    story.leave(60 * SECOND, call)
    assert story.log(facts.Parked, facts.CallbackOver) == []
    assert [fact.by for fact in story.of(facts.Released)] == ["caller"]


def test_the_desk_ends_a_call_by_a_step_once_its_texts_were_heard() -> None:
    story = waiting(Say("all are busy, please use the portal"), End())
    call = story.arrive(0)
    story.heard(6 * SECOND, call)
    assert [(fact.contact, fact.by) for fact in story.of(facts.Released)] == [(call, "treatment")]
    assert story.ordered(effects.ReleaseContact)[0].cause == "treatment"


@pytest.mark.parametrize("step", [End(), Enqueue(LineId("other"))])
def test_who_is_being_rung_is_neither_sent_away_nor_moved_before_nobody_answers(step: Step) -> None:
    story = waiting(Music("calm", 2 * SECOND), step, Music("calm"), ring_ms=10 * SECOND)
    call = story.arrive(0)
    story.at(SECOND, events.AgentReady(ANNA)).until(10 * SECOND)
    assert story.rung("anna") == call
    story.until(17 * SECOND)
    assert call not in story.engine.state.contacts or story.contact(call).line == "other"


# ---- language


def test_texts_are_said_in_the_language_of_the_party_as_known_or_as_chosen() -> None:
    story = waiting(Say("welcome"), menu(_2="english"), Music("calm"))
    story.at(
        0,
        events.DeskChanged(
            replace(
                story.engine.state.desk,
                treatments=(
                    *story.engine.state.desk.treatments,
                    treatment("english", SetLanguage("en"), Say("in english")),
                ),
            )
        ),
    )
    german, stranger = story.arrive(0, language="de"), story.arrive(0)
    story.press(SECOND, stranger, "2")
    spoken = [(one.contact, one.hears.language) for one in story.ordered(effects.TreatContact)]
    assert spoken[:3] == [(german, "de"), (stranger, ""), (stranger, "en")]
    assert [(fact.contact, fact.language) for fact in story.of(facts.LanguageSet)] == [(stranger, "en")]


# ---- restart and a new desk


def test_after_a_restart_the_list_that_is_waited_for_stands_whole_and_others_without_their_texts() -> None:
    story = waiting(Say("welcome"), Music("calm", 20 * SECOND), Music("brisk"))
    call = story.arrive(0)

    def stands() -> list[Playlist]:
        return [one.hears for one in story.engine.standing() if isinstance(one, effects.TreatContact)]

    assert stands() == [Playlist((Phrase("welcome"),), "calm", reports=True)]
    story.heard(3 * SECOND, call)
    assert stands() == [Playlist((), "calm")]
    story.until(23 * SECOND)
    assert stands() == [Playlist((), "brisk")]


def test_a_menu_stands_with_its_keys_after_a_restart_and_has_its_full_time_again() -> None:
    story = waiting(menu(_1="out"), Say("on"), Music("calm"))
    call = story.arrive(0)
    story.heard(SECOND, call).away(2 * SECOND, 60 * SECOND)
    (stands,) = [one for one in story.engine.standing() if isinstance(one, effects.TreatContact)]
    assert stands.hears == Playlist((), "calm", keys="1")
    story.until(64_999)
    assert len(story.heard_by(call)) == 1
    assert story.until(65_000).heard_by(call)[1][1] == ("on",)


def test_who_is_asked_for_a_key_by_a_menu_that_is_another_one_now_is_asked_anew() -> None:
    story = waiting(menu(_1="out", _2="back"))
    call = story.arrive(0)
    before = story.contact(call).visit
    parts = line(treatment=to("waiting")), agent("anna"), treatment("out", End()), treatment("back", Park())
    story.at(SECOND, events.DeskChanged(desk(*parts, treatment("waiting", menu(_1="back", _2="out")))))
    assert story.contact(call).visit > before
    assert "not asked" in story.rejects(SECOND, events.KeyPressed(ContactId(call), before, "2"))


def test_a_line_that_hands_back_to_where_it_is_changes_nothing() -> None:
    never = Calendar(CalendarId("office"), ())
    back = Way(Overflow.LINE, LineId("help"))
    again = treatment("waiting", Music("calm", 5 * SECOND), Enqueue(LineId("night")), GoOn(to("waiting")))
    night = line("night", "x", hours=CalendarId("office"), when_closed=back)
    story = Story(
        desk(line(treatment=to("waiting"), max_wait_ms=30 * SECOND), night, again, calendars=(never,))
    )
    call = story.arrive(0)
    story.until(30 * SECOND)
    assert call not in story.engine.state.contacts
    assert story.of(facts.Overflowed) == []


def test_who_asks_for_the_line_in_which_he_is_stays_there_even_if_it_is_full() -> None:
    full = line(treatment=to("waiting"), max_length=1, when_full=Way(Overflow.LINE, LineId("other")))
    again = treatment("waiting", Music("calm", 5 * SECOND), Enqueue(LineId("help")), Music("calm"))
    story = Story(desk(full, line("other", "other"), again))
    call = story.arrive(0)
    story.until(6 * SECOND)
    assert story.contact(call).line == LineId("help")
    assert story.of(facts.Overflowed) == []


def test_a_new_desk_lets_a_list_be_heard_and_goes_on_with_the_new_steps() -> None:
    story = waiting(Say("old"), Music("calm", 5 * SECOND), Say("old end"), Music("calm"))
    call = story.arrive(0)
    new = treatment("waiting", Say("new"), Music("calm"), Say("new end"), Music("brisk"))
    story.at(SECOND, events.DeskChanged(desk(line(treatment=to("waiting")), agent("anna"), new)))
    assert len(story.heard_by(call)) == 1
    story.heard(2 * SECOND, call).until(7 * SECOND)
    assert story.heard_by(call)[1] == (7 * SECOND, ("new end",), "brisk")


def test_who_hears_nothing_but_music_hears_what_a_new_desk_has_for_those_who_wait() -> None:
    story = Story(desk(line()))
    call = story.arrive(0)
    story.at(SECOND, events.DeskChanged(desk(line(announce_every_ms=5 * SECOND)))).until(6 * SECOND)
    assert story.heard_by(call)[-1] == (6 * SECOND, ("position 1",), "default")


def test_a_treatment_that_a_new_desk_dropped_ends_with_its_list() -> None:
    story = waiting(Say("old"), Music("calm", 5 * SECOND), Say("old end"), Music("calm"))
    call = story.arrive(0)
    story.at(SECOND, events.DeskChanged(desk(line(), agent("anna"))))
    story.heard(2 * SECOND, call).until(60 * SECOND)
    assert story.heard_by(call)[1:] == [(7 * SECOND, (), "default")]


# ---- a string of keys

TYPES = Collect("your number", "customer", 8, 6 * SECOND, "calm")


def typed(story: Story, now: int, contact: int, digits: str = "kept") -> Story:
    visit = story.until(now).contact(contact).visit
    return story.at(now, events.DigitsCollected(ContactId(contact), visit, digits))


@pytest.mark.parametrize("forgetful", [False, True])
def test_what_was_typed_stays_with_the_contact_as_an_opaque_id(forgetful: bool) -> None:
    story = waiting(TYPES, Say("thanks"), Music("calm"), forgetful=forgetful)
    call = story.arrive(0)
    (asked,) = story.ordered(effects.TreatContact)
    assert (asked.hears.collects, asked.hears.collect_ms, asked.tenant) == (8, 6 * SECOND, "acme")
    typed(story, 4 * SECOND, call)
    assert story.heard_by(call)[1] == (4 * SECOND, ("thanks",), "calm")
    assert story.ordered(effects.TreatContact)[-1].hears.collects == 0
    assert [(one.name, one.digits) for one in story.of(facts.Collected)] == [("customer", "kept")]
    assert contact_view(story.engine.state, story.contact(call), 0).collected == {"customer": "kept"}


def test_who_types_nothing_goes_on_and_so_does_one_of_whom_nothing_is_told() -> None:
    story = waiting(TYPES, Say("never mind"), Music("calm"))
    first, second = story.arrive(0), story.arrive(0)
    story.heard(SECOND, first).heard(SECOND, second)
    typed(story, 7 * SECOND, first, "")
    assert story.contact(first).collected is None
    longest = 6 * SECOND + 8 * NEXT_KEY_MS + SEALED_WITHIN_MS
    story.until(SECOND + longest - 1)
    assert len(story.heard_by(second)) == 1
    story.until(SECOND + longest)
    assert story.heard_by(second)[1][1] == ("never mind",)
    assert [one.digits for one in story.of(facts.Collected)] == ["", ""]


def test_digits_of_an_older_list_or_of_who_is_answered_are_stale() -> None:
    story = waiting(TYPES, Say("thanks"), Music("calm"))
    call = ContactId(story.arrive(0))
    assert "no digits" in story.rejects(0, events.DigitsCollected(call, 7, "kept"))
    story.at(SECOND, events.AgentReady(ANNA)).accept(SECOND, "anna")
    assert "no digits" in story.rejects(2 * SECOND, events.DigitsCollected(call, 1, "kept"))
    assert "not live" in story.rejects(2 * SECOND, events.DigitsCollected(ContactId(9), 1, "kept"))


def test_an_incident_interrupts_who_types_and_he_is_asked_for_it_again() -> None:
    story = waiting(TYPES, Music("calm"))
    call = story.arrive(0)
    story.heard(SECOND, call).at(2 * SECOND, declared()).heard(5 * SECOND, call)
    assert story.ordered(effects.TreatContact)[-1].hears.collects == 8
    assert "no digits" in story.rejects(6 * SECOND, events.DigitsCollected(ContactId(call), 1, "kept"))
    assert typed(story, 6 * SECOND, call).contact(call).collected == {"customer": "kept"}


def test_after_a_restart_a_string_is_still_asked_for() -> None:
    story = waiting(TYPES, Music("calm"))
    call = story.arrive(0)
    story.heard(SECOND, call).away(2 * SECOND, until=100 * SECOND)
    (standing,) = [one for one in story.engine.standing() if isinstance(one, effects.TreatContact)]
    assert (standing.visit, standing.hears.says, standing.hears.collects) == (1, (), 8)
    assert typed(story, 103 * SECOND, call).contact(call).collected == {"customer": "kept"}
