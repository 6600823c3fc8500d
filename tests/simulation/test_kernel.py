"""The kernel decides as the engine does, contact by contact, or says what it lacks."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace

from acd.core import facts
from acd.core.facts import Fact
from agents.capacity import VOICE
from agents.skills import AgentId, SkillId
from queues.desk import (
    Agent,
    Desk,
    Entry,
    EntryId,
    Line,
    LineId,
    Policy,
    TalkLimit,
    Tenant,
    TenantId,
    WrapUpRule,
)
from queues.names import TreatmentId
from queues.treatment import (
    Condition,
    End,
    Enqueue,
    GoOn,
    Menu,
    Music,
    Park,
    Say,
    SayExpectedWait,
    SayPosition,
    SetLanguage,
    Step,
    Treatment,
    When,
)
from simulation.draws import Day
from simulation.kernel.levels import SERVED, lacks, measure
from simulation.kernel.plain import NotPlain, play, refusals
from simulation.laws import exponential, fixed, lognormal
from simulation.runs.experiment import run_day
from simulation.scenario import Duty, Goal, Habits, Handling, Redial, Scenario, Stream
from simulation.staffing.headcount import measured
from simulation.staffing.planning import Wanted, plan_staff
from simulation.world.model import play as play_engine
from tests.simulation.staffing_case import scenario as small_desk

START_MS = 1_704_067_200_000
HOUR_MS = 3_600_000
TENANT = TenantId("nord")


def a_line(name: str, rng: Random) -> Line:
    return Line(
        LineId(name),
        TENANT,
        (((SkillId(name), 1),),),
        priority_class=rng.choice((4, 5, 5)),
        target_ms=rng.choice((20_000, 40_000)),
        wrap_up=rng.choice(
            (
                WrapUpRule(),
                WrapUpRule(ms=9_000),
                WrapUpRule(ms=8_000, max_extension_ms=5_000),
                WrapUpRule(codes=("x",), code_required=True),
            )
        ),
    )


def a_scenario(seed: int, *, coarse: bool) -> Scenario:
    """Three lines, agents with one to three skills, VIPs, wrap-up of all kinds, shifts with breaks.

    `coarse`: all lengths are whole seconds, so that very much happens within the same millisecond.
    """
    rng = Random(seed)
    names = ("a", "b", "c")
    lines = tuple(a_line(name, rng) for name in names)
    agents = []
    for number in range(9):
        skills = rng.sample(names, rng.randint(1, 3))
        agents.append(
            Agent(AgentId(f"agent-{number}"), tuple((SkillId(skill), 1) for skill in sorted(skills)))
        )
    entries = tuple(Entry(EntryId(name), TENANT, LineId(name), VOICE) for name in names)
    vip = Entry(
        EntryId("vip"), TENANT, LineId("a"), VOICE, priority_class=rng.choice((None, 1)), head_start_ms=15_000
    )
    desk = Desk((Tenant(TENANT),), (), lines, (*entries, vip), tuple(agents))
    length = (lambda ms: fixed(round(ms, -3))) if coarse else exponential
    handling = {}
    for line in lines:
        own = line.wrap_up != WrapUpRule() and rng.random() < 0.7
        handling[line.id, VOICE] = Handling(length(100_000), wrap_up=lognormal(9_000, 0.5) if own else None)
    streams = tuple(
        Stream(
            name,
            EntryId(name),
            tuple(rng.uniform(20, 120) for _ in range(4)),
            talk_factor=(1.0, 1.1, 0.9, 1.0) if rng.random() < 0.5 else (),
            patience=rng.choice((None, length(60_000), exponential(60_000))),
            vip_share=0.2 if name == "a" else 0.0,
            vip_entry=EntryId("vip") if name == "a" else None,
            backlog=rng.choice((0, 3)),
        )
        for name in names
    )
    return Scenario(
        "random",
        desk,
        START_MS,
        HOUR_MS // 2,
        4,
        streams,
        handling,
        tuple(duty for agent in agents for duty in duties(agent.id, rng)),
        habits=Habits(answer_delay=rng.choice((None, length(4_000), fixed(3_000)))),
        run_on_ms=HOUR_MS // 2,
    )


def duties(agent: AgentId, rng: Random) -> list[Duty]:
    first = START_MS + rng.randrange(-10, 20) * 60_000
    end = first + 75 * 60_000
    breaks = ((first + 30 * 60_000, first + 40 * 60_000),) if rng.random() < 0.6 else ()
    return [Duty(agent, first, end, breaks), Duty(agent, end + 5 * 60_000, end + 50 * 60_000)]


def by_the_engine(scenario: Scenario, day: Day) -> list[tuple[int, str, int, int]]:
    """(contact, agent, moment of the answer, moment of the end) in the order of arrival; -1: never."""
    agent: dict[int, str] = {}
    answered: dict[int, int] = {}
    left: dict[int, int] = {}
    arrived: list[int] = []

    def observe(told: list[Fact]) -> None:
        for fact in told:
            match fact:
                case facts.Arrived():
                    arrived.append(fact.contact)
                case facts.Answered():
                    agent[fact.contact], answered[fact.contact] = fact.agent, fact.t_ms - START_MS
                case facts.Abandoned():
                    left[fact.contact] = fact.t_ms - START_MS

    play_engine(scenario, day, observe)
    return [(c, agent.get(c, ""), answered.get(c, -1), left.get(c, -1)) for c in arrived]


def by_the_kernel(scenario: Scenario, day: Day) -> list[tuple[int, str, int, int]]:
    fate = play(scenario, day)
    names = [agent.id for agent in scenario.desk.agents]
    return [
        (number + 1, names[agent] if answered >= 0 else "", answered, left)
        for number, (agent, answered, left) in enumerate(
            zip(fate.agent.tolist(), fate.answered.tolist(), fate.left.tolist(), strict=True)
        )
    ]


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_every_decision_is_that_of_the_engine(seed: int, coarse: bool) -> None:
    scenario = a_scenario(seed, coarse=coarse)
    while "ringing" in " ".join(refusals(scenario)):  # some answer would come after the lease
        scenario = a_scenario(seed := seed + 1_000, coarse=coarse)
    day = Day(scenario, seed, 0)
    engine = by_the_engine(scenario, day)
    came = len({arrival for arrival, *_ in day.arrivals if arrival < scenario.end_ms})
    assert len(engine) > 200
    assert came
    assert by_the_kernel(scenario, day) == engine


Change = Callable[[Scenario], Scenario]


def with_line(scenario: Scenario, **changes: object) -> Scenario:
    lines = (replace(scenario.desk.lines[0], **changes), *scenario.desk.lines[1:])
    return replace(scenario, desk=replace(scenario.desk, lines=lines))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"policy": Policy.MOST_SKILLED}, "line a: policy most_skilled"),
        ({"max_wait_ms": 60_000}, "line a: a maximum wait"),
        (
            {"talk_limit": TalkLimit(hand_over_ms=60_000, to=LineId("a"))},
            "line a: talks that are handed over",
        ),
        ({"max_length": 3}, "line a: a maximum length"),
        ({"ring_at_once": 2}, "line a: several rung at once"),
    ],
)
def test_a_rule_that_the_kernel_lacks_is_refused_by_name(changes: dict[str, object], reason: str) -> None:
    scenario = with_line(a_scenario(1, coarse=False), **changes)
    with pytest.raises(NotPlain) as raised:
        play(scenario, Day(scenario, 1, 0))
    assert reason in raised.value.reasons


def heard(*steps: Step) -> Scenario:
    """Callers of line a hear this while they wait; if it leads on, to a menu."""
    own, more = TreatmentId("own"), Treatment(TreatmentId("more"), (ASKED,))
    scenario = with_line(a_scenario(3, coarse=True), treatment=own)
    return replace(scenario, desk=replace(scenario.desk, treatments=(Treatment(own, steps), more)))


ASKED = Menu("which", (("1", TreatmentId("own")),), 5_000, "jazz")


def test_texts_music_and_positions_while_waiting_change_no_decision() -> None:
    steps = (
        Say("hello"),
        SetLanguage("de"),
        Music("jazz", 9_000),
        SayPosition(),
        SayExpectedWait(),
        GoOn(TreatmentId("own")),
    )
    scenario = heard(*steps)
    day = Day(scenario, 3, 0)
    assert by_the_kernel(scenario, day) == by_the_engine(scenario, day)


@pytest.mark.parametrize(
    "step",
    [ASKED, When(Condition.VIP, TreatmentId("more")), Enqueue(LineId("b")), Park(), End(),
     GoOn(TreatmentId("more"))],
)  # fmt: skip
def test_a_treatment_with_choices_is_refused_even_if_it_only_leads_to_them(step: Step) -> None:
    assert "line a: a treatment with choices" in refusals(heard(Say("hello"), step))


def test_a_treatment_on_arrival_is_refused_even_if_it_only_says_something() -> None:
    scenario = heard()
    entries = (replace(scenario.desk.entries[0], treatment=TreatmentId("own")), *scenario.desk.entries[1:])
    assert refusals(replace(scenario, desk=replace(scenario.desk, entries=entries))) == [
        "entry a: a treatment on arrival"
    ]


def test_what_callers_and_agents_do_beyond_the_plain_is_refused() -> None:
    scenario = a_scenario(1, coarse=False)
    again = replace(scenario.streams[0], redial=Redial(0.5, fixed(60_000)))
    assert "redials" in refusals(replace(scenario, streams=(again,)))
    assert refusals(replace(scenario, habits=Habits(no_answer=0.1)))
    slow = replace(scenario, habits=Habits(answer_delay=exponential(4_000)))
    assert "line a: ringing shorter than some answers" in refusals(slow)


def test_the_fates_of_an_empty_day_are_empty() -> None:
    scenario = a_scenario(1, coarse=True)
    nobody = replace(
        scenario, streams=tuple(replace(s, expected=(0.0,) * 4, backlog=0) for s in scenario.streams)
    )
    assert len(play(nobody, Day(nobody, 1, 0)).agent) == 0
    assert np.all(play(replace(scenario, duties=()), Day(scenario, 1, 0)).answered == -1)


def test_the_kernel_measures_goals_exactly_as_the_engine_does() -> None:
    for definition in sorted(SERVED):
        goals = tuple(Goal(LineId(name), VOICE, definition, 15_000, 0.8) for name in ("a", "b", "c"))
        scenario = replace(a_scenario(4, coarse=True), goals=goals, habits=Habits())
        assert not lacks(scenario)
        engine = measured(scenario, [run_day(scenario, 3, number) for number in range(3)])
        kernel = measure(scenario, range(3), 3)
        assert engine.counted.sum() > 500
        np.testing.assert_array_equal(kernel.hits, engine.hits)
        np.testing.assert_array_equal(kernel.counted, engine.counted)


def test_a_goal_that_the_kernel_cannot_count_is_named() -> None:
    goal = Goal(LineId("a"), VOICE, "escalation_rate", 15_000, 0.1)
    assert lacks(replace(a_scenario(4, coarse=True), goals=(goal,))) == ["goal by escalation_rate"]


def test_a_search_by_the_kernel_ends_where_that_of_the_engine_ends() -> None:
    small = small_desk(["A"] * 6 + ["B"] * 6 + ["AB"] * 6)
    quick, slow = (plan_staff(small, Wanted(days=4, effort=0.1, kernel=kernel)) for kernel in (True, False))
    assert (quick.searched_by, slow.searched_by) == ("kernel", "engine")
    np.testing.assert_array_equal(quick.found.best.heads, slow.found.best.heads)
    assert quick.certificate.digest() == slow.certificate.digest()
