"""Stories of which it is known what would have been, had one thing been otherwise."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from acd.core import events
from acd.testing import JournalledStory
from acd.testing.story import agent, declared, desk, entry, line
from acd.why.change import Change, Kind, parse, telling
from acd.why.explain import explain
from acd.why.otherwise import Asking, Otherwise
from acd.why.record import CannotExplain, Record
from acd.why.telling import Teller, outcome
from agents.skills import AgentId
from queues.desk import Line, WrapUpRule
from tests.acd.why.explained import SECOND, UTC

BERT = AgentId("bert")
CODED = WrapUpRule(ms=60 * SECOND, codes=("done",), code_required=True)


def told(folder: Path, *lines: Line, pause: bool = True) -> JournalledStory:
    """Anna is here; Bert is too, and paused."""
    vip = entry("vip", "help", priority_class=1)
    story = JournalledStory(desk(*(lines or (line(),)), vip, agent("anna"), agent("bert")), folder)
    story.ready(0, "anna", "bert")
    if pause:
        story.at(0, events.AgentPaused(BERT, "break"))
    return story


def overtaken(folder: Path) -> tuple[int, int]:
    """Two wait while Anna talks until 08:00:30: a caller since :10, a VIP since :20, who is first.

    She answers after 2 s: the VIP at :32, him at 08:01:32.
    """
    story = told(folder)
    first = story.arrive(0)
    story.accept(2 * SECOND, "anna")
    number, vip = story.arrive(10 * SECOND), story.arrive(20 * SECOND, "vip")
    story.release(30 * SECOND, first, "anna").accept(32 * SECOND, "anna")
    story.release(90 * SECOND, vip, "anna").accept(92 * SECOND, "anna")
    story.release(100 * SECOND, number, "anna")
    story.journal.close()
    return number, vip


def ask(folder: Path, number: int, *texts: str) -> list[Otherwise]:
    asking = Asking(Record(folder / "journal"), number, lambda: True)
    changes = [parse(text, asking.arrived_ms, UTC) for text in texts]
    return asking.ask_all(changes, lambda done, total: None)


def said(found: Sequence[Otherwise], language: str = "en") -> list[str]:
    return [Teller(language, UTC).otherwise(one)[0] for one in found]


def test_who_is_ready_takes_it_and_the_vip_ahead_is_what_it_cost(tmp_path: Path) -> None:
    number, vip = overtaken(tmp_path)
    at_32 = "anna would have answered at 08:00:32: 1 min earlier."
    at_12 = "anna+1 would have answered at 08:00:12: 1 min 20 s earlier."
    found = ask(tmp_path, number, "ready bert 08:00:15", f"without {vip}", f"plain {vip}", "more anna")
    assert said(found) == [
        "Had bert been ready from 08:00:15 on, bert would have answered at 08:00:17: 1 min 15 s earlier.",
        f"Without contact {vip}, {at_32}",
        f"Had contact {vip} come without class and head start of its own, {at_32}",
        f"With one more agent like anna, from the arrival on, {at_12}",
    ]


def test_the_same_in_german(tmp_path: Path) -> None:
    number, vip = overtaken(tmp_path)
    assert said(ask(tmp_path, number, "ready bert 08:00:15", f"without {vip}"), "de") == [
        "Wäre bert ab 08:00:15 bereit gewesen, hätte bert um 08:00:17 angenommen: 1 min 15 s früher.",
        f"Ohne Kontakt {vip} hätte anna um 08:00:32 angenommen: 1 min früher.",
    ]


def test_the_most_telling_are_found(tmp_path: Path) -> None:
    number, vip = overtaken(tmp_path)
    changes = telling(explain(Record(tmp_path / "journal"), number).timeline)
    assert changes == [
        Change(Kind.READY, agent="bert", t_ms=1_800_000_010_000),
        Change(Kind.WITHOUT, contact=vip),
        Change(Kind.PLAIN, contact=vip),
    ]


def test_what_made_no_difference_leaves_it_as_it_was(tmp_path: Path) -> None:
    """Another line's caller, who came before, and numbers that are others from then on."""
    story = told(tmp_path, line(), line("other", "other"))
    other = story.arrive(1 * SECOND, "other")
    number = story.arrive(2 * SECOND)
    story.leave(4 * SECOND, other).accept(5 * SECOND, "anna")
    story.release(9 * SECOND, number, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, f"without {other}")
    assert (outcome(one), one.left_out, one.assumed) == ("same", 0, {})
    assert one.was == one.would


