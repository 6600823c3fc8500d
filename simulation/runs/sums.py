"""Counts and waits of many days, added up for everything, for each line, client, medium and for VIPs."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acd.kpi.occupancy import AgentTime
from simulation.runs.estimates import Sample, pool
from simulation.runs.outcome import COUNTS, Cell, DayResult, Tally

Whole = NDArray[np.int64]

_MAXIMA = [number for number, name in enumerate(COUNTS) if name.startswith("longest_")]
_BUSY, _PRESENT = COUNTS.index("busy_ms"), COUNTS.index("present_ms")


class Where(NamedTuple):
    """What a number is about; what is empty or None is not restricted.

    With a line it is about the segments of that line; without one about contacts, each of which counts once.
    """

    tenant: str = ""
    line: str = ""
    medium: str = ""
    vip: bool | None = None
    interval: int | None = None


EVERYTHING = Where()

Groups = Mapping[Where, list[int]]
"""Of what there are numbers, and the rows of a tally that they are made of."""


class Sums:
    """The days of one experiment, added up as asked for."""

    def __init__(self, days: Sequence[DayResult]) -> None:
        self._days = days
        self._sums: dict[int | None, Mapping[Where, Whole]] = {}

    def of(self, interval: int | None = None) -> Mapping[Where, Whole]:
        """Counts, shape (days, COUNTS), of all there is in one interval, or in all of them together."""
        if interval not in self._sums:
            self._sums[interval] = self._add_up(interval)
        return self._sums[interval]

    def waits(self, interval: int | None, *, abandoned: bool = False) -> Mapping[Where, Sample]:
        """Waits in ms of the answered, or of those who gave up, likewise."""
        found: dict[Where, list[list[NDArray[np.int32]]]] = {}
        for day, tally, groups in self._tallies(interval):
            values, ends = _waits(tally, abandoned=abandoned)
            for where, rows in groups.items():
                if where not in found:
                    found[where] = [[] for _ in self._days]
                found[where][day] += [values[ends[row] : ends[row + 1]] for row in rows]
        return {where: pool([_joined(parts) for parts in days]) for where, days in found.items()}

    @cached_property
    def _split(self) -> tuple[bool, bool]:
        """Whether there are several media, and VIPs: else a row for each would say the same again."""
        cells = {cell for day in self._days for tally in (day.single, day.segments) for cell in tally.cells}
        return len({cell.medium for cell in cells}) > 1, any(cell.vip for cell in cells)

    def _add_up(self, interval: int | None) -> Mapping[Where, Whole]:
        sums: dict[Where, Whole] = {}
        for day, tally, groups in self._tallies(interval):
            for where, rows in groups.items():
                counts = tally.counts[rows]
                if where not in sums:
                    sums[where] = np.zeros((len(self._days), len(COUNTS)), np.int64)
                mine = sums[where][day]
                longest = np.maximum(mine[_MAXIMA], counts[:, _MAXIMA].max(axis=0))
                mine += counts.sum(axis=0)
                mine[_MAXIMA] = longest
        everything = sums.get(Where(interval=interval))
        if everything is not None:
            time = self.agent_time(interval)
            everything[:, _BUSY], everything[:, _PRESENT] = time.busy_ms, time.present_ms
        return sums

    def agent_time(self, interval: int | None) -> Any:
        """An AgentTime whose fields are arrays of shape (days,): all agents together."""
        rows = slice(None) if interval is None else slice(interval, interval + 1)
        return AgentTime(*np.array([day.agents[rows].sum(axis=0) for day in self._days]).T)

    def _tallies(self, interval: int | None) -> Iterator[tuple[int, Tally, Groups]]:
        """(day, tally, its groups). A contact of one segment counts for its line and for its client."""
        known: dict[tuple[tuple[Cell, ...], bool, bool], Groups] = {}
        for number, day in enumerate(self._days):
            both = ((day.single, True, True), (day.segments, True, False), (day.contacts, False, True))
            for tally, segments, contacts in both:
                key = tally.cells, segments, contacts
                if key not in known:
                    known[key] = self._groups(tally.cells, interval, segments=segments, contacts=contacts)
                yield number, tally, known[key]

    def _groups(
        self, cells: Sequence[Cell], interval: int | None, *, segments: bool, contacts: bool
    ) -> Groups:
        groups: dict[Where, list[int]] = {}
        for row, cell in enumerate(cells):
            if interval in (None, cell.interval):
                for place in self._places(cell, segments=segments, contacts=contacts):
                    groups.setdefault(place._replace(interval=interval), []).append(row)
        return groups

    def _places(self, cell: Cell, *, segments: bool, contacts: bool) -> Iterator[Where]:
        media, vips = self._split
        for vip in (None, cell.vip) if vips else (None,):
            if segments and cell.line:
                yield Where(cell.tenant, cell.line, cell.medium, vip)
            if contacts:
                for medium in ("", cell.medium) if media else ("",):
                    yield Where("", "", medium, vip)
                    yield Where(cell.tenant, "", medium, vip)


def _waits(tally: Tally, *, abandoned: bool) -> tuple[NDArray[np.int32], Whole]:
    """The waits of a tally, and where those of each of its cells end, 0 first."""
    values, name = (tally.abandoned_waits, "abandoned") if abandoned else (tally.waits, "answered")
    ends: Whole = np.concatenate([[0], np.cumsum(tally.counts[:, COUNTS.index(name)])])
    return values, ends


def _joined(parts: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)
