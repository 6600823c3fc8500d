"""What callers and agents do, told as stories: who, when, what. Times in seconds after the start."""

from typing import Any

import pytest
from msgspec.structs import replace

from acd.core import facts
from acd.testing.story import START_MS, agent, desk, line
from agents.capacity import MAIL, VOICE
from agents.skills import AgentId
from queues.desk import DEFAULT_MEDIA, Desk, EntryId, LineId, Medium, MediumTraits, TalkLimit, WrapUpRule
from simulation.draws import Purpose
from simulation.laws import empirical, fixed
from simulation.scenario import Duty, Habits, Handling, Redial, Scenario, Stream, Surge
from tests.simulation.replication import replicate
from tests.simulation.trace_day import Said, TraceDay

S = 1_000
HOUR = 3_600 * S
CALLS, MAILS = EntryId("help"), EntryId("mails mail")
TALK = Handling(fixed(100 * S))

Told = tuple[Any, ...]


def scene(opened: Desk, *streams: Stream, **rules: Any) -> Scenario:
    """One interval of an hour; all agents on duty for it; every talk is 100 s long unless said otherwise."""
    rules.setdefault("handling", {(one.id, medium): TALK for one in opened.lines for medium in (VOICE, MAIL)})
    end_ms = START_MS + HOUR
    rules.setdefault("duties", tuple(Duty(one.id, START_MS, end_ms) for one in opened.agents))
    return Scenario("scene", opened, START_MS, HOUR, 1, streams, run_on_ms=600 * S, **rules)


def stream(entry: EntryId = CALLS, **rules: Any) -> Stream:
    return Stream(str(entry), entry, (1.0,), **rules)


def told(scenario: Scenario, *arrivals: Any, of: Any, said: Said | None = None) -> list[Told]:
    """(s, fact, contact or agent) of all facts of these classes; arrivals as s or (s, stream)."""
    pairs = [one if isinstance(one, tuple) else (one, 0) for one in arrivals]
    day = TraceDay(scenario, *((round(after * S), number) for after, number in pairs), said=said)
    log: list[Told] = []
    for fact in replicate(scenario, day).all_facts():
        if isinstance(fact, of):
            who = getattr(fact, "contact", None) or getattr(fact, "agent", None) or getattr(fact, "ref", None)
            log.append(((fact.t_ms - START_MS) / S, type(fact).__name__, who))
    return log


def test_patience_counts_from_the_arrival_and_ends_with_the_answer() -> None:
    scenario = scene(desk(line(), agent("anna")), stream(patience=fixed(90 * S)))
    assert told(scenario, 0, 20, 30, of=(facts.Answered, facts.Abandoned, facts.Released)) == [
        (0, "Answered", 1),
        (100, "Released", 1),
        (100, "Answered", 2),
        (120, "Abandoned", 3),
        (200, "Released", 2),
    ]


def test_a_talk_that_lasts_too_long_is_handed_over_and_begins_anew_there() -> None:
    limit = TalkLimit(hand_over_ms=60 * S, to=LineId("second"))
    opened = desk(line(talk_limit=limit), line("second", "network"), agent("anna"), agent("bert", network=1))
    of = (facts.Answered, facts.Transferred, facts.Released)
    assert told(scene(opened, stream()), 0, of=of) == [
        (0, "Answered", 1),
        (60, "Transferred", 1),
        (60, "Answered", 1),
        (160, "Released", 1),
    ]


def test_no_exchange_of_the_model_forgets_a_call_that_it_keeps() -> None:
    pbx = Medium("pbx")
    leased = MediumTraits(pbx, promise=False, put_aside=False, keeps_leg=True, lease_ms=30 * S)
    opened = desk(line(), agent("anna", (pbx, 1)), media=(*DEFAULT_MEDIA, leased))
    handling = {(LineId("help"), pbx): TALK}
    scenario = scene(opened, stream(EntryId("help pbx")), handling=handling)
    assert told(scenario, 0, of=(facts.Answered, facts.Released, facts.Abandoned)) == [
        (0, "Answered", 1),
        (100, "Released", 1),
    ]


def test_an_answer_takes_its_time_and_dies_with_its_contact() -> None:
    habits = Habits(answer_delay=fixed(5 * S))
    scenario = scene(desk(line(), agent("anna")), stream(patience=fixed(4 * S)), habits=habits)
    assert told(scenario, 0, of=(facts.Answered, facts.Abandoned, facts.OfferWithdrawn)) == [
        (4, "OfferWithdrawn", 1),
        (4, "Abandoned", 1),
    ]
    patient = scene(desk(line(), agent("anna")), stream(), habits=habits)
    assert told(patient, 0, of=(facts.Answered, facts.Released)) == [(5, "Answered", 1), (105, "Released", 1)]


