"""What is wrong with a site as a whole: lines that nobody serves, overflow in circles, and warnings."""

from collections.abc import Iterator, Mapping

from agents.skills import AgentId, Alternative, SkillId, meets
from config.table import Table
from queues.desk import Agent, Desk, Line, LineId, Medium

_Holders = dict[SkillId, list[tuple[int, Agent]]]
"""Who has a skill, at which level."""


def check_loops(lines: Mapping[str, Line], tables: Mapping[str, Table]) -> None:
    """Record an error for every circle in which a contact could overflow for ever."""
    left: set[str] = set()
    for start in lines:
        if start not in left:
            _walk(start, lines, tables, left)


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
    for line in desk.lines:
        if line.id not in reached:
            lines[line.id].warn("", "no entry and no overflow leads to this line")
    holders = _holders(desk)
    busy = {agent.id for line in desk.lines for agent in _servers(line, holders)}
    for agent in desk.agents:
        if agent.id not in busy:
            agents[agent.id].warn("", "serves no line")


def _walk(start: str, lines: Mapping[str, Line], tables: Mapping[str, Table], left: set[str]) -> None:
    """Depth first, without recursion; a line that was left for good leads into no new circle."""
    chain, open_ways = [start], [_ways(lines[start])]
    while chain:
        key, to = next(open_ways[-1], ("", None))
        if to is None:
            open_ways.pop()
            left.add(chain.pop())
        elif to in chain:
            circle = [*chain[chain.index(to) :], to]
            tables[chain[-1]].error(key, f"overflow goes in a circle: {' → '.join(circle)}")
        elif to in lines and to not in left:
            chain.append(to)
            open_ways.append(_ways(lines[to]))


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
