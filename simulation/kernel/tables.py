"""A scenario and a day as the tables of the kernel."""

from operator import itemgetter
from typing import NamedTuple

import numpy as np

from agents.skills import fitness
from queues.desk import Entry, EntryId, Line
from simulation.draws import Day, Purpose
from simulation.kernel import machine
from simulation.kernel.heap import Integers
from simulation.laws import Law
from simulation.scenario import Scenario

USUAL_OFFERS = 2
"""Columns of answer delays that suffice nearly always: only who leaves while rung causes another offer."""


class Tables(NamedTuple):
    """Contacts, agents, buckets: see `simulation.kernel.machine`; turns are (moment, kind, agent)."""

    contacts: Integers
    agents: Integers
    buckets: Integers
    turns: Integers
    delays: int
    """Columns of answer delays; 0: answered at once."""


def tables_of(scenario: Scenario, day: Day, offers: int = USUAL_OFFERS) -> Tables:
    """The kernel's tables; contacts in the order of `day.arrivals`, with delays for so many `offers` each."""
    came = np.array(day.arrivals, dtype=np.int64).reshape(-1, 3)
    offers = offers if scenario.habits.answer_delay is not None else 0
    contacts = np.full((len(came), machine.DELAY + offers), -1, dtype=np.int64)
    contacts[:, machine.STATE] = machine.COMING
    contacts[:, [machine.OFFERS, machine.NUMBER]] = 0
    contacts[:, machine.ARRIVAL] = came[:, 0] - scenario.start_ms
    for number in range(len(scenario.streams)):
        mine = np.flatnonzero(came[:, 1] == number)
        for field, values in _of_stream(scenario, day, number, offers).items():
            contacts[mine, field] = values[came[mine, 2]]
        contacts[mine, machine.TALK] = _stretched(scenario, number, contacts[mine])
    turns = np.array(_turns(scenario), dtype=np.int64).reshape(-1, 3)
    return Tables(contacts, _agents(scenario), _buckets(scenario), turns, offers)


def _of_stream(scenario: Scenario, day: Day, number: int, offers: int) -> dict[int, Integers]:
    """Columns of the contacts of one stream, by index."""
    stream, entries = scenario.streams[number], entries_of(scenario)
    line, medium = _line(scenario, stream.entry), entries[0].medium
    places = {entry.id: place for place, entry in enumerate(entries)}
    vips = np.array(day.vip(number), dtype=np.int64) * (stream.vip_share > 0)
    vip_place = places[stream.vip_entry or stream.entry]
    columns = {
        machine.BUCKET: places[stream.entry] + vips * (vip_place - places[stream.entry]),
        machine.TALK: column(day, Purpose.TALK, number, 0, scenario.handling[line.id, medium].talk),
    }
    if stream.patience is not None:
        columns[machine.PATIENCE] = column(day, Purpose.PATIENCE, number, 0, stream.patience)
    law = scenario.habits.answer_delay
    if law is not None:
        for offer in range(offers):
            columns[machine.DELAY + offer] = column(day, Purpose.ANSWER_DELAY, number, offer, law)
    columns[machine.WRAP_UP], columns[machine.WRAP_UP_ENDS] = _wrap_up(scenario, day, number, len(vips))
    return columns


def column(day: Day, purpose: Purpose, stream: int, attempt: int, law: Law) -> Integers:
    """Lengths in ms for the contacts of a stream, by index."""
    return np.array(day.lengths(purpose, stream, attempt, law), dtype=np.int64)


def entries_of(scenario: Scenario) -> list[Entry]:
    """The entries that contacts of the scenario come by: the buckets of the kernel."""
    found: dict[EntryId, Entry] = {}
    known = {entry.id: entry for entry in scenario.desk.entries}
    for stream in scenario.streams:
        found[stream.entry] = known[stream.entry]
        if stream.vip_entry is not None:
            found[stream.vip_entry] = known[stream.vip_entry]
    return list(found.values())


