"""The two workloads of bench/simulation.py: as a scenario for the engine, as a table for everybody else."""

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from agents.capacity import VOICE
from agents.skills import AgentId, SkillId
from queues.desk import Agent, Desk, Entry, EntryId, Line, LineId, Tenant, TenantId
from simulation.draws import Day, Purpose
from simulation.laws import exponential, lognormal
from simulation.scenario import Duty, Handling, Scenario, Stream

START_MS = 1_704_092_400_000
"""Monday, 1 January 2024, 7:00 UTC."""

INTERVAL_MS = 1_800_000
SHAPE = (4, 6, 8, 10, 11, 12, 12, 11, 10, 9, 8, 8, 9, 10, 11, 11, 10, 9, 8, 7, 6, 5, 4, 3)
"""How the calls of a day are spread over its 24 half hours."""

CALLS = 10_000
TALK = lognormal(240_000.0, 1.0)
PATIENCE = exponential(180_000.0)


class Workload(NamedTuple):
    """Types of calls as (name, share); groups of agents as (size, the types that they take)."""

    types: tuple[tuple[str, float], ...]
    groups: tuple[tuple[int, str], ...]


WORKLOADS = {
    "W1": Workload((("A", 1.0),), ((60, "A"),)),
    "W2": Workload((("A", 0.5), ("B", 0.3), ("C", 0.2)), ((22, "A"), (22, "AB"), (16, "BC"))),
}


class Table(NamedTuple):
    """The calls of one day in the order in which they come: a column per variate, times in ms."""

    arrival: list[int]
    """Since the beginning of the day."""
    talk: list[int]
    patience: list[int]
    type: list[int]
    place: dict[str, int]
    """Row of a call by the name that the engine knows it by: stream/index."""


def desk(workload: Workload) -> Desk:
    """A line and an entry per type, first come, first served; the agent idle longest is rung."""
    tenant = TenantId("t")
    lines = tuple(Line(LineId(name), tenant, (((SkillId(name), 1),),)) for name, _ in workload.types)
    entries = tuple(Entry(EntryId(line.id), tenant, line.id, VOICE) for line in lines)
    skills = [types for size, types in workload.groups for _ in range(size)]
    agents = tuple(
        Agent(AgentId(f"a{number:02}"), tuple((SkillId(name), 1) for name in types))
        for number, types in enumerate(skills)
    )
    return Desk((Tenant(tenant),), (), lines, entries, agents)


def scenario(name: str) -> Scenario:
    """Twelve hours; everybody is there all day, answers at once and has no wrap-up."""
    workload = WORKLOADS[name]
    whole = desk(workload)
    end_ms = START_MS + len(SHAPE) * INTERVAL_MS
    run_on_ms = 12 * 3_600_000
    streams = tuple(
        Stream(
            name=kind,
            entry=EntryId(kind),
            expected=tuple(CALLS * share * weight / sum(SHAPE) for weight in SHAPE),
            patience=PATIENCE,
        )
        for kind, share in workload.types
    )
    return Scenario(
        name=name,
        desk=whole,
        start_ms=START_MS,
        interval_ms=INTERVAL_MS,
        intervals=len(SHAPE),
        streams=streams,
        handling={(line.id, VOICE): Handling(TALK) for line in whole.lines},
        duties=tuple(Duty(agent.id, START_MS, end_ms + run_on_ms) for agent in whole.agents),
        run_on_ms=run_on_ms,
    )


def table(day: Day) -> Table:
    """The variates that the model takes for a day whose callers come once and talk to one agent."""
    streams = range(len(day.scenario.streams))
    talk = [day.lengths(Purpose.TALK, stream, 0, TALK) for stream in streams]
    patience = [day.lengths(Purpose.PATIENCE, stream, 0, PATIENCE) for stream in streams]
    rows = Table([], [], [], [], {})
    for t_ms, stream, index in day.arrivals:
        rows.place[f"{stream}/{index}"] = len(rows.arrival)
        rows.arrival.append(t_ms - START_MS)
        rows.talk.append(talk[stream][index])
        rows.patience.append(patience[stream][index])
        rows.type.append(stream)
    return rows


def save(path: Path, workload: Workload, tables: Sequence[Table]) -> None:
    """Write what heap.c reads."""
    names = [name for name, _ in workload.types]
    numbers = array("q", (len(tables), len(workload.groups)))
    for size, types in workload.groups:
        numbers.extend((size, sum(1 << names.index(name) for name in types)))
    for day in tables:
        numbers.append(len(day.arrival))
        for column in day[:4]:
            numbers.extend(column)
    path.write_bytes(numbers.tobytes())
