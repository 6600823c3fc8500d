"""Experiments: days of one scenario, as many as asked for, or until the answer is narrow enough."""

from collections.abc import Callable, Iterator
from math import ceil, isfinite, nan

from msgspec import Struct
from msgspec.structs import replace

from simulation.draws import Day
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.runs.estimates import LEAST_DAYS, Stop
from simulation.runs.outcome import DayResult, Fold
from simulation.runs.result import Result
from simulation.runs.spread import Map, serial
from simulation.scenario import Scenario
from simulation.world.model import play

Driver = type[LoopDriver] | type[SimDriver]

BLOCK_CONTACTS = 6_000
"""Contacts expected in one block: about half a second of work."""

FAMILY_DAYS = 1 << 24
"""Replications of one family of seeds. Family f has the numbers from f × FAMILY_DAYS on, so no two families
share a key of numpy's SeedSequence."""
FAMILIES = 1 << 8
"""Sets of days that share no random number, such as those of a search and of its proof."""
SEARCH, CERTIFICATE = 0, 1
"""Families: what a search may look at as often as it likes, and what it never saw."""


class Block(Struct, frozen=True):
    """Replications `first` … `first + count - 1` of one scenario; can be pickled."""

    scenario: Scenario
    seed: int
    first: int
    count: int
    driver: Driver = LoopDriver
    digest: bool = False


class Progress(Struct, frozen=True):
    """How far an experiment is."""

    done: int
    planned: int
    """Days in all; under a stopping rule as many as it will take if the spread stays what it was."""
    half_width: float = nan
    """Of the measure of the rule, at the last look."""


def run_day(
    scenario: Scenario, seed: int, replication: int, driver: Driver = LoopDriver, *, digest: bool = False
) -> DayResult:
    """One replication. Depends on its arguments alone; under both drivers the same.

    `digest`: also hash every fact. Raises simulation.world.playable.Unplayable when the scenario does not fit
    together.
    """
    fold = Fold(scenario, digest=digest)
    play(scenario, Day(scenario, seed, replication), fold.observe, driver=driver)
    return fold.close(replication, scenario.end_ms + scenario.run_on_ms)


def run_block(block: Block) -> list[DayResult]:
    """Its replications, one after the other."""
    numbers = range(block.first, block.first + block.count)
    return [
        run_day(block.scenario, block.seed, number, block.driver, digest=block.digest) for number in numbers
    ]


def experiment(
    scenario: Scenario,
    *,
    seed: int,
    days: int | None = None,
    until: Stop | None = None,
    family: int = SEARCH,
    map: Map = serial,
    progress: Callable[[Progress], None] | None = None,
    driver: Driver = LoopDriver,
    digest: bool = False,
) -> Result:
    """`days` replications, or as many as `until` takes: exactly one of the two is given.

    The result depends on the scenario, the seed, the family and the number of days alone, not on `map`.
    Raises ValueError for numbers out of range and for an unknown measure of `until`;
    simulation.world.playable.Unplayable when the scenario contradicts itself.
    """
    looks = _looks(days, until)
    result = _nothing_yet(scenario, seed, family, until)
    whole = Block(scenario, seed, family * FAMILY_DAYS, 0, driver, digest)
    done: list[DayResult] = []
    planned, width = days or LEAST_DAYS, nan
    for look in looks:
        for part in map(run_block, _blocks(whole, len(done), look)):
            done += part
            if progress is not None:
                progress(Progress(len(done), max(planned, len(done)), width))
        result = Result(scenario, seed, family, done)
        if until is not None:
            width = result.half_width(until.measure)
            if width <= until.half_width:
                break
            planned = _days_wanted(until, look, width)
    return result


def certify(
    scenario: Scenario,
    *,
    seed: int,
    days: int | None = None,
    until: Stop | None = None,
    map: Map = serial,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """The final answer about what a search chose: an experiment on days that no search has seen.

    What looks best on the days it was chosen on is partly luck; on fresh ones its luck is gone.
    """
    return experiment(
        scenario, seed=seed, days=days, until=until, family=CERTIFICATE, map=map, progress=progress
    )


def _nothing_yet(scenario: Scenario, seed: int, family: int, until: Stop | None) -> Result:
    """The result of no days; what is wrong is told now, not after the work."""
    if seed < 0 or not 0 <= family < FAMILIES:
        raise ValueError(f"seed {seed}, family {family}: a seed is ≥ 0, a family from 0 to {FAMILIES - 1}")
    result = Result(scenario, seed, family, ())
    if until is not None:
        result.half_width(until.measure)
    return result


def _looks(days: int | None, until: Stop | None) -> Iterator[int]:
    if (days is None) == (until is None):
        raise ValueError("either a number of days or a rule when to stop")
    if until is not None:
        return until.looks()
    if days is None or not 0 < days <= FAMILY_DAYS:
        raise ValueError(f"from 1 to {FAMILY_DAYS} days, not {days}")
    return iter((days,))


def block_size(scenario: Scenario) -> int:
    """How many replications make a block."""
    contacts = sum(sum(stream.expected) + stream.backlog for stream in scenario.streams)
    return max(1, int(BLOCK_CONTACTS // max(contacts, 1)))


def _blocks(whole: Block, done: int, look: int) -> Iterator[Block]:
    """The replications from `done` up to `look`, in blocks."""
    size = block_size(whole.scenario)
    for first in range(done, look, size):
        yield replace(whole, first=whole.first + first, count=min(size, look - first))


def _days_wanted(until: Stop, days: int, width: float) -> int:
    """Days after which it is narrow enough if the spread stays what it was in `days`."""
    return min(ceil(days * (width / until.half_width) ** 2), until.most) if isfinite(width) else until.most
