"""A recorded day tells how long texts were, who pressed what, and who answered when he was called back."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from acd.core import facts
from acd.core.facts import Fact
from acd.journal.codec import decode_facts
from queues.desk import CallbackRule, Order
from queues.treatment import POSITION, Record, Say
from simulation.draws import Day, Purpose
from simulation.laws import fixed
from simulation.past.heard import Answers, Heard, keys_of, number_of
from simulation.past.history import demand_from_facts
from simulation.plan.span import Span
from simulation.scenario import POSITION_MS, Callbacks, Scenario
from tests.simulation.random_treatments import treated_scenario
from tests.simulation.recording import written
from tests.simulation.replication import replicate
from tests.simulation.test_model_stories import S, scene, stream
from tests.simulation.test_treatment_stories import ASKED, PARKS, PRESSES_1, TEXTS, on_arrival, waiting
from tests.simulation.test_what_if import (
    assignments,
    facts_of,
    of_record,
    of_scenario,
    recorded,
    unlimited,
)
from tests.simulation.trace_day import Said, TraceDay

HOUR = 3_600 * S
MENUS = 5
"""A scenario in which much is pressed."""


def without_callbacks(scenario: Scenario) -> Scenario:
    """Nor messages: how long their agents talk then is drawn anew, too."""
    heard_only = [
        replace(one, steps=tuple(step for step in one.steps if not isinstance(step, Record)))
        for one in scenario.desk.treatments
    ]
    return replace(scenario, desk=replace(scenario.desk, outbound=(), treatments=tuple(heard_only)))


@pytest.mark.parametrize("seed", range(12))
def test_a_day_of_menus_is_played_again_assignment_by_assignment(seed: int) -> None:
    entries, told, _ = of_scenario(unlimited(without_callbacks(treated_scenario(seed))), seed)
    assert len(of_record(entries)) > 80
    assert assignments(facts_of(told)) == of_record(entries)


def test_the_same_keys_are_pressed_at_the_same_moments() -> None:
    scenario = without_callbacks(treated_scenario(MENUS))
    _, told, _ = of_scenario(scenario, MENUS)
    pressed = of_kind(facts.KeyChosen, replicate(scenario, Day(scenario, MENUS, 0)).all_facts())
    assert len(pressed) > 20
    again = of_kind(facts.KeyChosen, facts_of(told))
    assert [one for one in again if one.t_ms <= pressed[-1].t_ms] == pressed


def test_who_left_a_message_is_noted_since_what_he_said_is_assumed() -> None:
    scenario = treated_scenario(MENUS)
    _, told, _ = of_scenario(scenario, MENUS)
    left = of_kind(facts.MessageLeft, replicate(scenario, Day(scenario, MENUS, 0)).all_facts())
    assert left
    assumed = "left messages: how long they spoke, and how long an agent heard them, is assumed"
    assert f"{len(left)} {assumed}" in told.notes


def test_texts_that_were_heard_to_their_end_are_as_long_as_they_were() -> None:
    scenario = treated_scenario(MENUS)
    _, told, _ = of_scenario(scenario, MENUS)
    found = told.scenario.text_ms
    assert found["callback?", ""] == scenario.text_ms["callback?", ""]
    assert found[POSITION, ""] == POSITION_MS
    said_together = "hello", "which"
    assert sum(found[text, ""] for text in said_together) == sum(
        scenario.text_ms[text, ""] for text in said_together
    )


def test_who_was_called_back_and_answered_is_and_does_again_after_the_same_ring() -> None:
    rule = CallbackRule(Order.CALLER_FIRST, attempts=2, gap_ms=50 * S)
    played = scene(
        waiting(*ASKED, more=PARKS, callback=rule),
        stream(),
        stream(keys=PRESSES_1),
        callbacks=Callbacks(ring_ms=8 * S),
        text_ms=TEXTS,
    )
    said: Said = {Purpose.KEY: 0.2, Purpose.CALLED_BACK: {0: 0.9, 1: 0.1}}
    day = TraceDay(played, (0, 0), (S, 1), said=said)
    done = replicate(played, day)
    entries = written(done.events, played.end_ms + played.run_on_ms)
    told, _ = recorded(entries, played.start_ms, played.start_ms + 2 * HOUR, HOUR)
    assert told.scenario.callbacks == Callbacks(answer=0.5, ring_ms=8 * S)
    assert of_kind(facts.CallOver, facts_of(told)) == of_kind(facts.CallOver, done.all_facts())
    assert "1 were called back: how long they talked then is drawn" in told.notes


def test_a_text_that_nobody_heard_to_its_end_is_noted() -> None:
    played = scene(on_arrival(Say("hello")), stream(patience=fixed(2 * S)), text_ms=TEXTS)
    done = replicate(played, TraceDay(played, (0, 0)))
    entries = written(done.events, played.end_ms + played.run_on_ms)
    heard = Heard(played.desk)
    for entry in entries:
        heard.take(decode_facts(entry.facts))
    assert (heard.text_ms(), heard.unknown()) == ({}, 1)


def test_a_history_has_the_shares_of_the_keys() -> None:
    scenario = treated_scenario(MENUS)
    batches = replicate(scenario, Day(scenario, MENUS, 0)).facts
    span = Span(ZoneInfo("UTC"), date(2024, 1, 1), 1, 0, 60, scenario.interval_ms)
    history = demand_from_facts(batches, scenario.desk, span)
    keys = {one.name: dict(one.keys) for one in history.streams if one.entry == "help"}
    assert keys["expert/voice"] == {"2": 1.0}  # that is how they came to this line
    assert keys["help/voice"]["1"] == pytest.approx(0.5 / 0.9, abs=0.15)


def test_who_had_no_time_to_press_a_key_counts_neither_for_it_nor_against_it() -> None:
    answers: list[Answers] = [
        {("a", "12"): "1"},
        {("a", "12"): ""},
        {("a", "12"): None},
        {("a", "12"): "2", ("b", "1"): "1"},
    ]
    keys = keys_of(answers)
    assert keys == (("1", 0.5), ("2", 0.25))
    assert [number_of(keys, key) for key in ("1", "2", "", None)] == [0.25, 0.625, 1.0, 1.0]
    assert keys_of([{}]) == ()


def of_kind(kind: type[Fact], told: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in told if isinstance(fact, kind)]
