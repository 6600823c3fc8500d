"""A small desk for the tests of staffing: two lines of calls, agents for one, the other, or both."""

from collections.abc import Sequence

from agents.capacity import VOICE
from agents.skills import AgentId, SkillId
from queues.desk import Agent, Desk, Entry, EntryId, Line, LineId, Tenant, TenantId
from simulation.laws import exponential
from simulation.scenario import Goal, Handling, Scenario, Stream

HALF_HOUR_MS = 1_800_000
START_MS = 1_704_096_000_000
"""Monday, 1 January 2024, 8:00 UTC."""

TENANT = TenantId("t")
SHAPE = (6.0, 14.0, 22.0, 26.0, 20.0, 12.0, 8.0, 4.0)


def goal(line: str, *, share: float = 0.8, definition: str = "offered", threshold_ms: int = 20_000) -> Goal:
    return Goal(LineId(line), VOICE, definition, threshold_ms, share)


def agents(skills: Sequence[str]) -> tuple[Agent, ...]:
    """One agent for each entry, with a skill per letter."""
    return tuple(
        Agent(AgentId(f"{letters}{number:02}"), tuple((SkillId(letter), 1) for letter in letters))
        for number, letters in enumerate(skills)
    )


def scenario(
    staff: Sequence[str],
    expected: Sequence[float] = SHAPE,
    *,
    lines: str = "AB",
    goals: Sequence[Goal] | None = None,
    talk_s: float = 240.0,
    patience_s: float = 180.0,
) -> Scenario:
    """Every line gets `expected` calls per half hour; goals of 80 % in 20 s unless said otherwise."""
    desk = Desk(
        tenants=(Tenant(TENANT),),
        lines=tuple(Line(LineId(name), TENANT, (((SkillId(name), 1),),)) for name in lines),
        entries=tuple(Entry(EntryId(name), TENANT, LineId(name), VOICE) for name in lines),
        agents=agents(staff),
    )
    return Scenario(
        name="two lines",
        desk=desk,
        start_ms=START_MS,
        interval_ms=HALF_HOUR_MS,
        intervals=len(expected),
        streams=tuple(
            Stream(name, EntryId(name), tuple(expected), patience=exponential(patience_s * 1000))
            for name in lines
        ),
        handling={(LineId(name), VOICE): Handling(exponential(talk_s * 1000)) for name in lines},
        duties=(),
        goals=tuple(goal(name) for name in lines) if goals is None else tuple(goals),
    )
