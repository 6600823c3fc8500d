"""Messages: a caller speaks after the tone, goes, and an agent hears it at his place."""

from typing import Any

import pytest

from acd.core import effects, events, facts
from acd.core.closing import ASKED_AGAIN_MS
from acd.core.events import ContactId
from acd.core.messages import SEALED_WITHIN_MS
from acd.core.participants import Part, Sound, participants
from acd.core.treatments import LONGEST_TEXT_MS
from acd.core.view import contact_view
from acd.testing.story import SECOND, START_MS, Story, agent, declared, desk, line, treatment
from agents.skills import AgentId
from queues.desk import Calendar, CalendarId, LineId, OutboundRule, Overflow, Way
from queues.names import TreatmentId
from queues.treatment import End, Menu, Music, Park, Phrase, Playlist, Record, Say, Step

ANNA = AgentId("anna")
MINUTE = 60 * SECOND
VOICEMAIL = Say("after the tone"), Record(MINUTE), Say("thank you"), Park("voicemail"), Say("sorry")


def waiting(*steps: Step, forgetful: bool = False, **rules: Any) -> Story:
    """A line with these steps for whoever waits there; anna is signed in and pauses."""
    opened = desk(
        line(treatment=TreatmentId("waiting"), **rules),
        agent("anna"),
        treatment("waiting", *(steps or VOICEMAIL), Music("calm")),
        outbound=(OutboundRule("callback", ("local",), "sip"),),
    )
    return Story(opened, forgetful=forgetful).ready(0, "anna").at(0, events.AgentPaused(ANNA, "break"))


def closed(opens: tuple[tuple[int, int], ...] = (), forgetful: bool = False) -> Story:
    """A line that is closed until then, and takes messages; anna is idle."""
    office = CalendarId("office")
    way = Way(Overflow.TREATMENT, None, TreatmentId("closed"))
    parts = line(hours=office, when_closed=way), agent("anna"), treatment("closed", *VOICEMAIL)
    story = Story(desk(*parts, calendars=(Calendar(office, opens),)), forgetful=forgetful)
    return story.ready(0, "anna")


def said(story: Story, now: int, contact: int, length_ms: int = 5 * SECOND, sound: str = "sound") -> Story:
    """What it said is kept."""
    visit = story.until(now).contact(contact).visit
    return story.at(now, events.MessageRecorded(ContactId(contact), visit, sound, length_ms))


def spoken(story: Story, now: int = 0, **who: Any) -> int:
    """It has heard the tone, two seconds after it arrived."""
    call = story.arrive(now, **who)
    story.heard(now + 2 * SECOND, call)
    return call


def hears(story: Story, now: int, call: int) -> None:
    """Anna takes it, hears the message, and hangs up."""
    story.at(now, events.AgentReady(ANNA))
    assert story.rung("anna") == call
    story.accept(now, "anna")
    joined = story.ordered(effects.ConnectContact)[-1]
    assert (joined.contact, joined.recording) == (call, "sound")
    assert [one for one in story.engine.standing() if isinstance(one, effects.ConnectContact)] == [joined]
    (who,) = participants(story.engine.state, story.contact(call))
    assert (who.part, who.hears) == (Part.AGENT, Sound.MESSAGE)
    story.release(now + 20 * SECOND, call, "anna")
    assert story.of(facts.Released)[-1].by == "agent"
    assert story.engine.state.contacts == {}


FORGETFUL = pytest.mark.parametrize("forgetful", [False, True])


