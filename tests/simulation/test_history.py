"""A scenario from facts: what was put in comes out again, within what chance allows."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict, replace

from acd.core.facts import Fact
from agents.capacity import MAIL, VOICE
from queues.desk import LineId, Overflow, Way
from simulation.draws import Day
from simulation.laws import exponential
from simulation.past.history import demand_from_facts
from simulation.past.kaplan_meier import patience, survival
from simulation.plan.plan_file import DEMO_PLAN, Plan, load_plan
from simulation.plan.plan_writing import write_plan
from simulation.scenario import Scenario
from simulation.world.model import play
from simulation.world.playable import check

HELP = LineId("nordwind-helpdesk"), VOICE
MAILS = LineId("nordwind-mail"), MAIL


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(DEMO_PLAN, {})


@pytest.fixture(scope="module")
def facts(plan: Plan) -> list[list[Fact]]:
    """One played day of the demo."""
    batches: list[list[Fact]] = []
    play(plan.scenario, Day(plan.scenario, 5, 0), batches.append)
    return batches


@pytest.fixture(scope="module")
def seen(plan: Plan, facts: list[list[Fact]]) -> Scenario:
    return demand_from_facts(facts, plan.scenario.desk, plan.span)


def test_a_line_that_nobody_came_to_that_day_is_in_the_plan_all_the_same(
    plan: Plan, facts: list[list[Fact]]
) -> None:
    """It can be reached; without it the plan could not be read."""
    desk = plan.scenario.desk
    unused = replace(desk.lines[0], id=LineId("unused"))
    first = replace(desk.lines[0], max_wait_ms=60_000, when_waited=Way(Overflow.LINE, unused.id))
    more = replace(desk, lines=(first, *desk.lines[1:], unused))
    seen = demand_from_facts(facts, more, plan.span)
    assert (unused.id, VOICE) in seen.handling
    assert seen.handling[unused.id, VOICE].talk.mean_ms > 60_000
    check(seen)


def test_first_attempts_are_counted_in_the_interval_in_which_they_came(plan: Plan, seen: Scenario) -> None:
    day = Day(plan.scenario, 5, 0)
    for stream in seen.streams:
        number = [one.name for one in plan.scenario.streams].index(stream.name)
        moments = [t for t, s, _ in day.arrivals if s == number]
        counts = np.bincount(
            [(t - plan.span.start_ms) // plan.span.interval_ms for t in moments], minlength=48
        )
        assert list(stream.expected) == counts.tolist()


def test_laws_of_the_work_come_out_with_their_means(plan: Plan, seen: Scenario) -> None:
    for flow, handling in seen.handling.items():
        before, share = plan.scenario.handling[flow], handling.escalate
        many = len(handling.talk.values_ms)
        for new, old in ((handling.talk, before.talk), (handling.wrap_up, before.wrap_up)):
            assert (new is None) == (old is None)
            if new is not None and old is not None:
                assert abs(new.mean_ms / old.mean_ms - 1) < 4 * old.cv / many**0.5
        assert handling.escalate_to == before.escalate_to
        assert abs(share - before.escalate) < 4 * (0.25 / many) ** 0.5


def test_callers_come_out_with_their_patience_redials_and_vips(plan: Plan, seen: Scenario) -> None:
    calls = next(stream for stream in seen.streams if stream.name == "/".join(HELP))
    before = next(stream for stream in plan.scenario.streams if stream.name == calls.name)
    assert calls.patience is not None
    assert calls.redial is not None
    assert calls.patience.mean_ms == pytest.approx(180_000, rel=0.25)
    assert calls.redial.probability == pytest.approx(0.4, abs=0.15)
    assert calls.redial.delay.mean_ms == pytest.approx(480_000, rel=0.4)
    assert calls.redial.other_entry == "help@nordwind.example"
    assert calls.vip_share == pytest.approx(0.04, abs=0.025)
    assert (calls.entry, calls.vip_entry) == (before.entry, before.vip_entry)
    mails = next(stream for stream in seen.streams if stream.name == "/".join(MAILS))
    assert (mails.patience, mails.redial, mails.vip_entry) == (None, None, None)


def test_agents_come_out_with_their_habits_and_their_duties(plan: Plan, seen: Scenario) -> None:
    assert seen.habits.answer_delay is not None
    assert seen.habits.back_after is not None
    assert seen.habits.answer_delay.mean_ms == pytest.approx(4000, rel=0.2)
    assert seen.habits.no_answer == pytest.approx(0.01, abs=0.008)
    assert seen.habits.back_after.mean_ms == pytest.approx(180_000, rel=0.5)
    assert {duty.agent for duty in seen.duties} == {duty.agent for duty in plan.scenario.duties}
    planned = sum(
        min(duty.end_ms, plan.span.end_ms) - duty.start_ms
        for duty in plan.scenario.duties
        if duty.start_ms < plan.span.end_ms
    )
    kept = sum(duty.end_ms - duty.start_ms for duty in seen.duties)
    # Who is still in a call when his shift is over stays until he is done.
    assert 1 <= kept / planned < 1.02
    assert sum(len(duty.breaks) for duty in seen.duties) > sum(
        len(duty.breaks) for duty in plan.scenario.duties
    )


def test_a_history_written_as_a_plan_is_the_same_scenario_when_it_is_read(
    plan: Plan, seen: Scenario, tmp_path: Path
) -> None:
    path = write_plan(seen, plan.span, str(DEMO_PLAN.parent / "site.toml"), tmp_path)
    told = replace(seen, text_ms=plan.scenario.text_ms)  # the site says how long its texts are
    assert asdict(load_plan(path, {}).scenario) == asdict(told)


def test_a_history_can_be_played(seen: Scenario) -> None:
    handled: list[Fact] = []
    play(seen, Day(seen, 1, 0), handled.extend)
    assert len(handled) > 10_000


def test_facts_of_nobody_give_a_scenario_of_nothing(plan: Plan) -> None:
    made = demand_from_facts([], plan.scenario.desk, plan.span)
    assert (made.streams, dict(made.handling), made.duties) == ((), {}, ())


def test_survival_is_that_of_the_textbook() -> None:
    # Kaplan-Meier by hand: of 5, one gives up at 1 and one at 3; one is answered at 2, two at 4.
    moments, surviving = survival([1, 2, 3, 4, 4], [True, False, True, False, False])
    assert moments.tolist() == [1, 3]
    assert surviving.tolist() == pytest.approx([4 / 5, 4 / 5 * 2 / 3])


def test_patience_is_found_through_the_answers_that_cut_it_short() -> None:
    rng = np.random.default_rng(3)
    u, answers = rng.random(20_000), rng.exponential(60_000, 20_000)
    patient = exponential(180_000).quantile(u)
    waits = np.minimum(patient, answers.astype(np.int64))
    law = patience(waits.tolist(), (patient <= answers).tolist())
    assert law is not None
    # The tail beyond the last hang-up rests on few, so the mean is looser than the median.
    assert law.mean_ms == pytest.approx(180_000, rel=0.1)
    assert np.median(law.values_ms) == pytest.approx(180_000 * np.log(2), rel=0.05)


def test_without_answers_patience_is_what_was_observed_and_without_hang_ups_there_is_none() -> None:
    law = patience([5000] * 3 + [9000], [True] * 4)
    assert law is not None
    assert set(law.values_ms) == {5000, 9000}
    assert law.mean_ms == 6000
    assert patience([5000, 9000], [False, False]) is None
    assert patience([], []) is None
