"""What there is to do: per line and medium the contacts to expect, how long each takes, who may take it."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from agents.skills import AgentId, SkillId, meets
from queues.calendar import BusinessClock, Clock, WallClock
from queues.desk import ALWAYS, Agent, CalendarId, Desk, Line, LineId, Medium, Overflow
from simulation.scenario import Consulting, Goal, Habits, Handling, Scenario, Stream

Floats = NDArray[np.float64]
Place = tuple[LineId, Medium]

BACK_AFTER_MS = 60_000.0
"""How long an agent is away after an offer that he did not take, when the habits say nothing."""

ROUNDS = 4
"""How many times a contact may be handed on before the workload takes no more notice of it."""


class Work(Struct, frozen=True):
    """The contacts of one medium in one line, per interval of the scenario."""

    line: LineId
    medium: Medium
    arrivals: Floats
    """Expected contacts, [intervals]."""
    handling_ms: Floats
    """Mean time that one contact takes an agent, the answer delay and the wrap-up included, [intervals]."""
    patience_ms: float | None
    """Mean; None: they wait for ever."""
    goals: tuple[Goal, ...]

    @property
    def mean_handling_ms(self) -> float:
        """Over all contacts."""
        total = float(self.arrivals.sum())
        if total == 0:
            return float(self.handling_ms.mean())
        return float(self.arrivals @ self.handling_ms) / total


class Profile(Struct, frozen=True):
    """Agents who are alike: same skills, same capacity."""

    skills: tuple[tuple[SkillId, int], ...]
    capacity: tuple[tuple[Medium, int], ...]
    agents: tuple[AgentId, ...]
    """Those of the desk, in its order."""

    @property
    def name(self) -> str:
        """The skills, the level where it is above 1."""
        return "+".join(s if level == 1 else f"{s}:{level}" for s, level in self.skills) or "no skill"


class Task(Struct, frozen=True):
    """What a scenario asks for, and of whom."""

    scenario: Scenario
    works: tuple[Work, ...]
    profiles: tuple[Profile, ...]
    may: NDArray[np.bool_]
    """Whether an agent of the profile may take the work, [works, profiles]."""


def task(scenario: Scenario) -> Task:
    """The works and profiles of `scenario`."""
    todo, groups = works(scenario), profiles(scenario.desk)
    return Task(scenario, todo, groups, can_work(scenario.desk, todo, groups))


def works(scenario: Scenario) -> tuple[Work, ...]:
    """The work of `scenario` by line and medium, in the order of the desk's lines; none without contacts.

    Calls outside the opening hours go where the line sends them; those that are handed on (escalation)
    count again in the line they are handed to; a surge counts with the share that its text deflects.
    """
    lines = {line.id: line for line in scenario.desk.lines}
    flows, patience = _first_arrivals(scenario, lines)
    flows = _handed_on(scenario, flows)
    return tuple(
        Work(
            line=line,
            medium=medium,
            arrivals=flow[0],
            handling_ms=_handling_ms(scenario, lines[line], medium, flow),
            patience_ms=patience.get((line, medium)),
            goals=tuple(goal for goal in scenario.goals if (goal.line, goal.medium) == (line, medium)),
        )
        for (line, medium), flow in sorted(flows.items(), key=lambda item: _order(scenario.desk, item[0]))
        if flow[0].sum() > 0
    )


def profiles(desk: Desk) -> tuple[Profile, ...]:
    """The agents of `desk` by what they can do, in the order of its first agent of each kind."""
    alike: dict[tuple[object, object], list[Agent]] = {}
    for agent in desk.agents:
        alike.setdefault((agent.skills, agent.capacity), []).append(agent)
    return tuple(
        Profile(group[0].skills, group[0].capacity, tuple(agent.id for agent in group))
        for group in alike.values()
    )


def can_work(desk: Desk, todo: tuple[Work, ...], groups: tuple[Profile, ...]) -> NDArray[np.bool_]:
    """Whether an agent of the profile may take the work, [works, profiles]; relaxations do not count."""
    lines = {line.id: line for line in desk.lines}
    return np.array(
        [[_may_take(group, lines[work.line], work.medium) for group in groups] for work in todo], dtype=bool
    ).reshape(len(todo), len(groups))


def clock(desk: Desk, calendar: CalendarId) -> Clock:
    """The clock of a calendar of the desk."""
    if calendar == ALWAYS:
        return WallClock()
    return BusinessClock(next(known.opens for known in desk.calendars if known.id == calendar))


def open_shares(scenario: Scenario, calendar: CalendarId) -> Floats:
    """Share of each interval that is open time, [intervals]."""
    elapsed = clock(scenario.desk, calendar).elapsed
    edges = range(scenario.start_ms, scenario.end_ms + 1, scenario.interval_ms)
    return np.diff([elapsed(edge) for edge in edges]) / scenario.interval_ms


def _may_take(group: Profile, line: Line, medium: Medium) -> bool:
    skills: Mapping[SkillId, int] = dict(group.skills)
    return dict(group.capacity).get(medium, 0) > 0 and any(meets(skills, need) for need in line.needs)


def _order(desk: Desk, place: Place) -> tuple[int, str]:
    return [line.id for line in desk.lines].index(place[0]), place[1]


Flow = tuple[Floats, Floats]
"""Contacts per interval, and the same weighted with the factor on their talk time."""


def _first_arrivals(
    scenario: Scenario, lines: Mapping[LineId, Line]
) -> tuple[dict[Place, Flow], dict[Place, float]]:
    flows: dict[Place, Flow] = {}
    patience: dict[Place, list[tuple[float, float]]] = {}
    entries = {entry.id: entry for entry in scenario.desk.entries}
    for stream in scenario.streams:
        factor = np.array(stream.talk_factor or (1.0,) * scenario.intervals)
        for entry_id, share in ((stream.entry, 1 - stream.vip_share), (stream.vip_entry, stream.vip_share)):
            if entry_id is None or share == 0:
                continue
            entry = entries[entry_id]
            counts = share * _expected(scenario, stream, entry.line)
            for line, part in _admitted(scenario, lines[entry.line], counts):
                _add(flows, (line, entry.medium), part, part * factor)
                if stream.patience is not None:
                    impatience = (float(part.sum()), stream.patience.mean_ms)
                    patience.setdefault((line, entry.medium), []).append(impatience)
    return flows, {place: _mean(pairs) for place, pairs in patience.items() if _mean(pairs) > 0}


def _expected(scenario: Scenario, stream: Stream, line: LineId) -> Floats:
    """Contacts per interval that want to be served: with the surge, without those it deflects."""
    counts = np.array(stream.expected, dtype=np.float64)
    counts[0] += stream.backlog
    surge = scenario.surge
    if surge is None or (surge.lines and line not in surge.lines):
        return counts
    during = _overlap(scenario, surge.start_ms, surge.end_ms)
    counts *= 1 + (surge.factor - 1) * during
    if surge.announced_ms is not None:
        counts *= 1 - surge.deflect * _overlap(
            scenario, max(surge.announced_ms, surge.start_ms), surge.end_ms
        )
    return counts


def _overlap(scenario: Scenario, start_ms: int, end_ms: int) -> Floats:
    starts = scenario.start_ms + np.arange(scenario.intervals) * scenario.interval_ms
    inside = np.minimum(end_ms, starts + scenario.interval_ms) - np.maximum(start_ms, starts)
    return np.asarray(np.maximum(inside, 0) / scenario.interval_ms)


def _admitted(scenario: Scenario, line: Line, counts: Floats) -> list[tuple[LineId, Floats]]:
    """Where the contacts wait: in the line while it is open, in the one that it names while it is closed."""
    open_ = open_shares(scenario, line.hours)
    into = [(line.id, counts * open_)]
    other = line.when_closed.line
    if line.when_closed.kind is Overflow.LINE and other is not None:
        into.append((other, counts * (1 - open_)))
    return into


def _handed_on(scenario: Scenario, flows: dict[Place, Flow]) -> dict[Place, Flow]:
    """With those who are handed to another line at the end of the talk."""
    total = dict(flows)
    moving = flows
    for _ in range(ROUNDS):
        handed: dict[Place, Flow] = {}
        for place, (counts, weighted) in moving.items():
            handling = scenario.handling.get(place)
            if handling is not None and handling.escalate_to is not None and handling.escalate > 0:
                share = handling.escalate
                _add(handed, (handling.escalate_to, place[1]), share * counts, share * weighted)
            if handling is not None and handling.consult is not None:
                _add(total, *_asked(scenario, handling.consult, place[1], counts))
        for place, flow in handed.items():
            _add(total, place, *flow)
        moving = handed
    return total


def _asked(
    scenario: Scenario, rule: Consulting, medium: Medium, counts: Floats
) -> tuple[Place, Floats, Floats]:
    """What agents ask counts in the line that is asked, with the talk that it takes there."""
    place = rule.to, medium
    usual_ms = scenario.handling[place].talk.mean_ms
    return place, rule.share * counts, rule.share * counts * (rule.talk.mean_ms / usual_ms if usual_ms else 0)


def _add(flows: dict[Place, Flow], place: Place, counts: Floats, weighted: Floats) -> None:
    before = flows.get(place, (np.zeros_like(counts), np.zeros_like(counts)))
    flows[place] = (before[0] + counts, before[1] + weighted)


def _mean(pairs: list[tuple[float, float]]) -> float:
    total = sum(weight for weight, _ in pairs)
    return sum(weight * value for weight, value in pairs) / total if total else 0.0


def _handling_ms(scenario: Scenario, line: Line, medium: Medium, flow: Flow) -> Floats:
    handling = scenario.handling[line.id, medium]
    factor = np.divide(flow[1], flow[0], out=np.ones_like(flow[0]), where=flow[0] > 0)
    fixed = _wrap_up_ms(handling, line) + _answering_ms(scenario.habits, line)
    if handling.consult is not None:
        fixed += handling.consult.share * handling.consult.talk.mean_ms
    return factor * handling.talk.mean_ms + (handling.hold.mean_ms if handling.hold else 0.0) + fixed


def _wrap_up_ms(handling: Handling, line: Line) -> float:
    return float(line.wrap_up.ms) if handling.wrap_up is None else handling.wrap_up.mean_ms


def _answering_ms(habits: Habits, line: Line) -> float:
    """Agents' time before the talk: the ring, and what offers cost that nobody took."""
    delay = habits.answer_delay.mean_ms if habits.answer_delay else 0.0
    away = habits.back_after.mean_ms if habits.back_after else BACK_AFTER_MS
    missed = habits.no_answer / (1 - habits.no_answer) if habits.no_answer < 1 else 0.0
    return delay + missed * (line.ring_ms + away)
