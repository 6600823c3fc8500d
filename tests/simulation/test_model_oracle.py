"""One line, first come first served: the model against thirty lines that know nothing of the engine."""

from heapq import heapify, heapreplace

import pytest

from acd.core import facts
from acd.testing.story import agent, desk, line
from agents.capacity import VOICE
from agents.skills import AgentId
from queues.desk import EntryId, LineId
from simulation.draws import Day, Purpose
from simulation.driver import START_MS
from simulation.laws import Law, exponential, lognormal
from simulation.scenario import Duty, Handling, Scenario, Stream
from tests.simulation.replication import replicate

S = 1_000
TALK = lognormal(240 * S, 1)

Course = dict[int, tuple[str, int]]
"""Index of the caller → (`answered` or `abandoned`, moment)."""


def scenario(agents: int, patience: Law | None) -> Scenario:
    """Three hours, 300 calls each, of which nothing is open at the end."""
    people = [AgentId(f"a{number}") for number in range(agents)]
    return Scenario(
        name="one line",
        desk=desk(line(), *(agent(who) for who in people)),
        start_ms=START_MS,
        interval_ms=3_600 * S,
        intervals=3,
        streams=(Stream("calls", EntryId("help"), (300.0, 300.0, 300.0), patience=patience),),
        handling={(LineId("help"), VOICE): Handling(TALK)},
        duties=tuple(Duty(who, START_MS, START_MS + 100 * 3_600 * S) for who in people),
        run_on_ms=20 * 3_600 * S,
    )


def expected(day: Day, agents: int, patience: Law | None) -> Course:
    """By the moments at which the agents are free: each caller has the first one, unless he hangs up before.

    When both happen in the same ms, what was known first happens first: the end of a talk that began before
    the caller came, else his hanging up.
    """
    talk = day.lengths(Purpose.TALK, 0, 0, TALK)
    waits = None if patience is None else day.lengths(Purpose.PATIENCE, 0, 0, patience)
    free = [(START_MS, START_MS)] * agents  # (moment free, since when he talks)
    heapify(free)
    course: Course = {}
    for came_ms, _, index in day.arrivals:
        free_ms, since_ms = free[0]
        begin_ms = max(came_ms, free_ms)
        if waits is not None:
            left_ms = came_ms + waits[index]
            if left_ms < begin_ms or (left_ms == begin_ms > came_ms and since_ms > came_ms):
                course[index] = "abandoned", left_ms
                continue
        course[index] = "answered", begin_ms
        heapreplace(free, (begin_ms + talk[index], begin_ms))
    return course


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("agents", "patience"),
    [(22, None), (20, exponential(90 * S)), (14, lognormal(60 * S, 2)), (1, exponential(S))],
)
def test_every_caller_is_answered_or_abandons_at_the_very_ms_that_theory_says(
    agents: int, patience: Law | None, seed: int
) -> None:
    told = scenario(agents, patience)
    day = Day(told, seed, 0)
    played = replicate(told, day)
    index = {contact: int(ref.split("/")[1]) for contact, ref in played.refs().items()}
    course: Course = {}
    for fact in played.all_facts():
        if isinstance(fact, facts.Answered):
            course[index[fact.contact]] = "answered", fact.t_ms
        elif isinstance(fact, facts.Abandoned):
            course[index[fact.contact]] = "abandoned", fact.t_ms
    assert course == expected(day, agents, patience)
    assert len(course) > 700
