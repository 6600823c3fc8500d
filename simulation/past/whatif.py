"""What-ifs by name: each turns a recorded day into the same day with one thing different."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL
from agents.skills import AgentId, meets
from config.durations import duration_ms
from config.errors import did_you_mean
from queues.desk import Agent, Desk, Entry, Line, Policy
from simulation.past.recorded import Recorded
from simulation.scenario import Duty, Goal, Scenario

CHOICES = (
    "none",
    "staff+N",
    "staff-N",
    "staff:LINE+N",
    "staff:LINE-N",
    "vip=off",
    "incident=off",
    "demand*F",
    "aht*F",
    "line.NAME.KEY=VALUE",
)
MOST_STAFF = 1_000
MOST_TIMES = 10.0

_STAFF = re.compile(r"staff(?::(?P<line>.+?))?(?P<sign>[+-])(?P<count>[0-9]{1,4})")
_TIMES = re.compile(r"(?P<what>demand|aht)\*(?P<factor>[0-9]+(?:\.[0-9]+)?)")
_LINE = re.compile(r"line\.(?P<name>.+)\.(?P<key>[a-z_]+)=(?P<value>.+)")


def what_if(recorded: Recorded, text: str) -> Recorded:
    """The day with this difference; several are made one after the other.

    Raises ValueError naming the choices, or what is wrong with this one.
    """
    if text == "none":
        return recorded
    if text == "vip=off":
        return _on_desk(recorded, _without_vips)
    if text == "incident=off":
        return replace(recorded, scenario=replace(recorded.scenario, surge=None))
    if found := _STAFF.fullmatch(text):
        count = int(found["count"])
        return _staff(recorded, found["line"], count if found["sign"] == "+" else -count)
    if found := _TIMES.fullmatch(text):
        return _times(recorded, found["what"], float(found["factor"]))
    if found := _LINE.fullmatch(text):
        return _line(recorded, found["name"], found["key"], found["value"])
    raise ValueError(f"--what-if {text}: choose {', '.join(CHOICES)}{did_you_mean(text, CHOICES)}")


def _on_desk(recorded: Recorded, change: Callable[[Desk], Desk]) -> Recorded:
    scenario = recorded.scenario
    return replace(recorded, scenario=replace(scenario, desk=change(scenario.desk)))


def _times(recorded: Recorded, what: str, factor: float) -> Recorded:
    if not 0 < factor <= MOST_TIMES:
        raise ValueError(f"--what-if {what}*{factor:g}: a factor above 0, at most {MOST_TIMES:g}")
    if what == "demand":
        return replace(recorded, demand=recorded.demand * factor)
    return replace(recorded, handling=recorded.handling * factor)


def _without_vips(desk: Desk) -> Desk:
    """Nobody has a head start, or a class of his own that is better than that of his line."""
    classes = {line.id: line.priority_class for line in desk.lines}

    def plain(entry: Entry) -> Entry:
        own = entry.priority_class
        better = own is not None and own < classes[entry.line]
        return replace(entry, head_start_ms=0, priority_class=None if better else own)

    return replace(desk, entries=tuple(map(plain, desk.entries)))


# ---- staff


def _staff(recorded: Recorded, line: str | None, count: int) -> Recorded:
    if abs(count) > MOST_STAFF:
        raise ValueError(f"--what-if staff{count:+}: at most {MOST_STAFF} agents")
    scenario = recorded.scenario
    alike = likeness(scenario, line)
    changed = more(scenario, alike, count) if count > 0 else fewer(scenario, alike, -count)
    return replace(recorded, scenario=changed)


def likeness(scenario: Scenario, line: str | None) -> list[AgentId]:
    """The agents on duty with the most usual skills and capacity of all, or of those who can serve `line`.

    In the order of the desk. Raises ValueError for an unknown line, or when nobody is left.
    """
    desk = scenario.desk
    on_duty = {duty.agent for duty in scenario.duties}
    agents = [agent for agent in desk.agents if agent.id in on_duty]
    if line is not None:
        needs = _line_of(desk, line).needs
        agents = [one for one in agents if any(meets(dict(one.skills), need) for need in needs)]
    if not agents:
        raise ValueError(f"--what-if staff: nobody was on duty{f' who can serve {line}' if line else ''}")
    profile = Counter(map(_profile, agents)).most_common(1)[0][0]
    return [agent.id for agent in agents if _profile(agent) == profile]


def _profile(agent: Agent) -> tuple[object, object]:
    return agent.skills, agent.capacity


def more(scenario: Scenario, alike: Sequence[AgentId], count: int) -> Scenario:
    """`count` more agents like these, on duty from when the first of them came until the last one left."""
    desk = scenario.desk
    model = next(agent for agent in desk.agents if agent.id == alike[0])
    taken = {agent.id for agent in desk.agents}
    names = (AgentId(f"extra {number}") for number in range(1, len(taken) + count + 1))
    new = [name for name in names if name not in taken][:count]
    theirs = [duty for duty in scenario.duties if duty.agent in set(alike)]
    start_ms, end_ms = min(duty.start_ms for duty in theirs), max(duty.end_ms for duty in theirs)
    return replace(
        scenario,
        desk=replace(desk, agents=(*desk.agents, *(replace(model, id=name) for name in new))),
        duties=(*scenario.duties, *(Duty(name, start_ms, end_ms) for name in new)),
    )


def fewer(scenario: Scenario, alike: Sequence[AgentId], count: int) -> Scenario:
    """Without `count` of these: those who were longest on duty. Raises ValueError for more than there are."""
    if count > len(alike):
        raise ValueError(f"--what-if staff-{count}: there were {len(alike)} agents with these skills")
    spent_ms: Counter[AgentId] = Counter()
    for duty in scenario.duties:
        spent_ms[duty.agent] += duty.end_ms - duty.start_ms
    gone = set(sorted(alike, key=lambda agent: -spent_ms[agent])[:count])
    return replace(scenario, duties=tuple(duty for duty in scenario.duties if duty.agent not in gone))


# ---- lines


def _line_of(desk: Desk, name: str) -> Line:
    """Raises ValueError for an unknown one."""
    found = next((line for line in desk.lines if line.id == name), None)
    if found is None:
        known = [line.id for line in desk.lines]
        raise ValueError(f"there is no line {name}: choose {', '.join(known)}{did_you_mean(name, known)}")
    return found


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def _length(least_ms: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        length_ms = duration_ms(text)
        if length_ms < least_ms:
            raise ValueError(f"must be at least {least_ms / 1000:g} s")
        return length_ms

    return parse


def _policy(text: str) -> Policy:
    try:
        return Policy(text)
    except ValueError:
        raise ValueError(f"choose {', '.join(Policy)}") from None


KEYS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "class": ("priority_class", _whole(0, 9)),
    "target": ("target_ms", _length(1000)),
    "policy": ("policy", _policy),
    "ring": ("ring_ms", _length(1000)),
    "ring_at_once": ("ring_at_once", _whole(1, 100)),
    "retry_tried": ("retry_tried_ms", _length(1000)),
    "max_wait": ("max_wait_ms", _length(0)),
    "max_length": ("max_length", _whole(0, 1_000_000)),
}
"""Keys of a line as in the site file → field, and how its value is read."""


def _line(recorded: Recorded, name: str, key: str, value: str) -> Recorded:
    """One rule of a line is another one. Its service level stays measured by the recorded target."""
    scenario = recorded.scenario
    line = _line_of(scenario.desk, name)
    if key not in KEYS:
        known = list(KEYS)
        raise ValueError(f"line.{name}.{key}: choose {', '.join(known)}{did_you_mean(key, known)}")
    field, parse = KEYS[key]
    try:
        changed = replace(line, **{field: parse(value)})
    except ValueError as reason:
        raise ValueError(f"line.{name}.{key}={value}: {reason}") from None
    lines = tuple(changed if one is line else one for one in scenario.desk.lines)
    desk = replace(scenario.desk, lines=lines)
    goals = scenario.goals if key != "target" else measured_as_before(scenario, line)
    return replace(recorded, scenario=replace(scenario, desk=desk, goals=goals))


def measured_as_before(scenario: Scenario, line: Line) -> tuple[Goal, ...]:
    """Goals of nothing, which keep the threshold of the line what it was."""
    if any(goal.line == line.id for goal in scenario.goals):
        return scenario.goals
    old = (
        Goal(line.id, medium, DEFAULT_SERVICE_LEVEL, line.target_ms, 0.0)
        for medium in scenario.desk.medium_ids
    )
    return (*scenario.goals, *old)
