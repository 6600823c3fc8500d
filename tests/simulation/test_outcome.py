"""What a day leaves is all that happened in it: nothing lost, nothing counted twice, equal for equal days."""

import pickle
from collections import Counter

import numpy as np
import pytest
from msgspec.structs import replace

from acd.core import facts
from acd.core.facts import Fact
from acd.kpi.contacts import Contacts
from acd.kpi.customers import Customers
from acd.kpi.intervals import Cells, Intervals
from acd.kpi.ledger import Ledger, Outcome, Segment
from acd.kpi.occupancy import TimeSheet
from acd.kpi.service import Counts, Terms
from agents.capacity import MAIL, VOICE
from queues.desk import EntryId, LineId, Medium
from simulation.draws import Day
from simulation.driver import SimDriver
from simulation.laws import exponential, fixed
from simulation.runs import outcome
from simulation.runs.experiment import run_day
from simulation.runs.outcome import COUNTS, DayResult, Fold, Tally, terms_of
from simulation.scenario import Goal, Redial, Scenario, Stream
from simulation.world.model import play
from tests.simulation.random_scenario import END_MS, INTERVAL_MS, INTERVALS, random_scenario

SEEDS = range(12)


def facts_of(scenario: Scenario, seed: int) -> list[Fact]:
    told: list[Fact] = []
    play(scenario, Day(scenario, seed, 0), told.extend)
    return told


def segments_of(scenario: Scenario, told: list[Fact]) -> list[Segment]:
    """Every segment, by the ledger alone."""
    segments: list[Segment] = []
    ledger = Ledger(segments.append)
    ledger.take(told)
    ledger.close(scenario.end_ms + scenario.run_on_ms)
    for segment in segments:
        segment.vip = segment.vip or segment.entry == "hotline"
    return segments


def column(tally: Tally, name: str) -> int:
    return int(tally.counts[:, COUNTS.index(name)].sum())


def total(name: str, *tallies: Tally) -> int:
    return sum(column(tally, name) for tally in tallies)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_contact_that_came_is_counted_once_with_one_end(seed: int) -> None:
    scenario = random_scenario(seed)
    day = run_day(scenario, seed, 0)
    came = Counter(type(fact) for fact in facts_of(scenario, seed))
    contacts = day.single, day.contacts
    assert total("arrived", *contacts) == came[facts.Arrived] + came[facts.Blocked]
    ends = ("answered", "abandoned", "flowed_out", "blocked", "incident", "open")
    for tally in (*contacts, day.segments):
        assert column(tally, "arrived") == sum(column(tally, end) for end in ends)


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_count_every_segment_and_clients_every_contact_as_the_kpis_do(seed: int) -> None:
    scenario = random_scenario(seed)
    day = run_day(scenario, seed, 0)
    terms = terms_of(scenario)
    segments = segments_of(scenario, facts_of(scenario, seed))
    contacts: list[Segment] = []
    fold = Contacts(contacts.append)
    for segment in segments:
        fold.take(segment)
    for wanted, tallies in ((segments, (day.single, day.segments)), (contacts, (day.single, day.contacts))):
        for line, medium in {(segment.line, segment.medium) for segment in wanted}:
            cells = Cells(
                Intervals([scenario.start_ms, END_MS, END_MS + scenario.run_on_ms]), terms[line, medium]
            )
            for segment in wanted:
                if (segment.line, segment.medium) == (line, medium):
                    cells.take(segment)
            assert without_customers(added_up(tallies, line, medium)) == cells.total()


def added_up(tallies: tuple[Tally, ...], line: str, medium: Medium) -> Counts:
    whole = Counts()
    for tally in tallies:
        for cell, row in zip(tally.cells, tally.counts.tolist(), strict=True):
            if (cell.line, cell.medium) == (line, medium):
                whole.add(Counts(*row))
    return whole


