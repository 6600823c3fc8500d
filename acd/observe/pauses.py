"""How long the process stood still, and how late its loop is: the first signs of overload."""

import asyncio
from bisect import bisect_left

from msgspec import Struct, field

BUCKETS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_LAG_EVERY_S = 0.1
"""A loop that is late by less is felt by nobody, and asking more often would make it late."""


class Pauses(Struct):
    """A histogram of short durations in milliseconds that costs two list steps per observation."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_MS) + 1))
    """Up to each of BUCKETS_MS, and above the last."""
    sum_ms: float = 0.0
    max_ms: float = 0.0

    def observe(self, ms: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BUCKETS_MS, ms)] += 1
        self.sum_ms += ms
        self.max_ms = max(ms, self.max_ms)


class LoopLag:
    """How late the loop serves its timers, measured ten times a second."""

    def __init__(self) -> None:
        self.pauses = Pauses()

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + _LAG_EVERY_S
            await asyncio.sleep(_LAG_EVERY_S)
            self.pauses.observe(max(0.0, (loop.time() - due_s) * 1000))
