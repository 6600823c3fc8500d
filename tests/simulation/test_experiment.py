"""Experiments: as many days as it takes, equal for equal seeds, every number as the KPIs define it."""

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from acd.kpi.definitions import DEFINITIONS
from acd.kpi.percentiles import percentile
from acd.kpi.service import Counts
from acd.testing.story import agent, desk, line
from agents.capacity import MAIL, VOICE
from queues.desk import EntryId, LineId
from simulation.driver import START_MS
from simulation.laws import exponential, lognormal
from simulation.runs import experiment as module
from simulation.runs.estimates import Stop
from simulation.runs.experiment import CERTIFICATE, Progress, certify, experiment
from simulation.runs.pairs import NotPaired, compare
from simulation.runs.result import BEYOND_A_DAY, Result, Row
from simulation.runs.steady import steady_state
from simulation.runs.sums import EVERYTHING, Where
from simulation.scenario import Duty, Goal, Handling, Scenario, Stream
from simulation.world.playable import Unplayable
from tests.simulation.random_scenario import random_scenario

MINUTE, HOUR = 60_000, 3_600_000
HELP = Where("acme", "help", VOICE)


def morning(agents: int = 12, calls: float = 60.0, intervals: int = 4) -> Scenario:
    """Two hours of one line, `calls` per half hour of four minutes each; impatient callers."""
    opened = desk(line(target_ms=20_000), *(agent(f"a{number:02}") for number in range(agents)))
    end_ms = START_MS + intervals * HOUR // 2
    return Scenario(
        name="morning",
        desk=opened,
        start_ms=START_MS,
        interval_ms=HOUR // 2,
        intervals=intervals,
        streams=(Stream("calls", EntryId("help"), (calls,) * intervals, patience=exponential(3 * MINUTE)),),
        handling={(LineId("help"), VOICE): Handling(lognormal(4 * MINUTE, 1.0))},
        duties=tuple(Duty(one.id, START_MS, end_ms) for one in opened.agents),
        run_on_ms=HOUR // 2,
    )


def rows_of(result: Result, **wanted: Any) -> list[Row]:
    """Rows of the table whose columns are as wanted."""
    return [
        row for row in result.table() if all(getattr(row, name) == value for name, value in wanted.items())
    ]


@pytest.fixture(scope="module")
def many() -> Result:
    """A day of everything: calls, mails, faxes, VIPs, overflow, escalation, redials."""
    return experiment(random_scenario(5), seed=11, days=6)


def test_the_same_seed_gives_the_same_bytes_and_more_days_only_add_to_them() -> None:
    scenario = morning(intervals=1)
    first, again, more = (experiment(scenario, seed=3, days=days) for days in (4, 4, 6))
    assert first.digest() == again.digest()
    assert [day.fingerprint() for day in more.days[:4]] == [day.fingerprint() for day in first.days]
    assert experiment(scenario, seed=4, days=4).digest() != first.digest()


def test_a_run_stops_at_the_first_look_at_which_it_is_narrow_enough() -> None:
    rule = Stop("sl", 0.02)
    looks = list(rule.looks())
    result = experiment(morning(intervals=1), seed=1, until=rule)
    days = len(result.days)
    assert days in looks
    assert days > 30
    assert result.half_width("sl") <= 0.02
    before = looks[looks.index(days) - 1]
    assert Result(result.scenario, 1, 0, result.days[:before]).half_width("sl") > 0.02


def test_an_easy_answer_still_takes_thirty_days() -> None:
    result = experiment(morning(agents=60, intervals=1), seed=1, until=Stop("sl", 0.2))
    assert len(result.days) == 30


def test_a_run_that_never_gets_narrow_enough_stops_at_its_cap() -> None:
    result = experiment(morning(intervals=1), seed=1, until=Stop("asa", 1e-6, most=33))
    assert len(result.days) == 33


