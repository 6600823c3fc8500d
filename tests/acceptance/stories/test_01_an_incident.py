"""An incident is declared while 30 wait, 5 are rung and 3 hear the greeting; keys and answers in one instant.

The engine is a new one, from its snapshot, after every step; then each wait is left unanswered once.
"""

from typing import Any

import pytest

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.core.treatments import LONGEST_TEXT_MS
from acd.testing.story import SECOND, Story, agent, declared, desk, line, treatment
from agents.skills import AgentId
from queues.desk import EntryId, IncidentId, OutboundRule
from queues.names import TreatmentId
from queues.treatment import GoOn, Menu, Music, Park, Say

AGENTS = tuple(f"agent {number}" for number in range(5))
RUNG, WAITING, GREETED = range(1, 6), range(6, 36), range(36, 39)
MINUTE = 60 * SECOND
VPN = "vpn down"
MUST_HEAR: dict[str, Any] = {"greeting": "consent", "greeting_mandatory": True}


class Desk(Story):
    """Five agents; who waits is offered a callback every half minute; who arrives hears what he must hear."""

    def __init__(self) -> None:
        callback = (("1", TreatmentId("callback")),)
        opened = desk(
            line(
                ring_ms=MINUTE, treatment=TreatmentId("waiting"), greeting="consent", greeting_mandatory=True
            ),
            *(agent(name) for name in AGENTS),
            treatment(
                "waiting",
                Music("calm", 30 * SECOND),
                Menu("press 1", callback, 10 * SECOND, "calm"),
                GoOn(TreatmentId("waiting")),
            ),
            treatment("callback", Say("we call you"), Park()),
            treatment("solved", Say("it is solved")),
            outbound=(
                OutboundRule("callback", ("local",), "sip", at_once=2),
                OutboundRule("all_clear", ("local",), "sip", at_once=2),
            ),
        )
        super().__init__(opened, forgetful=True)
        self.ready(0, *AGENTS)
        for number in (*RUNG, *WAITING):
            self.arrive(0, party=f"number {number}", dial_class="local")
        for number in (*RUNG, *WAITING):
            self.heard(SECOND, number)
        for _ in GREETED:
            self.arrive(2 * SECOND)

    def texts(self, number: int) -> list[tuple[str, ...]]:
        """What it was said, in order."""
        return [says for _, says, _ in self.heard_by(number) if says]

    def incident(self, now: int, mode: str = "inform") -> "Desk":
        self.at(now, declared(mode=mode))
        return self


def test_38_are_told_once_each_and_nobody_loses_his_place() -> None:
    story = Desk()
    before = [story.position(number) for number in WAITING]
    story.incident(3 * SECOND)
    assert [fact.contact for fact in story.of(facts.Informed)] == [*RUNG, *WAITING, *GREETED]
    assert [story.position(number) for number in WAITING] == before
    assert all(story.rung(name) == number for name, number in zip(AGENTS, RUNG, strict=True))
    for number in (*RUNG, *WAITING, *GREETED):
        story.heard(10 * SECOND, number)
        assert story.texts(number).count((VPN,)) == 1
    assert [story.texts(number)[-1] for number in GREETED] == [("consent",)] * 3, "they go on where they were"
    assert all(story.contact(number).state == "greeting" for number in GREETED)


def test_who_comes_during_it_hears_it_first_and_who_comes_after_the_all_clear_does_not() -> None:
    story = Desk().incident(3 * SECOND)
    during = story.arrive(4 * SECOND)
    story.at(5 * SECOND, events.IncidentEnded(IncidentId("vpn")))
    after = story.arrive(6 * SECOND)
    story.heard(7 * SECOND, during)
    assert (story.texts(during), story.texts(after)) == ([(VPN,), ("consent",)], [("consent",)])


@pytest.mark.parametrize("key_first", [True, False])
def test_press_1_in_the_instant_in_which_an_agent_answers(key_first: bool) -> None:
    """A key that comes second is stale; one that comes first is told, and he talks all the same."""
    story = Desk()
    story.until(31 * SECOND)
    caller = RUNG[0]
    pressed = events.KeyPressed(ContactId(caller), story.contact(caller).visit, "1")
    if key_first:
        story.at(32 * SECOND, pressed).accept(32 * SECOND, AGENTS[0])
    else:
        story.accept(32 * SECOND, AGENTS[0])
        assert "not asked" in story.rejects(32 * SECOND, pressed)
    assert story.contact(caller).state == "connected"
    assert story.of(facts.Parked) == [], "he talks, so nobody calls him back"


