"""Heads per interval: Erlang A on the lagged rate, hours of what can wait, works that share agents."""

from itertools import combinations

import numpy as np
import pytest
from msgspec.structs import replace

from agents.capacity import MAIL, VOICE
from queues.desk import Calendar, CalendarId, Line, LineId, Overflow, Way
from simulation.laws import exponential, fixed
from simulation.scenario import Consulting, Goal, Habits, Handling, Scenario, Stream, Surge
from simulation.staffing.requirement import (
    MEASURES,
    MOST_ROWS,
    Rate,
    Unstaffable,
    agents_for,
    call_heads,
    deferred_heads,
    lagged,
    level,
    requirement,
    scheduled,
    spread_of,
    work_sets,
)
from simulation.staffing.workload import Work, task, works
from tests.simulation.staffing_case import HALF_HOUR_MS, SHAPE, START_MS, goal, scenario

DAY = (4, 6, 8, 10, 11, 12, 12, 11, 10, 9, 8, 8, 9, 10, 11, 11, 10, 9, 8, 7, 6, 5, 4, 3)
CALLS = tuple(10_000 * weight / sum(DAY) for weight in DAY)
A1 = Rate(2880.0, 60.0, 120.0, 5.0)
"""The published example of 48 calls a minute on 50 agents."""


def one_line(expected: tuple[float, ...] = SHAPE, **others: object) -> Scenario:
    return scenario(["A"], expected, lines="A", **others)  # type: ignore[arg-type]


def test_the_rate_of_an_interval_is_the_one_of_a_handling_time_before_its_middle() -> None:
    rate = lagged(np.array([10.0, 20.0, 40.0]), 450_000, HALF_HOUR_MS)
    assert rate.tolist() == [10.0, 17.5, 35.0]


def test_without_a_lag_the_rate_stays() -> None:
    assert lagged(np.array([10.0, 20.0, 40.0]), 0, HALF_HOUR_MS).tolist() == [10.0, 20.0, 40.0]


@pytest.mark.parametrize(
    ("definition", "exact"),
    [
        ("offered", 0.943018954747),
        ("answered", 0.973099653702),
        ("abandons_ignored", 0.972029602987),
        ("answered_or_abandoned_in_time", 0.943018954747 + 0.0298454369608),
        ("reachability", 1 - 0.0309122491622),
    ],
)
def test_each_measure_is_the_exact_one_of_the_published_example(definition: str, exact: float) -> None:
    assert level(goal("A", definition=definition), A1, 50) == pytest.approx(exact, rel=1e-9)


def test_short_abandons_help_a_negative_service_level_and_never_beyond_the_one_that_ignores_abandons() -> (
    None
):
    offered, negative, ignored = (
        level(goal("A", definition=name), A1, 45)
        for name in ("offered", "abandons_negative", "abandons_ignored")
    )
    assert offered < negative < ignored


@pytest.mark.parametrize("definition", sorted(MEASURES))
def test_one_agent_fewer_would_miss_the_goal(definition: str) -> None:
    (work,) = works(one_line(goals=[goal("A", definition=definition)]))
    needed = agents_for([work], A1)
    assert level(work.goals[0], A1, needed) >= 0.8 > level(work.goals[0], A1, needed - 1)


def test_a_day_of_ten_thousand_calls_needs_what_was_measured_of_it_elsewhere() -> None:
    """Other programs found 745.5 (Erlang C), 689.5 (Erlang A) and 687.5 hours for nearly this shape."""
    day = one_line(CALLS)
    patient = replace(day, streams=(replace(day.streams[0], patience=None),))
    (work,), (endless,) = works(day), works(patient)
    erlang_c = call_heads(patient, [endless], lag=False).sum() / 2
    erlang_a, with_lag = (call_heads(day, [work], lag=lag).sum() / 2 for lag in (False, True))
    assert erlang_c == pytest.approx(745.5, abs=3)
    assert erlang_a == pytest.approx(689.5, abs=3)
    assert with_lag == pytest.approx(687.5, abs=3)


def test_the_lag_moves_heads_from_where_calls_get_more_to_where_they_get_fewer() -> None:
    day = one_line(CALLS)
    (work,) = works(day)
    moved = call_heads(day, [work]) - call_heads(day, [work], lag=False)
    assert (moved[1:6] <= 0).all()
    assert (moved[18:] >= 0).all()
    assert moved[1:6].sum() < 0 < moved[18:].sum()


