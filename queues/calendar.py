"""The clock of a calendar: how much open time has passed, and when a given amount will have."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


class BusinessClock:
    """Counts open milliseconds of sorted, disjoint [open, close) intervals of Unix milliseconds."""

    def __init__(self, opens: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in opens]
        self._lengths = [close - start for start, close in opens]
        self._before = [0, *accumulate(self._lengths)]

    def elapsed(self, t_ms: int) -> int:
        """Open time from the first opening until `t_ms`."""
        index = bisect_right(self._starts, t_ms) - 1
        if index < 0:
            return 0
        return self._before[index] + min(t_ms - self._starts[index], self._lengths[index])

    def moment(self, elapsed_ms: int) -> int | None:
        """The first moment at which `elapsed(moment) >= elapsed_ms`; None if the calendar ends before."""
        if elapsed_ms <= 0:
            return 0
        if elapsed_ms > self._before[-1]:
            return None
        index = bisect_right(self._before, elapsed_ms - 1) - 1
        return self._starts[index] + elapsed_ms - self._before[index]

    def is_open(self, t_ms: int) -> bool:
        index = bisect_right(self._starts, t_ms) - 1
        return index >= 0 and t_ms < self._starts[index] + self._lengths[index]

    def closes(self, t_ms: int) -> int | None:
        """When it closes, if it is open at `t_ms`; None: it is not, or never closes."""
        index = bisect_right(self._starts, t_ms) - 1
        return self._starts[index] + self._lengths[index] if self.is_open(t_ms) else None

    def opens(self, t_ms: int) -> int | None:
        """The first opening after `t_ms`; None: the calendar ends before."""
        index = bisect_right(self._starts, t_ms)
        return self._starts[index] if index < len(self._starts) else None


class WallClock:
    """The calendar that is always open."""

    def elapsed(self, t_ms: int) -> int:
        return t_ms

    def moment(self, elapsed_ms: int) -> int | None:
        return elapsed_ms

    def is_open(self, t_ms: int) -> bool:  # noqa: ARG002 - the same shape as BusinessClock
        return True

    def closes(self, t_ms: int) -> int | None:  # noqa: ARG002
        return None

    def opens(self, t_ms: int) -> int | None:  # noqa: ARG002
        return None


Clock = BusinessClock | WallClock
