"""Press 1 to be told when it is solved: who is asked, who is linked, and what becomes of his call."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.events import ContactId
from acd.core.links import ASKED_FOR_MS
from acd.core.treatments import LONGEST_TEXT_MS
from acd.testing.story import SECOND, Story, agent, declared, desk, entry, line, treatment
from agents.capacity import MAIL
from queues.desk import IncidentId, LineId, OutboundRule
from queues.names import TreatmentId
from queues.treatment import OFFER, THANKS, Enqueue, Menu

VPN = IncidentId("vpn")
RULE = OutboundRule("all_clear", ("local",), "sip", at_once=2)
ASKED = ("vpn down", OFFER)
CALLER: dict[str, Any] = {"party": "n1", "dial_class": "local"}


def opened(*parts: Any, **rules: Any) -> Story:
    return Story(desk(line(**rules), *parts, outbound=(RULE,)), forgetful=True)


def texts(story: Story, contact: int) -> list[tuple[str, ...]]:
    return [says for _, says, _ in story.heard_by(contact) if says]


def links(story: Story) -> list[str]:
    """The parties that are linked."""
    return [party for course in story.engine.state.courses.values() for party in course.links]


def offered(story: Story, now: int = 0) -> Story:
    return story.at(now, declared(mode="offer"))


def test_who_presses_1_is_linked_and_thanked_and_his_call_ends_when_that_is_safe() -> None:
    story = offered(opened(agent("anna")).ready(0, "anna"))
    call = story.arrive(SECOND, **CALLER)
    assert texts(story, call) == [ASKED]
    story.press(2 * SECOND, call, "1")
    assert texts(story, call)[-1] == (THANKS,)
    assert (links(story), [fact.by for fact in story.of(facts.Linked)]) == (["n1"], ["key"])
    story.heard(4 * SECOND, call)
    (release,) = story.ordered(effects.ReleaseContact)
    assert (release.contact, release.cause, release.promise) == (call, "incident", True)
    assert [(fact.contact, fact.by) for fact in story.of(facts.Deflected)] == [(call, "key")]
    assert story.of(facts.Offered) == []
    assert links(story) == ["n1"], "the incident keeps it when the contact is over"


@pytest.mark.parametrize("says_so", [True, False])
def test_who_presses_nothing_goes_on_as_if_he_had_only_been_told(says_so: bool) -> None:
    """Also when nobody says that the text is over."""
    story = offered(opened(agent("anna"), greeting="consent", greeting_mandatory=True).ready(0, "anna"))
    call = story.arrive(0, **CALLER)
    over = 5 * SECOND if says_so else 2 * LONGEST_TEXT_MS
    if says_so:
        story.heard(over, call)
    story.until(over + ASKED_FOR_MS - 1 if says_so else over - 1)
    assert texts(story, call) == [ASKED]
    story.until(over + ASKED_FOR_MS)
    assert [fact.contact for fact in story.of(facts.NoKey)] == [call]
    assert texts(story, call)[1:] == [("consent",)]
    story.heard(over + 60 * SECOND, call)
    assert story.rung("anna") == call
    assert links(story) == []


def test_who_waits_is_asked_and_goes_on_where_he_was_at_his_place() -> None:
    story = opened(announce_every_ms=60_000)
    first, second = story.arrive(0, **CALLER), story.arrive(0, party="n2", dial_class="local")
    offered(story, SECOND)
    assert [texts(story, one) for one in (first, second)] == [[ASKED], [ASKED]]
    story.heard(3 * SECOND, second).until(11 * SECOND)
    assert (story.position(second), story.contact(second).state) == (2, "waiting")
    story.until(71 * SECOND + 2 * SECOND)
    assert texts(story, second)[-1] == ("position 2",), "his music had its full minute again"


def test_who_hears_music_for_good_hears_it_again() -> None:
    story = opened()
    call = story.arrive(0, **CALLER)
    offered(story, SECOND).heard(3 * SECOND, call).until(30 * SECOND)
    assert story.heard_by(call)[-1] == (3 * SECOND + ASKED_FOR_MS, (), "default")
    assert story.contact(call).walk is None
    assert story.engine.next_deadline() == story.engine.state.incidents[1].expires_ms


@pytest.mark.parametrize("key_first", [True, False])
def test_a_key_in_the_instant_in_which_an_agent_answers_the_first_in_the_journal_wins(
    key_first: bool,
) -> None:
    story = opened(agent("anna")).ready(0, "anna")
    call = story.arrive(0, **CALLER)
    offered(story, SECOND)
    assert story.rung("anna") == call
    pressed = events.KeyPressed(ContactId(call), story.contact(call).visit, "1")
    answers = events.OfferAccepted(story.offer_to("anna", 2 * SECOND))
    if key_first:
        story.at(2 * SECOND, pressed)
        assert "closed" in story.rejects(2 * SECOND, answers)
        assert [effect.offer for effect in story.ordered(effects.WithdrawOffer)] == [1]
        assert story.shown("anna") == "ready"
        story.heard(5 * SECOND, call)
        assert (links(story), story.engine.state.contacts) == (["n1"], {})
    else:
        story.at(2 * SECOND, answers)
        assert "not asked" in story.rejects(2 * SECOND, pressed)
        assert (links(story), story.contact(call).state) == ([], "connected")


@pytest.mark.parametrize("lost", [True, False])
def test_who_hangs_up_in_the_thanks_is_linked_and_abandoned_nothing(lost: bool) -> None:
    story = offered(opened())
    call = story.arrive(0, **CALLER)
    story.press(SECOND, call, "1")
    gone = events.LegLost(ContactId(call)) if lost else events.ContactLeft(ContactId(call))
    story.at(2 * SECOND, gone)
    assert [fact.by for fact in story.of(facts.Deflected)] == ["key"]
    assert (links(story), story.of(facts.Abandoned)) == (["n1"], [])


def test_who_cannot_be_called_is_told_and_not_asked() -> None:
    """No number, a number that may not be called, a mail; and without a rule nobody at all."""
    story = offered(opened())
    nobody = story.arrive(0, dial_class="local")
    unknown = story.arrive(0, party="n1")
    foreign = story.arrive(0, party="n2", dial_class="foreign")
    assert [texts(story, one) for one in (nobody, unknown, foreign)] == [[("vpn down",)]] * 3
    assert texts(story, story.arrive(0, medium=MAIL)) == []
    without = offered(Story(desk(line())))
    assert texts(without, without.arrive(0, **CALLER)) == [("vpn down",)]


def test_one_who_is_linked_is_not_asked_again_and_one_party_is_linked_once() -> None:
    story = offered(opened())
    calls = [story.arrive(0, **CALLER) for _ in range(2)]
    for call in calls:
        story.press(SECOND, call, "1")
    for call in calls:
        story.heard(2 * SECOND, call)
    again = story.arrive(3 * SECOND, **CALLER)
    assert texts(story, again) == [("vpn down",)]
    assert (links(story), len(story.of(facts.Linked))) == (["n1"], 1)
    assert len(story.of(facts.Deflected)) == 2


def test_a_key_after_the_incident_was_ended_links_nobody_and_he_goes_on() -> None:
    story = offered(opened())
    call = story.arrive(0, **CALLER)
    story.at(SECOND, events.IncidentEnded(VPN)).press(2 * SECOND, call, "1")
    assert (links(story), story.contact(call).state) == ([], "waiting")


def test_a_key_for_which_the_rule_is_gone_links_nobody_and_he_goes_on() -> None:
    story = offered(opened())
    call = story.arrive(0, **CALLER)
    without = replace(story.engine.state.desk, outbound=())
    story.at(SECOND, events.DeskChanged(without)).press(2 * SECOND, call, "1")
    assert (links(story), story.contact(call).state) == ([], "waiting")


def test_a_key_of_a_greeting_that_holds_a_place_gives_the_place_back() -> None:
    story = opened(greeting="consent", greeting_mandatory=True, max_length=1)
    call = story.arrive(0, **CALLER)
    assert story.engine.state.on_the_line(LineId("help")) == 1
    offered(story, SECOND).press(2 * SECOND, call, "1")
    assert story.engine.state.on_the_line(LineId("help")) == 0


def test_who_chose_the_line_by_a_key_is_asked_there_and_goes_on_in_it() -> None:
    menu = treatment("menu", Menu("choose", (("2", TreatmentId("to other")),), 5_000, "calm"))
    chosen = treatment("to other", Enqueue(LineId("other")))
    story = opened(
        line("other", announce_every_ms=60_000), menu, chosen, entry("help", "help", treatment=menu.id)
    )
    story.at(0, declared(mode="offer", lines=(LineId("other"),)))
    call = story.arrive(0, **CALLER)
    story.press(SECOND, call, "2")
    assert texts(story, call) == [("choose",), ASKED]
    story.heard(2 * SECOND, call).until(80 * SECOND)
    assert ("position 1",) in texts(story, call)


def test_a_changed_text_asks_anew() -> None:
    story = offered(opened())
    comes, waits = story.arrive(0, **CALLER), story.arrive(0, party="n2", dial_class="local")
    story.heard(SECOND, waits).until(10 * SECOND)
    assert story.contact(waits).state == "waiting"
    incident = story.engine.state.incidents[1]
    story.at(11 * SECOND, events.IncidentChanged(replace(incident, greeting="until noon")))
    assert [texts(story, one)[-1] for one in (comes, waits)] == [("until noon", OFFER)] * 2
    for one in (comes, waits):
        story.press(12 * SECOND, one, "1")
    assert links(story) == ["n1", "n2"]


def test_a_changed_text_interrupts_no_thanks() -> None:
    story = offered(opened())
    call = story.arrive(0, **CALLER)
    incident = story.engine.state.incidents[1]
    story.press(SECOND, call, "1")
    story.at(2 * SECOND, events.IncidentChanged(replace(incident, greeting="until noon")))
    assert texts(story, call)[-1] == (THANKS,)
    story.heard(3 * SECOND, call)
    assert story.engine.state.contacts == {}


def test_an_agent_links_whom_he_talks_to() -> None:
    story = opened(agent("anna")).ready(0, "anna")
    call = story.arrive(0, **CALLER)
    story.accept(0, "anna").at(SECOND, declared())
    linked = events.ContactLinked(ContactId(call), VPN)
    story.at(2 * SECOND, linked)
    assert ([fact.by for fact in story.of(facts.Linked)], links(story)) == (["hand"], ["n1"])
    assert "already" in story.rejects(3 * SECOND, linked)
    assert story.contact(call).state == "connected", "he goes on"
    story.release(4 * SECOND, call, "anna")
    assert links(story) == ["n1"]


def test_what_cannot_be_linked_is_refused() -> None:
    story = opened().at(0, declared())
    nobody, mail = story.arrive(0), story.arrive(0, medium=MAIL, **CALLER)
    call = story.arrive(0, **CALLER)
    for number, name, reason in (
        (nobody, VPN, "its number is not known"),
        (mail, VPN, "no call"),
        (call, IncidentId("mail"), "not on"),
        (99, VPN, "not live"),
    ):
        assert reason in story.rejects(0, events.ContactLinked(ContactId(number), IncidentId(name)))