def test_who_does_not_answer_is_back_when_the_habit_says() -> None:
    habits = Habits(no_answer=0.3, back_after=fixed(45 * S))
    scenario = scene(desk(line(), agent("anna")), stream(), habits=habits)
    said = {Purpose.NO_ANSWER: {0: 0.1}}
    assert told(
        scenario, 0, of=(facts.NotAnswered, facts.Paused, facts.Ready, facts.Answered), said=said
    ) == [
        (20, "NotAnswered", 1),
        (20, "Paused", "anna"),
        (65, "Ready", "anna"),
        (65, "Answered", 1),
    ]


def test_a_break_that_begins_while_somebody_is_away_decides_when_he_is_back() -> None:
    breaks = ((START_MS + 30 * S, START_MS + 300 * S),)
    duty = Duty(AgentId("anna"), START_MS, START_MS + HOUR, breaks)
    habits = Habits(no_answer=0.3, back_after=fixed(45 * S))
    scenario = scene(desk(line(), agent("anna")), stream(), habits=habits, duties=(duty,))
    said = {Purpose.NO_ANSWER: {0: 0.1}}
    assert told(scenario, 0, of=(facts.Paused, facts.Ready), said=said) == [
        (20, "Paused", "anna"),
        (30, "Paused", "anna"),
        (300, "Ready", "anna"),
    ]


def test_what_talks_at_the_end_of_a_duty_is_finished() -> None:
    one = Duty(AgentId("anna"), START_MS, START_MS + 60 * S)
    two = Duty(AgentId("anna"), START_MS + 200 * S, START_MS + HOUR)
    scenario = scene(desk(line(), agent("anna")), stream(), duties=(two, one))
    moments = (facts.SignedIn, facts.SignedOut, facts.Answered, facts.Released, facts.Reachable)
    assert told(scenario, 10, 20, of=moments) == [
        (0, "Reachable", "anna"),
        (0, "SignedIn", "anna"),
        (10, "Answered", 1),
        (60, "SignedOut", "anna"),
        (110, "Released", 1),
        (200, "SignedIn", "anna"),
        (200, "Answered", 2),
        (300, "Released", 2),
        (3600, "SignedOut", "anna"),
    ]


def test_unplanned_pauses_come_when_the_law_says_and_not_within_another_pause() -> None:
    breaks = ((START_MS + 1_000 * S, START_MS + 1_500 * S),)
    duty = Duty(AgentId("anna"), START_MS, START_MS + 2_500 * S, breaks)
    habits = Habits(pause_every=fixed(600 * S), pause=fixed(60 * S))
    scenario = scene(desk(line(), agent("anna")), stream(), habits=habits, duties=(duty,))
    assert told(scenario, of=(facts.Paused, facts.Ready)) == [
        (600, "Paused", "anna"),
        (660, "Ready", "anna"),
        (1000, "Paused", "anna"),  # the break; the pause of 1260 falls into it
        (1500, "Ready", "anna"),
        (1860, "Paused", "anna"),
        (1920, "Ready", "anna"),
    ]


WRAP_UP = (
    facts.WrapUpStarted,
    facts.WrapUpExtension,
    facts.WrapUpCode,
    facts.WrapUpOverdue,
    facts.WrapUpDone,
)


@pytest.mark.parametrize(
    ("rule", "wanted_s", "expected"),
    [
        (WrapUpRule(), None, []),
        (WrapUpRule(ms=20 * S), None, [(100, "Started"), (120, "Done")]),
        (WrapUpRule(ms=20 * S), 5, [(100, "Started"), (105, "Done")]),
        (WrapUpRule(ms=20 * S), 30, [(100, "Started"), (120, "Done")]),
        (
            WrapUpRule(ms=20 * S, max_extension_ms=15 * S),
            30,
            [(100, "Started"), (100, "Extension"), (130, "Done")],
        ),
        (
            WrapUpRule(ms=20 * S, max_extension_ms=15 * S),
            90,
            [(100, "Started"), (100, "Extension"), (135, "Done")],
        ),
        (
            WrapUpRule(ms=20 * S, codes=("a",), code_required=True),
            5,
            [(100, "Started"), (100, "Code"), (105, "Done")],
        ),
        (WrapUpRule(codes=("a",), code_required=True), None, [(100, "Code")]),
        (
            WrapUpRule(codes=("a",), code_required=True),
            5,
            [(100, "Started"), (100, "Overdue"), (105, "Code"), (105, "Done")],
        ),
    ],
)
def test_a_wrap_up_is_as_long_as_the_agent_wants_and_the_line_allows(
    rule: WrapUpRule, wanted_s: int | None, expected: list[Told]
) -> None:
    handling = Handling(fixed(100 * S), wrap_up=None if wanted_s is None else fixed(wanted_s * S))
    opened = desk(line(wrap_up=rule), agent("anna"))
    scenario = scene(opened, stream(), handling={(LineId("help"), VOICE): handling})
    log = told(scenario, 0, of=WRAP_UP)
    assert [(after, name.removeprefix("WrapUp")) for after, name, _ in log] == expected


