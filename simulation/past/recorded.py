"""A recorded day as days of the model: what was seen is kept, what nobody could see is drawn."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from acd.core import facts
from acd.core.facts import Fact
from simulation.clock import Observe
from simulation.draws import Day, Purpose
from simulation.laws import LONGEST_MS, Kind, Law
from simulation.loop import LoopDriver
from simulation.runs.experiment import Driver
from simulation.runs.outcome import DayResult, Fold
from simulation.scenario import Scenario
from simulation.world.model import play

Column = tuple[Purpose, int, int]
"""(purpose, stream, attempt), as `simulation.draws.Day` counts attempts."""

WORK = frozenset((Purpose.TALK, Purpose.HOLD, Purpose.WRAP_UP))
_OF_AGENTS = 1
"""Beside the columns of contacts: what belongs to an agent."""


class Recorded(Struct, frozen=True):
    """A recorded day, and what is to be different about it."""

    scenario: Scenario
    contacts: tuple[int, ...]
    """How many customers each stream has."""
    arrivals: tuple[tuple[int, int, int], ...]
    """(moment ms, stream, index) of the first try of each customer, in the order of the record."""
    carried: frozenset[tuple[int, int]]
    """(stream, index) of those who were there before; they are a load, and counted nowhere."""
    lengths: Mapping[Column, Mapping[int, int]]
    """Lengths in ms that were seen, by index."""
    outlasted: Mapping[Column, Mapping[int, int]]
    """Lengths that were cut short: all that was seen is that they were longer than this."""
    shares: Mapping[Column, Mapping[int, float]]
    """Decisions that were seen: 0 yes, 1 no (of an announcement: when the caller hung up)."""
    notes: tuple[str, ...] = ()
    """What of the record the model cannot do again."""
    demand: float = 1.0
    """So many times as many contacts."""
    handling: float = 1.0
    """Factor on talk, hold and wrap-up."""


class RecordedDay(Day):
    """One replication of a recorded day: replications differ only in what is not in the record."""

    def __init__(self, recorded: Recorded, seed: int, replication: int) -> None:
        """`seed` and `replication` are whole numbers ≥ 0; the same ones give the same numbers."""
        self.scenario = recorded.scenario
        self._seed = seed
        self._replication = replication
        self._recorded = recorded
        self._many = list(recorded.contacts)
        self.arrivals = self._come()

    def uniform(self, purpose: Purpose, stream: int, attempt: int) -> list[float]:
        """As seen, else a number in [0, 1); see `simulation.draws.Day`."""
        column: list[float] = self._drawn(purpose, stream, attempt).tolist()
        for index, share in self._recorded.shares.get((purpose, stream, attempt), {}).items():
            column[index] = share
        return column

    def lengths(self, purpose: Purpose, stream: int, attempt: int, law: Law) -> list[int]:
        """As seen, else drawn by `law`, beyond what it outlasted; see `simulation.draws.Day`."""
        key = purpose, stream, attempt
        u = self._drawn(*key)
        lengths = law.quantile(u)
        outlasted = self._recorded.outlasted.get(key)
        if outlasted:
            places = np.fromiter(outlasted, dtype=np.int64)
            least = np.fromiter(outlasted.values(), dtype=np.int64)
            lengths[places] = beyond(law, least, u[places])
        for index, length_ms in self._recorded.lengths.get(key, {}).items():
            lengths[index] = length_ms
        factor = self._recorded.handling
        if purpose in WORK and factor != 1.0:
            lengths = np.rint(lengths * factor).astype(np.int64)
        column: list[int] = lengths.tolist()
        return column

    def vip(self, stream: int) -> list[bool]:
        """VIPs come by entries of their own."""
        return [False] * self._many[stream]

    def agent_uniforms(self, purpose: Purpose, agent_number: int) -> Iterator[float]:
        """Numbers in [0, 1) without end."""
        generator = self._generator(purpose, agent_number, 0, _OF_AGENTS)
        while True:
            yield float(generator.random())

    def _drawn(self, purpose: Purpose, stream: int, attempt: int) -> NDArray[np.float64]:
        """A column that begins alike however many customers there are."""
        return self._generator(purpose, stream, attempt, 0).random(self._many[stream])

    def _come(self) -> list[tuple[int, int, int]]:
        """The recorded arrivals; with another demand some of them left out, or with copies in their interval.

        A copy is a customer of his own: nothing of him was seen.
        """
        recorded = self._recorded
        if recorded.demand == 1.0:
            return list(recorded.arrivals)
        chance = [self._drawn(Purpose.ARRIVALS, stream, 0) for stream in range(len(self._many))]
        place = [self._generator(Purpose.ARRIVALS, stream, 1, 0) for stream in range(len(self._many))]
        found: list[tuple[int, int, int]] = []
        for moment, stream, index in recorded.arrivals:
            times = int(recorded.demand + 1.0 - chance[stream][index])
            if times or (stream, index) in recorded.carried:
                found.append((moment, stream, index))
            for _ in range(0 if (stream, index) in recorded.carried else times - 1):
                found.append((self._near(moment, place[stream]), stream, self._many[stream]))
                self._many[stream] += 1
        return sorted(found, key=lambda arrival: arrival[0])

    def _near(self, moment_ms: int, generator: np.random.Generator) -> int:
        """A moment of the same interval."""
        scenario = self.scenario
        number = (moment_ms - scenario.start_ms) // scenario.interval_ms
        return scenario.start_ms + int((number + generator.random()) * scenario.interval_ms)

    def _generator(self, purpose: Purpose, stream: int, attempt: int, part: int) -> np.random.Generator:
        place = (self._replication, purpose, stream, attempt, part)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self._seed, spawn_key=place)))


def beyond(law: Law, least_ms: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Lengths longer than `least_ms`, by the law given that they are; `u` in [0, 1).

    For an empirical law: one of its values above; where it has none, `least_ms` and an exponential rest of
    its mean, as for any other law.
    """
    rest = least_ms + 1 + np.rint(-max(law.mean_ms, 1.0) * np.log1p(-u)).astype(np.int64)
    rest = np.minimum(rest, np.maximum(LONGEST_MS, least_ms + 1))
    if law.kind is not Kind.EMPIRICAL:
        return rest
    values = np.asarray(law.values_ms, dtype=np.int64)
    below = np.searchsorted(values, least_ms, side="right") / len(values)
    return np.where(below < 1.0, np.maximum(law.quantile(below + u * (1.0 - below)), least_ms + 1), rest)


