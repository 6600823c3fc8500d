"""No caller is lost or counted twice, nobody is served after he went, and staffing changes no caller."""

from collections import Counter, defaultdict

import pytest
from msgspec.structs import replace

from acd.core import events, facts
from acd.core.facts import Fact
from acd.testing.story import agent, desk, line
from agents.capacity import VOICE
from agents.skills import AgentId
from queues.desk import EntryId, LineId
from simulation.draws import Day, Purpose
from simulation.driver import START_MS
from simulation.laws import exponential, lognormal
from simulation.scenario import Duty, Handling, Redial, Scenario, Stream
from tests.simulation.random_scenario import random_scenario
from tests.simulation.replication import Replication, replicate

S = 1_000


@pytest.mark.parametrize("seed", range(100, 130))
def test_every_arrival_ends_exactly_once_or_is_open_at_the_end(seed: int) -> None:
    scenario = random_scenario(seed)
    day = Day(scenario, seed, 0)
    played = replicate(scenario, day)
    told = played.all_facts()
    tries = Counter(event.ref for _, event in played.events if isinstance(event, events.ContactArrived))
    taken = Counter(fact.ref for fact in told if isinstance(fact, facts.Arrived))
    blocked = Counter(fact.ref for fact in told if isinstance(fact, facts.Blocked))
    assert tries == taken + blocked
    assert set(tries.values()) == {1}
    first = {f"{stream}/{index}/0" for _, stream, index in day.arrivals}
    assert {ref for ref in tries if ref.endswith("/0")} == first
    ended = Counter(getattr(fact, "contact") for fact in told if isinstance(fact, facts.ENDINGS))  # noqa: B009
    assert set(ended.values()) <= {1}
    assert set(played.refs()) == set(ended) | set(played.engine.state.contacts)
    assert not set(ended) & set(played.engine.state.contacts)


@pytest.mark.parametrize("seed", range(100, 130))
def test_nobody_is_offered_or_served_after_he_went(seed: int) -> None:
    scenario = random_scenario(seed)
    gone = set[int]()
    for fact in replicate(scenario, Day(scenario, seed, 0)).all_facts():
        if isinstance(fact, facts.Offered | facts.Answered | facts.Queued):
            assert fact.contact not in gone
        if isinstance(fact, facts.ENDINGS):
            gone.add(getattr(fact, "contact"))  # noqa: B009


def test_the_same_day_twice_gives_the_same_bytes_and_another_day_others() -> None:
    scenario = random_scenario(3)
    one, two = (replicate(scenario, Day(scenario, 3, 0)) for _ in range(2))
    assert one.facts == two.facts
    assert one.engine.snapshot() == two.engine.snapshot()
    assert replicate(scenario, Day(scenario, 3, 1)).facts != one.facts


def staffed(agents: int) -> Scenario:
    """An hour of 200 calls that would need ten agents; who gives up or finds the line full redials."""
    redial = Redial(0.7, exponential(120 * S), most=4)
    end_ms = START_MS + 3_600 * S
    return Scenario(
        name="staffed",
        desk=desk(line(max_length=12), *(agent(f"a{number}") for number in range(agents))),
        start_ms=START_MS,
        interval_ms=3_600 * S,
        intervals=1,
        streams=(Stream("calls", EntryId("help"), (200.0,), patience=exponential(60 * S), redial=redial),),
        handling={(LineId("help"), VOICE): Handling(lognormal(180 * S, 1))},
        duties=tuple(Duty(AgentId(f"a{number}"), START_MS, end_ms) for number in range(agents)),
    )


def test_staffing_leaves_arrivals_talk_and_patience_of_each_caller_as_they_were() -> None:
    few, many = staffed(7), staffed(11)
    day = Day(few, 5, 0)
    lives = [_lives(replicate(scenario, day)) for scenario in (few, many)]
    assert lives[0] != lives[1]
    both = lives[0].keys() & lives[1].keys()
    tally = Counter[str]()
    for ref in both:
        one, two = lives[0][ref], lives[1][ref]
        tally["arrived"] += ref.endswith("/0")
        assert one["Arrived"] == two["Arrived"] or not ref.endswith("/0")
        for what in one.keys() & two.keys() & {"talk", "patience"}:
            tally[what] += 1
            assert one[what] == two[what]
    assert min(tally[what] for what in ("arrived", "talk", "patience")) >= 10
    drawn = day.lengths(Purpose.PATIENCE, 0, 0, few.streams[0].patience or exponential(1))
    waits = {ref: life["patience"] for ref, life in lives[0].items() if "patience" in life}
    assert all(drawn[int(ref.split("/")[1])] == wait for ref, wait in waits.items() if ref.endswith("/0"))


def _lives(played: Replication) -> dict[str, dict[str, int]]:
    """Per ref: when it arrived, how long it talked or waited in vain."""
    refs, lives = played.refs(), defaultdict[str, dict[str, int]](dict)
    for fact in played.all_facts():
        life = _of(fact, refs, lives)
        if isinstance(fact, facts.Arrived | facts.Answered):
            life[type(fact).__name__] = fact.t_ms
        elif isinstance(fact, facts.Released):
            life["talk"] = fact.t_ms - life["Answered"]
        elif isinstance(fact, facts.Abandoned):
            life["patience"] = fact.t_ms - life["Arrived"]
    return lives


def _of(fact: Fact, refs: dict[int, str], lives: dict[str, dict[str, int]]) -> dict[str, int]:
    return lives[refs[getattr(fact, "contact")]] if hasattr(fact, "contact") else {}  # noqa: B009


def test_a_day_may_be_played_under_another_roster_than_it_was_drawn_for() -> None:
    few = staffed(7)
    fewer = replace(few, duties=few.duties[1:])
    day = Day(few, 5, 0)
    assert replicate(fewer, day).facts == replicate(fewer, Day(fewer, 5, 0)).facts
