"""Random numbers by place: arrivals are Poisson, and a change in one place leaves all others as they are."""

from itertools import islice
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import stats

from agents.capacity import VOICE
from queues.desk import Desk, Entry, EntryId, Line, LineId, Tenant, TenantId
from simulation.arrivals import DAY_MS, poisson
from simulation.draws import Day, Purpose
from simulation.laws import exponential, fixed
from simulation.scenario import Scenario, Stream, Surge

START_MS = 1_763_848_800_000
HALF_HOUR_MS = 1_800_000
ACME = TenantId("acme")


def scenario(*expected: tuple[float, ...], **other: Any) -> Scenario:
    """Streams s0, s1, … to lines l0, l1, … with these forecasts."""
    names = range(len(expected))
    lines = tuple(Line(LineId(f"l{n}"), ACME, ((),)) for n in names)
    entries = tuple(Entry(EntryId(f"e{n}"), ACME, LineId(f"l{n}"), VOICE) for n in names)
    streams = tuple(Stream(f"s{n}", EntryId(f"e{n}"), some) for n, some in enumerate(expected))
    desk = Desk(tenants=(Tenant(ACME),), lines=lines, entries=entries)
    made = Scenario("test", desk, START_MS, HALF_HOUR_MS, len(expected[0]), streams, {}, ())
    return replace(made, **other)