@FORGETFUL
def test_a_caller_leaves_a_message_and_an_agent_hears_it_at_his_place(forgetful: bool) -> None:
    story = waiting(forgetful=forgetful)
    call = spoken(story)
    assert story.heard_by(call) == [(0, ("after the tone", "tone"), "")]
    assert story.ordered(effects.TreatContact)[0].hears.records_ms == MINUTE
    assert story.ordered(effects.TreatContact)[0].tenant == "acme"
    said(story, 9 * SECOND, call)
    assert story.heard_by(call)[1] == (9 * SECOND, ("thank you",), "default")
    assert story.ordered(effects.ReleaseContact) == [], "first he is thanked"
    story.heard(11 * SECOND, call)
    assert [(one.cause, one.promise) for one in story.ordered(effects.ReleaseContact)] == [
        ("voicemail", True)
    ]
    (left,) = story.of(facts.MessageLeft)
    assert (left.wait_ms, left.recording, left.length_ms) == (11 * SECOND, "sound", 5 * SECOND)
    assert contact_view(story.engine.state, story.contact(call), 0).message == "sound"
    later = story.arrive(15 * SECOND)
    assert story.position(call) == 1
    assert story.position(later) == 2
    assert story.contact(call).anchor_ms == START_MS
    story.leave(16 * SECOND, later)
    hears(story, 30 * SECOND, call)
    assert len(story.ordered(effects.ReleaseContact)) == 1, "he is off the line already"


@FORGETFUL
def test_who_hangs_up_while_he_speaks_leaves_a_message_and_abandons_nothing(forgetful: bool) -> None:
    story = waiting(forgetful=forgetful)
    call = spoken(story)
    story.leave(7 * SECOND, call)
    (sealing,) = story.of(facts.Sealing)
    assert (sealing.wait_ms, sealing.until_ms) == (7 * SECOND, START_MS + 7 * SECOND + SEALED_WITHIN_MS)
    story.at(7 * SECOND, events.AgentReady(ANNA))
    assert story.rung("anna") is None, "nobody knows yet whether he has said anything"
    assert story.engine.standing() == []
    said(story, 8 * SECOND, call)
    assert story.rung("anna") == call
    assert story.of(facts.MessageLeft)[0].wait_ms == 7 * SECOND
    assert story.contact(call).anchor_ms == START_MS
    assert story.of(facts.Abandoned) == []


@FORGETFUL
@pytest.mark.parametrize(("sound", "length_ms"), [("sound", 999), ("", 0), ("", 5_000)])
def test_who_said_nothing_has_abandoned(forgetful: bool, sound: str, length_ms: int) -> None:
    story = waiting(forgetful=forgetful)
    call = spoken(story)
    story.leave(7 * SECOND, call)
    said(story, 8 * SECOND, call, length_ms, sound)
    assert [(one.stage, one.wait_ms) for one in story.of(facts.Abandoned)] == [("waiting", 7 * SECOND)]
    assert story.engine.state.contacts == {}


def test_of_who_has_left_nothing_is_expected_after_half_a_minute() -> None:
    story = waiting()
    call = spoken(story)
    story.leave(7 * SECOND, call).until(7 * SECOND + SEALED_WITHIN_MS - 1)
    assert story.of(facts.Abandoned) == []
    story.until(7 * SECOND + SEALED_WITHIN_MS)
    assert [(one.stage, one.wait_ms) for one in story.of(facts.Abandoned)] == [("waiting", 7 * SECOND)]
    assert [one.recording for one in story.of(facts.Recorded)] == [""]
    late = events.MessageRecorded(ContactId(call), 1, "sound", 5_000)
    assert "not live" in story.rejects(40 * SECOND, late)


def test_who_hangs_up_before_the_tone_has_abandoned() -> None:
    story = waiting()
    story.leave(SECOND, story.arrive(0))
    assert [one.stage for one in story.of(facts.Abandoned)] == ["waiting"]
    assert story.of(facts.Sealing) == []


def test_who_is_still_on_the_line_goes_on_when_nobody_reports_a_recording() -> None:
    story = waiting()
    call = story.arrive(0)
    tone_ms = 2 * LONGEST_TEXT_MS  # neither is the end of the tone reported
    story.until(tone_ms + MINUTE + SEALED_WITHIN_MS - 1)
    assert len(story.heard_by(call)) == 1
    story.until(tone_ms + MINUTE + SEALED_WITHIN_MS)
    assert story.heard_by(call)[1][1] == ("thank you", "sorry"), "there is nothing to leave"
    assert story.of(facts.MessageLeft) == []


