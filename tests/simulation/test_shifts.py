"""Shifts that cover a requirement: as good as trying everything, honest where heads are missing."""

from datetime import date
from itertools import combinations_with_replacement, product
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.capacity import VOICE
from agents.skills import AgentId, SkillId
from simulation.plan.span import Span
from simulation.staffing.proposal import Unfilled, duties, propose
from simulation.staffing.shifts import (
    DAY_MS,
    Cover,
    Demand,
    Menu,
    NoCover,
    Proof,
    ShiftRules,
    ShiftType,
    components,
    cover,
    enough,
    every_day_alike,
    menu,
    shift_types,
    weight,
)
from simulation.staffing.workload import Profile
from tests.simulation.staffing_case import HALF_HOUR_MS, scenario

HOUR_MS = 3_600_000
ALONE = np.ones((1, 1), dtype=bool)


def shift(start: int, end: int, pause: int | None = None, day: int = 0) -> ShiftType:
    """In hours; the break is one hour long."""
    breaks = () if pause is None else ((pause * HOUR_MS, (pause + 1) * HOUR_MS),)
    return ShiftType(start * HOUR_MS, end * HOUR_MS, breaks, day)


def hours(*types: ShiftType, intervals: int, wraps: bool = False) -> Menu:
    return menu(types, HOUR_MS, intervals, wraps=wraps)


def demand(*required: int) -> Demand:
    return Demand(np.array(required)[:, None], ALONE)


def missing(need: Demand, present: NDArray[np.float64]) -> float:
    lacking = np.maximum(need.required - present, 0)
    return round(float((lacking * weight(need.required)).sum()), 6)


def brute_force(need: Demand, choice: Menu, heads: list[int]) -> tuple[float, int]:
    """(weight of the head-intervals missing, paid) of the best of all ways."""
    kinds, groups = range(len(choice.types)), range(len(heads))
    per_group = [
        [
            combination
            for count in range(heads[group] + 1)
            for combination in combinations_with_replacement(kinds, count)
        ]
        for group in groups
    ]
    best = (float("inf"), 0)
    for chosen in product(*per_group):
        present = np.zeros(need.required.shape)
        for group, taken in enumerate(chosen):
            for kind in taken:
                present += np.outer(choice.presence[kind], need.counts[:, group])
        paid = sum(choice.types[kind].paid_ms for taken in chosen for kind in taken)
        best = min(best, (missing(need, present), paid))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_shifts_are_as_good_as_the_best_of_all_ways(seed: int) -> None:
    draw = np.random.default_rng(seed)
    choice = hours(shift(0, 3), shift(1, 5, 3), shift(2, 6, 4), shift(4, 6), intervals=6)
    counts = np.array([[1, 0], [1, 1]], dtype=bool)
    first = draw.integers(0, 3, 6)
    need = Demand(np.stack([first, first + draw.integers(0, 2, 6)], axis=1), counts)
    heads = [3, 2]
    found = cover(need, choice, heads)
    assert found.proof is Proof.OPTIMAL
    assert (missing(need, found.present), found.paid_ms) == brute_force(need, choice, heads)


def test_what_is_covered_is_what_the_chosen_shifts_give() -> None:
    choice = hours(shift(0, 3), shift(1, 5, 3), shift(3, 6), intervals=6)
    found = cover(demand(1, 2, 2, 1, 2, 1), choice, [9])
    assert (found.present[:, 0] >= [1, 2, 2, 1, 2, 1]).all()
    assert np.allclose(found.present[:, 0], found.chosen[0] @ choice.presence)
    assert not found.short.any()


def test_too_few_heads_are_told_by_interval_and_number() -> None:
    found = cover(demand(1, 4, 4, 0), hours(shift(0, 4), shift(1, 3), intervals=4), [3])
    assert found.short[:, 0].tolist() == [0, 1, 1, 0]


def test_so_many_would_be_enough_and_rather_those_with_few_skills() -> None:
    counts = np.array([[1, 0, 1], [0, 1, 1]], dtype=bool)
    need = Demand(np.array([[5, 1], [5, 1]]), counts)
    choice = hours(shift(0, 2), intervals=2)
    assert enough(need, choice, [2, 1, 1], [2.0, 2.0, 2.1]).tolist() == [4, 1, 1]
    assert enough(need, choice, [5, 1, 0], [2.0, 2.0, 2.1]).tolist() == [5, 1, 0]


def test_one_of_many_is_rather_missing_than_the_only_one() -> None:
    counts = np.array([[1], [1]], dtype=bool)
    need = Demand(np.array([[1, 1], [4, 4], [1, 1]]), counts)
    found = cover(need, hours(shift(0, 1), shift(0, 2), shift(1, 3), intervals=3), [4])
    assert found.short[[0, 2]].sum() == 0