def test_a_rule_about_the_service_level_watches_the_widest_of_the_goals() -> None:
    scenario = random_scenario(5)
    goals = (
        Goal(LineId("help"), VOICE, "abandons_negative", 20_000, 0.8),
        Goal(LineId("mails"), MAIL, "mail_in_time", HOUR, 0.9),
    )
    result = experiment(replace(scenario, goals=goals), seed=1, days=5)
    widths = [
        float(np.diff([one.lo, one.hi])[0] / 2)
        for one in (
            _raw(result, "abandons_negative", HELP),
            _raw(result, "mail_in_time", Where("acme", "mails", MAIL)),
        )
    ]
    assert result.half_width("sl") == pytest.approx(max(widths))


def _raw(result: Result, kpi: str, where: Where) -> Any:
    from simulation.runs.estimates import ratio

    return ratio(*result.parts(kpi, where))


def test_progress_is_told_block_by_block_and_ends_with_all_days() -> None:
    told: list[Progress] = []
    experiment(morning(intervals=1), seed=1, until=Stop("asa", 1.0, most=60), progress=told.append)
    assert all(a.done < b.done for a, b in pairwise(told))
    assert all(one.planned >= one.done for one in told)
    assert told[-1].done == 60
    assert told[-1].half_width > 1.0


def test_the_certificate_is_made_of_days_that_no_search_can_have_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys: list[tuple[int, tuple[int, ...]]] = []

    class Watched(np.random.SeedSequence):
        def __init__(self, seed: int, *, spawn_key: Iterable[int]) -> None:
            keys.append((seed, tuple(map(int, spawn_key))))
            super().__init__(seed, spawn_key=tuple(spawn_key))

    monkeypatch.setattr(np.random, "SeedSequence", Watched)
    scenario = random_scenario(2)
    found = experiment(scenario, seed=9, days=5)
    searched = set(keys)
    keys.clear()
    fresh = certify(scenario, seed=9, days=5)
    assert searched
    assert keys
    assert searched.isdisjoint(keys)
    assert {fresh.family, found.family} == {CERTIFICATE, 0}
    states = [Watched(seed, spawn_key=key).generate_state(4).tobytes() for seed, key in {*searched, *keys}]
    assert len(set(states)) == len(states)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 0},
        {"days": None},
        {"days": 5, "until": Stop("sl", 0.1)},
        {"days": 5, "seed": -1},
        {"days": 5, "family": 256},
        {"until": Stop("no such thing", 0.1)},
    ],
)
def test_what_cannot_be_run_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"days|seed|no such thing"):
        experiment(morning(), **{"seed": 1, **wrong})


def test_a_scenario_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(Unplayable):
        experiment(replace(morning(), handling={}), seed=1, days=1)


# ---- numbers


def test_every_value_is_the_kpi_of_all_days_together(many: Result) -> None:
    """The value of each definition on the sum of the days' counts; means per day where it is a number."""
    checked = 0
    for where, counts in many.sums.of().items():
        whole = Counts()
        for row in counts.tolist():
            whole.add(Counts(*row))
        for name, definition in DEFINITIONS.items():
            value = definition.value(whole)
            if value is not None and not name.startswith(("contacts", "longest")):
                assert many.measure(name, where).value == pytest.approx(value), (where, name)
                checked += 1
    assert checked > 200


def test_a_contact_with_several_segments_counts_once_for_its_client_and_once_for_each_line(
    many: Result,
) -> None:
    client = many.measure("contacts").value
    lines = sum(
        many.measure("contacts", where).value for where in many.sums.of() if where.line and where.vip is None
    )
    assert client < lines
    assert many.measure("contacts", Where("acme")).value == client


def test_parts_add_up_to_the_whole(many: Result) -> None:
    def contacts(where: Where) -> float:
        return float(many.parts("contacts", where)[0].sum())

    whole = contacts(EVERYTHING)
    assert sum(contacts(Where(vip=vip)) for vip in (False, True)) == whole
    assert sum(contacts(Where(medium=medium)) for medium in ("voice", "mail", "fax")) == whole
    assert sum(contacts(Where(interval=number)) for number in range(5)) == whole