def test_a_hold_lies_in_the_middle_of_the_talk() -> None:
    handling = {(LineId("help"), VOICE): Handling(fixed(101 * S), hold=fixed(7 * S))}
    scenario = scene(desk(line(), agent("anna")), stream(), handling=handling)
    assert told(scenario, 0, of=(facts.Held, facts.Resumed, facts.Released)) == [
        (50.5, "Held", 1),
        (57.5, "Resumed", 1),
        (108, "Released", 1),
    ]


def test_interrupted_work_rests_and_goes_on_with_what_was_left_of_it() -> None:
    both = desk(
        line(wrap_up=WrapUpRule(ms=10 * S)),
        line("mails", "mail"),
        agent("anna", (VOICE, 1), (MAIL, 1), help=1, mail=1),
        interrupts=((VOICE, MAIL),),
    )
    scenario = scene(both, stream(), stream(MAILS))
    moments = (facts.Answered, facts.Interrupted, facts.InterruptionEnded, facts.Released)
    assert told(scenario, (0, 1), (40, 0), (200, 0), of=moments) == [
        (0, "Answered", 1),
        (40, "Answered", 2),
        (40, "Interrupted", 1),
        (140, "Released", 2),
        (140, "InterruptionEnded", 1),
        (200, "Released", 1),  # 40 s before, 60 s after
        (200, "Answered", 3),
        (300, "Released", 3),
    ]


def test_an_escalation_ends_the_talk_and_waits_for_the_next_level_with_new_patience() -> None:
    two = desk(line(), line("expert", "second"), agent("anna"), agent("dora", second=1))
    first = Handling(fixed(100 * S), escalate=0.4, escalate_to=LineId("expert"))
    second = Handling(fixed(400 * S))
    handling = {(LineId("help"), VOICE): first, (LineId("expert"), VOICE): second}
    scenario = scene(two, stream(patience=fixed(150 * S)), handling=handling)
    said = {Purpose.ESCALATE: {0: 0.3}}
    moments = (facts.Answered, facts.Transferred, facts.Abandoned, facts.Released)
    assert told(scenario, 0, 10, of=moments, said=said) == [
        (0, "Answered", 1),
        (100, "Transferred", 1),
        (100, "Answered", 1),
        (100, "Answered", 2),
        (200, "Transferred", 2),
        (350, "Abandoned", 2),
        (500, "Released", 1),
    ]


