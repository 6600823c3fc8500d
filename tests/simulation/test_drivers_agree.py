"""One scenario and one day give the same events, effects, facts and state under every driver."""

from collections import Counter
from typing import get_args

import pytest

from acd.core import facts
from simulation.draws import Day
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.scenario import Scenario
from tests.simulation.random_scenario import random_scenario
from tests.simulation.random_treatments import treated_scenario
from tests.simulation.replication import Replication, repeated, replicate

SEEDS = range(60)
TREATED = range(30, 60)
"""Of these the callers hear texts and menus."""


def a_scenario(seed: int) -> Scenario:
    return treated_scenario(seed) if seed in TREATED else random_scenario(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_loop_and_simpy_agree_in_every_event_effect_and_fact(seed: int) -> None:
    scenario = a_scenario(seed)
    one = replicate(scenario, Day(scenario, seed, 0), LoopDriver)
    two = replicate(scenario, Day(scenario, seed, 0), SimDriver)
    assert_same(one, two)


@pytest.mark.long
def test_five_hundred_more_scenarios_are_played_alike_without_an_illegal_event() -> None:
    for seed in range(1_000, 1_500):
        scenario = treated_scenario(seed) if seed % 2 else random_scenario(seed)
        one, two = (replicate(scenario, Day(scenario, seed, 0), kind) for kind in (LoopDriver, SimDriver))
        assert_same(one, two)


def assert_same(one: Replication, two: Replication) -> None:
    for a, b in zip(one.events, two.events, strict=True):
        assert a == b
    for c, d in zip(one.effects, two.effects, strict=True):
        assert c == d
    for e, f in zip(one.facts, two.facts, strict=True):
        assert e == f
    assert one.engine.snapshot() == two.engine.snapshot()


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_what_was_played_can_be_replayed_from_its_events_alone(seed: int) -> None:
    scenario = a_scenario(seed)
    played = replicate(scenario, Day(scenario, seed, 0))
    told, engine = repeated(scenario, played)
    assert told == played.all_facts()
    assert engine.snapshot() == played.engine.snapshot()


def test_the_random_scenarios_meet_everything_the_model_can_do() -> None:
    seen = Counter[str]()
    for seed in SEEDS:
        scenario = a_scenario(seed)
        for fact in replicate(scenario, Day(scenario, seed, 0)).all_facts():
            seen[type(fact).__name__] += 1
    never = {
        "CalendarSet", "PreferredHeld", "PreferredLet", "PriorityChange", "Refused", "OfferLost",
        "AgentLegLost", "FlowedOut", "Unreachable", "Restart", "ListSet",
        "Joined", "Ticketed", "DeviceAway", "DeviceBack", "DeviceGone",
        "CalledIn", "Announced", "MediumChange", "Receiving", "PageKept", "Received", "LegGone",
        "ConferenceJoined", "ConferenceLeft", "TakenOver", "HandedOut",
        "OutsideJoined", "OutsideLeft", "ListenerRung", "ListenerJoined", "ListenerLeft",
        "CalledOut", "IncidentChange", "Linked", "LinkOver", "AllClear", "IncidentWarned",
            "EscalationBegan", "EscalationTried", "EscalationMailed", "EscalationOver", "SurveyBegan",
    }  # fmt: skip
    kinds = {kind.__name__ for kind in get_args(facts.AnyFact)}
    assert set(seen) == kinds - never
    assert min(seen[name] for name in kinds - never - {"DeskSet", "IncidentOn", "IncidentOff"}) >= 10
