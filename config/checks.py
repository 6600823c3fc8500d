"""What is wrong with a site as a whole: lines that nobody serves, overflow in circles, and warnings."""

from collections.abc import Collection, Iterator, Mapping

from agents.skills import AgentId, Alternative, SkillId, meets
from config.circles import circles
from config.table import Table
from queues.desk import Agent, Desk, EntryId, Line, LineId, Medium, TenantId
from queues.treatment import Enqueue

NO_BOUND = "has no bound: may be served before everybody else for ever (a head_start is bounded)"
"""What a class of one's own, below that of the line, costs others."""

_Holders = dict[SkillId, list[tuple[int, Agent]]]
"""Who has a skill, at which level."""


def check_loops(lines: Mapping[str, Line], tables: Mapping[str, Table]) -> None:
    """Record an error for every circle in which a contact could overflow for ever."""

    def to_lines(line: LineId) -> list[LineId]:
        return list(dict.fromkeys(to for _, to in _ways(lines[line]) if to in lines))

    for circle in circles((line.id for line in lines.values()), to_lines):
        last, first = circle[-1], circle[0]
        for key in (key for key, to in _ways(lines[last]) if to == first):
            tables[last].error(key, f"overflow goes in a circle: {' → '.join([*circle, first])}")


def check_service(desk: Desk, tables: Mapping[str, Table]) -> None:
    """Record an error for every line that no agent can serve, or not on all of its media."""
    holders = _holders(desk)
    media: dict[LineId, dict[Medium, None]] = {}
    for entry in desk.entries:
        media.setdefault(entry.line, {})[entry.medium] = None
    for line in desk.lines:
        table = tables[line.id]
        if _check_levels(line, holders, table):
            servers = _servers(line, holders)
            if not servers:
                table.error("", "nobody serves this line: no agent has all skills of one of its groups")
                continue
            taken = {medium for agent in servers for medium, _ in agent.capacity}
            for medium in media.get(line.id, {}):
                if medium not in taken:
                    table.error("", f"nobody who serves this line takes {medium}")


def warn_idle(desk: Desk, lines: Mapping[str, Table], agents: Mapping[str, Table]) -> None:
    """Record a warning for lines that no contact can reach and agents who serve no line."""
    reached = {entry.line for entry in desk.entries}
    reached |= {to for line in desk.lines for _, to in _ways(line)}
    steps = (step for treatment in desk.treatments for step in treatment.steps)
    reached |= {step.line for step in steps if isinstance(step, Enqueue) and step.line is not None}
    for line in desk.lines:
        if line.id not in reached:
            lines[line.id].warn("", "no entry, overflow or treatment leads to this line, only agents can")
    holders = _holders(desk)
    busy = {agent.id for line in desk.lines for agent in _servers(line, holders)}
    for agent in desk.agents:
        if agent.id not in busy:
            agents[agent.id].warn("", "serves no line: can do nothing but listen")


def warn_strangers(desk: Desk, lines: Mapping[str, Table], listed: Collection[TenantId]) -> None:
    """Record a warning for lines that hold people for agents they know, but of clients who list no people."""
    for line in desk.lines:
        clients = {line.tenant} | {entry.tenant for entry in desk.entries if entry.line == line.id}
        if line.last_agent.wait_ms and clients.isdisjoint(listed):
            reason = f"knows nobody: {line.tenant} has neither user_list nor vip_list"
            lines[line.id].warn("last_agent", reason)


def warn_unbounded(desk: Desk, entries: Mapping[EntryId, Table]) -> None:
    """Record a warning for entries whose contacts go before all others of their line, whoever has waited."""
    classes = {line.id: line.priority_class for line in desk.lines}
    for entry in desk.entries:
        if entry.priority_class is not None and entry.priority_class < classes[entry.line]:
            reason = f"is below that of the line ({classes[entry.line]}), so it {NO_BOUND}"
            entries[entry.id].warn("class", reason)


def _ways(line: Line) -> Iterator[tuple[str, LineId]]:
    """The keys of the ways out that lead to another line, and which."""
    for key, way in (
        ("when_waited", line.when_waited),
        ("when_full", line.when_full),
        ("when_closed", line.when_closed),
    ):
        if way.line is not None:
            yield key, way.line


def _alternatives(line: Line) -> tuple[Alternative, ...]:
    """All that will ever do for this line."""
    return line.needs + tuple(one for step in line.relaxations for one in step.alternatives)


def _holders(desk: Desk) -> _Holders:
    holders: _Holders = {}
    for agent in desk.agents:
        for skill, level in agent.skills:
            holders.setdefault(skill, []).append((level, agent))
    return holders


def _servers(line: Line, holders: _Holders) -> list[Agent]:
    """All agents who may ever serve the line, found by the rarest skill of each alternative."""
    found: dict[AgentId, Agent] = {}
    for alternative in _alternatives(line):
        rarest = min((holders.get(skill, []) for skill, _ in alternative), key=len)
        for _, agent in rarest:
            if meets(dict(agent.skills), alternative):
                found[agent.id] = agent
    return list(found.values())


def _check_levels(line: Line, holders: _Holders, table: Table) -> bool:
    """Whether each single requirement is met by somebody."""
    right = True
    requirements = (one for alternative in _alternatives(line) for one in alternative)
    for skill, level in dict.fromkeys(requirements):
        most, best = max(holders.get(skill, []), key=lambda holder: holder[0], default=(0, None))
        if most >= level:
            continue
        right = False
        if best is None:
            table.error("", f'nobody has skill "{skill}"')
        else:
            table.error(
                "", f'nobody has skill "{skill}" at level {level} (the best is {best.id} with {most})'
            )
    return right
