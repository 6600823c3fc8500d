"""A list of people is called in its order until one acknowledges by a key; the list is walked by hand here.

The engine is a new one after every event, and each wait is left unanswered once.
"""

from typing import Literal

import pytest

from acd.core import effects, events, facts
from acd.core.events import CallId, ContactId
from acd.testing.story import SECOND, Story, agent, desk, line, treatment
from agents.skills import AgentId
from queues.desk import EntryId, OutboundRule
from queues.names import TreatmentId
from queues.treatment import End, Menu, Say

ALARM, TAKEN = TreatmentId("alarm"), TreatmentId("taken")
TREATMENTS = (
    treatment(
        "alarm",
        Say("the mail server is down"),
        Menu("press 1 to take it", (("1", TAKEN),), 8_000, "calm"),
        End(),
    ),
    treatment("taken", Say("thank you")),
)
RULE = OutboundRule("escalation", ("mobile",), "sip", at_once=1)
PEOPLE = ("first", "second", "third")

How = Literal["busy", "never answers", "hangs up", "lets it talk", "presses 1"]


class Calling:
    """Walks the list as whoever owns escalations will: the next one when the one before did not take it."""

    def __init__(self) -> None:
        self.story = Story(desk(line(), *TREATMENTS, outbound=(RULE,)), forgetful=True)
        self.now = 0

    def taken(self, *people: How) -> bool:
        """Whether one of them acknowledges; each behaves like this."""
        for number, how in enumerate(people, start=1):
            party = PEOPLE[number - 1]
            event = events.CallOut(EntryId("help"), "escalation", party, "mobile", ALARM)
            self.story.at(self.now, event)
            self._behaves(number, how)
            self.now = self.story.now + SECOND
            assert not self.story.engine.state.contacts, "nobody is left over"
            if any(fact.key == "1" for fact in self.story.of(facts.KeyChosen)):
                return True
        return False

    def _behaves(self, number: int, how: How) -> None:
        story, contact = self.story, ContactId(number)
        if how == "busy":
            story.at(self.now + 2 * SECOND, events.CallFailed(CallId(number), "busy"))
            return
        if how == "never answers":
            story.until(self.now + 60 * SECOND)
            return
        story.at(self.now + 5 * SECOND, events.CallAnswered(CallId(number), f"out-{number}"))
        if how == "hangs up":
            story.leave(self.now + 6 * SECOND, contact)
            return
        story.heard(self.now + 10 * SECOND, contact)
        if how == "presses 1":
            story.press(self.now + 12 * SECOND, contact, "1").heard(self.now + 14 * SECOND, contact)
        else:
            story.until(self.now + 60 * SECOND)


def test_the_second_takes_it_and_the_third_is_not_woken() -> None:
    calling = Calling()
    assert calling.taken("never answers", "presses 1", "presses 1")
    called = [effect.party for effect in calling.story.ordered(effects.PlaceCall)]
    assert called == ["first", "second"]
    acknowledged = calling.story.of(facts.KeyChosen)[0]
    assert (acknowledged.contact, acknowledged.treatment) == (2, ALARM)


@pytest.mark.parametrize("how", ["busy", "never answers", "hangs up", "lets it talk"])
def test_who_does_not_take_it_makes_way_for_the_next(how: How) -> None:
    calling = Calling()
    assert calling.taken(how, "presses 1")
    ends = [fact.by for fact in calling.story.of(facts.Released)]
    assert len(ends) == 2
    assert ends[1] == "treatment"


def test_nobody_takes_it_and_that_is_known() -> None:
    calling = Calling()
    assert not calling.taken("busy", "lets it talk", "hangs up")
    results = [fact.result for fact in calling.story.of(facts.CallOver)]
    assert results == ["busy", "answered", "answered"]


def test_the_media_never_say_that_the_text_was_heard() -> None:
    calling = Calling()
    story = calling.story.at(0, events.CallOut(EntryId("help"), "escalation", "first", "mobile", ALARM))
    story.at(5 * SECOND, events.CallAnswered(CallId(1), "out-1")).until(3_600 * SECOND)
    assert not story.engine.state.contacts, "a text that never ends ends"


def test_the_same_incident_is_solved_before_anybody_has_answered() -> None:
    calling = Calling()
    story = calling.story.at(0, events.CallOut(EntryId("help"), "escalation", "first", "mobile", ALARM))
    story.at(5 * SECOND, events.CallOutCancelled(ContactId(1)))
    assert [effect.call for effect in story.ordered(effects.EndCall)] == [1]
    assert not story.engine.state.contacts


def test_an_agent_is_told_after_ten_minutes_and_his_caller_hears_nothing_of_it() -> None:
    """Who watches the ten minutes is walked by hand, too."""
    story = Story(desk(line(), agent("anna")), forgetful=True).ready(0, "anna")
    call = ContactId(story.arrive(0))
    story.accept(SECOND, "anna")
    story.at(601 * SECOND, events.AgentPrompted(call, AgentId("anna"), "ten minutes"))
    (prompt,) = story.ordered(effects.PromptAgent)
    assert (prompt.agent, prompt.text) == ("anna", "ten minutes")
    assert not story.ordered(effects.TreatContact), "the caller's sound is untouched"
    assert prompt not in story.engine.standing(), "a restart does not say it again"