def test_what_no_shift_reaches_is_told() -> None:
    found = cover(demand(1, 1, 1), hours(shift(0, 2), intervals=3), [2])
    assert found.short[:, 0].tolist() == [0, 0, 1]


def test_of_equally_paid_shifts_those_with_the_lower_peak_are_taken() -> None:
    found = cover(demand(2, 2, 2, 0), hours(shift(0, 2), shift(1, 3), shift(2, 4), intervals=4), [9])
    assert found.chosen.tolist() == [[2, 1, 1]]


def test_an_agent_with_both_skills_is_paid_once() -> None:
    counts = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 1]], dtype=bool)
    need = Demand(np.array([[1, 1, 1], [1, 1, 1]]), counts)
    found = cover(need, hours(shift(0, 2), intervals=2), [5, 5, 5])
    assert found.chosen.sum(axis=1).tolist() == [0, 0, 1]


def test_nobody_works_two_shifts_of_a_day() -> None:
    choice = hours(shift(0, 2), shift(2, 4), shift(4, 6, day=1), intervals=6)
    found = cover(demand(1, 1, 1, 1, 1, 1), choice, [1])
    assert found.short[:, 0].sum() == 2
    assert found.chosen[0, 2] == 1


def test_nothing_to_cover_needs_no_shifts() -> None:
    found = cover(demand(0, 0), hours(shift(0, 2), intervals=2), [3])
    assert found.chosen.sum() == found.paid_ms == 0


def test_without_any_shift_that_fits_there_is_no_answer() -> None:
    types = shift_types(ShiftRules(), at=every_day_alike(8 * HOUR_MS), length_ms=4 * HOUR_MS, wraps=False)
    assert types == ()
    with pytest.raises(NoCover, match="no shift"):
        cover(demand(1, 1), Menu(types, np.zeros((0, 2)), HOUR_MS), [1])


def test_shifts_begin_when_the_rules_say_and_take_their_break_within_its_window() -> None:
    rules = ShiftRules(
        lengths_ms=(6 * HOUR_MS, 4 * HOUR_MS),
        first_start_ms=8 * HOUR_MS,
        last_start_ms=11 * HOUR_MS,
        every_ms=HOUR_MS,
        break_ms=HOUR_MS // 2,
        break_from_ms=2 * HOUR_MS,
        break_until_ms=3 * HOUR_MS,
    )
    types = shift_types(rules, at=every_day_alike(8 * HOUR_MS), length_ms=8 * HOUR_MS, wraps=False)
    assert {(kind.start_ms // HOUR_MS, kind.end_ms // HOUR_MS) for kind in types} == {
        (0, 6),
        (1, 7),
        (2, 8),
        (0, 4),
        (1, 5),
        (2, 6),
        (3, 7),
    }
    for kind in types:
        ((begins, ends),) = kind.breaks
        assert begins - kind.start_ms in (2 * HOUR_MS, 3 * HOUR_MS)
        assert ends - begins == HOUR_MS // 2
        assert kind.paid_ms == kind.end_ms - kind.start_ms - HOUR_MS // 2


def test_a_shift_past_the_end_of_a_day_that_repeats_itself_works_at_its_beginning() -> None:
    night = ShiftType(22 * HOUR_MS, 30 * HOUR_MS, ((26 * HOUR_MS, 26 * HOUR_MS + HALF_HOUR_MS),))
    presence = night.presence(HOUR_MS, 24, wraps=True)
    assert presence.tolist() == [1, 1, 0.5, 1, 1, 1, *[0] * 16, 1, 1]
    assert night.presence(HOUR_MS, 24, wraps=False).sum() == 2


def test_works_that_share_nobody_are_solved_apart() -> None:
    counts = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)
    assert components(counts) == [([0, 1], [0, 1]), ([2], [2])]


def test_two_hundred_shift_types_are_solved_to_the_optimum() -> None:
    rules = ShiftRules(
        lengths_ms=(4 * HOUR_MS, 6 * HOUR_MS, 8 * HOUR_MS, 9 * HOUR_MS),
        first_start_ms=7 * HOUR_MS,
        last_start_ms=15 * HOUR_MS,
    )
    types = shift_types(rules, at=every_day_alike(7 * HOUR_MS), length_ms=12 * HOUR_MS, wraps=False)
    choice = menu(types, HALF_HOUR_MS, 24, wraps=False)
    shape = np.array([4, 6, 8, 10, 11, 12, 12, 11, 10, 9, 8, 8, 9, 10, 11, 11, 10, 9, 8, 7, 6, 5, 4, 3])
    need = Demand((6 * shape)[:, None], ALONE)
    found = cover(need, choice, [300], gap=0.001)
    again = cover(need, choice, [300], gap=0.001)
    assert found.gap <= 0.001
    assert not found.short.any()
    assert found.paid_ms >= need.required.sum() * HALF_HOUR_MS
    assert np.array_equal(found.chosen, again.chosen)


