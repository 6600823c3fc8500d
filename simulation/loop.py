"""The plain driver: the engine under a simulated clock, driven by one heap of calls. Decides nothing."""

import sys
from heapq import heappop, heappush
from typing import Any

from acd.core.engine import Engine
from acd.core.events import Tick
from simulation.clock import Call, CarryOut, Clock, Observe

_LAST = sys.maxsize
"""Comes after every call of its moment."""


class LoopDriver(Clock):
    """Feeds one engine from a heap of (moment, order, call, argument).

    The engine's next deadline never lies in the heap: most deadlines are lifted before they are due.
    """

    def __init__(self, engine: Engine, carry_out: CarryOut, observe: Observe, start_ms: int) -> None:
        """`start_ms` is the moment, in Unix milliseconds, at which the simulated time begins."""
        super().__init__(engine, carry_out, observe, start_ms)
        self._heap: list[tuple[int, int, Call | None, Any]] = []
        self._asked = 0

    def call_at(self, t_ms: int, call: Call, argument: Any) -> None:
        """Call `call(argument)` at `t_ms`; see `simulation.clock.Clock`."""
        self._asked = asked = self._asked + 1
        heappush(self._heap, (t_ms, asked, call, argument))

    def run(self, until_ms: int) -> None:
        """Let time pass; see `simulation.clock.Clock`."""
        heap, next_deadline = self._heap, self.engine.next_deadline
        heappush(heap, (until_ms - 1, _LAST, None, None))
        while True:
            due_ms = next_deadline()
            if due_ms is not None and due_ms <= heap[0][0]:
                self._now_ms = max(due_ms, self._now_ms)  # a new desk may set one that is past
                self.submit(Tick())
                continue
            self._now_ms, _, call, argument = heappop(heap)
            if call is None:
                break
            call(argument)
        self._now_ms = until_ms