def test_percentiles_are_those_of_all_waits_together(many: Result) -> None:
    waits = [
        wait for day in many.days for tally in (day.single, day.contacts) for wait in tally.waits.tolist()
    ]
    gave_up = [
        wait
        for day in many.days
        for tally in (day.single, day.contacts)
        for wait in tally.abandoned_waits.tolist()
    ]
    for percent in (50, 90, 95, 99):
        assert many.percentile(percent).value == percentile(waits, percent)
        assert many.percentile(percent, abandoned=True).value == percentile(gave_up, percent)


def test_percentiles_of_a_line_in_an_interval_are_those_of_its_segments(many: Result) -> None:
    waits: list[int] = []
    for day in many.days:
        for tally in (day.single, day.segments):
            start = 0
            for cell, row in zip(tally.cells, tally.counts.tolist(), strict=True):
                end = start + Counts(*row).answered
                if (cell.line, cell.medium, cell.interval) == ("help", VOICE, 1):
                    waits += tally.waits[start:end].tolist()
                start = end
    where = HELP._replace(interval=1)
    assert many.percentile(90, where).value == percentile(waits, 90)
    assert many.parts("answered", where)[1].sum() == len(waits)


def test_the_table_names_every_number_once(many: Result) -> None:
    rows = list(many.table())
    names = [(row.interval_start, row.tenant, row.line, row.medium, row.vip, row.measure) for row in rows]
    assert len(names) == len(set(names))
    assert {row.days for row in rows} == {6}
    for row in rows:
        assert row.version >= 1
        assert row.ci_lo is None or row.ci_lo <= row.value <= (row.ci_hi or 0)
        assert row.unit != "share" or 0 <= row.value <= 1
    assert [row.interval_start for row in rows if row.interval_start] == sorted(
        row.interval_start for row in rows if row.interval_start
    )


def test_the_table_tells_of_backlog_and_staff_per_interval() -> None:
    result = experiment(morning(agents=3, intervals=2), seed=1, days=3)
    staff = rows_of(result, measure="staff")
    assert [row.value for row in staff] == [3, 3]
    backlog = rows_of(result, measure="backlog", line="help")
    assert [row.value for row in backlog] == [
        pytest.approx(np.mean([day.backlog[0, number] for day in result.days])) for number in (0, 1)
    ]
    assert backlog[0].value > 0


def test_occupancy_is_that_of_all_agents_and_stands_beside_the_whole_only() -> None:
    result = experiment(morning(agents=4), seed=1, days=3)
    found = rows_of(result, measure="occupancy", interval_start=None)
    assert [(row.tenant, row.line) for row in found] == [("", "")]
    assert 0.9 < found[0].value <= 1


def test_one_day_has_values_and_no_intervals() -> None:
    rows = experiment(morning(intervals=1), seed=1, days=1).headline()
    assert rows
    assert all(row.ci_lo is None and row.ci_hi is None for row in rows)


def test_the_headline_is_the_service_level_and_what_explains_it(many: Result) -> None:
    rows = many.headline()
    assert [row.measure for row in rows if not row.tenant and not row.medium][:2] == [
        "contacts",
        "abandons_negative",
    ]
    assert {row.line for row in rows} == {"", "help", "vip", "expert", "mails"}


def test_a_goal_is_met_by_its_estimate_and_surely_by_the_end_of_its_interval() -> None:
    def checked(share: float) -> tuple[bool, bool]:
        goal = Goal(LineId("help"), VOICE, "abandons_negative", 20_000, share)
        (check,) = Result(replace(scenario, goals=(goal,)), 1, 0, days).goals()
        return check.met, check.sure

    scenario = morning()
    days = experiment(scenario, seed=1, days=10).days
    found = Result(scenario, 1, 0, days).measure("abandons_negative", HELP)
    assert found.half_width > 0.005
    assert checked(found.value - found.half_width - 0.001) == (True, True)
    assert checked(found.value - 0.001) == (True, False)
    assert checked(found.value + 0.001) == (False, False)


