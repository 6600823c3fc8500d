"""The golden set, the second vector and the borderline cases of the KPI definitions, exactly."""

from fractions import Fraction
from typing import Any

import pytest

from acd.core import events, facts
from acd.core.events import ContactId
from acd.kpi.contacts import Contacts
from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL, DEFINITIONS
from acd.kpi.ledger import Ledger, Outcome, Segment
from acd.kpi.service import Counts, Terms, count
from acd.testing.story import START_MS, Story, agent, desk, line
from agents.capacity import MAIL
from queues.calendar import BusinessClock
from queues.desk import Incident, IncidentId, IncidentMode, LineId, Overflow, Way, WrapUpRule
from tests.acd.kpi import golden

SECOND = 1_000


def counted(segments: list[Segment], terms: Terms | None = None) -> Counts:
    counts = Counts()
    for segment in segments:
        count(segment, terms or Terms(), counts)
    return counts


@pytest.fixture(scope="module", params=["decided by the engine", "as segments"])
def counts(request: pytest.FixtureRequest) -> Counts:
    if request.param == "as segments":
        return counted(golden.set_of_segments())
    return counted(golden.segments(*golden.told()))


def test_the_golden_set_has_its_symbols(counts: Counts) -> None:
    symbols = {
        "arrived": 18, "answered": 8, "in_time": 5, "abandoned": 5, "short": 2, "abandoned_in_time": 3,
        "flowed_out": 2, "blocked": 1, "incident": 2, "offered": 15, "open": 0,
    }  # fmt: skip
    assert {name: getattr(counts, name) for name in symbols} == symbols
    assert counts.arrived == counts.offered + counts.blocked + counts.incident


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("answered", Fraction(5, 8)),
        ("answered_or_abandoned_in_time", Fraction(8, 13)),
        ("abandons_ignored", Fraction(5, 10)),
        ("abandons_negative", Fraction(5, 11)),
        ("abandons_positive", Fraction(6, 11)),
        ("offered", Fraction(5, 15)),
        ("reachability", Fraction(8, 14)),
        ("reachability_net", Fraction(8, 12)),
        ("abandon_rate", Fraction(5, 13)),
        ("abandon_rate_net", Fraction(3, 11)),
    ],
)
def test_the_golden_set_has_its_results(counts: Counts, name: str, result: Fraction) -> None:
    definition = DEFINITIONS[name]
    assert Fraction(definition.numerator(counts)) / Fraction(definition.denominator(counts)) == result
    assert definition.value(counts) == float(result)


def test_the_golden_set_has_its_waits(counts: Counts) -> None:
    assert DEFINITIONS["asa"].value(counts) == sum(golden.ANSWERED) * SECOND / 8
    assert DEFINITIONS["longest_wait"].value(counts) == 90_000
    assert DEFINITIONS["longest_abandoned"].value(counts) == 70_000


def test_announced_waits_are_held_against_those_that_came() -> None:
    """Told 30 s after it queued: 60 s more, 20 to 100 s in nine of ten cases."""

    def told(wait: float, outcome: Outcome = Outcome.ANSWERED) -> Segment:
        said = {"told_ms": 30_000, "told_wait_ms": 60_000, "told_band_ms": (20_000, 100_000)}
        return golden.segment(outcome, wait, **said)

    waits = [told(50), told(80), told(130), told(131), golden.segment(Outcome.ANSWERED, 500)]
    counts = counted([*waits, told(40, Outcome.ABANDONED)])
    assert counts.waits_told == 4, "who gave up waited for nobody"
    assert DEFINITIONS["announced_wait_error"].value(counts) == (40 + 10 + 40 + 41) * SECOND / 4
    assert DEFINITIONS["announced_wait_kept"].value(counts) == 3 / 4


def test_the_first_announcement_in_the_line_that_answers_counts() -> None:
    waits = facts.WaitTold(START_MS + 40_000, ContactId(1), LineId("help"), 1, 70_000, 1_000, 90_000)
    again = facts.WaitTold(START_MS + 70_000, ContactId(1), LineId("help"), 0, 5_000, 1_000, 9_000)
    story = Story(desk(line("help"), agent("anna")))
    call = story.arrive(0)
    story.ready(100_000, "anna").accept(100_000, "anna").release(110_000, call, "anna")
    at = next(place for place, fact in enumerate(story.facts) if fact.t_ms > START_MS)
    (found,) = golden.segments([*story.facts[:at], waits, again, *story.facts[at:]], story)
    assert (found.told_ms, found.told_wait_ms) == (START_MS + 40_000, 70_000)
    assert counted([found]).told_error_ms == 10_000


