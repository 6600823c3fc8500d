"""Mass incidents while they last: changed texts and rules, and how many they reached."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from acd.core import events, facts
from acd.core.engine import Engine
from acd.core.incidents import MOST_KEPT
from acd.core.view import IncidentView, incident_view
from acd.testing.story import SECOND, START_MS, Story, agent, declared, desk, entry, line, treatment
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from queues.desk import IncidentId, IncidentMode, LineId
from queues.treatment import Enqueue, Music, Say

VPN = IncidentId("vpn")
MUST: dict[str, Any] = {"greeting": "consent", "greeting_mandatory": True}


def changed(story: Story, now: int, **rules: object) -> Story:
    """The incident `vpn` is another one from now on."""
    (incident,) = (one for one in story.engine.state.incidents.values() if one.id == VPN)
    return story.at(now, events.IncidentChanged(replace(incident, **rules)))


def texts(story: Story, contact: int) -> list[tuple[int, tuple[str, ...]]]:
    return [(now, says) for now, says, _ in story.heard_by(contact) if says]


def seen(story: Story, name: str = "vpn") -> IncidentView:
    found = incident_view(story.engine.state, name, START_MS + story.now)
    assert found is not None
    return found


def reached(story: Story) -> tuple[int, int, int, int]:
    found = seen(story)
    return found.gross, found.heard, found.ended, found.stayed


@pytest.mark.parametrize("forgetful", [False, True])
def test_who_waits_hears_a_changed_text_once_more_and_keeps_his_place(forgetful: bool) -> None:
    story = Story(desk(line()), forgetful=forgetful)
    first, second = story.arrive(0), story.arrive(0)
    story.at(SECOND, declared())
    changed(story, 60 * SECOND, greeting="until noon")
    assert texts(story, first) == [(SECOND, ("vpn down",)), (60 * SECOND, ("until noon",))]
    assert [story.position(one) for one in (first, second)] == [1, 2]
    assert [fact.contact for fact in story.of(facts.Informed)] == [first, second, first, second]
    assert reached(story) == (2, 2, 0, 2)
    assert story.arrive(61 * SECOND) == 3
    assert texts(story, 3) == [(61 * SECOND, ("until noon",))]


@pytest.mark.parametrize("forgetful", [False, True])
def test_who_hears_the_old_text_hears_the_new_one_instead_and_what_follows_stays(forgetful: bool) -> None:
    """One who has just come, and one who is interrupted in what he must hear."""
    story = Story(desk(line(**MUST)), forgetful=forgetful)
    greeted = story.arrive(0)
    story.at(SECOND, declared())
    comes = story.arrive(2 * SECOND)
    changed(story, 3 * SECOND, greeting="until noon")
    for now, state in ((10 * SECOND, "greeting"), (20 * SECOND, "waiting")):
        for contact in (greeted, comes):
            story.heard(now, contact)
            assert story.contact(contact).state == state
    heard = [says for _, says in texts(story, greeted)]
    assert heard == [("consent",), ("vpn down",), ("until noon",), ("consent",)]
    assert [says for _, says in texts(story, comes)] == [("vpn down",), ("until noon",), ("consent",)]


def test_in_mode_end_the_call_ends_after_the_new_text() -> None:
    story = Story(desk(line())).at(0, declared(mode="end"))
    call = story.arrive(0)
    changed(story, SECOND, greeting="until noon")
    story.heard(9 * SECOND, call)
    assert [fact.by for fact in story.of(facts.Deflected)] == ["end"]
    assert reached(story) == (1, 1, 1, 0)


@pytest.mark.parametrize("steps", [(Say("hello"), Enqueue(), Music("calm", 5 * SECOND)), (Enqueue(),)])
def test_the_old_text_is_not_heard_again_when_what_it_began_goes_on(steps: tuple[object, ...]) -> None:
    """It was no list by itself, since it is not mandatory: the treatment's own list began with it."""
    tree = treatment("tree", *steps)  # type: ignore[arg-type]
    story = Story(desk(line(), tree, entry("help", "help", treatment=tree.id)), forgetful=True)
    story.at(0, declared(mandatory=False))
    call = story.arrive(0)
    changed(story, SECOND, greeting="until noon")
    story.heard(9 * SECOND, call).until(20 * SECOND)
    if story.contact(call).state == "greeting":
        story.heard(20 * SECOND, call)
    assert story.contact(call).state == "waiting"
    told = [says for _, says in texts(story, call)]
    assert ("vpn down" in told[0], told[1]) == (True, ("until noon",))
    assert not any("vpn down" in says for says in told[1:])


def test_another_end_or_ticket_is_no_reason_to_say_it_again() -> None:
    story = Story(desk(line()))
    call = story.arrive(0)
    story.at(SECOND, declared())
    changed(story, 2 * SECOND, expires_ms=START_MS + 60 * SECOND, ticket="INC-9", agreed="Frau Nord")
    assert len(texts(story, call)) == 1
    assert (seen(story).incident.ticket, seen(story).left_ms) == ("INC-9", 58 * SECOND)
    story.until(60 * SECOND)
    assert [(fact.t_ms, fact.reason) for fact in story.of(facts.IncidentOff)] == [
        (START_MS + 60 * SECOND, "expired")
    ]


def test_vips_are_told_when_they_are_exempt_no_more_and_the_others_not_again() -> None:
    story = Story(desk(line()))
    usual, vip = story.arrive(0), story.arrive(0, priority_class=1)
    story.at(SECOND, declared())
    assert (len(texts(story, usual)), len(texts(story, vip))) == (1, 0)
    changed(story, 2 * SECOND, vip_exempt=False)
    assert (len(texts(story, usual)), len(texts(story, vip))) == (1, 1)
    assert reached(story) == (2, 2, 0, 2)


