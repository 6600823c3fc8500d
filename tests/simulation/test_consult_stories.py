"""Agents who ask another line in the middle of a talk, told as stories. Times in seconds after the start."""

from typing import Any

from msgspec.structs import replace

from acd.core import facts
from acd.testing.story import agent, desk, line
from agents.capacity import VOICE
from queues.desk import LineId, WrapUpRule
from simulation.draws import Purpose
from simulation.laws import fixed
from simulation.scenario import Consulting, Habits, Handling, Scenario
from tests.simulation.test_model_stories import TALK, S, scene, stream, told

ASKS = Consulting(1.0, LineId("second"), fixed(30 * S), patience_ms=20 * S)
CONSULT = (facts.Consulted, facts.ConsultOver, facts.Answered, facts.Released, facts.WrapUpStarted)


def asking(*agents: str, **rules: Any) -> Scenario:
    """Anna takes calls of 100 s, and asks `second` in each; others who can be asked, by name."""
    asked = [agent(name, help=0, second=1) if name == "bert" else agent(name) for name in agents]
    opened = desk(line(wrap_up=WrapUpRule(ms=10 * S)), line("second", "second"), *asked)
    handling = {
        (LineId("help"), VOICE): Handling(fixed(100 * S), consult=ASKS, **rules),
        (LineId("second"), VOICE): TALK,
    }
    return scene(opened, stream(), handling=handling)


def test_half_of_the_talk_then_she_asks_and_then_the_other_half() -> None:
    assert told(asking("anna", "bert"), 0, of=CONSULT) == [
        (0, "Answered", 1),
        (50, "Consulted", 1),
        (50, "Answered", 2),
        (80, "ConsultOver", 1),
        (130, "Released", 1),
        (130, "WrapUpStarted", 1),
    ]


def test_nobody_can_be_asked_so_she_goes_on_when_her_patience_ends() -> None:
    assert told(asking("anna"), 0, of=CONSULT) == [
        (0, "Answered", 1),
        (50, "Consulted", 1),
        (70, "ConsultOver", 1),
        (120, "Released", 1),
        (120, "WrapUpStarted", 1),
    ]


def test_whoever_is_asked_and_does_not_answer_is_let_be() -> None:
    scenario = replace(asking("anna", "bert"), habits=Habits(no_answer=0.5))
    said = {Purpose.NO_ANSWER: {0: 0.9, 1: 0.1}}
    moments = told(scenario, 0, of=(*CONSULT, facts.NotAnswered, facts.OfferWithdrawn), said=said)
    assert [one[:2] for one in moments] == [
        (0, "Answered"), (50, "Consulted"), (70, "NotAnswered"), (70, "ConsultOver"), (120, "Released"),
        (120, "WrapUpStarted"),
    ]  # fmt: skip


def test_a_hold_comes_before_the_question() -> None:
    moments = told(asking("anna", "bert", hold=fixed(5 * S)), 0, of=(*CONSULT, facts.Held, facts.Resumed))
    assert [one[:2] for one in moments][:5] == [
        (0, "Answered"), (50, "Held"), (55, "Resumed"), (55, "Consulted"), (55, "Answered"),
    ]  # fmt: skip


def test_who_is_asked_is_as_busy_as_with_a_call_and_no_caller_is_counted_for_it() -> None:
    """Two calls at once: the second who asks waits until bert is free, or gives up."""
    moments = told(
        asking("anna", "ada", "bert"), 0, 5, of=(facts.Consulted, facts.ConsultOver, facts.Arrived)
    )
    assert moments == [
        (0, "Arrived", 1),
        (5, "Arrived", 2),
        (50, "Consulted", 1),
        (55, "Consulted", 2),
        (75, "ConsultOver", 2),
        (80, "ConsultOver", 1),
    ]
