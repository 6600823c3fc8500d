"""What the kernel takes and what it refuses; scenarios and days as its tables.

The kernel never approximates: where it lacks a rule, it says so, and the engine has to do the work.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from queues.desk import ALWAYS, Line, Policy
from queues.treatment import GoOn, Music, Say, SayExpectedWait, SayPosition, SetLanguage
from simulation.draws import Day
from simulation.kernel import machine
from simulation.kernel.heap import Integers
from simulation.kernel.tables import USUAL_OFFERS, Tables, entries_of, lines_of, tables_of
from simulation.scenario import Scenario
from simulation.world.playable import check
from simulation.world.treated import Treated

LONGEST_MS = 2**31
"""Moments have 31 bits in the kernel: 24 days."""


CERTAIN = np.array([1.0 - 2.0**-53])
"""The greatest number that a day can draw."""


MOST_OFFERS = 16
"""Columns of answer delays; the last one serves all further offers of a contact."""


PLAYED = (Say, SayPosition, SayExpectedWait, Music, GoOn, SetLanguage)
"""The steps that change nothing but what is heard."""


class Fate(NamedTuple):
    """What became of the contacts, in order: one number each, -1 where it does not apply."""

    agent: Integers
    """Place in the desk's agents."""
    answered: Integers
    """Moment of the answer, in ms since the beginning of the scenario."""
    left: Integers
    """Moment at which he gave up."""
    done: Integers
    """Moment at which the agent was through with it, wrap-up included."""


class NotPlain(Exception):
    """The kernel lacks rules that this scenario needs. `reasons` are all of them."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def play(scenario: Scenario, day: Day) -> Fate:
    """One replication, as `simulation.world.model` plays it: each contact's fate, in order of `day.arrivals`.

    Moments are ms since `scenario.start_ms`. Raises NotPlain, and Unplayable as the model does.
    """
    reasons = refusals(scenario)
    if reasons:
        raise NotPlain(reasons)
    fate, offers = run(scenario, tables_of(scenario, day))
    if offers > USUAL_OFFERS:
        fate, _ = run(scenario, tables_of(scenario, day, MOST_OFFERS))
    return fate


def run(scenario: Scenario, tables: Tables) -> tuple[Fate, int]:
    """The fates, and how often the contact that was offered most often was offered. Changes the tables."""
    contacts, agents, buckets, turns, delays = tables
    # Each contact is asked for at most once as arrival, patience, talk and wrap-up; each turn of an agent may
    # cost one more offer.
    asks = 5 * len(contacts) + 2 * len(turns) + 8
    calls, what = np.zeros(2 * len(contacts) + 8, np.int64), np.zeros(asks, np.int64)
    due, whose = (np.zeros(len(contacts) + len(turns) + 8, np.int64) for _ in range(2))
    counters = np.zeros(machine.COUNTERS, np.int64)
    counters[machine.DELAYS] = delays
    until_ms = scenario.end_ms + scenario.run_on_ms - scenario.start_ms
    machine.run(counters, calls, what, due, whose, contacts, agents, buckets, turns, until_ms)
    fate = Fate(
        *(contacts[:, field] for field in (machine.AGENT, machine.ANSWERED, machine.LEFT, machine.DONE))
    )
    return fate, int(contacts[:, machine.OFFERS].max(initial=0))


def refusals(scenario: Scenario) -> list[str]:
    """Every reason why the kernel cannot play it; none: it can."""
    check(scenario)
    of_contacts = *_of_streams(scenario), *_of_entries(scenario), *_of_lines(scenario)
    return [*_of_scenario(scenario), *of_contacts, *_of_agents(scenario)]


def _of_scenario(scenario: Scenario) -> Iterator[str]:
    habits = scenario.habits
    if scenario.end_ms + scenario.run_on_ms - scenario.start_ms >= LONGEST_MS:
        yield "it is longer than 24 days"
    if habits.no_answer or habits.pause_every is not None:
        yield "agents who do not answer, or pause unplanned"
    if scenario.surge is not None and scenario.surge.announced_ms is not None:
        yield "an announcement"
    if any(one.hold is not None or one.escalate or one.consult for one in scenario.handling.values()):
        yield "holds, consults or escalations"


def _of_streams(scenario: Scenario) -> Iterator[str]:
    if any(stream.redial is not None for stream in scenario.streams):
        yield "redials"
    media = {entry.medium for entry in entries_of(scenario)}
    if len(media) > 1:
        yield "more than one medium"
    if any(traits.put_aside for traits in scenario.desk.media if traits.id in media):
        yield "work that is handed back when its agent goes home"


def _of_entries(scenario: Scenario) -> Iterator[str]:
    """What is heard before a line delays the queue, even if it decides nothing."""
    for entry in entries_of(scenario):
        unusual = {"a treatment on arrival": entry.treatment}
        yield from (f"entry {entry.id}: {what}" for what, there in unusual.items() if there)


def _of_lines(scenario: Scenario) -> Iterator[str]:
    treated = Treated(scenario.desk)
    for line in lines_of(scenario):
        unusual = {
            f"policy {line.policy.value}": line.policy is not Policy.LONGEST_IDLE,
            "relaxations": line.relaxations,
            "promotion": line.promotion,
            "several rung at once": line.ring_at_once > 1,
            "a maximum wait": line.max_wait_ms,
            "talks that are handed over": line.talk_limit is not None and line.talk_limit.to,
            "a maximum length": line.max_length,
            "opening hours": line.hours != ALWAYS,
            "a target in business time": line.calendar != ALWAYS,
            "ringing shorter than some answers": _too_slow(scenario, line),
            "a mandatory greeting": line.greeting and line.greeting_mandatory,
            "a treatment with choices": any(not isinstance(s, PLAYED) for s in treated.steps_from(line)),
        }
        yield from (f"line {line.id}: {what}" for what, there in unusual.items() if there)


def _too_slow(scenario: Scenario, line: Line) -> bool:
    law = scenario.habits.answer_delay
    return law is not None and int(law.quantile(CERTAIN)[0]) >= line.ring_ms


def _of_agents(scenario: Scenario) -> Iterator[str]:
    media = {entry.medium for entry in entries_of(scenario)}
    working = {duty.agent for duty in scenario.duties}
    if any(dict(a.capacity).get(m, 1) > 1 for a in scenario.desk.agents for m in media if a.id in working):
        yield "agents with more than one contact at a time"
    if scenario.desk.interrupts:
        yield "interruptions"
