"""What is due when. At most one deadline of a kind per subject; ties go by kind and number."""

from collections.abc import Iterable
from enum import IntEnum
from heapq import heapify, heappop, heappush


class Kind(IntEnum):
    """In the order in which deadlines of the same moment fire."""

    WRAP_UP = 1
    RING = 2
    PREFERRED = 3
    RELAX = 4
    PROMOTE = 5
    RETRY = 6
    MAX_WAIT = 7
    TREATMENT = 8
    INCIDENT = 9
    DEVICE = 10
    LEG = 11
    READY = 12
    CALL = 13
    PROMISE = 14
    CLOSES = 15
    LEASE = 16
    MESSAGE = 17
    ALL_CLEAR = 18
    WARN = 19
    ROOM = 24
    ESCALATION = 25
    TALK = 26
    TARGET = 27


Saved = list[tuple[int, int, int]]

NEVER_MS = 1 << 62
"""Later than any moment, and still a small integer for comparisons."""


class Deadlines:
    """A heap with lazy deletion: an entry counts only while `_due` still names its time."""

    earliest_ms: int
    """Nothing is due before this moment; it is looked at before every event, so it may be too early."""

    def __init__(self, saved: Saved | None = None) -> None:
        self._due: dict[Kind, dict[int, int]] = {kind: {} for kind in Kind}
        for t_ms, kind, number in saved or ():
            self._due[Kind(kind)][number] = t_ms
        self._heap: list[tuple[int, Kind, int]] = []
        self._rebuild()

    def set(self, kind: Kind, number: int, t_ms: int) -> None:
        """Set or move the deadline."""
        self._due[kind][number] = t_ms
        if len(self._heap) < self._most:
            heappush(self._heap, (t_ms, kind, number))
            self.earliest_ms = self._heap[0][0]
        else:
            self._rebuild()

    def clear(self, kind: Kind, number: int) -> None:
        self._due[kind].pop(number, None)

    def clear_all(self, kinds: Iterable[Kind], number: int) -> None:
        """Clear these kinds of deadlines of one subject."""
        every = self._due
        for kind in kinds:
            if due := every[kind]:
                due.pop(number, None)

    def put_off(self, kind: Kind, t_ms: int) -> None:
        """Move all deadlines of this kind to `t_ms`."""
        for number in list(self._due[kind]):
            self.set(kind, number, t_ms)

    def get(self, kind: Kind, number: int) -> int | None:
        return self._due[kind].get(number)

    def next(self) -> int | None:
        """When the earliest deadline is due, in Unix milliseconds."""
        heap, due = self._heap, self._due
        while heap:
            t_ms, kind, number = heap[0]
            if due[kind].get(number) == t_ms:
                self.earliest_ms = t_ms
                return t_ms
            heappop(heap)
        self.earliest_ms = NEVER_MS
        return None

    def pop(self, now_ms: int) -> tuple[int, Kind, int] | None:
        """Remove and return the earliest deadline that is due at `now_ms`, if any."""
        t_ms = self.next()
        if t_ms is None or t_ms > now_ms:
            return None
        _, kind, number = heappop(self._heap)
        del self._due[kind][number]
        return t_ms, kind, number

    def take(self, kinds: Iterable[Kind], now_ms: int) -> list[tuple[int, Kind, int]]:
        """Remove and return all of these kinds that are due at `now_ms`, the earliest first."""
        due = ((t_ms, kind, number) for kind in kinds for number, t_ms in self._due[kind].items())
        found = sorted(one for one in due if one[0] <= now_ms)
        for _, kind, number in found:
            del self._due[kind][number]
        return found

    def save(self) -> Saved:
        """All deadlines, sorted."""
        return sorted((t_ms, kind, number) for kind, due in self._due.items() for number, t_ms in due.items())

    def _rebuild(self) -> None:
        """Drop the outdated entries; again when the heap is twice as long."""
        self._heap = [(t_ms, kind, number) for kind, due in self._due.items() for number, t_ms in due.items()]
        heapify(self._heap)
        self._most = 2 * len(self._heap) + 64
        self.next()