@pytest.mark.parametrize("text_first", [True, False])
def test_the_goodbye_is_over_in_the_instant_in_which_an_agent_answers(text_first: bool) -> None:
    """He is called by that agent if he was let go first, and talks to him at once if not."""
    story = Desk()
    story.until(31 * SECOND)
    caller = RUNG[0]
    story.at(31 * SECOND, events.KeyPressed(ContactId(caller), story.contact(caller).visit, "1"))
    goodbye = events.PromptEnded(ContactId(caller), story.contact(caller).visit)
    if text_first:
        story.at(32 * SECOND, goodbye).accept(32 * SECOND, AGENTS[0])
        assert story.contact(caller).state == "calling"
    else:
        story.accept(32 * SECOND, AGENTS[0])
        assert story.rejects(32 * SECOND, goodbye)
        assert story.contact(caller).state == "connected"


def test_a_key_during_the_text_of_the_incident_is_stale_and_the_menu_comes_again() -> None:
    story = Desk()
    story.until(32 * SECOND)
    caller = WAITING[0]
    asked = story.contact(caller).visit
    story.incident(33 * SECOND)
    assert "not asked" in story.rejects(34 * SECOND, events.KeyPressed(ContactId(caller), asked, "1"))
    story.heard(40 * SECOND, caller)
    assert story.texts(caller)[-1] == ("press 1",)
    story.press(42 * SECOND, caller, "1").heard(45 * SECOND, caller)
    assert [fact.contact for fact in story.of(facts.Parked)] == [caller]


def test_in_mode_end_who_waits_is_served_and_who_is_in_no_line_yet_is_not() -> None:
    story = Desk().incident(3 * SECOND, mode="end")
    for number in (*RUNG, *WAITING, *GREETED):
        story.heard(10 * SECOND, number)
    assert [fact.contact for fact in story.of(facts.Deflected)] == [*GREETED]
    assert len(story.engine.state.contacts) == len(RUNG) + len(WAITING)


def test_nobody_reports_the_end_of_any_text() -> None:
    """Each wait left alone, and the server away for a while: everybody goes on, and is told once."""
    story = Desk().incident(3 * SECOND)
    for name in AGENTS:
        story.at(4 * SECOND, events.AgentSignedOut(AgentId(name)))
    story.away(5 * SECOND, until=10 * MINUTE)
    story.until(10 * MINUTE + 2 * LONGEST_TEXT_MS + SECOND)
    for number in (*WAITING, *GREETED):
        assert story.texts(number).count((VPN,)) == 1
        assert story.contact(number).state == "waiting"
    assert story.ordered(effects.ReleaseContact) == []
    assert story.engine.next_deadline() is not None, "the menus go on"


def test_the_all_clear_is_told_once_to_each_and_to_no_more_at_once_than_the_desk_allows() -> None:
    """Who was told is walked by hand; whom there is no room for is called again later."""
    story = Desk().incident(10 * SECOND)
    told = sorted({fact.contact for fact in story.of(facts.Informed)})
    story.at(60 * SECOND, events.IncidentEnded(IncidentId("vpn")))
    left, now, heard = [f"number {number}" for number in told], 61 * SECOND, list[str]()
    while left:
        before = len(story.of(facts.CalledOut))
        for party in left[:3]:
            what = EntryId("help"), "all_clear", party, "local", TreatmentId("solved")
            story.at(now, events.CallOut(*what))
        story.until(now)
        placed = [call for call in story.engine.state.calls.values() if call.purpose == "all_clear"]
        placed = [call for call in placed if call.channel]
        assert len(placed) == min(2, len(left))
        opened = [fact.contact for fact in story.of(facts.CalledOut)[before:]]
        for call in placed:
            story.at(now + SECOND, events.CallAnswered(call.id, f"clear-{call.id}"))
        for call in placed:
            story.heard(now + 3 * SECOND, call.contact)
            heard.append(left[opened.index(call.contact)])
        left = [party for party in left if party not in heard]
        now += 10 * SECOND
    assert len(heard) == len(set(heard)) == len(told)
    clear = {fact.contact for fact in story.of(facts.CalledOut)}
    assert not clear & {fact.contact for fact in story.of(facts.Queued)}, "it lies in no line"
