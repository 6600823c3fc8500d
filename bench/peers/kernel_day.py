"""The compiled kernel as a row of bench/simulation.py."""

import time

import numpy as np

from simulation.draws import Day
from simulation.kernel.plain import play as play
from simulation.kernel.plain import run
from simulation.kernel.tables import Tables, tables_of
from simulation.scenario import Scenario


def fates(scenario: Scenario, day: Day) -> list[int]:
    """The fate of every call: its wait in ms when it was answered, else its complement."""
    found = play(scenario, day)
    came = np.array([t_ms - scenario.start_ms for t_ms, _, _ in day.arrivals])
    told: list[int] = np.where(found.answered >= 0, found.answered - came, ~(found.left - came)).tolist()
    return told


def run_ns(scenario: Scenario, day: Day, times: int) -> int:
    """CPU time of so many runs of a day. A run changes its tables: each gets a fresh copy, not timed."""
    contacts, agents, buckets, turns, delays = tables_of(scenario, day)
    spent_ns = 0
    for _ in range(times):
        fresh = Tables(contacts.copy(), agents.copy(), buckets.copy(), turns, delays)
        began_ns = time.process_time_ns()
        run(scenario, fresh)
        spent_ns += time.process_time_ns() - began_ns
    return spent_ns