def test_the_default_service_level_counts_abandons_as_missed() -> None:
    assert DEFAULT_SERVICE_LEVEL == "abandons_negative"


@pytest.mark.parametrize(
    ("name", "percent"), [("abandons_ignored", 77.78), ("abandons_negative", 70), ("abandons_positive", 80)]
)
def test_the_second_vector(name: str, percent: float) -> None:
    """Answered in T 70, abandoned in T 10, exceeded 20, offered 100."""
    segments = [golden.segment(Outcome.ANSWERED, 10) for _ in range(70)]
    segments += [golden.segment(Outcome.ABANDONED, 10) for _ in range(10)]
    segments += [golden.segment(Outcome.ANSWERED, 30) for _ in range(20)]
    counts = counted(segments)
    assert counts.offered == 100
    found = DEFINITIONS[name].value(counts)
    assert found is not None
    assert round(found * 100, 2) == percent


def test_a_share_of_nothing_is_no_number() -> None:
    assert DEFINITIONS["answered"].value(Counts()) is None


# ---- borderline cases


def segments_of(story: Story, now: int) -> tuple[list[Segment], list[Segment]]:
    """Finished segments and whole contacts of a story."""
    segments: list[Segment] = []
    whole: list[Segment] = []
    contacts = Contacts(whole.append)
    ledger = Ledger(segments.append)
    ledger.take(story.until(now).facts)
    ledger.close(START_MS + now)
    for segment in segments:
        contacts.take(segment)
    assert contacts.unfinished == 0
    return segments, whole


def outage(*, mandatory: bool) -> events.IncidentDeclared:
    return events.IncidentDeclared(
        Incident(
            id=IncidentId("vpn"),
            greeting="vpn",
            mode=IncidentMode.INFORM,
            expires_ms=START_MS + 3_600_000,
            mandatory=mandatory,
        )
    )


def test_who_hangs_up_in_the_text_of_an_incident_before_he_queued_counts_in_m() -> None:
    story = Story(desk(line(), agent("anna"))).at(0, outage(mandatory=True))
    story.leave(9 * SECOND, story.arrive(0))
    (segment,), _ = segments_of(story, 10 * SECOND)
    assert (segment.outcome, segment.wait_ms, segment.during_incident) == (Outcome.INCIDENT, 9_000, True)


def test_who_hangs_up_in_a_text_played_while_he_is_queued_counts_in_x() -> None:
    story = Story(desk(line(), agent("anna"))).at(0, outage(mandatory=False))
    story.leave(9 * SECOND, story.arrive(0))
    (segment,), _ = segments_of(story, 10 * SECOND)
    assert (segment.outcome, segment.wait_ms, segment.during_incident) == (Outcome.ABANDONED, 9_000, True)


def two_lines(**first: Any) -> Story:
    return Story(
        desk(
            line("help", **first),
            line("expert", skill="expert", level=1),
            agent("anna"),
            agent("eva", expert=1),
        )
    )


def test_an_overflow_is_f_for_the_line_left_and_one_contact_for_the_client() -> None:
    story = two_lines(max_wait_ms=30_000, when_waited=Way(Overflow.LINE, LineId("expert")))
    number = story.arrive(0)
    story.ready(40 * SECOND, "eva").accept(45 * SECOND, "eva").release(100 * SECOND, number, "eva")
    segments, whole = segments_of(story, 101 * SECOND)
    assert [
        (segment.line, segment.outcome, segment.kind, segment.cause, segment.number, segment.wait_ms)
        for segment in segments
    ] == [
        ("help", Outcome.FLOWED_OUT, "overflow", "arrived", 1, 30_000),
        ("expert", Outcome.ANSWERED, "", "overflow", 2, 15_000),
    ]
    (contact,) = whole
    assert (contact.outcome, contact.wait_ms, contact.queued_ms) == (Outcome.ANSWERED, 45_000, START_MS)
    assert counted(whole).in_time == 0
    assert DEFINITIONS["response_time"].value(counted(whole)) == 45_000


