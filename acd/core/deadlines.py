"""What is due when. At most one deadline of a kind per subject; ties go by kind and number."""

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
    ANNOUNCE = 8


Saved = list[tuple[int, int, int]]


class Deadlines:
    """A heap with lazy deletion: an entry counts only while `_due` still names its time."""

    def __init__(self, saved: Saved | None = None) -> None:
        self._due: dict[tuple[int, int], int] = {(kind, number): t_ms for t_ms, kind, number in saved or ()}
        self._heap = list(saved or ())
        heapify(self._heap)

    def set(self, kind: Kind, number: int, t_ms: int) -> None:
        """Set or move the deadline."""
        self._due[kind, number] = t_ms
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(due_ms, *subject) for subject, due_ms in self._due.items()]
            heapify(self._heap)
        else:
            heappush(self._heap, (t_ms, int(kind), number))

    def clear(self, kind: Kind, number: int) -> None:
        self._due.pop((kind, number), None)

    def get(self, kind: Kind, number: int) -> int | None:
        return self._due.get((kind, number))

    def next(self) -> int | None:
        """When the earliest deadline is due, in Unix milliseconds."""
        heap, due = self._heap, self._due
        while heap:
            t_ms, kind, number = heap[0]
            if due.get((kind, number)) == t_ms:
                return t_ms
            heappop(heap)
        return None

    def pop(self, now_ms: int) -> tuple[int, Kind, int] | None:
        """Remove and return the earliest deadline that is due at `now_ms`, if any."""
        t_ms = self.next()
        if t_ms is None or t_ms > now_ms:
            return None
        _, kind, number = heappop(self._heap)
        del self._due[kind, number]
        return t_ms, Kind(kind), number

    def save(self) -> Saved:
        """All deadlines, sorted."""
        return sorted((t_ms, kind, number) for (kind, number), t_ms in self._due.items())