def moments(day: Day, stream: int = 0, *, intervals: tuple[int, ...] | None = None) -> list[int]:
    """When the contacts of a stream came, in these intervals (None: in all)."""
    return [
        t
        for t, number, _ in day.arrivals
        if number == stream and (intervals is None or (t - START_MS) // HALF_HOUR_MS in intervals)
    ]


def numbers(day: Day, stream: int = 0) -> set[tuple[float, ...]]:
    """Of each contact its moment and all that is drawn for it."""
    purposes = (Purpose.PATIENCE, Purpose.TALK, Purpose.REDIAL)
    columns = [day.uniform(purpose, stream, attempt) for purpose in purposes for attempt in (0, 1, 16)]
    assert {len(column) for column in columns} == {len(moments(day, stream))}
    return set(zip(moments(day, stream), *columns, strict=True))


def test_poisson_counts_are_the_exact_inverse_of_the_distribution() -> None:
    u = np.random.default_rng(7).random(3000)
    for mean in (1e-9, 0.01, 0.7, 1.0, 3.3, 25.0, 417.0, 12_345.6, 2e6):
        assert (poisson(u, np.full(u.shape, mean)) == stats.poisson.ppf(u, mean)).all()
    assert poisson(u, np.zeros(u.shape)).sum() == 0


def test_counts_per_interval_have_the_mean_and_the_variance_of_poisson() -> None:
    made = scenario((3.0, 40.0, 0.0, 200.0))
    counts = np.array(
        [
            np.bincount([(t - START_MS) // HALF_HOUR_MS for t in moments(Day(made, 1, r))], minlength=4)
            for r in range(1000)
        ]
    )
    for column, mean in zip(counts.T, (3.0, 40.0, 0.0, 200.0), strict=True):
        assert abs(column.mean() - mean) <= 4 * (mean / 1000) ** 0.5
        # The variance of a Poisson sample variance is about 2 mean² / n (+ mean / n).
        assert abs(column.var() - mean) <= 4 * ((2 * mean**2 + mean) / 1000) ** 0.5
    assert abs(np.corrcoef(counts[:, 1], counts[:, 3])[0, 1]) < 4 / 1000**0.5


def test_moments_are_uniform_within_the_interval() -> None:
    made = scenario((500.0,))
    spread = [(t - START_MS) / HALF_HOUR_MS for r in range(40) for t in moments(Day(made, 2, r))]
    assert stats.kstest(spread, "uniform").pvalue > 1e-4


def test_arrivals_are_in_order_and_numbered_in_order_within_each_stream() -> None:
    day = Day(scenario((30.0, 30.0), (20.0, 5.0)), 3, 0)
    assert day.arrivals == sorted(day.arrivals)
    for stream in (0, 1):
        indexes = [index for _, number, index in day.arrivals if number == stream]
        assert indexes == list(range(len(indexes)))


def test_the_same_seed_gives_the_same_numbers_and_another_seed_or_day_others() -> None:
    made = scenario((50.0, 60.0), daily_cv=0.2)
    one, same = Day(made, 4, 1), Day(made, 4, 1)
    assert (one.arrivals, numbers(one)) == (same.arrivals, numbers(same))
    assert one.arrivals != Day(made, 5, 1).arrivals
    assert one.arrivals != Day(made, 4, 2).arrivals


def test_numbers_do_not_depend_on_the_order_of_asking() -> None:
    made = scenario((50.0, 60.0))
    one, other = Day(made, 4, 1), Day(made, 4, 1)
    first, second = one.uniform(Purpose.TALK, 0, 0), one.uniform(Purpose.PATIENCE, 0, 3)
    assert other.uniform(Purpose.PATIENCE, 0, 3) == second
    assert other.uniform(Purpose.TALK, 0, 0) == first
    assert first != second[: len(first)]


def test_another_forecast_in_one_interval_leaves_the_contacts_of_the_others_with_all_their_numbers() -> None:
    base, more = Day(scenario((30.0, 30.0, 30.0)), 5, 0), Day(scenario((30.0, 90.0, 30.0)), 5, 0)
    assert moments(base, intervals=(0, 2)) == moments(more, intervals=(0, 2))
    assert len(moments(more)) > len(moments(base))
    assert numbers(base) < numbers(more)  # also in the changed interval


def test_another_stream_leaves_a_stream_as_it_is() -> None:
    one, other = Day(scenario((30.0,), (10.0,)), 6, 0), Day(scenario((30.0,), (99.0,)), 6, 0)
    assert numbers(one, 0) == numbers(other, 0)
    assert moments(one, 1) != moments(other, 1)


def test_a_surge_adds_contacts_from_its_first_to_its_last_millisecond_and_changes_nothing_else() -> None:
    calm = scenario((60.0, 60.0, 60.0))
    start, end = START_MS + 1_234_567, START_MS + 4_000_001
    wild = replace(calm, surge=Surge(start, end, 3.0))
    added: list[float] = []
    for r in range(60):
        before, after = numbers(Day(calm, 7, r)), numbers(Day(wild, 7, r))
        assert before < after
        added += [t for t, *_ in after - before]
    assert all(start <= t < end for t in added)
    expected = 60 * 60 * 2 * (end - start) / HALF_HOUR_MS
    assert abs(len(added) - expected) < 4 * expected**0.5
    assert stats.kstest([(t - start) / (end - start) for t in added], "uniform").pvalue > 1e-4


def test_a_surge_below_1_only_takes_contacts_away() -> None:
    calm = scenario((60.0, 60.0))
    surge = Surge(START_MS + 600_000, START_MS + 2_400_000, 0.25)
    lost = inside = 0
    for r in range(60):
        before, after = numbers(Day(calm, 8, r)), numbers(Day(replace(calm, surge=surge), 8, r))
        assert after < before
        gone = [t for t, *_ in before - after]
        assert all(surge.start_ms <= t < surge.end_ms for t in gone)
        lost += len(gone)
        inside += sum(surge.start_ms <= t < surge.end_ms for t, *_ in before)
    assert abs(lost / inside - 0.75) < 4 * (0.25 * 0.75 / inside) ** 0.5


def test_a_surge_of_one_line_leaves_the_other_lines_alone() -> None:
    calm = scenario((60.0,), (60.0,))
    surge = Surge(START_MS, START_MS + HALF_HOUR_MS, 3.0, lines=(LineId("l1"),))
    one, other = Day(calm, 9, 0), Day(replace(calm, surge=surge), 9, 0)
    assert moments(one, 0) == moments(other, 0)
    assert len(moments(other, 1)) > len(moments(one, 1))


def test_a_backlog_waits_at_the_start_and_changes_no_other_contact() -> None:
    calm = scenario((60.0, 60.0))
    late = replace(calm, streams=(replace(calm.streams[0], backlog=5),))
    one, other = Day(calm, 10, 0), Day(late, 10, 0)
    assert other.arrivals[:5] == [(START_MS, 0, index) for index in range(5)]
    assert moments(other)[5:] == moments(one)
    assert other.uniform(Purpose.TALK, 0, 0)[5:] == one.uniform(Purpose.TALK, 0, 0)


def test_a_random_day_has_the_mean_of_the_forecast_and_the_given_spread() -> None:
    made = scenario((2000.0,), (2000.0,), daily_cv=0.15)
    days = [Day(made, 11, r) for r in range(600)]
    counts = np.array([[len(moments(day, 0)), len(moments(day, 1))] for day in days])
    spread = 2000 * (0.15**2 + 1 / 2000) ** 0.5
    assert abs(counts.mean(axis=0) - 2000).max() < 4 * spread / 600**0.5
    assert counts.std(axis=0) == pytest.approx([spread, spread], rel=0.12)
    # All streams share the factor of the day.
    assert np.corrcoef(counts.T)[0, 1] > 0.9


def test_each_24_hours_have_their_own_factor() -> None:
    intervals = 2 * DAY_MS // HALF_HOUR_MS
    made = scenario((200.0,) * intervals, daily_cv=0.3)
    counts = []
    for r in range(100):
        second = [t >= START_MS + DAY_MS for t in moments(Day(made, 12, r))]
        counts.append((len(second) - sum(second), sum(second)))
    assert abs(np.corrcoef(np.array(counts).T)[0, 1]) < 0.45


def test_lengths_follow_their_law_and_patience_the_factor_of_its_interval() -> None:
    stream = Stream("s0", EntryId("e0"), (50.0, 50.0), patience_factor=(1.0, 2.5))
    day = Day(replace(scenario((50.0, 50.0)), streams=(stream,)), 13, 0)
    late = [t >= START_MS + HALF_HOUR_MS for t in moments(day)]
    assert day.lengths(Purpose.PATIENCE, 0, 0, fixed(1000)) == [2500 if one else 1000 for one in late]
    law = exponential(60_000)
    drawn = law.quantile(np.array(day.uniform(Purpose.TALK, 0, 2)))
    assert day.lengths(Purpose.TALK, 0, 2, law) == drawn.tolist()
    assert set(day.lengths(Purpose.TALK, 0, 2, fixed(7))) == {7}


def test_vips_are_the_given_share() -> None:
    made = scenario((1000.0,))
    made = replace(made, streams=(replace(made.streams[0], vip_share=0.1),))
    vips = [vip for r in range(20) for vip in Day(made, 14, r).vip(0)]
    assert abs(sum(vips) / len(vips) - 0.1) < 4 * (0.09 / len(vips)) ** 0.5
    assert not any(Day(scenario((1000.0,)), 14, 0).vip(0))


def test_agents_have_endless_numbers_of_their_own() -> None:
    day, again = (Day(scenario((1.0,)), 15, 0) for _ in range(2))
    first = list(islice(day.agent_uniforms(Purpose.PAUSE, 3), 200))
    assert first == list(islice(again.agent_uniforms(Purpose.PAUSE, 3), 200))
    assert len({*first, *islice(day.agent_uniforms(Purpose.PAUSE, 4), 200)}) == 400


def test_a_day_without_streams_or_contacts_is_empty() -> None:
    assert Day(scenario((0.0, 0.0)), 16, 0).arrivals == []
    assert Day(replace(scenario((1.0,)), streams=()), 16, 0).arrivals == []