def test_who_gave_up_would_have_been_answered_and_his_talk_is_assumed_to_be_usual(tmp_path: Path) -> None:
    story = told(tmp_path)
    first = story.arrive(0)
    story.accept(2 * SECOND, "anna")
    number = story.arrive(10 * SECOND)
    story.leave(40 * SECOND, number)
    story.release(60 * SECOND, first, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, "ready bert 08:00:20")
    assert said([one]) == [
        (
            "Had bert been ready from 08:00:20 on, "
            "bert would have answered at 08:00:22; it was answered by nobody."
        )
    ]
    assert one.assumed == {"rings": 1, "talks": 1}


def test_who_gives_up_before_anybody_is_free_does_so_all_the_same(tmp_path: Path) -> None:
    story = told(tmp_path)
    first = story.arrive(0)
    story.accept(2 * SECOND, "anna")
    number = story.arrive(10 * SECOND)
    story.leave(15 * SECOND, number)
    story.release(60 * SECOND, first, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, "ready bert 08:00:20")
    assert outcome(one) == "unanswered"
    assert said([one])[0].endswith("on, it would have ended unanswered at 08:00:15.")


def test_a_wrap_up_that_owes_its_code_is_ended_and_a_talk_is_not(tmp_path: Path) -> None:
    story = told(tmp_path, line(wrap_up=CODED), pause=False)
    first, second = story.arrive(0), story.arrive(0)
    story.accept(2 * SECOND, "anna").accept(3 * SECOND, "bert")
    story.release(10 * SECOND, first, "anna")
    number = story.arrive(20 * SECOND)
    story.code(90 * SECOND, first, "anna", "done").until(90 * SECOND).accept(92 * SECOND, "anna")
    story.journal.close()
    wraps, talks = ask(tmp_path, number, "ready anna 08:00:30", "ready bert 08:00:30")
    assert said([wraps]) == [
        "Had anna been ready from 08:00:30 on, anna would have answered at 08:00:32: 1 min earlier."
    ]
    assert (outcome(talks), talks.busy) == ("same", True)
    assert second


def test_without_the_incident_nobody_had_to_hear_its_text_first(tmp_path: Path) -> None:
    story = told(tmp_path)
    story.at(1 * SECOND, declared("vpn"))
    number = story.arrive(10 * SECOND)
    story.heard(25 * SECOND, number).accept(27 * SECOND, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, "no-incident vpn")
    assert said([one]) == [
        "Had incident vpn not been on, anna would have answered at 08:00:12: 15 s earlier."
    ]
    assert Change(Kind.NO_INCIDENT, incident="vpn") in telling(
        explain(Record(tmp_path / "journal"), number).timeline
    )


def test_an_incident_declared_while_it_waits_can_be_left_out(tmp_path: Path) -> None:
    story = told(tmp_path)
    first = story.arrive(0)
    story.accept(2 * SECOND, "anna")
    number = story.arrive(10 * SECOND)
    story.at(20 * SECOND, declared("vpn"))
    story.release(30 * SECOND, first, "anna").accept(32 * SECOND, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, "no-incident vpn")
    assert (outcome(one), one.left_out) == ("same", 0)


def test_who_lets_it_ring_is_asked_again_when_he_is_said_to_be_ready(tmp_path: Path) -> None:
    story = told(tmp_path, line(ring_ms=10 * SECOND), pause=False)
    story.at(0, events.AgentPaused(AgentId("anna"), "break"))
    number = story.arrive(10 * SECOND)
    story.until(30 * SECOND).at(40 * SECOND, events.AgentReady(AgentId("anna")))
    story.accept(42 * SECOND, "anna")
    story.journal.close()
    ready, paused = ask(tmp_path, number, "ready bert", "ready anna 08:00:25")
    assert said([ready])[0].endswith("bert would have answered at 08:00:12: 30 s earlier.")
    assert said([paused])[0].endswith("anna would have answered at 08:00:27: 15 s earlier.")


def test_without_time_nothing_is_claimed(tmp_path: Path) -> None:
    number, vip = overtaken(tmp_path)
    for last in range(200):
        left = iter([True] * last)
        asking = Asking(Record(tmp_path / "journal"), number, partial(next, left, False))
        (one,) = asking.ask_all([Change(Kind.WITHOUT, contact=vip)], lambda done, total: None)
        if one.complete:
            break
        assert said([one])[0].endswith("there was no time left to find out (--within).")
    assert one.complete


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ready zoe", "there was no agent zoe"),
        ("without 99", "there is no contact 99"),
        ("without 2", "only another"),
    ],
)
def test_what_cannot_be_changed_is_said(tmp_path: Path, text: str, why: str) -> None:
    number, _ = overtaken(tmp_path)
    assert number == 2
    with pytest.raises(CannotExplain, match=why):
        ask(tmp_path, number, text)