def test_a_transfer_is_f_for_the_line_left_and_one_contact_for_the_client() -> None:
    story = two_lines(wrap_up=WrapUpRule(ms=50_000)).ready(0, "anna", "eva")
    number = story.arrive(0)
    story.accept(5 * SECOND, "anna")
    transfer = events.ContactTransferred(
        events.ContactId(number), story.engine.state.desk.agents[0].id, LineId("expert")
    )
    story.at(65 * SECOND, transfer)
    story.accept(75 * SECOND, "eva").release(95 * SECOND, number, "eva")
    segments, whole = segments_of(story, 200 * SECOND)
    shown = [
        (segment.line, segment.outcome, segment.kind, segment.wait_ms, segment.talk_ms, segment.wrap_up_ms)
        for segment in segments
    ]
    assert sorted(shown) == [
        ("expert", Outcome.ANSWERED, "", 10_000, 20_000, 0),
        ("help", Outcome.FLOWED_OUT, "transfer", 5_000, 60_000, 50_000),
    ]
    (contact,) = whole
    assert (contact.outcome, contact.wait_ms, contact.talk_ms) == (Outcome.ANSWERED, 15_000, 80_000)
    totals, lines = counted(whole), counted(segments)
    assert (totals.arrived, totals.answered, totals.flowed_out, totals.handled) == (1, 1, 0, 1)
    assert (lines.arrived, lines.answered, lines.flowed_out, lines.handled) == (2, 1, 1, 2)
    assert DEFINITIONS["aht"].value(totals) == 130_000


def test_a_callback_is_f_at_the_moment_it_is_promised() -> None:
    story = Story(desk(line(), agent("anna")))
    number = story.arrive(0)
    story.at(40 * SECOND, events.ContactDiverted(events.ContactId(number), "callback"))
    (segment,), _ = segments_of(story, 50 * SECOND)
    assert (segment.outcome, segment.kind, segment.ended_ms) == (
        Outcome.FLOWED_OUT,
        "callback",
        START_MS + 40_000,
    )


def test_offers_that_nobody_takes_change_no_count_of_the_contact() -> None:
    story = Story(desk(line(ring_ms=10_000), agent("anna"), agent("bert"))).ready(0, "anna", "bert")
    number = story.arrive(0)
    story.until(10 * SECOND)
    story.accept(12 * SECOND, "bert").release(60 * SECOND, number, "bert")
    segments, _ = segments_of(story, 61 * SECOND)
    counts = counted(segments)
    assert (counts.arrived, counts.answered, counts.wait_ms) == (1, 1, 12_000)
    assert counts.ring_ms == 12_000


def test_who_is_thrown_out_by_the_desk_is_an_abandon_and_never_a_short_one() -> None:
    story = Story(desk(line(max_wait_ms=3_000), agent("anna")))
    story.arrive(0)
    segments, _ = segments_of(story, 4 * SECOND)
    counts = counted(segments)
    assert (counts.abandoned, counts.short, segments[0].kind) == (1, 0, "waited too long")
    assert DEFINITIONS["abandon_rate_net"].value(counts) == 1.0


def test_a_mail_is_answered_when_the_agent_is_done_with_it_in_business_time() -> None:
    mailer = agent("anna", (MAIL, 1))
    story = Story(desk(line(), mailer)).ready(0, "anna", media=(MAIL,))
    number = story.arrive(0, medium=MAIL)
    story.accept(SECOND, "anna").release(10_800 * SECOND, number, "anna")
    segments, _ = segments_of(story, 11_000 * SECOND)
    hour = 3_600_000
    closed_between = BusinessClock(
        [(START_MS - hour, START_MS + hour), (START_MS + 2 * hour, START_MS + 9 * hour)]
    )
    late, fine = Terms(reply_ms=2 * hour), Terms(reply_ms=2 * hour, clocks={"help": closed_between})
    assert DEFINITIONS["mail_in_time"].value(counted(segments, late)) == 0.0
    assert DEFINITIONS["mail_in_time"].value(counted(segments, fine)) == 1.0
    assert DEFINITIONS["mail_response_time"].value(counted(segments, fine)) == 2 * hour