def test_two_lines_served_together_need_fewer_heads_than_apart() -> None:
    both = task(scenario(["AB"] * 20))
    needed = requirement(both)
    apart = needed.heads[:, 0] + needed.heads[:, 1]
    together = needed.heads[:, needed.sets.index((0, 1))]
    assert (together <= apart).all()
    assert together.sum() < 0.95 * apart.sum()


def test_works_that_no_agent_shares_have_no_common_requirement() -> None:
    chain = np.array([[True, True, False], [False, True, False], [False, False, True]])
    assert list(work_sets(chain)) == [(0,), (1,), (2,), (0, 1)]


@pytest.mark.parametrize("seed", range(20))
def test_sets_of_works_are_all_those_that_hang_together_in_order(seed: int) -> None:
    """Against looking at every set there is."""
    rng = np.random.default_rng(seed)
    may = rng.random((6, 4)) < rng.choice([0.2, 0.4])

    def hangs_together(chosen: tuple[int, ...]) -> bool:
        reached = {chosen[0]}
        while near := {i for i in set(chosen) - reached for j in reached if (may[i] & may[j]).any()}:
            reached |= near
        return reached == set(chosen)

    every = [chosen for size in range(1, 7) for chosen in combinations(range(6), size)]
    assert list(work_sets(may)) == [chosen for chosen in every if hangs_together(chosen)][:MOST_ROWS]


@pytest.mark.parametrize("shared", [1, 2, 60])
def test_of_sixty_works_no_more_sets_are_looked_at_than_are_given(shared: int) -> None:
    """Of 2^60 sets nobody sees the end; each profile takes so many works that follow each other."""
    may = np.array([[0 <= work - profile < shared for profile in range(60)] for work in range(60)])
    found = list(work_sets(may))
    assert len(found) == (60 if shared == 1 else MOST_ROWS)
    assert found[:60] == [(work,) for work in range(60)]


def test_an_interval_without_calls_needs_nobody() -> None:
    empty = one_line((0.0, 20.0, 0.0, 0.0, 20.0, 0.0))
    (work,) = works(empty)
    heads = call_heads(empty, [work])
    assert heads[[0, 2, 3, 5]].tolist() == [0, 0, 0, 0]
    assert (heads[[1, 4]] > 0).all()


def test_a_stream_without_calls_is_no_work() -> None:
    assert works(one_line((0.0, 0.0))) == ()


STAY = Way()


def closed_after(day: Scenario, intervals: int, way: Way = STAY) -> Scenario:
    opens = Calendar(CalendarId("c"), ((START_MS, START_MS + intervals * HALF_HOUR_MS),))
    first, *others = day.desk.lines
    line = replace(first, hours=opens.id, when_closed=way)
    return replace(day, desk=replace(day.desk, calendars=(opens,), lines=(line, *others)))


def test_a_closed_line_needs_nobody() -> None:
    day = closed_after(one_line(), 5)
    (work,) = works(day)
    assert work.arrivals[5:].tolist() == [0.0, 0.0, 0.0]
    assert call_heads(day, [work])[5:].tolist() == [0, 0, 0]


def test_calls_of_a_closed_line_are_the_work_of_the_line_it_names() -> None:
    day = closed_after(scenario(["AB"]), 5, Way(Overflow.LINE, LineId("B")))
    closing, other = works(day)
    assert other.arrivals[4] == SHAPE[4]
    assert other.arrivals[5:].tolist() == [2 * calls for calls in SHAPE[5:]]
    assert closing.arrivals[5:].sum() == 0


def test_ring_hold_wrap_up_and_offers_that_nobody_takes_are_handling_time() -> None:
    day = one_line()
    handling = Handling(fixed(100_000), hold=fixed(20_000), wrap_up=fixed(30_000))
    habits = Habits(answer_delay=fixed(5_000), no_answer=0.2, back_after=fixed(60_000))
    day = replace(day, handling={(LineId("A"), VOICE): handling}, habits=habits)
    (work,) = works(day)
    assert work.mean_handling_ms == pytest.approx(155_000 + 0.25 * (20_000 + 60_000))


def test_who_is_handed_on_is_work_of_the_second_line_too() -> None:
    day = scenario(["A", "B"])
    first = Handling(exponential(60_000), escalate=0.25, escalate_to=LineId("B"))
    handling = {**day.handling, (LineId("A"), VOICE): first}
    _, second = works(replace(day, handling=handling))
    assert second.arrivals.tolist() == [1.25 * calls for calls in SHAPE]


