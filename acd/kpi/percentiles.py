"""Percentiles of waits; answered and abandoned apart: who gave up only tells that his wait was longer."""

from array import array
from collections.abc import Iterable

from acd.kpi.ledger import Outcome, Segment

SHOWN = (50, 90, 95, 99)


class Waits:
    """The waits of some segments in milliseconds, all of them kept (8 bytes each): percentiles are exact."""

    __slots__ = ("abandoned", "answered")

    def __init__(self) -> None:
        self.answered = array("q")
        self.abandoned = array("q")

    def take(self, segment: Segment) -> None:
        """Note the wait of a segment that was answered or abandoned."""
        if segment.outcome is Outcome.ANSWERED:
            self.answered.append(segment.wait_ms)
        elif segment.outcome is Outcome.ABANDONED:
            self.abandoned.append(segment.wait_ms)

    def add(self, other: "Waits") -> None:
        """Add the waits of other segments."""
        self.answered.extend(other.answered)
        self.abandoned.extend(other.abandoned)


def percentile(values: Iterable[int], percent: float) -> int | None:
    """The smallest value that at least `percent` % of `values` do not exceed; None if there are none.

    The inverse of the empirical distribution function (Hyndman and Fan 1996, type 1): always a wait that
    occurred. Raises ValueError unless 0 < percent ≤ 100.
    """
    return percentiles(values, (percent,))[0]


def percentiles(values: Iterable[int], wanted: Iterable[float] = SHOWN) -> list[int | None]:
    """As `percentile`, several at once."""
    ordered = sorted(values)
    found: list[int | None] = []
    for percent in wanted:
        if not 0 < percent <= 100:
            raise ValueError(f"a percentile lies above 0 and up to 100, not at {percent:g}")
        rank = -int(-percent * len(ordered) // 100)
        found.append(ordered[max(rank, 1) - 1] if ordered else None)
    return found