def lines_of(scenario: Scenario) -> list[Line]:
    """The line of each of these entries."""
    lines = {line.id: line for line in scenario.desk.lines}
    return [lines[entry.line] for entry in entries_of(scenario)]


def _line(scenario: Scenario, entry: EntryId) -> Line:
    found = next(one for one in scenario.desk.entries if one.id == entry)
    return next(line for line in scenario.desk.lines if line.id == found.line)


def _stretched(scenario: Scenario, number: int, contacts: Integers) -> Integers:
    """Talk times with the factor of the interval of arrival."""
    talk, factors = contacts[:, machine.TALK], scenario.streams[number].talk_factor
    if not factors:
        return talk
    interval = np.minimum(contacts[:, machine.ARRIVAL] // scenario.interval_ms, len(factors) - 1)
    return np.rint(talk * np.array(factors, dtype=np.float64)[interval]).astype(np.int64)


def _wrap_up(scenario: Scenario, day: Day, number: int, many: int) -> tuple[Integers, Integers]:
    """How long it is, and what ends it: as `simulation.world.conversations` does it."""
    line, medium = _line(scenario, scenario.streams[number].entry), entries_of(scenario)[0].medium
    rule, law = line.wrap_up, scenario.handling[line.id, medium].wrap_up
    if law is None:
        ends = machine.BY_DEADLINE if rule.ms else machine.NO_WRAP_UP
        return np.full(many, rule.ms, dtype=np.int64), np.full(many, ends, dtype=np.int64)
    wanted = column(day, Purpose.WRAP_UP, number, 0, law)
    if not rule.ms:
        return wanted, np.full(many, machine.BY_CALL, dtype=np.int64)
    extended = rule.ms + np.clip(wanted - rule.ms, 0, rule.max_extension_ms)
    early = wanted < rule.ms
    return np.where(early, wanted, extended), np.where(early, machine.BY_CALL, machine.BY_DEADLINE)


def _buckets(scenario: Scenario) -> Integers:
    rows = []
    for entry, line in zip(entries_of(scenario), lines_of(scenario), strict=True):
        priority_class = line.priority_class if entry.priority_class is None else entry.priority_class
        rows.append((priority_class, entry.head_start_ms, line.target_ms, -1, -1))
    idle_agents = (0, 0, 0, -1, -1)
    return np.array([*rows, idle_agents], dtype=np.int64)


def _agents(scenario: Scenario) -> Integers:
    rows = []
    for agent in scenario.desk.agents:
        skills, capacity = dict(agent.skills), dict(agent.capacity)
        can = [
            int(bool(capacity.get(entry.medium, 0) and fitness(skills, line.needs)))
            for entry, line in zip(entries_of(scenario), lines_of(scenario), strict=True)
        ]
        rows.append((-1, -1, 0, -1, 0, *can))
    return np.array(rows, dtype=np.int64).reshape(len(rows), machine.CAN + len(entries_of(scenario)))


def _turns(scenario: Scenario) -> list[tuple[int, int, int]]:
    """(moment, kind, agent) of all that the duties say, in the order of `simulation.world.staff`."""
    numbers = {agent.id: number for number, agent in enumerate(scenario.desk.agents)}
    turns, start_ms = [], scenario.start_ms
    for duty in scenario.duties:
        if duty.end_ms <= start_ms:
            continue
        agent = numbers[duty.agent]
        turns.append((max(0, duty.start_ms - start_ms), machine.SIGN_IN, agent))
        turns.append((duty.end_ms - start_ms, machine.SIGN_OUT, agent))
        for from_ms, to_ms in duty.breaks:
            if to_ms > start_ms:
                turns.append((max(0, from_ms - start_ms), machine.BREAK, agent))
                turns.append((to_ms - start_ms, machine.COME_BACK, agent))
    return sorted(turns, key=itemgetter(0, 1))
