"""A heap of deadlines with lazy deletion; equal deadlines fire in the order in which they were set."""

import heapq
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)


class Timers(Generic[Name]):
    """Named deadlines in integer milliseconds. Setting a name again moves its deadline."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Name]] = []
        self._live: dict[Name, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, name: Name) -> bool:
        return name in self._live

    def set(self, name: Name, at_ms: int) -> None:
        """Fire `name` at `at_ms`, replacing an earlier deadline of that name."""
        self.change((), ((name, at_ms),))

    def cancel(self, name: Name) -> None:
        """Forget `name`; nothing happens when it is not set."""
        self._live.pop(name, None)

    def change(self, ended: Iterable[Name], begun: Iterable[tuple[Name, int]]) -> None:
        """Cancel some names and set others, in one step."""
        for name in ended:
            self._live.pop(name, None)
        for name, at_ms in begun:
            self._count += 1
            self._live[name] = self._count
            heapq.heappush(self._heap, (at_ms, self._count, name))
        if len(self._heap) > 2 * len(self._live) + 64:
            self._heap = [entry for entry in self._heap if self._live.get(entry[2]) == entry[1]]
            heapq.heapify(self._heap)

    def next(self) -> int | None:
        """The earliest live deadline, or None."""
        while self._heap and self._live.get(self._heap[0][2]) != self._heap[0][1]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ms: int) -> Name | None:
        """Remove and return the earliest name that is due at `now_ms`, or None."""
        at_ms = self.next()
        if at_ms is None or at_ms > now_ms:
            return None
        name = heapq.heappop(self._heap)[2]
        del self._live[name]
        return name
