"""What a restart states anew, and what the outside may look at."""

from acd.core import effects, events, facts
from acd.core.engine import Engine
from acd.core.events import ContactId
from acd.core.view import agent_views, status
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import MAIL, VOICE
from queues.desk import WrapUpRule
from queues.treatment import Phrase, Playlist


def busy_desk() -> Story:
    """1 is rung at anna, 2 waits, 3 is in bert's wrap-up and gone, 4 hears a mandatory greeting."""
    greeted = line("greeted", "nobody", greeting="consent", greeting_mandatory=True)
    opened = desk(
        line(greeting="welcome", ring_ms=60_000),
        line("wrap", "wrap", wrap_up=WrapUpRule(ms=60_000)),
        greeted,
        agent("anna"),
        agent("bert", wrap=1),
    )
    story = Story(opened).ready(0, "anna", "bert")
    story.arrive(1_000)
    story.arrive(2_000)
    over = story.arrive(3_000, to="wrap")
    story.accept(3_000, "bert").release(4_000, over, "bert")
    story.arrive(5_000, to="greeted")
    return story


def test_standing_effects_are_live_contacts_and_open_offers() -> None:
    story = busy_desk()
    standing = story.engine.standing()
    assert [e.contact for e in standing if isinstance(e, effects.AdmitContact)] == [1, 2, 4]
    (treated,) = [e for e in standing if isinstance(e, effects.TreatContact)]
    assert treated.contact == 4, "no greeting is played twice, unless its end is waited for"
    assert treated.hears == Playlist((Phrase("consent"),), "default", reports=True)
    offers = [
        (e.contact, e.agent, e.deadline_ms - START_MS)
        for e in standing
        if isinstance(e, effects.OfferContact)
    ]
    assert offers == [(1, "anna", 61_000)]
    assert [e for e in standing if isinstance(e, effects.ConnectContact)] == []
    assert {name: story.shown(name) for name in ("anna", "bert")} == {"anna": "offered", "bert": "wrap_up"}


def test_standing_effects_join_answered_contacts_also_those_that_rest() -> None:
    opened = desk(line(), agent("anna", (VOICE, 1), (MAIL, 1)), interrupts=((VOICE, MAIL),))
    story = Story(opened).ready(0, "anna", media=(MAIL, VOICE))
    story.arrive(0, medium=MAIL)
    story.accept(0, "anna")
    story.arrive(1_000)
    story.accept(1_000, "anna")
    joined = [e.contact for e in story.engine.standing() if isinstance(e, effects.ConnectContact)]
    assert joined == [1, 2]


def test_standing_effects_are_the_same_after_a_restart() -> None:
    story = busy_desk()
    assert Engine.restore(story.engine.snapshot()).standing() == story.engine.standing()


def test_the_view_tells_lines_agents_and_contacts() -> None:
    story = busy_desk()
    seen = status(story.engine.state, START_MS + 10_000)
    lines = {one.id: (one.waiting, one.connected, one.oldest_wait_ms) for one in seen.lines}
    assert lines == {"help": (2, 0, 9_000), "wrap": (0, 0, 0), "greeted": (1, 0, 0)}
    agents = {one.id: (one.state, one.contacts) for one in seen.agents}
    assert agents == {"anna": ("offered", (1,)), "bert": ("wrap_up", (3,))}
    contacts = {one.id: (one.state, one.position, one.wait_ms, one.agents) for one in seen.contacts}
    assert contacts == {
        1: ("offered", 1, 9_000, ("anna",)),
        2: ("waiting", 2, 8_000, ()),
        4: ("greeting", 0, 0, ()),
    }


def test_looking_changes_nothing() -> None:
    story = busy_desk()
    before = story.engine.snapshot()
    status(story.engine.state, START_MS + 10_000)
    story.engine.standing()
    assert story.engine.snapshot() == before


def test_after_an_outage_a_caller_hears_one_announcement_and_not_all_that_were_missed() -> None:
    story = Story(desk(line(announce_every_ms=10_000)))
    call = story.arrive(0)
    outcome = story.engine.handle(events.Tick(), START_MS + 3_605_000)
    assert [type(effect) for effect in outcome.effects] == [effects.TreatContact]
    heard = story.engine.handle(events.PromptEnded(ContactId(call)), START_MS + 3_607_000)
    assert heard.effects == []
    assert story.engine.next_deadline() == START_MS + 3_617_000
    assert isinstance(outcome.facts[0], facts.PositionTold)
    assert outcome.facts[0].contact == ContactId(call)


def test_an_agent_paused_by_no_answer_stands_as_paused_with_its_reason() -> None:
    story = Story(desk(line(ring_ms=5_000), agent("anna"))).ready(0, "anna")
    story.arrive(0)
    story.until(5_000)
    (shown,) = agent_views(story.restart().engine.state)
    assert (shown.state, shown.reason, shown.since_ms) == ("paused", "no answer", START_MS + 5_000)
