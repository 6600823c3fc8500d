"""A caller by telephone, an agent by another channel: somebody outside is asked, joins and stays.

The engine is a new one after every event. What each leg hears is told by the participants alone.
"""

import pytest

from acd.core import effects, events, facts
from acd.core.events import CallId, ContactId
from acd.core.participants import Sound, participants
from acd.testing.story import SECOND, Story, agent, desk, line
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import OutboundRule, WrapUpRule

CALL, ASKED, OUT = ContactId(1), ContactId(2), CallId(1)
ANNA, SUSI = AgentId("anna"), AgentId("susi")
PAGE = Carrier("desk", "page of anna")
PHONE = Carrier("sip", "phone of susi")
RULE = OutboundRule("consult", ("local",), "sip", at_once=2)


def talking() -> Story:
    """Anna has the caller on the page of her browser."""
    parts = line(wrap_up=WrapUpRule(ms=5_000)), agent("anna"), agent("susi", none=1)
    story = Story(desk(*parts, outbound=(RULE,)), forgetful=True)
    for name, device in ((ANNA, PAGE), (SUSI, PHONE)):
        story.at(0, events.AgentReachable(name, VOICE, device)).at(0, events.AgentSignedIn(name))
    story.arrive(0)
    return story.accept(2 * SECOND, "anna")


def hears(story: Story) -> dict[str, Sound]:
    """Carrier → what it hears; who is aside is told of by the consult."""
    state = story.engine.state
    people = [one for contact in state.contacts.values() for one in participants(state, contact)]
    return {one.carrier.ref: one.hears for one in people}


def to_three(story: Story) -> Story:
    asks = events.ConsultStarted(CALL, ANNA, party="number", dial_class="local")
    story.at(10 * SECOND, asks)
    assert hears(story) == {"ref-0-1": Sound.MUSIC, PAGE.ref: Sound.MUSIC}
    aside = story.ordered(effects.StepAside)[-1]
    assert (aside.carrier, aside.into) == (PAGE, ASKED), "her own channel is told"
    placed = story.ordered(effects.PlaceCall)[-1]
    assert placed.carrier.channel == "sip", "and another one calls"
    story.at(14 * SECOND, events.CallAnswered(OUT, "out"))
    assert hears(story) == {"ref-0-1": Sound.MUSIC, PAGE.ref: Sound.OTHERS, "out": Sound.OTHERS}
    story.at(20 * SECOND, events.ConsultMerged(CALL, ANNA, stays=True))
    assert set(hears(story).values()) == {Sound.OTHERS}
    return story


def test_three_together_one_listens_and_the_agent_leaves() -> None:
    story = to_three(talking())
    story.at(21 * SECOND, events.ListenStarted(CALL, SUSI)).accept(23 * SECOND, "susi")
    assert hears(story)[PHONE.ref] is Sound.OTHERS
    story.release(30 * SECOND, CALL, "anna")
    assert story.shown("anna") == "wrap_up"
    assert hears(story) == dict.fromkeys(("ref-0-1", "out", PHONE.ref), Sound.OTHERS)
    story.leave(60 * SECOND, CALL)
    ended = {effect.carrier.ref for effect in story.ordered(effects.ReleaseContact)}
    assert ended == {"out"}, "the caller has hung up by himself"
    assert story.ordered(effects.ReleaseAgent)[-1].agent == SUSI
    assert not story.engine.state.contacts
    assert not story.engine.state.carried
    assert {fact.by for fact in story.of(facts.Released)} == {"caller"}


@pytest.mark.parametrize("result", ["busy", "no answer", "failed", None])
def test_nobody_outside_answers_and_she_is_back(result: events.CallResult | None) -> None:
    """None: the channel never says anything at all."""
    story = talking()
    story.at(10 * SECOND, events.ConsultStarted(CALL, ANNA, party="number", dial_class="local"))
    if result is not None:
        story.at(12 * SECOND, events.CallFailed(OUT, result))
    story.until(120 * SECOND)
    assert story.of(facts.ConsultOver)[0].result == (result or "timed out")
    assert hears(story) == {"ref-0-1": Sound.OTHERS, PAGE.ref: Sound.OTHERS}


def test_her_page_reloads_while_three_talk_and_comes_back() -> None:
    story = to_three(talking())
    story.at(25 * SECOND, events.DeviceVanished(ANNA, PAGE))
    story.at(30 * SECOND, events.AgentReachable(ANNA, VOICE, PAGE))
    story.until(300 * SECOND)
    assert story.contact(CALL).offers, "she has it still"


def test_her_page_never_comes_back_and_the_two_others_go_on() -> None:
    story = to_three(talking()).at(25 * SECOND, events.DeviceVanished(ANNA, PAGE))
    story.until(300 * SECOND)
    assert not story.contact(CALL).offers
    assert hears(story) == {"ref-0-1": Sound.OTHERS, "out": Sound.OTHERS}


def test_the_server_is_away_while_she_asks_and_everybody_is_told_where_he_was() -> None:
    story = talking()
    story.at(10 * SECOND, events.ConsultStarted(CALL, ANNA, party="number", dial_class="local"))
    story.at(14 * SECOND, events.CallAnswered(OUT, "out")).away(20 * SECOND, 90 * SECOND)
    told = {(type(one).__name__, one.carrier.ref) for one in story.engine.standing()}
    assert told == {
        ("AdmitContact", "ref-0-1"),
        ("TreatContact", "ref-0-1"),
        ("AdmitContact", "out"),
        ("StepAside", PAGE.ref),
    }
