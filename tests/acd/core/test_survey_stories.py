"""Whose agent has ended the talk may be asked about it, and is in no line meanwhile."""

from typing import Any

import pytest

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.testing.story import SECOND, START_MS, Story, agent, declared, desk, line, treatment
from agents.capacity import MAIL
from agents.skills import AgentId
from queues.desk import LineId, WrapUpRule
from queues.names import TreatmentId
from queues.treatment import End, Enqueue, Menu, Park, Record, Say, Step

CALL = ContactId(1)
ASKS = TreatmentId("asks")
QUESTION = Menu(
    "how was it?", (("1", TreatmentId("thanks")), ("2", TreatmentId("thanks"))), 5 * SECOND, "calm"
)


def talking(*steps: Step, forgetful: bool = False, **rules: Any) -> Story:
    """Anna talks with a caller of a line whose callers are asked afterwards."""
    opened = desk(
        line(survey=ASKS, wrap_up=WrapUpRule(ms=5_000), **rules),
        line("other", "other"),
        agent("anna"),
        treatment("asks", *(steps or (QUESTION, Say("good bye")))),
        treatment("thanks", Say("thank you")),
    )
    story = Story(opened, forgetful=forgetful).ready(0, "anna")
    story.arrive(0)
    return story.accept(1 * SECOND, "anna")


def heard(story: Story) -> list[tuple[str, ...]]:
    return [fact.says for fact in story.of(facts.Treated) if fact.contact == CALL]


@pytest.mark.parametrize("forgetful", [False, True])
def test_who_is_asked_answers_by_a_key_and_is_released(forgetful: bool) -> None:
    story = talking(forgetful=forgetful).release(60 * SECOND, CALL, "anna")
    assert story.of(facts.SurveyBegan) == [
        facts.SurveyBegan(START_MS + 60 * SECOND, CALL, AgentId("anna"), LineId("help"), ASKS)
    ]
    assert story.shown("anna") == "wrap_up"
    assert heard(story)[-1] == ("how was it?",)
    story.at(62 * SECOND, events.KeyPressed(CALL, story.contact(CALL).visit, "2"))
    assert heard(story)[-1] == ("thank you",)
    story.at(64 * SECOND, events.PromptEnded(CALL))
    (over,) = story.of(facts.Released)
    assert (over.by, over.t_ms) == ("survey", START_MS + 64 * SECOND)
    assert CALL not in story.engine.state.contacts


def test_his_agent_takes_the_next_call_while_he_is_asked() -> None:
    story = talking().release(60 * SECOND, CALL, "anna")
    ordered = [(one.contact, one.agent) for one in story.ordered(effects.ReleaseAgent)]
    assert ordered == [(CALL, "anna")]
    following = story.arrive(61 * SECOND)
    story.until(65 * SECOND)
    assert story.rung("anna") == following
    assert CALL in story.engine.state.contacts


def test_who_hangs_up_while_he_is_asked_has_talked_and_has_not_abandoned() -> None:
    story = talking().release(60 * SECOND, CALL, "anna").at(61 * SECOND, events.ContactLeft(CALL))
    assert [fact.by for fact in story.of(facts.Released)] == ["survey"]
    assert story.of(facts.Abandoned) == []


def test_who_presses_nothing_is_told_good_bye() -> None:
    story = talking().release(60 * SECOND, CALL, "anna")
    story.at(61 * SECOND, events.PromptEnded(CALL)).until(66 * SECOND)
    assert heard(story)[-1] == ("good bye",)


@pytest.mark.parametrize("one", [Enqueue(LineId("other")), Park("voicemail"), Park(), Record(9_000)])
def test_whatever_a_survey_says_he_is_in_no_line_again_and_leaves_nothing(one: Step) -> None:
    story = talking(one, End()).release(60 * SECOND, CALL, "anna")
    assert [fact.by for fact in story.of(facts.Released)] == ["survey"]
    assert len(story.of(facts.Queued)) == 1


def test_an_incident_is_none_of_his_business_any_more() -> None:
    story = talking().release(60 * SECOND, CALL, "anna")
    before = heard(story)
    story.at(61 * SECOND, declared("network"))
    assert heard(story) == before


def test_the_caller_who_hangs_up_first_is_asked_nothing() -> None:
    story = talking().at(60 * SECOND, events.ContactLeft(CALL))
    assert story.of(facts.SurveyBegan) == []
    assert [fact.by for fact in story.of(facts.Released)] == ["caller"]


def test_a_mail_has_nobody_on_the_line_who_could_be_asked() -> None:
    opened = desk(line(survey=ASKS), agent("anna", (MAIL, 1)), treatment("asks", QUESTION))
    story = Story(opened).ready(0, "anna", media=(MAIL,))
    mail = story.arrive(0, medium=MAIL)
    story.accept(1 * SECOND, "anna").release(60 * SECOND, mail, "anna")
    assert story.of(facts.SurveyBegan) == []
    assert [fact.by for fact in story.of(facts.Released)] == ["agent"]


def test_after_a_restart_he_is_asked_again_and_has_his_full_time() -> None:
    story = talking().release(60 * SECOND, CALL, "anna")
    story.away(61 * SECOND, until=100 * SECOND)
    (stands,) = [one for one in story.engine.standing() if isinstance(one, effects.TreatContact)]
    assert stands.hears.keys == "12"
    story.heard(101 * SECOND, CALL).until(105 * SECOND)
    assert CALL in story.engine.state.contacts
    assert heard(story.until(106 * SECOND))[-1] == ("good bye",)


def test_a_line_whose_treatment_is_gone_asks_nothing() -> None:
    story = talking()
    story.at(2 * SECOND, events.DeskChanged(desk(line(survey=ASKS), agent("anna"))))
    story.release(60 * SECOND, CALL, "anna")
    assert [fact.by for fact in story.of(facts.Released)] == ["agent"]