class Replication(Struct, frozen=True):
    """A block of work: some replications of one recorded day. Can be pickled."""

    recorded: Recorded
    seed: int
    first: int
    count: int
    driver: Driver = LoopDriver


def run_replications(block: Replication) -> list[DayResult]:
    """Its replications, one after the other. Raises simulation.world.playable.Unplayable."""
    numbers = range(block.first, block.first + block.count)
    return [run_recorded(block.recorded, block.seed, number, block.driver) for number in numbers]


def run_recorded(recorded: Recorded, seed: int, replication: int, driver: Driver = LoopDriver) -> DayResult:
    """One replication, counted by the KPIs; the same under both drivers. Raises Unplayable."""
    scenario = recorded.scenario
    fold = Fold(scenario)
    play(scenario, RecordedDay(recorded, seed, replication), counted(recorded, fold.observe), driver=driver)
    return fold.close(replication, scenario.end_ms + scenario.run_on_ms)


def counted(recorded: Recorded, observe: Observe) -> Observe:
    """`observe` without the arrivals of those who were there before: then nothing of them counts."""
    if not recorded.carried:
        return observe
    carried = {f"{stream}/{index}" for stream, index in recorded.carried}

    def those_of_the_day(told: Iterable[Fact]) -> None:
        observe([fact for fact in told if not (isinstance(fact, facts.Arrived) and fact.party in carried)])

    return those_of_the_day
