"""A day whose arrivals are given, and whose every number is the one that the test says."""

from collections.abc import Iterator, Mapping

import numpy as np

from simulation.draws import Day, Purpose
from simulation.laws import Law
from simulation.scenario import Scenario

Said = Mapping[Purpose, float | Mapping[int, float]]
"""Per purpose the number for everybody, or the number per attempt (0.5 for those not named)."""


class TraceDay(Day):
    """Every number is 0.5 unless `said` otherwise; a fixed law gives its mean for any number."""

    def __init__(self, scenario: Scenario, *arrivals: tuple[int, int], said: Said | None = None) -> None:
        """Arrivals as (ms after the start, number of the stream), in order."""
        self.scenario = scenario
        self._said = said or {}
        self._many = len(arrivals)
        counts = dict.fromkeys(range(len(scenario.streams)), 0)
        self.arrivals = []
        for after_ms, stream in arrivals:
            self.arrivals.append((scenario.start_ms + after_ms, stream, counts[stream]))
            counts[stream] += 1

    def uniform(self, purpose: Purpose, stream: int, attempt: int) -> list[float]:
        said = self._said.get(purpose, 0.5)
        number = said if isinstance(said, float) else said.get(attempt, 0.5)
        return [number] * self._many

    def lengths(self, purpose: Purpose, stream: int, attempt: int, law: Law) -> list[int]:
        lengths: list[int] = law.quantile(np.array(self.uniform(purpose, stream, attempt))).tolist()
        return lengths

    def vip(self, stream: int) -> list[bool]:
        share = self.scenario.streams[stream].vip_share
        return [number < share for number in self.uniform(Purpose.VIP, stream, 0)]

    def agent_uniforms(self, purpose: Purpose, agent_number: int) -> Iterator[float]:
        while True:
            yield 0.5
