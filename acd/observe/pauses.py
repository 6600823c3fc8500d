"""How long the process stood still, and how late its loop is: the first signs of overload."""

import asyncio
from bisect import bisect_left

from prometheus_client.core import HistogramMetricFamily, Metric

BUCKETS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_LAG_EVERY_S = 0.1


class Pauses:
    """A histogram of short durations in milliseconds that costs two list steps per observation."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS_MS) + 1)
        self._sum_ms = 0.0
        self.max_ms = 0.0

    def observe(self, ms: float) -> None:
        """Count one duration."""
        self._counts[bisect_left(BUCKETS_MS, ms)] += 1
        self._sum_ms += ms
        self.max_ms = max(ms, self.max_ms)

    def family(self, name: str, text: str) -> Metric:
        """The histogram in seconds."""
        family = HistogramMetricFamily(name, text)
        total, buckets = 0, []
        bounds = [str(bound / 1000) for bound in BUCKETS_MS] + ["+Inf"]
        for bound, count in zip(bounds, self._counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family.add_metric([], buckets=buckets, sum_value=self._sum_ms / 1000)
        return family


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