def test_who_talks_hears_nothing_of_a_change() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.accept(0, "anna").at(SECOND, declared())
    changed(story, 2 * SECOND, greeting="until noon")
    assert texts(story, call) == []
    assert reached(story) == (0, 0, 0, 0)


def test_what_cannot_be_changed_is_refused() -> None:
    story = Story(desk(line(), line("other"))).at(0, declared())
    incident = story.engine.state.incidents[1]
    for rules, reason in (
        ({"lines": (LineId("help"),)}, "scope"),
        ({"mode": IncidentMode.END}, "mode"),
        ({"expires_ms": START_MS}, "over already"),
        ({"greeting": ""}, "text"),
        ({"id": IncidentId("mail")}, "not on"),
    ):
        assert reason in story.rejects(0, events.IncidentChanged(replace(incident, **rules)))


def test_counts_tell_who_came_who_heard_and_what_became_of_them() -> None:
    """Two heard and stay; one was content, one is a VIP, one found the line full; a mail hears nothing."""
    story = Story(desk(line(max_length=3)))
    story.arrive(0)
    story.at(SECOND, declared())
    content = story.arrive(2 * SECOND)
    story.leave(3 * SECOND, content)
    stays = story.arrive(4 * SECOND)
    story.heard(5 * SECOND, stays)
    story.arrive(6 * SECOND, priority_class=1)
    story.arrive(7 * SECOND, medium=MAIL)
    full = story.arrive(8 * SECOND, priority_class=1)
    assert full not in story.engine.state.contacts
    assert reached(story) == (5, 3, 1, 2)
    told = [(fact.contact, fact.incident) for fact in story.of(facts.Concerned)]
    assert [contact for contact, _ in told] == [1, content, stays, 4, 0]
    story.at(9 * SECOND, events.IncidentEnded(VPN))
    story.arrive(10 * SECOND)
    assert reached(story) == (5, 3, 1, 2), "it is over"
    assert (seen(story).on, seen(story).over_by) == (False, "by hand")


def test_whoever_is_content_after_it_was_ended_counts_for_the_one_that_he_heard() -> None:
    story = Story(desk(line()), forgetful=True).at(0, declared())
    call = story.arrive(0)
    story.at(SECOND, events.IncidentEnded(VPN)).leave(2 * SECOND, call)
    assert reached(story) == (1, 1, 1, 0)


def test_a_hundred_that_are_over_are_remembered_and_what_is_on_is_never_forgotten() -> None:
    story = Story(desk(line())).at(0, declared("first"))
    for number in range(MOST_KEPT + 5):
        story.at(0, declared(f"i{number}")).at(0, events.IncidentEnded(IncidentId(f"i{number}")))
    assert incident_view(story.engine.state, "i0", START_MS) is None
    assert seen(story, f"i{MOST_KEPT + 4}").over_by == "by hand"
    assert seen(story, "first").on
    assert len(story.engine.state.courses) <= MOST_KEPT + 2


def test_an_agent_who_is_rung_still_gets_whoever_hears_the_changed_text() -> None:
    story = Story(desk(line(), agent("anna"))).ready(0, "anna")
    call = story.arrive(0)
    story.at(SECOND, declared())
    changed(story, 2 * SECOND, greeting="until noon")
    story.accept(3 * SECOND, "anna")
    assert story.answered_by(call) == AgentId("anna")


def test_a_snapshot_from_before_incidents_had_a_course_is_read() -> None:
    story = Story(desk(line())).at(0, declared())
    image = msgspec.msgpack.decode(story.engine.snapshot())
    del image["courses"]
    engine = Engine.restore(msgspec.msgpack.encode(image))
    found = incident_view(engine.state, "vpn", START_MS)
    assert found is not None
    assert (found.on, found.declared_ms) == (True, 0)
    told = engine.handle(events.ContactArrived("r", entry("help", "help").id, VOICE), START_MS + 1)
    assert any(isinstance(fact, facts.Informed) for fact in told.facts)


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_warning_comes_before_the_end_once_and_again_when_that_was_put_off(forgetful: bool) -> None:
    end = 3_600 * SECOND
    story = Story(desk(line()), forgetful=forgetful).at(0, declared(warn_ms=600 * SECOND))
    story.until(end - 601 * SECOND)
    assert (story.of(facts.IncidentWarned), seen(story).ends_soon) == ([], False)
    story.until(end - 1)
    (warned,) = story.of(facts.IncidentWarned)
    assert (warned.t_ms, warned.expires_ms) == (START_MS + end - 600 * SECOND, START_MS + end)
    assert seen(story).ends_soon
    changed(story, end - 1, expires_ms=START_MS + 2 * end)
    assert not seen(story).ends_soon
    story.until(3 * end)
    assert [fact.t_ms - START_MS for fact in story.of(facts.IncidentWarned)] == [
        end - 600 * SECOND,
        2 * end - 600 * SECOND,
    ]


def test_one_that_is_ended_before_or_is_too_short_warns_of_nothing() -> None:
    story = Story(desk(line())).at(0, declared(warn_ms=3_600 * SECOND))
    story.at(SECOND, declared("mail", warn_ms=600 * SECOND)).at(
        2 * SECOND, events.IncidentEnded(IncidentId("mail"))
    )
    story.until(7_200 * SECOND)
    assert story.of(facts.IncidentWarned) == []
