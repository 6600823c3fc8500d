"""How the engine plays a truth case: replications of a small desk, each with a window that is measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isinf, pi

from queues.desk import Medium
from simulation import laws
from simulation.draws import Day
from simulation.scenario import Redial, Scenario
from simulation.theory.waits import Waits
from simulation.validate.calls import Calls, Mean, Measure, Watch
from simulation.validate.desks import SHORTEST_MS, START_MS, Source, scenario
from simulation.validate.formulas import Group
from simulation.validate.interruption import HandingBack
from simulation.world.model import play

REPLICATIONS = 32
"""Independent runs of a case, unless its runs are short."""
WARM_UP, WINDOW, COOL_DOWN = 4.0, 6.0, 4.0
"""In relaxation times: what is left out at the beginning, what is measured at least, and what is left out
at the end where later arrivals may overtake."""
MOST_EFFORT, LEAST_WINDOW = 10.0, 2.0
"""A desk that is very slow to settle gets so many times its share of calls; then the window shrinks to
LEAST_WINDOW relaxation times."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One case as the engine plays it."""

    replicate: Callable[[int, int], Mapping[str, Mean]]
    """(seed, replication) → numerator and denominator of each quantity."""
    replications: int
    calls: float
    """Expected in one replication."""
    note: str = ""
    tolerance: float = 0.0
    """By how much the model itself may be off: absolute for shares, relative for everything else."""
    also: Mapping[str, float] = field(default_factory=dict)
    """More quantities to be tested, with their exact values."""


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario and the window of it that is measured, in units of the case."""

    scenario: Scenario
    unit_ms: float
    window: tuple[float, float]
    interrupting: bool = False

    def calls(self, seed: int, replication: int) -> Calls:
        """Play one replication."""
        watch, day = Watch(), Day(self.scenario, seed, replication)
        if self.interrupting:
            HandingBack(self.scenario, day, watch.observe).run()
        else:
            play(self.scenario, day, watch.observe)
        stop_ms = self.scenario.end_ms + self.scenario.run_on_ms
        return watch.calls(START_MS, stop_ms, self.unit_ms, self.window)


@dataclass(frozen=True, slots=True)
class Length:
    """How long one replication is: warm-up, window, rest; in units of the case."""

    warm_up: float
    window: float
    rest: float
    run_on: float

    @property
    def arrivals(self) -> float:
        """How long calls come."""
        return self.warm_up + self.window + self.rest

    @classmethod
    def of(cls, rate: float, relaxation: float, aht: float, effort: float, *, overtaken: bool) -> "Length":
        """For `effort` calls in all replications together, or more where the desk is slow to settle."""
        least = min(WINDOW * relaxation, MOST_EFFORT * effort / REPLICATIONS / rate)
        window = max(effort / REPLICATIONS / rate, least, LEAST_WINDOW * relaxation)
        rest = COOL_DOWN * relaxation if overtaken else 0.0
        return cls(WARM_UP * relaxation, window, rest, COOL_DOWN * relaxation + 20 * aht)


def relaxation(told: Group) -> float:
    """About how long the desk remembers: the reciprocal of the spectral gap, or more."""
    capacity, rate = told.agents / told.aht, told.rate
    gap = (capacity**0.5 - rate**0.5) ** 2
    slow = 1 / gap if gap else inf
    if told.lines is not None:
        slow = min(slow, (told.lines - told.agents + 1) ** 2 / (capacity * pi**2))
    return max(told.aht, min(slow, told.patience))


def present(told: Group) -> int:
    """About how many calls are there in steady state: a run begins with so many, to settle sooner."""
    found = Waits.of(told.station, 0.0)
    return round(found.busy + found.queue_length)


def unit_ms_of(told: Group) -> float:
    return SHORTEST_MS / min(told.aht, told.patience)


def source_of(
    told: Group, length: float = 0.0, *, patience: laws.Law | None = None, redial: Redial | None = None
) -> Source:
    """The calls of a group; `length` is filled in by `_of_group`."""
    unit_ms = unit_ms_of(told)
    if patience is None and not isinf(told.patience):
        patience = laws.exponential(told.patience * unit_ms)
    places = 0 if told.lines is None else told.lines - told.agents
    talk = laws.exponential(told.aht * unit_ms)
    return Source((told.rate * length,), talk, patience, most_waiting=places, redial=redial)


def of_group(
    told: Group, source: Source, measures: Mapping[str, Measure], effort: float, note: str = ""
) -> Trial:
    length = Length.of(told.rate, relaxation(told), told.aht, effort, overtaken=False)
    unit_ms = source.talk.mean_ms / told.aht
    filled = replace(source, expected=(told.rate * length.arrivals,), backlog=present(told))
    return replace(steady_trial([filled], told.agents, length, unit_ms, measures), note=note)


def steady_trial(
    sources: Sequence[Source],
    agents: int,
    length: Length,
    unit_ms: float,
    measures: Mapping[str, Measure],
) -> Trial:
    run = run_of(sources, agents, length, unit_ms)
    calls = sum(source.expected[0] for source in sources)
    return Trial(measuring(run, measures), REPLICATIONS, calls)


def run_of(
    sources: Sequence[Source],
    agents: int,
    length: Length,
    unit_ms: float,
    interrupts: tuple[tuple[Medium, Medium], ...] = (),
) -> Run:
    found = scenario(
        sources,
        agents,
        interval_ms=round(length.arrivals * unit_ms),
        run_on_ms=round(length.run_on * unit_ms),
        interrupts=interrupts,
    )
    window = length.warm_up, length.warm_up + length.window
    return Run(found, unit_ms, window, bool(interrupts))


def measuring(run: Run, measures: Mapping[str, Measure]) -> Callable[[int, int], Mapping[str, Mean]]:
    def replicate(seed: int, replication: int) -> Mapping[str, Mean]:
        calls = run.calls(seed, replication)
        return {name: measure(calls) for name, measure in measures.items()}

    return replicate
