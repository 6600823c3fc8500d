"""Small desks as scenarios: streams of one line each, agents who may take them all, one long interval."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.capacity import VOICE
from agents.skills import AgentId, Alternative, SkillId
from queues.desk import Agent, Desk, Entry, EntryId, Line, LineId, Medium, Tenant, TenantId
from simulation import laws
from simulation.laws import Law
from simulation.scenario import Duty, Handling, Redial, Scenario, Stream, Surge

START_MS = 1_704_067_200_000
"""Of every simulated run: a Monday, 1 January 2024, 0:00 UTC."""

SHORTEST_MS = 1_000_000.0
"""The shortest mean time of a model is made this long, so that whole milliseconds round nothing away."""

ALL: Alternative = ((SkillId("all"), 1),)


@dataclass(frozen=True, slots=True)
class Source:
    """Calls or mails that wait in a line of their own. `expected` per interval."""

    expected: tuple[float, ...]
    talk: Law
    patience: Law | None = None
    priority_class: int = 5
    target_ms: int = 20_000
    medium: Medium = VOICE
    most_waiting: int = 0
    """0: no limit."""
    redial: Redial | None = None
    backlog: int = 0
    """Calls that are there at the beginning."""


def scenario(
    sources: Sequence[Source],
    agents: int,
    *,
    interval_ms: int,
    run_on_ms: int,
    interrupts: tuple[tuple[Medium, Medium], ...] = (),
    surge: Surge | None = None,
) -> Scenario:
    """The scenario of such a desk; all agents are there from the beginning to the end."""
    desk = _desk(sources, agents, interrupts)
    intervals = len(sources[0].expected)
    end_ms = START_MS + intervals * interval_ms + run_on_ms + 1
    placed = tuple(zip(desk.entries, sources, strict=True))
    return Scenario(
        name="truth",
        desk=desk,
        start_ms=START_MS,
        interval_ms=interval_ms,
        intervals=intervals,
        streams=tuple(_stream(entry.id, source) for entry, source in placed),
        handling={(entry.line, entry.medium): Handling(source.talk) for entry, source in placed},
        duties=tuple(Duty(agent.id, START_MS, end_ms) for agent in desk.agents),
        surge=surge,
        run_on_ms=run_on_ms,
    )


def _desk(sources: Sequence[Source], agents: int, interrupts: tuple[tuple[Medium, Medium], ...]) -> Desk:
    tenant = TenantId("desk")
    lines = tuple(_line(number, source, tenant) for number, source in enumerate(sources))
    entries = tuple(
        Entry(EntryId(line.id), tenant, line.id, source.medium)
        for line, source in zip(lines, sources, strict=True)
    )
    capacity = tuple((medium, 1) for medium in dict.fromkeys(source.medium for source in sources))
    people = tuple(Agent(AgentId(f"agent {n}"), ALL, capacity) for n in range(agents))
    return Desk((Tenant(tenant),), (), lines, entries, people, interrupts=interrupts)


def _stream(entry: EntryId, source: Source) -> Stream:
    return Stream(
        entry,
        entry,
        source.expected,
        patience=source.patience,
        redial=source.redial,
        backlog=source.backlog,
    )


def _line(number: int, source: Source, tenant: TenantId) -> Line:
    return Line(
        LineId(f"line {number}"),
        tenant,
        needs=(ALL,),
        priority_class=source.priority_class,
        target_ms=source.target_ms,
        max_length=source.most_waiting,
    )


def law(mean_ms: float, scv: float) -> Law:
    """A time with this mean and squared coefficient of variation: fixed, exponential or gamma."""
    if scv == 0:
        return laws.fixed(mean_ms)
    return laws.exponential(mean_ms) if scv == 1 else laws.gamma(mean_ms, scv**0.5)