def test_what_never_occurred_has_no_value(many: Result) -> None:
    nowhere = many.measure("asa", Where("nobody"))
    assert np.isnan([nowhere.value, nowhere.lo, nowhere.hi]).all()
    with pytest.raises(ValueError, match="asa"):
        many.measure("asaa")


def test_what_no_simulated_day_is_long_enough_for_is_not_shown_as_nought(many: Result) -> None:
    assert not {row.measure for row in many.table()} & BEYOND_A_DAY
    assert not {one.measure for one in compare(many, many)} & BEYOND_A_DAY
    assert set(DEFINITIONS) > BEYOND_A_DAY


# ---- pairs


def test_common_random_numbers_make_a_comparison_more_than_five_times_as_exact() -> None:
    fewer, more = (experiment(morning(agents, calls=150.0), seed=2, days=40) for agents in (20, 21))
    (found,) = (
        one for one in compare(fewer, more) if (one.measure, one.where) == ("abandons_negative", HELP)
    )
    assert found.gain > 5
    assert found.change.value == pytest.approx(found.after.value - found.before.value)
    assert found.clear
    assert found.change.lo > 0


def test_a_scenario_compared_with_itself_differs_in_nothing() -> None:
    result = experiment(morning(), seed=2, days=4)
    for one in compare(result, result):
        assert one.change.value == 0
        assert one.change.half_width == 0
        assert not one.clear


def test_an_interval_can_be_compared_alone() -> None:
    fewer, more = (experiment(morning(agents), seed=2, days=5) for agents in (12, 16))
    places = {one.where for one in compare(fewer, more, interval=2)}
    assert {where.interval for where in places} == {2}


def test_days_that_differ_are_not_compared() -> None:
    scenario = morning(intervals=1)
    one = experiment(scenario, seed=2, days=4)
    for other in (
        experiment(scenario, seed=3, days=4),
        experiment(scenario, seed=2, days=5),
        certify(scenario, seed=2, days=4),
    ):
        with pytest.raises(NotPaired):
            list(compare(one, other))


# ---- the long run


def test_a_long_run_that_starts_empty_agrees_with_many_short_ones_without_their_beginning() -> None:
    """12 agents for 12 Erlang of impatient callers, in slices of half an hour."""
    long = steady_state(morning(calls=90.0, intervals=250), "asa", seed=1)
    several = steady_state(morning(calls=90.0, intervals=40), "asa", seed=2, replications=8)
    assert long.fault == several.fault == ""
    assert several.estimate.dof == 7
    spread = (long.estimate.se**2 + several.estimate.se**2) ** 0.5
    assert abs(long.estimate.value - several.estimate.value) < 4 * spread
    assert long.estimate.half_width < 0.25 * long.estimate.value


def test_blocks_cover_every_day_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_CONTACTS", 150)
    seen: list[tuple[int, int]] = []

    def counting(work: Any, blocks: Iterable[Any]) -> Any:
        for block in blocks:
            seen.append((block.first, block.count))
            yield work(block)

    result = experiment(morning(intervals=1), seed=1, days=7, map=counting)
    assert seen == [(0, 2), (2, 2), (4, 2), (6, 1)]
    assert [day.replication for day in result.days] == list(range(7))


def test_the_snippet_of_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "background" / "statistics.md"
    (snippet,) = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    exec(snippet, {"scenario": morning(agents=8, intervals=1)})
    assert re.match(r"0\.\d+ ± 0\.\d+, P90 \d+ s, [0-9a-f]{32}\n", capsys.readouterr().out)