A = Profile(((SkillId("A"), 1),), ((VOICE, 1),), (AgentId("a1"), AgentId("a2")))
AB = Profile(((SkillId("A"), 1), (SkillId("B"), 1)), ((VOICE, 1),), (AgentId("ab1"),))
EARLY, LATE = shift(0, 8), shift(8, 16)


def chosen(*rows: list[int]) -> Cover:
    zeros = np.zeros((1, 1))
    return Cover(np.array(rows), zeros, zeros, 0, Proof.OPTIMAL, 0.0)


def test_each_chosen_shift_goes_to_an_agent_of_its_skills() -> None:
    found = propose(chosen([1, 1], [1, 0]), (EARLY, LATE), (A, AB), ShiftRules(), {})
    assert [(one.agent, one.shift) for one in found.shifts if one.agent == "ab1"] == [("ab1", EARLY)]
    assert {one.agent for one in found.shifts} == {"a1", "a2", "ab1"}
    assert found.unfilled == ()


def test_who_can_do_more_stands_in_and_nobody_else() -> None:
    found = propose(chosen([3, 0], [0, 0]), (EARLY, LATE), (A, AB), ShiftRules(), {})
    assert len(found.shifts) == 3
    other = propose(chosen([0, 0], [3, 0]), (EARLY, LATE), (A, AB), ShiftRules(), {})
    assert len(other.shifts) == 1
    assert other.unfilled == (Unfilled("A+B", EARLY, 2),)


def test_nobody_works_outside_the_times_he_is_available() -> None:
    available = {AgentId("a1"): [(8 * HOUR_MS, 24 * HOUR_MS)], AgentId("a2"): []}
    found = propose(chosen([1, 1]), (EARLY, LATE), (A,), ShiftRules(), available)
    assert [tuple(one) for one in found.shifts] == [("a1", LATE)]
    assert found.unfilled == (Unfilled("A", EARLY, 1),)


def test_the_rest_between_two_shifts_is_kept() -> None:
    late, early, noon = shift(14, 22), shift(30, 38, day=1), shift(36, 44, day=1)
    one = Profile(A.skills, A.capacity, (AgentId("a1"),))
    short = propose(chosen([1, 1, 0]), (late, early, noon), (one,), ShiftRules(), {})
    assert len(short.shifts) == 1
    long = propose(chosen([1, 0, 1]), (late, early, noon), (one,), ShiftRules(), {})
    assert len(long.shifts) == 2


def test_nobody_works_more_shifts_than_the_rules_allow_and_work_is_shared() -> None:
    week = tuple(ShiftType(day * DAY_MS, day * DAY_MS + 8 * HOUR_MS, (), day) for day in range(6))
    found = propose(chosen([1] * 6), week, (A,), ShiftRules(most_shifts=3), {})
    assert sorted(sum(one.agent == agent for one in found.shifts) for agent in A.agents) == [3, 3]


def test_a_night_is_worked_at_both_ends_of_a_day_that_repeats_itself() -> None:
    night = ShiftType(22 * HOUR_MS, 30 * HOUR_MS, ((26 * HOUR_MS, 27 * HOUR_MS),))
    day = scenario(["A"], [1.0] * 48, lines="A")
    found = propose(
        chosen([1]), (night,), (Profile(A.skills, A.capacity, (AgentId("A00"),)),), ShiftRules(), {}
    )
    made = duties(day, found.shifts, wraps=True)
    assert [(d.start_ms - day.start_ms, d.end_ms - day.start_ms) for d in made] == [
        (0, 6 * HOUR_MS),
        (22 * HOUR_MS, 30 * HOUR_MS),
    ]
    assert [b - a for d in made for a, b in d.breaks] == [HOUR_MS, HOUR_MS]


@pytest.mark.parametrize(("first", "hours"), [(date(2026, 3, 28), 71), (date(2026, 10, 24), 73)])
def test_shifts_begin_by_the_clock_also_after_it_has_changed(first: date, hours: int) -> None:
    span = Span(ZoneInfo("Europe/Berlin"), first, 3, 0, 24 * 60, HOUR_MS // 2)
    length_ms = span.intervals * span.interval_ms
    assert length_ms == hours * HOUR_MS
    rules = ShiftRules(
        first_start_ms=8 * HOUR_MS, last_start_ms=10 * HOUR_MS, every_ms=2 * HOUR_MS, break_ms=0
    )
    types = shift_types(rules, at=span.after_ms, length_ms=length_ms, wraps=False)
    shown = [span.show(span.start_ms + one.start_ms)[-5:] for one in types]
    assert (shown, [one.day for one in types]) == (["08:00", "10:00"] * 3, [0, 0, 1, 1, 2, 2])