def without_customers(counts: Counts) -> Counts:
    return replace(counts, customers=0, customers_reached=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_customers_are_counted_as_the_kpis_do(seed: int) -> None:
    scenario = random_scenario(seed)
    customers = Customers()
    contacts = Contacts(customers.take)
    for segment in segments_of(scenario, facts_of(scenario, seed)):
        contacts.take(segment)
    cases = list(customers.cases())
    day = run_day(scenario, seed, 0)
    tallies = day.single, day.segments, day.contacts
    assert total("customers", *tallies) == len(cases) > 0
    assert total("customers_reached", *tallies) == sum(reached for *_, reached in cases)


def test_a_vip_who_comes_again_by_mail_is_one_customer_and_a_vip() -> None:
    """Nobody answers calls, so every caller writes a mail, whose entry knows no VIPs."""
    scenario = random_scenario(0)
    redial = Redial(1.0, fixed(60_000), other_share=1.0, other_entry=EntryId("mails mail"))
    calls = Stream("calls", EntryId("help"), (20.0, 0.0, 0.0, 0.0), patience=fixed(1_000))
    vips = replace(calls, vip_share=1.0, vip_entry=EntryId("hotline"), redial=redial)
    mute = [replace(one, capacity=((MAIL, 1),)) for one in scenario.desk.agents]
    scenario = replace(scenario, desk=replace(scenario.desk, agents=tuple(mute)), streams=(vips,), surge=None)
    day = run_day(scenario, 1, 0)
    by_vip = Counter[bool]()
    for cell, row in zip(day.single.cells, day.single.counts.tolist(), strict=True):
        by_vip[cell.vip] += row[COUNTS.index("customers")]
    assert by_vip[True] == len(Day(scenario, 1, 0).arrivals) > 0
    assert by_vip[False] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_waits_are_those_of_the_answered_and_of_those_who_gave_up(seed: int) -> None:
    scenario = random_scenario(seed)
    day = run_day(scenario, seed, 0)
    segments = segments_of(scenario, facts_of(scenario, seed))
    for kind, name in ((Outcome.ANSWERED, "waits"), (Outcome.ABANDONED, "abandoned_waits")):
        got = [*getattr(day.single, name).tolist(), *getattr(day.segments, name).tolist()]
        assert sorted(got) == sorted(segment.wait_ms for segment in segments if segment.outcome is kind)
    for tally in (day.single, day.segments, day.contacts):
        assert len(tally.waits) == column(tally, "answered")
        assert len(tally.abandoned_waits) == column(tally, "abandoned")
        assert tally.waits.sum() == column(tally, "wait_ms")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_backlog_is_what_waits_at_the_end_of_each_interval(seed: int) -> None:
    """Against a plain walk over the facts."""
    scenario = random_scenario(seed)
    day = run_day(scenario, seed, 0)
    waiting: dict[int, tuple[str, Medium]] = {}
    media: dict[int, Medium] = {}
    ends = [scenario.start_ms + INTERVAL_MS * (number + 1) for number in range(INTERVALS)]
    seen = [Counter[tuple[str, Medium]]() for _ in ends]
    due = 0
    for fact in [*facts_of(scenario, seed), Fact(END_MS + scenario.run_on_ms)]:
        while due < len(ends) and fact.t_ms >= ends[due]:
            seen[due].update(waiting.values())
            due += 1
        if isinstance(fact, facts.Arrived):
            media[fact.contact] = fact.medium
        elif isinstance(fact, facts.Queued) and fact.contact in media:  # an agent who asks is no caller
            waiting[fact.contact] = fact.line, media[fact.contact]
        elif isinstance(
            fact, facts.Answered | facts.Abandoned | facts.Released | facts.Overflowed | facts.FlowedOut
        ):
            waiting.pop(fact.contact, None)
    for number in range(INTERVALS):
        got = {queue: int(day.backlog[row, number]) for row, queue in enumerate(day.queues)}
        assert {queue: count for queue, count in got.items() if count} == dict(seen[number])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_time_of_agents_is_that_of_their_time_sheets(seed: int) -> None:
    scenario = random_scenario(seed)
    day = run_day(scenario, seed, 0)
    sheet = TimeSheet(Intervals([scenario.start_ms, scenario.end_ms, END_MS + scenario.run_on_ms]))
    sheet.take(facts_of(scenario, seed))
    sheet.close(END_MS + scenario.run_on_ms)
    whole = sheet.total()
    names = outcome.AGENT_TIME
    assert dict(zip(names, day.agents.sum(axis=0).tolist(), strict=True)) == {
        name: getattr(whole, name) for name in names
    }


def test_the_same_seed_leaves_the_same_bytes_and_another_one_does_not() -> None:
    scenario = random_scenario(3)
    first, again = (run_day(scenario, 7, 2, digest=True) for _ in range(2))
    assert first.fingerprint() == again.fingerprint()
    assert first.digest == again.digest != ""
    assert run_day(scenario, 7, 3, digest=True).digest != first.digest
    assert run_day(scenario, 8, 2, digest=True).digest != first.digest


def test_both_drivers_leave_the_same_bytes() -> None:
    for seed in SEEDS:
        scenario = random_scenario(seed)
        loop, simpy = (
            run_day(scenario, seed, 0, digest=True),
            run_day(scenario, seed, 0, SimDriver, digest=True),
        )
        assert loop.fingerprint() == simpy.fingerprint()


@pytest.mark.parametrize("change", ["waits", "abandoned_waits", "counts"])
def test_a_fingerprint_sees_a_change_of_a_single_number(change: str) -> None:
    day = run_day(random_scenario(1), 1, 0)
    array = getattr(day.single, change).copy()
    array.flat[0] += 1
    other = replace(day, single=replace(day.single, **{change: array}))
    assert other.fingerprint() != day.fingerprint()


def test_when_facts_are_folded_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = random_scenario(5)
    whole = run_day(scenario, 5, 0)
    monkeypatch.setattr(outcome, "FLUSH", 0)
    assert run_day(scenario, 5, 0).fingerprint() == whole.fingerprint()


def test_a_day_is_small_and_survives_being_sent() -> None:
    day = run_day(random_scenario(2), 2, 0)
    sent = pickle.dumps(day)
    back: DayResult = pickle.loads(sent)
    assert back.fingerprint() == day.fingerprint()
    assert len(sent) < 100_000


def test_a_line_is_measured_by_its_goal_and_else_by_its_target() -> None:
    scenario = random_scenario(1)
    goal = Goal(LineId("help"), VOICE, "abandons_negative", 33_000, 0.8)
    terms = terms_of(replace(scenario, goals=(goal,), short_ms=4_000))
    assert terms["help", VOICE].threshold_ms == 33_000
    assert terms["help", MAIL].threshold_ms == 20_000
    assert terms["mails", MAIL].reply_ms == 20 * 60_000
    assert {one.short_ms for one in terms.values()} == {4_000}
    with pytest.raises(ValueError, match="different thresholds"):
        terms_of(replace(scenario, goals=(goal, replace(goal, threshold_ms=10_000))))


def test_what_comes_after_the_last_interval_is_counted_after_it() -> None:
    scenario = random_scenario(0)
    calls = replace(
        scenario.streams[0], patience=exponential(20_000), redial=Redial(1.0, fixed(120_000), most=5)
    )
    day = run_day(replace(scenario, streams=(calls,), duties=()), 4, 0)
    late = [cell for cell in day.single.cells if cell.interval == INTERVALS]
    assert late
    assert {cell.interval for cell in day.single.cells} <= set(range(INTERVALS + 1))


def test_an_empty_day_leaves_empty_arrays() -> None:
    scenario = replace(random_scenario(0), streams=(), duties=())
    day = run_day(scenario, 1, 0)
    assert day.single.counts.shape == (0, len(COUNTS))
    assert day.backlog.shape == (0, INTERVALS)
    assert not day.agents.any()
    fold = Fold(scenario)
    fold.observe([])
    assert fold.close(0, END_MS).fingerprint() == replace(day, replication=0).fingerprint()
    assert np.array_equal(day.single.waits, np.zeros(0))
    assert Terms().threshold_ms == 20_000