def test_a_recording_of_another_list_is_stale() -> None:
    story = waiting()
    call = ContactId(spoken(story))
    assert "not recorded" in story.rejects(3 * SECOND, events.MessageRecorded(call, 7, "sound", 5_000))
    said(story, 5 * SECOND, call)
    assert "not recorded" in story.rejects(5 * SECOND, events.MessageRecorded(call, 1, "sound", 5_000)), (
        "twice"
    )


def test_nobody_is_rung_for_who_speaks_and_he_keeps_his_place() -> None:
    story = waiting()
    call = story.arrive(0)
    story.at(SECOND, events.AgentReady(ANNA))
    assert story.rung("anna") is None, "also while he is told to speak"
    story.heard(2 * SECOND, call)
    second = story.arrive(3 * SECOND)
    assert story.rung("anna") == second, "she is free for others"
    assert (story.position(call), story.position(second)) == (1, 2)
    story.leave(4 * SECOND, second)
    assert story.rung("anna") is None
    said(story, 5 * SECOND, call)
    assert story.rung("anna") == call, "he can be asked himself"
    story.accept(5 * SECOND, "anna")
    assert story.ordered(effects.ConnectContact)[-1].recording == ""
    story.leave(6 * SECOND, call)
    assert story.of(facts.MessageLeft) == [], "he has talked to somebody"


def test_for_whom_an_agent_is_rung_the_tone_comes_later() -> None:
    story = waiting(Music("calm", 2 * SECOND), *VOICEMAIL, ring_ms=4 * SECOND)
    call = story.arrive(0)
    story.at(SECOND, events.AgentReady(ANNA)).until(2 * SECOND)
    assert story.rung("anna") == call
    assert story.heard_by(call)[-1][1] == ("after the tone",)
    story.heard(3 * SECOND, call).until(8 * SECOND)
    assert story.heard_by(call)[-1][1] == ("tone",), "nobody answered"


@FORGETFUL
def test_a_closed_line_takes_messages_which_are_heard_when_it_opens(forgetful: bool) -> None:
    opens = START_MS + 3_600 * SECOND
    story = closed(((opens, opens + 3_600 * SECOND),), forgetful)
    call = spoken(story)
    story.leave(7 * SECOND, call)
    said(story, 8 * SECOND, call)
    assert [one.wait_ms for one in story.of(facts.MessageLeft)] == [0]
    assert story.rung("anna") is None
    story.until(3_600 * SECOND)
    assert story.rung("anna") == call


def test_where_no_opening_is_known_a_message_is_looked_at_every_day() -> None:
    story = closed()
    call = spoken(story)
    said(story, 5 * SECOND, call).heard(6 * SECOND, call)
    story.until(6 * SECOND + 2 * ASKED_AGAIN_MS)
    assert story.rung("anna") is None
    assert [one.until_ms - one.t_ms for one in story.of(facts.Deferred)] == [ASKED_AGAIN_MS] * 3


def test_who_finds_it_closed_and_says_nothing_counts_as_blocked() -> None:
    story = closed()
    call = spoken(story)
    story.leave(3 * SECOND, call)
    said(story, 3 * SECOND, call, 200)
    assert [one.by for one in story.of(facts.Released)] == ["closed"]
    assert story.of(facts.Abandoned) == []


def test_a_message_is_left_however_the_call_ends_after_it() -> None:
    for steps in ((Record(MINUTE), Say("bye"), End()), (Record(MINUTE), Music("calm"))):
        story = waiting(*steps, max_wait_ms=MINUTE)
        call = spoken(story)
        said(story, 5 * SECOND, call)
        if isinstance(steps[-1], End):
            story.heard(6 * SECOND, call)
        story.until(MINUTE)
        assert [one.recording for one in story.of(facts.MessageLeft)] == ["sound"]
        assert story.ordered(effects.ReleaseContact)[0].cause == "voicemail"


