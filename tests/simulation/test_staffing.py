"""Staffing by simulation: heads that reach the goals, certified by the engine, and told where they cannot."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from msgspec.structs import replace

from queues.desk import LineId
from simulation.runs.experiment import Block, run_block
from simulation.scenario import Duty, Scenario
from simulation.staffing.headcount import Measured, Search, measured, mix, search, with_heads
from simulation.staffing.planning import Plan, Trial, Wanted, plan_staff, present, run_trial
from simulation.staffing.requirement import Heads, call_heads, requirement
from simulation.staffing.shifts import ShiftRules, every_day_alike
from simulation.staffing.workload import Task, task, works
from tests.simulation.staffing_case import SHAPE, goal, scenario

HOUR_MS = 3_600_000
LONG = tuple(calls * 3 for calls in SHAPE)


def evaluate(day: Scenario, days: int, seed: int) -> Measured:
    return measured(day, run_trial(Trial(day, seed, 0, days)))


def heads_of(day: Scenario) -> tuple[Task, Heads]:
    todo = task(day)
    return todo, mix(todo, requirement(todo))


def test_the_mix_covers_every_set_with_the_fewest_heads() -> None:
    todo, heads = heads_of(scenario(["A"] * 9 + ["B"] * 9 + ["AB"] * 9))
    needed = requirement(todo)
    assert (heads @ needed.counts.T >= needed.heads).all()
    assert heads.sum(axis=1).tolist() == needed.heads.max(axis=1).tolist()


def test_agents_who_can_do_everything_are_fewer_than_specialists() -> None:
    _, apart = heads_of(scenario(["A"] * 20 + ["B"] * 20))
    _, together = heads_of(scenario(["AB"] * 40))
    assert together.sum() < 0.95 * apart.sum()


def test_specialists_go_first_so_that_the_versatile_stay_free() -> None:
    _, heads = heads_of(scenario(["A"] * 30 + ["AB"] * 30, lines="A"))
    assert heads[:, 1].sum() == 0


def test_more_agents_than_the_site_has_are_planned_only_where_nobody_else_will_do() -> None:
    todo, heads = heads_of(scenario(["A", "AB", "AB", "AB"], (20.0,)))
    assert heads[0].min() >= 1
    assert heads[0].sum() > 4
    assert len(with_heads(todo, heads).desk.agents) == heads[0].sum()


def test_a_profile_comes_and_goes_no_more_often_than_it_must() -> None:
    todo = task(scenario(["A", "A", "A"], (1.0,) * 4, lines="A"))
    day = with_heads(todo, np.array([[1], [3], [2], [0]]))
    half, start = day.interval_ms, day.start_ms
    assert sorted((duty.start_ms - start, duty.end_ms - start) for duty in day.duties) == [
        (0, 3 * half),
        (half, 2 * half),
        (half, 3 * half),
    ]


def test_who_is_there_when_the_plan_ends_stays_until_the_run_is_over() -> None:
    todo = task(scenario(["A"], (1.0, 1.0), lines="A"))
    (duty,) = with_heads(todo, np.array([[0], [1]])).duties
    assert duty.end_ms == todo.scenario.end_ms + todo.scenario.run_on_ms


@pytest.mark.parametrize("kind", ["abandons_negative", "answered_or_abandoned_in_time"])
def test_one_more_agent_never_lowers_the_service_level_of_the_same_callers(kind: str) -> None:
    """First come, first served, and no caller leaves early enough to make room: patience is long."""
    day = scenario(["A"] * 14, lines="A", goals=[goal("A", definition=kind)], patience_s=36_000)
    todo = task(day)
    hits = [evaluate(with_heads(todo, np.full((8, 1), agents)), 2, 5).hits.sum() for agents in range(3, 15)]
    assert hits == sorted(hits)
    assert hits[0] < hits[-1]


def test_the_days_of_the_search_are_those_of_the_experiment() -> None:
    day = with_heads(*heads_of(scenario(["A"] * 9 + ["B"] * 9)))
    ours, theirs = run_trial(Trial(day, 3, 0, 2)), run_block(Block(day, 3, 0, 2))
    assert [one.fingerprint() for one in ours] == [one.fingerprint() for one in theirs]


def test_while_calls_grow_the_lag_leaves_out_heads_that_are_not_needed_yet() -> None:
    """While calls fall, agents who go home finish their calls: there the lag is not seen."""
    day = scenario(["A"] * 90, tuple(48.3 * weight for weight in (4, 6, 8, 10, 11, 12)), lines="A")
    (work,) = works(day)
    level = []
    for lag in (False, True):
        heads = call_heads(day, [work], lag=lag)
        counted = evaluate(with_heads(task(day), heads[:, None]), 16, 1)
        level.append(float(counted.hits[:, 0, 1:5].sum() / counted.counted[:, 0, 1:5].sum()))
    plain, with_lag = level
    assert plain > 0.83
    assert abs(with_lag - 0.8) < 0.03


def budget(*days: int) -> Search:
    return Search(days=days, seed=2)


def test_the_search_adds_heads_until_the_goals_are_reached() -> None:
    todo, heads = heads_of(scenario(["A"] * 9 + ["B"] * 9 + ["AB"] * 9, LONG))
    start = np.maximum(heads - np.array([1, 2, 0]), 0)
    found = search(todo, start, evaluate, budget(8, 8, 8, 8))
    assert found.rounds[0].missing > 0.02
    assert found.best.missing == 0.0
    assert all(share.value >= 0.8 for share in found.best.shares)


def test_the_search_takes_away_what_nobody_needs() -> None:
    todo, heads = heads_of(scenario(["A"] * 9 + ["B"] * 9 + ["AB"] * 9, LONG))
    found = search(todo, heads + np.array([2, 2, 1]), evaluate, budget(8, 8, 8, 8, 8))
    assert found.best.missing == 0.0
    assert found.best.hours < 0.9 * found.rounds[0].hours


def test_the_search_leaves_a_line_without_a_goal_alone() -> None:
    day = scenario(["A"] * 9 + ["B"] * 9, LONG, goals=[goal("A")])
    todo, heads = heads_of(day)
    found = search(todo, heads + 2, evaluate, budget(4, 4, 4))
    assert (found.best.heads[:, 1] == heads[:, 1] + 2).all()
    assert found.best.heads[:, 0].sum() < heads[:, 0].sum() + 16


def test_per_interval_every_interval_counts() -> None:
    todo, heads = heads_of(scenario(["A"] * 9 + ["B"] * 9 + ["AB"] * 9, LONG))
    heads[3] = np.maximum(heads[3] - 3, 0)
    found = search(todo, heads, evaluate, replace(budget(10, 10, 10, 10), below=0.0))
    assert found.rounds[0].lowest[0] < 0.7
    assert min(found.best.lowest) >= 0.78


def on_duty(agents: Sequence[str]) -> Scenario:
    day = scenario(agents, (1.0, 1.0))
    return replace(day, duties=tuple(Duty(agent.id, day.start_ms, day.end_ms) for agent in day.desk.agents))


def test_on_every_day_the_planned_share_is_away_and_everybody_in_turn() -> None:
    day = on_duty(["A"] * 7 + ["B"] * 3)
    away = Counter[str]()
    for replication in range(300):
        there = {duty.agent for duty in present(Trial(day, 1, 0, 1, 0.25), replication).duties}
        gone = {agent.id for agent in day.desk.agents} - there
        assert len(gone) in (2, 3)
        away.update(gone)
    assert all(45 <= away[agent.id] <= 105 for agent in day.desk.agents)


def test_without_shrinkage_everybody_is_there() -> None:
    day = on_duty(["A", "B"])
    assert present(Trial(day, 1, 0, 1), 0) is day


SHIFTS = ShiftRules(
    lengths_ms=(4 * HOUR_MS, 2 * HOUR_MS),
    first_start_ms=8 * HOUR_MS,
    last_start_ms=10 * HOUR_MS,
    break_ms=HOUR_MS // 2,
    break_from_ms=HOUR_MS,
    break_until_ms=2 * HOUR_MS,
)
WANTED = Wanted(shifts=SHIFTS, at=every_day_alike(8 * HOUR_MS), days=12, seed=4, effort=0.25)


def planned(day: Scenario, wanted: Wanted = WANTED) -> Plan:
    return plan_staff(day, wanted)


@pytest.fixture(scope="module")
def enough() -> Plan:
    return planned(scenario(["A"] * 8 + ["B"] * 8 + ["AB"] * 8))


def test_a_roster_of_enough_agents_reaches_its_goals_on_days_the_search_never_saw(enough: Plan) -> None:
    assert enough.rota is not None
    assert not enough.rota.cover.short.any()
    assert enough.rota.proposal.unfilled == ()
    assert all(check.met for check in enough.certificate.goals())
    assert min(day.replication for day in enough.certificate.days) >= 1 << 24


def test_every_agent_of_the_roster_works_one_shift_of_his_own_skills(enough: Plan) -> None:
    assert enough.rota is not None
    shifts = enough.rota.proposal.shifts
    assert len({one.agent for one in shifts}) == len(shifts)
    profile = {agent: number for number, group in enumerate(enough.task.profiles) for agent in group.agents}
    worked = Counter((profile[one.agent], one.shift) for one in shifts)
    for group, kind in zip(*np.nonzero(enough.rota.cover.chosen), strict=True):
        heads = int(enough.rota.cover.chosen[group, kind])
        assert worked[int(group), enough.rota.menu.types[int(kind)]] == heads


def test_the_same_seed_gives_the_same_plan_to_the_byte(enough: Plan) -> None:
    again = planned(scenario(["A"] * 8 + ["B"] * 8 + ["AB"] * 8))
    assert again.rota is not None
    assert enough.rota is not None
    assert again.rota.proposal == enough.rota.proposal
    assert again.certificate.digest() == enough.certificate.digest()


def test_shrinkage_is_planned_for_and_then_away(enough: Plan) -> None:
    wanted = replace(WANTED, shrinkage=0.3)
    more = planned(scenario(["A"] * 12 + ["B"] * 12 + ["AB"] * 12), wanted)
    assert more.rota is not None
    assert enough.rota is not None
    assert more.rota.cover.paid_ms > 1.25 * enough.rota.cover.paid_ms
    signed_in = [sum(day.agents[:, 0]) for day in more.certificate.days]
    scheduled = sum(kind.end_ms - kind.start_ms for _, kind in more.rota.proposal.shifts)
    assert 0.6 < np.mean(signed_in) / scheduled < 0.8


def test_a_site_with_too_few_agents_gets_a_roster_and_the_truth() -> None:
    found = planned(scenario(["A"] * 3 + ["B"] * 8))
    assert found.rota is not None
    assert found.rota.cover.short.any()
    missed, met = found.certificate.goals()
    assert missed.goal.line == LineId("A")
    assert missed.estimate.hi < 0.8
    assert met.met


def test_work_that_nobody_may_do_is_left_and_the_rest_is_planned() -> None:
    found = planned(scenario(["A"] * 9))
    first, nobody = found.certificate.goals()
    assert first.met
    assert nobody.estimate.value == 0.0
