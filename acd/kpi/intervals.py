"""Intervals of a report, and the counts of segments in each of them."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from acd.kpi.ledger import Segment
from acd.kpi.service import Counts, Terms, count, moment


class Intervals:
    """Consecutive intervals between rising `bounds` (moments in Unix milliseconds, at least two).

    Their lengths may differ: a day has 23 hours when the clocks change.
    """

    def __init__(self, bounds: Sequence[int]) -> None:
        if len(bounds) < 2 or any(a >= b for a, b in pairwise(bounds)):
            raise ValueError("intervals need at least two rising bounds")
        self.bounds = tuple(bounds)

    @classmethod
    def even(cls, start_ms: int, length_ms: int, number: int) -> "Intervals":
        """`number` intervals of one length."""
        return cls(range(start_ms, start_ms + length_ms * number + 1, length_ms))

    @property
    def starts(self) -> tuple[int, ...]:
        """The moment each interval begins."""
        return self.bounds[:-1]

    def index(self, t_ms: int) -> int:
        """Number of the interval in which the moment lies, from 0; -1: before the first or after the last."""
        found = bisect_right(self.bounds, t_ms) - 1
        return found if found < len(self.bounds) - 1 else -1

    def around(self, t_ms: int) -> tuple[int, int]:
        """Number of the interval (-1: outside), and the bound at which it is over (-1: never)."""
        following = bisect_right(self.bounds, t_ms)
        if following == len(self.bounds):
            return -1, -1
        return following - 1, self.bounds[following]


Key = tuple[int, str, str, str]
"""Number of the interval, tenant, line, medium."""


class Cells:
    """Counts of segments (or contacts) per interval, tenant, line and medium."""

    def __init__(self, intervals: Intervals, terms: Terms) -> None:
        self.intervals = intervals
        self.terms = terms
        self.counts: dict[Key, Counts] = {}
        """Only of what occurred."""

    def take(self, segment: Segment) -> None:
        """Count the segment in the interval that the view says; what lies outside all of them is left out."""
        index = self.intervals.index(moment(segment, self.terms.view))
        if index >= 0:
            count(segment, self.terms, self.cell((index, segment.tenant, segment.line, segment.medium)))

    def cell(self, key: Key) -> Counts:
        """The counts of that cell, to be counted into."""
        found = self.counts.get(key)
        if found is None:
            found = self.counts[key] = Counts()
        return found

    def total(
        self,
        *,
        index: int | None = None,
        tenant: str | None = None,
        line: str | None = None,
        medium: str | None = None,
    ) -> Counts:
        """The sum of all cells that agree with what is given."""
        wanted = index, tenant, line, medium
        whole = Counts()
        for key, counts in self.counts.items():
            if all(want in (None, got) for want, got in zip(wanted, key, strict=True)):
                whole.add(counts)
        return whole
