"""Rosters: who works when, with breaks, from a table or from the shifts of a plan."""

import re
from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from agents.skills import AgentId
from config.errors import did_you_mean
from config.table import Table
from simulation.plan.span import DAY_S, Span, When, as_when
from simulation.plan.tables import Row
from simulation.scenario import Duty

REQUIRED = ("agent", "start", "end")
OPTIONAL = ("breaks",)

Stretch = tuple[int, int]

_BREAK = re.compile(r"([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)-([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)")


@dataclass(frozen=True, slots=True)
class Shift:
    """When somebody works, as written: times of day hold for each day. Breaks are times of day in seconds."""

    start: When
    end: When
    breaks: tuple[Stretch, ...] = ()


class Roster:
    """The duties of all agents; a shift that is given by times of day makes one for each day."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._duties: dict[AgentId, list[Duty]] = {}

    def add(self, agent: AgentId, shift: Shift) -> None:
        """Raises ValueError with a reason: a break outside, or a duty that overlaps another of this agent."""
        known = self._duties.setdefault(agent, [])
        for start_ms, end_ms in self._span.stretches(shift.start, shift.end):
            if end_ms - start_ms > 2 * DAY_S * 1000:
                raise ValueError("is longer than two days")
            duty = Duty(agent, start_ms, end_ms, self._breaks(shift.breaks, start_ms, end_ms))
            place = bisect_left(known, start_ms, key=lambda other: other.start_ms)
            for other in known[max(place - 1, 0) : place + 1]:
                if start_ms < other.end_ms and other.start_ms < end_ms:
                    since, until = self._span.show(other.start_ms), self._span.show(other.end_ms)
                    raise ValueError(f"{agent} is on duty from {since} to {until} already")
            known.insert(place, duty)

    def duties(self, until_ms: int) -> tuple[Duty, ...]:
        """All duties from the start of the span to `until_ms`, by start and agent; the first ones are cut."""
        found, first_ms = [], self._span.start_ms
        for duty in (duty for some in self._duties.values() for duty in some):
            start_ms = max(duty.start_ms, first_ms)
            if duty.end_ms > start_ms and start_ms < until_ms:
                breaks = tuple((max(a, start_ms), b) for a, b in duty.breaks if b > start_ms)
                found.append(Duty(duty.agent, start_ms, duty.end_ms, breaks))
        return tuple(sorted(found, key=lambda duty: (duty.start_ms, duty.agent)))

    def _breaks(self, breaks: tuple[Stretch, ...], start_ms: int, end_ms: int) -> tuple[Stretch, ...]:
        found = sorted(self._within(pause, start_ms, end_ms) for pause in breaks)
        for (_, before_ms), (after_ms, _) in pairwise(found):
            if after_ms < before_ms:
                raise ValueError(f"breaks overlap at {self._span.show(after_ms)}")
        return tuple(found)

    def _within(self, pause: Stretch, start_ms: int, end_ms: int) -> Stretch:
        """A break as moments: the first time that it lies within the duty."""
        length_ms, first = (pause[1] - pause[0]) % DAY_S * 1000, self._span.day(start_ms)
        for day in (first, first + timedelta(days=1), first + timedelta(days=2)):
            begin_ms = self._span.moment(day, pause[0])
            if start_ms <= begin_ms and begin_ms + length_ms <= end_ms:
                return begin_ms, begin_ms + length_ms
        raise ValueError("a break lies outside the shift")


def read_roster(rows: list[Row], roster: Roster, agents: Collection[str]) -> None:
    """Add the shifts of a table; faults are recorded in its rows."""
    for row in rows:
        for column in REQUIRED:
            row.require(column)
        agent, start, end, breaks = row.text("agent"), row.when("start"), row.when("end"), row.text("breaks")
        if agent is not None and agent not in agents:
            row.error("agent", f'unknown agent "{agent:.64}"{did_you_mean(agent, list(agents))}')
        elif agent is not None and start is not None and end is not None:
            try:
                roster.add(AgentId(agent), Shift(start, end, read_breaks(breaks or "")))
            except ValueError as error:
                row.error("", str(error))


def read_shifts(tables: list[Table], roster: Roster, agents: Mapping[str, object]) -> None:
    """Add the shifts of `[[agents.shifts]]`; faults are recorded in the tables."""
    for table in tables:
        names = [
            name for name in table.list_of_text("agents") if table.known("agents", "agent", name, agents)
        ]
        start, end, breaks = read_when(table, "start"), read_when(table, "end"), _listed_breaks(table)
        if start is None or end is None:
            continue
        for name in names:
            try:
                roster.add(AgentId(name), Shift(start, end, breaks))
            except ValueError as error:
                table.error("", str(error))


def read_when(table: Table, key: str) -> When | None:
    """The moment or time of day at `key`, a text or a TOML date and time; None when absent or wrong."""
    value = table.anything(key)
    if value is None:
        table.error(key, "missing key")
        return None
    try:
        return as_when(value)
    except ValueError as error:
        table.error(key, str(error))
        return None


def read_breaks(text: str) -> tuple[Stretch, ...]:
    """`10:00-10:15 12:30-13:00` as times of day in seconds. Raises ValueError with a reason."""
    found = []
    for part in text.split():
        match = _BREAK.fullmatch(part)
        if match is None:
            raise ValueError(f'"{part:.40}" is no break such as 12:00-12:30; blanks separate several breaks')
        start, end = as_when(match[1]), as_when(match[2])
        if not isinstance(start, int) or not isinstance(end, int) or start == end:
            raise ValueError(f'the break "{part}" has no length')
        found.append((start, end))
    return tuple(found)


def _listed_breaks(table: Table) -> tuple[Stretch, ...]:
    try:
        return read_breaks(" ".join(table.list_of_text("breaks", [])))
    except ValueError as error:
        table.error("breaks", str(error))
        return ()
