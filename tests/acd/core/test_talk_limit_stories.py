"""The ten minutes at first level: the agent is told, then it is the second level's, or only known."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import SECOND, Story, agent, desk, line
from agents.capacity import MAIL
from agents.skills import AgentId
from queues.desk import Calendar, CalendarId, LineId, OutboundRule, TalkLimit
from queues.states import ContactState

MINUTE = 60 * SECOND
SECOND_LEVEL = LineId("second")
RULE = TalkLimit(8 * MINUTE, "long", 0, 10 * MINUTE, SECOND_LEVEL)
ANNA = AgentId("anna")


def talks(limit: TalkLimit | None = RULE, **of_second: Any) -> Story:
    """Anna has answered after ten seconds; bert is of the second level."""
    lines = line(talk_limit=limit), replace(line("second", "network", **of_second), level=2)
    opened = desk(*lines, agent("anna"), agent("bert", network=1), agent("carl", help=1, network=1))
    story = Story(opened, forgetful=True).ready(0, "anna", "bert")
    story.arrive(0)
    return story.accept(10 * SECOND, "anna")


def told(story: Story) -> list[int]:
    return [now for now, effect in story.effects if isinstance(effect, effects.PromptAgent)]


def test_he_is_told_after_eight_minutes_and_after_ten_the_second_level_has_it() -> None:
    """With the moment at which the caller first waited; the agent wraps up as after any hand-over."""
    story = talks().until(10 * MINUTE + 20 * SECOND)
    assert told(story) == [8 * MINUTE + 10 * SECOND]
    (long,) = story.of(facts.TalkTooLong)
    assert (long.agent, long.line, long.to, long.talk_ms) == ("anna", "help", "second", 10 * MINUTE)
    (handed,) = story.of(facts.Transferred)
    assert (handed.t_ms, handed.escalated) == (story.moment(10 * MINUTE + 10 * SECOND), True)
    assert [effect.agent for effect in story.ordered(effects.ReleaseAgent)] == ["anna"]
    assert story.contact(1).anchor_ms == story.moment(0)
    assert story.rung("bert") == 1


def test_it_can_be_told_again_and_again() -> None:
    story = talks(TalkLimit(8 * MINUTE, "long", MINUTE, 12 * MINUTE, SECOND_LEVEL)).until(20 * MINUTE)
    assert [(now - 10 * SECOND) // MINUTE for now in told(story)] == [8, 9, 10, 11]


def test_where_no_line_is_named_it_is_only_known() -> None:
    story = talks(TalkLimit(hand_over_ms=10 * MINUTE)).until(60 * MINUTE)
    assert [fact.to for fact in story.of(facts.TalkTooLong)] == [""]
    assert (told(story), story.contact(1).state) == ([], ContactState.CONNECTED)


def test_a_prompt_alone_hands_nothing_over() -> None:
    story = talks(TalkLimit(8 * MINUTE, "long")).until(60 * MINUTE)
    assert len(told(story)) == 1
    assert not story.of(facts.TalkTooLong)


def test_a_closed_line_gets_nobody() -> None:
    never = Calendar(CalendarId("office"), ((1, 2),))
    story = talks(hours=CalendarId("office"))
    story.at(11 * SECOND, events.CalendarChanged(never)).until(20 * MINUTE)
    assert [fact.to for fact in story.of(facts.TalkTooLong)] == [""]
    assert story.contact(1).state is ContactState.CONNECTED


def test_who_is_done_before_is_told_nothing() -> None:
    story = talks().release(5 * MINUTE, 1, "anna").until(60 * MINUTE)
    assert (told(story), story.of(facts.TalkTooLong)) == ([], [])


def test_the_next_agent_has_ten_minutes_of_his_own() -> None:
    """Who got it by hand: time counts for the one who talks, in the line in which he does."""
    story = talks().at(7 * MINUTE, events.ContactTransferred(ContactId(1), ANNA, LineId("help")))
    story.ready(7 * MINUTE, "carl")
    by = "anna" if story.rung("anna") else "carl"
    story.accept(7 * MINUTE + SECOND, by).until(15 * MINUTE)
    assert told(story) == []
    story.until(30 * MINUTE)
    assert told(story) == [15 * MINUTE + SECOND]
    assert [fact.t_ms for fact in story.of(facts.TalkTooLong)] == [story.moment(17 * MINUTE + SECOND)]


def test_whoever_asks_somebody_is_not_interrupted_until_he_has_asked() -> None:
    story = talks().at(9 * MINUTE, events.ConsultStarted(ContactId(1), ANNA, SECOND_LEVEL))
    story.accept(9 * MINUTE + SECOND, "bert").until(11 * MINUTE)
    assert not story.of(facts.TalkTooLong)
    story.at(11 * MINUTE, events.ConsultEnded(ContactId(1), ANNA)).until(12 * MINUTE)
    assert [fact.to for fact in story.of(facts.TalkTooLong)] == ["second"]


def test_who_is_asked_is_not_watched_and_who_takes_it_over_is_from_then_on() -> None:
    opened = desk(
        line(talk_limit=RULE),
        line("second", "network", talk_limit=RULE),
        agent("anna"),
        agent("bert", network=1),
    )
    story = Story(opened, forgetful=True).ready(0, "anna", "bert")
    story.arrive(0)
    story.accept(0, "anna").at(SECOND, events.ConsultStarted(ContactId(1), ANNA, SECOND_LEVEL))
    story.accept(2 * SECOND, "bert").at(9 * MINUTE, events.ConsultMerged(ContactId(1), ANNA))
    assert [effect.agent for effect in story.ordered(effects.PromptAgent)] == ["anna"]
    story.until(18 * MINUTE)
    assert [effect.agent for effect in story.ordered(effects.PromptAgent)] == ["anna", "bert"]


def test_a_message_or_a_parked_caller_is_not_watched() -> None:
    """Nobody talks yet: bert waits for the party of a callback, or hears what it said."""

    opened = desk(
        line(talk_limit=TalkLimit(SECOND, "long")),
        agent("anna"),
        outbound=(OutboundRule("callback", ("mobile",), "sip"),),
    )
    story = Story(opened, forgetful=True).ready(0, "anna")
    story.at(0, events.AgentPaused(ANNA, "break"))
    number = ContactId(story.arrive(0))
    story.at(SECOND, events.CallbackPromised(number, "n", "mobile")).at(2 * SECOND, events.AgentReady(ANNA))
    story.accept(3 * SECOND, "anna").until(20 * SECOND)
    assert told(story) == []
    story.at(21 * SECOND, events.CallAnswered(events.CallId(1), "out")).until(23 * SECOND)
    assert told(story) == [22 * SECOND]


@pytest.mark.parametrize("at", [5, 9])
def test_a_restart_forgets_no_minute(at: int) -> None:
    story = talks().away(at * MINUTE, at * MINUTE + 30 * SECOND).until(20 * MINUTE)
    assert len(told(story)) == 1
    assert [fact.talk_ms for fact in story.of(facts.TalkTooLong)] == [10 * MINUTE]


def test_an_outage_over_the_end_hands_it_over_at_its_return() -> None:
    story = talks().away(9 * MINUTE, 14 * MINUTE).until(15 * MINUTE)
    assert [fact.talk_ms for fact in story.of(facts.TalkTooLong)] == [14 * MINUTE - 10 * SECOND]


def test_a_site_that_wants_it_no_more_is_obeyed_at_once() -> None:
    story = talks()
    state = story.engine.state.desk
    lines = tuple(replace(one, talk_limit=None) for one in state.lines)
    story.at(MINUTE, events.DeskChanged(replace(state, lines=lines))).until(60 * MINUTE)
    assert (told(story), story.of(facts.TalkTooLong)) == ([], [])


def test_mail_may_be_limited_too() -> None:
    opened = desk(line(talk_limit=TalkLimit(SECOND, "long")), agent("anna", (MAIL, 1)))
    story = Story(opened, forgetful=True).ready(0, "anna", media=(MAIL,))
    story.arrive(0, medium=MAIL)
    story.accept(0, "anna").until(2 * SECOND)
    assert told(story) == [SECOND]