def test_who_gave_up_or_was_blocked_calls_again_and_at_last_writes_a_mail() -> None:
    opened = desk(line(max_length=1), line("mails", "mail"), agent("anna", (VOICE, 1), (MAIL, 1), mail=1))
    redial = Redial(0.6, fixed(60 * S), most=3, other_share=0.2, other_entry=MAILS)
    scenario = scene(opened, stream(patience=fixed(30 * S), redial=redial))
    said = {Purpose.OTHER_MEDIUM: {1: 0.1}}
    day = TraceDay(scenario, (0, 0), (10 * S, 0), said=said)
    arrived = (facts.Arrived, facts.Blocked, facts.Abandoned, facts.Answered)
    log = [fact for fact in replicate(scenario, day).all_facts() if isinstance(fact, arrived)]
    seen = [((f.t_ms - START_MS) // S, type(f).__name__, getattr(f, "ref", None)) for f in log]
    assert seen == [
        (0, "Arrived", "0/0/0"),
        (10, "Blocked", "0/1/0"),
        (30, "Abandoned", None),
        (70, "Arrived", "0/1/1"),
        (90, "Blocked", "0/0/1"),
        (100, "Abandoned", None),
        (150, "Arrived", "0/0/2"),
        (150, "Answered", None),
        (160, "Arrived", "0/1/2"),
        (250, "Answered", None),
    ]
    parties = {f.ref: (f.party, f.medium) for f in log if isinstance(f, facts.Arrived)}
    assert parties["0/1/1"] == ("0/1", VOICE)
    assert parties["0/1/2"] == ("0/1", MAIL)


def test_a_caller_whom_the_desk_sends_away_calls_again() -> None:
    scenario = scene(
        desk(line(max_wait_ms=40 * S), agent("anna", other=1)), stream(redial=Redial(1.0, fixed(S), most=2))
    )
    assert told(scenario, 0, of=(facts.Arrived, facts.Released)) == [
        (0, "Arrived", 1),
        (40, "Released", 1),
        (41, "Arrived", 2),
        (81, "Released", 2),
    ]


def surge(**rules: Any) -> Surge:
    return Surge(START_MS, START_MS + 600 * S, 1.0, announced_ms=START_MS + 100 * S, deflect=0.5, **rules)


def test_the_announcement_delays_the_queue_and_some_hang_up_content_within_it() -> None:
    opened = desk(line(), agent("anna"))
    moments = (facts.Informed, facts.Deflected, facts.Queued, facts.Abandoned)
    redial = Redial(1.0, fixed(S))
    scenario = scene(opened, stream(redial=redial), surge=surge())
    assert told(scenario, 50, 150, 650, of=moments) == [
        (50, "Queued", 1),
        (150, "Informed", 2),
        (165, "Queued", 2),
        (650, "Queued", 3),
    ]
    said = {Purpose.DEFLECT: 0.1}
    assert told(scenario, 50, 150, 650, of=moments, said=said) == [
        (50, "Queued", 1),
        (150, "Informed", 2),
        (153, "Deflected", 2),  # 0.1 of 0.5: after a fifth of 15 s; nobody redials
        (650, "Queued", 3),
    ]
    optional = scene(opened, stream(redial=redial), surge=surge(mandatory=False))
    assert told(optional, 99, 150, of=moments, said=said) == [
        (99, "Queued", 1),
        (150, "Informed", 2),
        (150, "Queued", 2),
        (153, "Abandoned", 2),
    ]


def test_patience_may_end_within_a_mandatory_text() -> None:
    opened = desk(line(greeting="hello", greeting_mandatory=True), agent("anna"))
    scenario = scene(opened, stream(patience=fixed(8 * S)))
    assert told(scenario, 0, of=(facts.Queued, facts.Abandoned)) == [(8, "Abandoned", 1)]
    patient = scene(opened, stream(patience=fixed(12 * S)))
    assert told(patient, 0, of=(facts.Queued, facts.Answered)) == [(10, "Queued", 1), (10, "Answered", 1)]


def test_vips_use_their_own_entry() -> None:
    opened = desk(line(), line("hotline"), agent("anna"))
    scenario = scene(opened, stream(vip_share=0.3, vip_entry=EntryId("hotline")))
    for number, entry in ((0.2, "hotline"), (0.4, "help")):
        day = TraceDay(scenario, (0, 0), said={Purpose.VIP: number})
        arrived = [f for f in replicate(scenario, day).all_facts() if isinstance(f, facts.Arrived)]
        assert [fact.entry for fact in arrived] == [entry]


def test_the_first_of_several_who_are_rung_has_the_contact() -> None:
    opened = desk(line(ring_at_once=2), agent("anna"), agent("bert"))
    habits = Habits(answer_delay=empirical([3 * S, 5 * S]))
    scenario = scene(opened, stream(), habits=habits)
    said = {Purpose.ANSWER_DELAY: {0: 0.9, 1: 0.1}}
    assert told(scenario, 0, of=(facts.Offered, facts.OfferWithdrawn, facts.Answered), said=said) == [
        (0, "Offered", 1),
        (0, "Offered", 1),
        (3, "OfferWithdrawn", 1),
        (3, "Answered", 1),
    ]


def test_talk_may_be_longer_in_some_intervals() -> None:
    scenario = scene(desk(line(), agent("anna")), stream(talk_factor=(1.25,)))
    assert told(scenario, 0, of=facts.Released) == [(125, "Released", 1)]


def test_what_is_open_at_the_end_stays_open() -> None:
    scenario = replace(scene(desk(line(), agent("anna")), stream()), run_on_ms=0)
    day = TraceDay(scenario, (HOUR - 10 * S, 0), (HOUR - 5 * S, 0))
    engine = replicate(scenario, day).engine
    assert [contact.state.value for contact in engine.state.contacts.values()] == ["connected", "waiting"]