@pytest.mark.parametrize(
    "text", ["ready", "ready bert soon", "more bert 10:00 x", "without him", "ready bert 25:00"]
)
def test_a_change_that_nobody_understands_names_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"is none of: ready AGENT|is no time of day"):
        parse(text, 1_800_000_000_000, UTC)


def test_a_time_is_of_the_day_of_the_arrival_or_of_the_next() -> None:
    late_ms = 1_800_000_000_000 + 15 * 3_600_000 + 30 * 60_000
    assert parse("ready bert 23:31:02.5", late_ms, UTC).t_ms == late_ms + 62_500
    assert parse("ready bert 00:10", late_ms, UTC).t_ms == late_ms + 40 * 60_000


def test_whoever_has_a_contact_instead_ends_it_as_long_after_as_it_was_ended(tmp_path: Path) -> None:
    """Bert would have had the one ahead for 20 s, as Anna had it, and then this one."""
    story = told(tmp_path)
    first = story.arrive(0)
    story.accept(2 * SECOND, "anna")
    ahead, number = story.arrive(10 * SECOND), story.arrive(12 * SECOND)
    story.release(60 * SECOND, first, "anna").accept(62 * SECOND, "anna")
    story.release(82 * SECOND, ahead, "anna").accept(84 * SECOND, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, "ready bert 08:00:15")
    assert said([one])[0].endswith("bert would have answered at 08:00:39: 45 s earlier.")


@pytest.mark.parametrize(("rule", "wraps_up_s"), [(CODED, 60), (WrapUpRule(), 0)])
def test_who_gave_up_in_the_record_keeps_his_agent_as_long_as_is_usual_and_the_code_is_given(
    tmp_path: Path, rule: WrapUpRule, wraps_up_s: int
) -> None:
    """Talks last 30 s there, and a wrap-up ends by its code."""
    story = told(tmp_path, line(wrap_up=rule))
    usual = story.arrive(0)
    story.accept(2 * SECOND, "anna").release(32 * SECOND, usual, "anna")
    if rule.codes:
        story.code(60 * SECOND, usual, "anna", "done")
    first = story.arrive(100 * SECOND)
    story.accept(102 * SECOND, "anna")
    number_ahead, number = story.arrive(110 * SECOND), story.arrive(112 * SECOND)
    story.leave(120 * SECOND, number_ahead)
    story.release(398 * SECOND, first, "anna")
    if rule.codes:
        story.code(399 * SECOND, first, "anna", "done")
    story.accept((470 if rule.codes else 400) * SECOND, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, "ready bert 08:01:55")
    assert one.assumed == {"rings": 2, "talks": 1}
    assert one.would.answered_ms - story.moment(0) == (115 + 2 + 30 + wraps_up_s + 2) * SECOND


def test_while_the_server_was_away_nobody_could_have_done_anything(tmp_path: Path) -> None:
    story = told(tmp_path)
    first = story.arrive(0)
    story.accept(2 * SECOND, "anna")
    number = story.arrive(10 * SECOND)
    story.away(21 * SECOND, 30 * SECOND)
    story.release(60 * SECOND, first, "anna").accept(62 * SECOND, "anna")
    story.journal.close()
    (one,) = ask(tmp_path, number, "ready bert 08:00:20")
    assert said([one])[0].endswith("bert would have answered at 08:00:30: 32 s earlier.")


def test_who_is_ready_when_he_was_makes_no_difference(tmp_path: Path) -> None:
    story = told(tmp_path)
    story.at(0, events.AgentPaused(AgentId("anna"), "break"))
    number = story.arrive(10 * SECOND)
    story.at(40 * SECOND, events.AgentReady(BERT)).accept(44 * SECOND, "bert")
    story.journal.close()
    assert [outcome(one) for one in ask(tmp_path, number, "ready bert 08:00:40")] == ["same"]


def test_who_came_later_and_was_first_is_more_telling_than_who_was_ahead(tmp_path: Path) -> None:
    story = told(tmp_path, pause=False)
    talks = [story.arrive(0), story.arrive(0)]
    story.accept(1 * SECOND, "anna").accept(1 * SECOND, "bert")
    ahead, number = story.arrive(5 * SECOND), story.arrive(10 * SECOND)
    story.release(15 * SECOND, talks[0], "anna").accept(16 * SECOND, "anna")
    vip = story.arrive(20 * SECOND, "vip")
    story.release(30 * SECOND, talks[1], "bert").accept(31 * SECOND, "bert")
    story.release(40 * SECOND, ahead, "anna").accept(41 * SECOND, "anna")
    story.journal.close()
    found = explain(Record(tmp_path / "journal"), number).timeline
    assert [look.rivals[0].contact for look in found.passed_over] == [ahead, vip]
    assert Change(Kind.WITHOUT, contact=vip) in telling(found)