def test_the_longest_wait_cuts_nobody_off_who_speaks() -> None:
    story = waiting(max_wait_ms=5 * SECOND)
    call = spoken(story)
    story.until(8 * SECOND)
    assert story.of(facts.Released) == []
    said(story, 9 * SECOND, call, 300)
    assert [one.by for one in story.of(facts.Released)] == ["waited too long"]


def test_an_incident_does_not_interrupt_who_speaks() -> None:
    story = waiting()
    call = spoken(story)
    story.at(3 * SECOND, declared())
    assert len(story.heard_by(call)) == 1
    assert story.of(facts.Informed) == []


@FORGETFUL
def test_an_agent_whose_leg_is_lost_gives_the_message_back_and_it_can_be_handed_on(forgetful: bool) -> None:
    story = waiting(forgetful=forgetful)
    call = spoken(story)
    story.leave(7 * SECOND, call)
    said(story, 7 * SECOND, call)
    story.at(8 * SECOND, events.AgentReady(ANNA)).accept(8 * SECOND, "anna")
    story.at(9 * SECOND, events.LegLost(ContactId(call), ANNA))
    story.accept(9 * SECOND, "anna")
    story.at(10 * SECOND, events.ContactTransferred(ContactId(call), ANNA, LineId("help")))
    story.accept(10 * SECOND, "anna")
    assert [one.recording for one in story.ordered(effects.ConnectContact)] == ["sound"] * 3
    assert "nobody on the line" in story.rejects(11 * SECOND, events.ContactLeft(ContactId(call)))


def test_a_message_can_be_cancelled_and_who_rings_again_is_another_contact() -> None:
    story = waiting()
    call = spoken(story, party="number", dial_class="local")
    story.leave(7 * SECOND, call)
    said(story, 7 * SECOND, call)
    again = story.arrive(8 * SECOND, party="number", dial_class="local")
    assert again != call
    promised = events.CallbackPromised(ContactId(call), "number", "local")
    assert "nobody on the line" in story.rejects(8 * SECOND, promised)
    story.at(9 * SECOND, events.CallbackCancelled(ContactId(call)))
    assert [one.by for one in story.of(facts.Released)] == ["cancelled"]


def test_who_is_promised_a_call_has_that_instead() -> None:
    story = waiting()
    call = spoken(story, party="number", dial_class="local")
    story.at(5 * SECOND, events.CallbackPromised(ContactId(call), "number", "local"))
    stale = events.MessageRecorded(ContactId(call), 1, "sound", 5_000)
    assert "not recorded" in story.rejects(5 * SECOND, stale)
    assert story.contact(call).to_call


def test_after_a_restart_it_goes_on_speaking_and_all_times_are_full_again() -> None:
    story = waiting()
    call = spoken(story)
    (treat,) = [one for one in story.engine.standing() if isinstance(one, effects.TreatContact)]
    assert (treat.visit, treat.hears) == (1, Playlist(records_ms=MINUTE, music=treat.hears.music))
    story.leave(5 * SECOND, call).away(6 * SECOND, until=50 * SECOND)
    said(story, 50 * SECOND, call)
    assert len(story.of(facts.MessageLeft)) == 1
    before = waiting()
    before.arrive(0)
    (treat,) = [one for one in before.engine.standing() if isinstance(one, effects.TreatContact)]
    assert treat.hears.says == (Phrase("after the tone"), Phrase("tone")), "he may not have heard it"


def test_a_voicemail_by_the_api_ends_the_contact_as_it_always_did() -> None:
    story = waiting(Menu("choose", (), SECOND, "calm"))
    call = story.arrive(0)
    story.at(SECOND, events.ContactDiverted(ContactId(call), "voicemail"))
    assert [one.kind for one in story.of(facts.FlowedOut)] == ["voicemail"]
    assert story.engine.state.contacts == {}