def test_what_agents_ask_is_work_of_those_whom_they_ask_and_their_own_time() -> None:
    day = scenario(["A", "B"])
    usual = day.handling[LineId("B"), VOICE].talk.mean_ms
    asks = Consulting(0.25, LineId("B"), fixed(30_000))
    handling = {**day.handling, (LineId("A"), VOICE): Handling(fixed(60_000), consult=asks)}
    first, second = works(replace(day, handling=handling))
    assert second.arrivals.tolist() == [1.25 * calls for calls in SHAPE]
    assert second.mean_handling_ms == pytest.approx((usual + 0.25 * 30_000) / 1.25)
    assert first.mean_handling_ms == pytest.approx(60_000 + 0.25 * 30_000)


def test_a_surge_counts_with_those_its_text_does_not_content() -> None:
    surge = Surge(START_MS, START_MS + HALF_HOUR_MS, 3.0, announced_ms=START_MS, deflect=0.5)
    (work,) = works(replace(one_line(), surge=surge))
    assert work.arrivals[:2].tolist() == [1.5 * SHAPE[0], SHAPE[1]]


def test_agents_who_pause_unplanned_are_more() -> None:
    day = one_line((40.0,))
    pausing = replace(day, habits=Habits(pause_every=fixed(900_000), pause=fixed(100_000)))
    plain = call_heads(day, works(day))[0]
    assert call_heads(pausing, works(pausing))[0] == int(np.ceil(plain / 0.9))


def test_shrinkage_divides_by_who_is_there() -> None:
    assert scheduled(np.array([0, 1, 7, 10]), 0.3).tolist() == [0, 2, 10, 15]
    assert scheduled(np.array([0, 7]), 0.0).tolist() == [0, 7]


def test_a_goal_that_is_no_share_of_contacts_is_refused_by_name() -> None:
    day = one_line(goals=[goal("A", definition="asa")])
    with pytest.raises(Unstaffable, match="'asa'"):
        requirement(task(day))


def test_a_line_without_a_goal_gets_its_load() -> None:
    day = one_line((30.0,), goals=[])
    assert call_heads(day, works(day)).tolist() == [4]


def mails(allowed_ms: int, expected: tuple[float, ...] = (6.0, 0.0, 0.0, 0.0)) -> tuple[Scenario, Work]:
    day = one_line(expected)
    entry = replace(day.desk.entries[0], medium=MAIL)
    agent = replace(day.desk.agents[0], capacity=((MAIL, 1),))
    aim = Goal(LineId("A"), MAIL, "mail_in_time", allowed_ms, 0.9)
    handling = {(LineId("A"), MAIL): Handling(fixed(600_000))}
    desk = replace(day.desk, entries=(entry,), agents=(agent,))
    day = replace(day, desk=desk, handling=handling, goals=(aim,))
    (work,) = works(day)
    return day, work


def test_what_can_wait_is_hours_over_the_time_allowed_and_not_heads_at_once() -> None:
    day, work = mails(3 * HALF_HOUR_MS)
    heads = deferred_heads(day, work)
    assert heads.sum() * HALF_HOUR_MS == 6 * 600_000
    assert heads.tolist() == [1, 0, 1, 0]


def test_the_time_allowed_runs_in_the_calendar_of_the_line() -> None:
    day, work = mails(2 * HALF_HOUR_MS)
    opens = Calendar(CalendarId("c"), ((START_MS + 2 * HALF_HOUR_MS, START_MS + 4 * HALF_HOUR_MS),))
    line: Line = replace(day.desk.lines[0], calendar=opens.id)
    day = replace(day, desk=replace(day.desk, calendars=(opens,), lines=(line,)))
    assert spread_of(day, work, 2 * HALF_HOUR_MS)[0].tolist() == [0.0, 0.0, 0.5, 0.5]
    assert deferred_heads(day, work).tolist() == [0, 0, 1, 1]


def test_what_waits_at_the_beginning_is_work_of_the_first_interval() -> None:
    day, _ = mails(3 * HALF_HOUR_MS)
    stream: Stream = replace(day.streams[0], backlog=4)
    (work,) = works(replace(day, streams=(stream,)))
    assert work.arrivals[0] == 10.0
