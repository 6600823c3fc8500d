"""All randomness of a replication, by place and never by order: common random numbers under any staffing."""

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from queues.desk import LineId
from simulation.arrivals import Arrivals, Part, arrive, day_factors
from simulation.laws import Law, gamma_quantile
from simulation.scenario import Scenario, Stream, Surge

_AGENT = 3
"""Beside the parts of a stream: what belongs to an agent and to no contact."""
_BLOCK = 64
"""Drawn at once: few agents pause more often in a day."""


class Purpose(IntEnum):
    """What a random number is for. The numbers are part of the seeds: append only."""

    ARRIVALS = 0
    DAY_FACTOR = 1
    VIP = 2
    PATIENCE = 3
    TALK = 4
    HOLD = 5
    WRAP_UP = 6
    ANSWER_DELAY = 7
    NO_ANSWER = 8
    BACK_AFTER = 9
    REDIAL = 10
    REDIAL_DELAY = 11
    OTHER_MEDIUM = 12
    DEFLECT = 13
    ESCALATE = 14
    PAUSE_EVERY = 15
    PAUSE = 16
    KEY = 17
    CALLED_BACK = 18
    CONSULT = 19
    CONSULT_TALK = 20


class Day:
    """One replication of a scenario: its arrivals, and every number by (purpose, stream, index, attempt).

    Columns are over all contacts of a stream, by index. A contact of interval i keeps its numbers when the
    staffing, the backlog, the surge or the forecast of other intervals changes.
    """

    def __init__(self, scenario: Scenario, seed: int, replication: int) -> None:
        """`seed` and `replication` are whole numbers ≥ 0; the same ones give the same numbers."""
        self.scenario = scenario
        self._seed = seed
        self._replication = replication
        self._uniform: dict[tuple[Purpose, int, int], NDArray[np.float64]] = {}
        self._columns: dict[tuple[Purpose, int, int], list[float]] = {}
        self._lengths: dict[tuple[Purpose, int, int, int], tuple[Law, list[int]]] = {}
        factors = day_factors(scenario, self._day_factor)
        self._streams = [
            self._arrive(number, stream, factors) for number, stream in enumerate(scenario.streams)
        ]
        self.arrivals = _in_order(self._streams)
        """(moment in ms, number of the stream, index in the stream), sorted."""

    def uniform(self, purpose: Purpose, stream: int, attempt: int) -> list[float]:
        """A number in [0, 1) for each contact of the stream."""
        key = (purpose, stream, attempt)
        if key not in self._columns:
            self._columns[key] = self._column(*key).tolist()
        return self._columns[key]

    def lengths(self, purpose: Purpose, stream: int, attempt: int, law: Law) -> list[int]:
        """A length in ms by `law` for each contact of the stream, from the numbers that `uniform` gives.

        A patience is multiplied by the stream's `patience_factor`.
        """
        # By identity: to hash a law of ten thousand values would cost more than to draw from it.
        key = (purpose, stream, attempt, id(law))
        if key not in self._lengths:
            drawn = law.quantile(self._column(purpose, stream, attempt))
            factor = self.scenario.streams[stream].patience_factor if purpose is Purpose.PATIENCE else ()
            if factor:
                drawn = np.rint(drawn * self._by_interval(stream, factor)).astype(np.int64)
            self._lengths[key] = law, drawn.tolist()
        return self._lengths[key][1]

    def vip(self, stream: int) -> list[bool]:
        """Whether each contact of the stream is a VIP's."""
        share = self.scenario.streams[stream].vip_share
        vips: list[bool] = (self._column(Purpose.VIP, stream, 0) < share).tolist()
        return vips

    def agent_uniforms(self, purpose: Purpose, agent_number: int) -> Iterator[float]:
        """Numbers in [0, 1) without end, for what an agent does of himself."""
        generator = self._generator(purpose, agent_number, 0, _AGENT)
        while True:
            yield from generator.random(_BLOCK).tolist()

    def _by_interval(self, stream: int, values: tuple[float, ...]) -> NDArray[np.float64]:
        """For each contact of the stream the value of the interval in which it came."""
        since_start = self._streams[stream].moments - self.scenario.start_ms
        return np.asarray(values, dtype=np.float64)[since_start // self.scenario.interval_ms]

    def _column(self, purpose: Purpose, stream: int, attempt: int) -> NDArray[np.float64]:
        key = (purpose, stream, attempt)
        if key not in self._uniform:
            arrivals = self._streams[stream]
            parts = [
                self._generator(*key, part).random(int(places.max(initial=-1)) + 1)[places]
                for part, places in arrivals.places
            ]
            self._uniform[key] = np.concatenate(parts)[arrivals.order]
        return self._uniform[key]

    def _generator(self, purpose: Purpose, stream: int, attempt: int, part: int) -> np.random.Generator:
        place = (self._replication, purpose, stream, attempt, part)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self._seed, spawn_key=place)))

    def _day_factor(self, days: int) -> NDArray[np.float64]:
        cv = self.scenario.daily_cv
        return (
            gamma_quantile(cv, self._generator(Purpose.DAY_FACTOR, 0, 0, 0).random(days))
            if cv
            else np.ones(days)
        )

    def _arrive(self, number: int, stream: Stream, factors: NDArray[np.float64]) -> Arrivals:
        def draw(part: Part, column: int, many: int) -> NDArray[np.float64]:
            return self._generator(Purpose.ARRIVALS, number, column, part).random(many)

        return arrive(self.scenario, stream, factors, _surge_of(self.scenario, stream), draw)


def _surge_of(scenario: Scenario, stream: Stream) -> Surge | None:
    """The scenario's surge, if it concerns the line of the stream's entry."""
    surge = scenario.surge
    if surge is None or not surge.lines:
        return surge
    lines: dict[str, LineId] = {entry.id: entry.line for entry in scenario.desk.entries}
    return surge if lines[stream.entry] in surge.lines else None


def _in_order(streams: list[Arrivals]) -> list[tuple[int, int, int]]:
    """All arrivals by (moment, stream, index)."""
    if not streams:
        return []
    moments = np.concatenate([arrivals.moments for arrivals in streams])
    numbers = np.repeat(np.arange(len(streams)), [len(arrivals.moments) for arrivals in streams])
    indexes = np.concatenate([np.arange(len(arrivals.moments)) for arrivals in streams])
    order = np.argsort(moments, kind="stable")
    return list(zip(moments[order].tolist(), numbers[order].tolist(), indexes[order].tolist(), strict=True))
