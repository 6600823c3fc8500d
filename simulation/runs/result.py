"""What an experiment found: every KPI with its confidence interval, of everything and of each part."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from math import isfinite, nan
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL, DEFINITIONS, Definition, Part, Unit
from acd.kpi.service import Counts
from simulation.runs.estimates import LEVEL, Estimate, Floats, estimate, quantile, ratio, ratios
from simulation.runs.outcome import COUNTS, DayResult
from simulation.runs.sums import EVERYTHING, Sums, Where, Whole
from simulation.scenario import Goal, Scenario

SERVICE_LEVEL = "sl"
"""As the measure of a stopping rule: all goals of the scenario; without any, the default service level."""

PERCENTILES = (50, 90, 95, 99)

HEADLINE = (
    "contacts",
    DEFAULT_SERVICE_LEVEL,
    "reachability",
    "reachability_per_customer",
    "abandon_rate",
    "asa",
    "mail_in_time",
    "occupancy",
)


BEYOND_A_DAY = frozenset(
    ("first_contact_resolution", "first_contact_resolution_of_answered", "recontact_rate")
)
"""KPIs about what customers do in the days after: a simulated day knows nothing of it, so none is shown."""

SHOWN = tuple(one for one in DEFINITIONS.values() if one.name not in BEYOND_A_DAY)


class Row(Struct, frozen=True):
    """One number of a result: a row of a tidy table."""

    interval_start: int | None
    """Unix milliseconds; None: all intervals. The end of the last one stands for what came after it."""
    tenant: str
    line: str
    medium: str
    vip: bool | None
    """None: VIPs and others."""
    measure: str
    version: int
    unit: str
    value: float
    ci_lo: float | None
    ci_hi: float | None
    """None where one day alone has no interval."""
    days: int


class GoalCheck(Struct, frozen=True):
    """Whether a goal was met, and how surely."""

    goal: Goal
    estimate: Estimate
    met: bool
    """The estimate reaches the goal."""
    sure: bool
    """So does the lower end of its interval."""


class Result:
    """The days of one experiment, and what follows from them."""

    def __init__(self, scenario: Scenario, seed: int, family: int, days: Sequence[DayResult]) -> None:
        """`seed` and `family` are those of `simulation.runs.experiment.experiment`."""
        self.scenario = scenario
        self.seed = seed
        self.family = family
        self.days = tuple(days)
        self.sums = Sums(self.days)

    def parts(self, kpi: str | Definition, where: Where = EVERYTHING) -> tuple[Floats, Floats]:
        """(numerators, denominators) of a KPI, one of each per day: what all estimates are made of.

        Raises ValueError for a name that `acd.kpi.definitions.DEFINITIONS` does not have.
        """
        definition = defined(kpi)
        counts = self.sums.of(where.interval).get(where)
        if counts is None:
            counts = np.zeros((len(self.days), len(COUNTS)), np.int64)
        return part(definition.numerator, counts), part(definition.denominator, counts)

    def measure(self, kpi: str | Definition, where: Where = EVERYTHING, *, level: float = LEVEL) -> Estimate:
        """A KPI with its confidence interval. Raises ValueError as `parts`."""
        definition = defined(kpi)
        return bounded(ratio(*self.parts(definition, where), level), definition.unit)

    def percentile(
        self, percent: float, where: Where = EVERYTHING, *, abandoned: bool = False, level: float = LEVEL
    ) -> Estimate:
        """The wait in ms that `percent` % of the answered, or of those who gave up, do not exceed."""
        sample = self.sums.waits(where.interval, abandoned=abandoned)[where]
        return quantile(sample, percent / 100, level)

    def goals(self, *, level: float = LEVEL) -> list[GoalCheck]:
        """Every goal of the scenario, in its order."""
        checks = []
        for goal in self.scenario.goals:
            found = self.measure(goal.definition, self.where_of(goal), level=level)
            checks.append(GoalCheck(goal, found, found.value >= goal.share, found.lo >= goal.share))
        return checks

    def where_of(self, goal: Goal) -> Where:
        """The line and medium of a goal."""
        tenant = next(line.tenant for line in self.scenario.desk.lines if line.id == goal.line)
        return Where(tenant, goal.line, goal.medium)

    def half_width(self, measure: str) -> float:
        """Of the interval that a stopping rule watches, the widest if there are several; `nan`: none yet.

        `measure` is `sl` or the name of a definition. Raises ValueError for another one.
        """
        watched = [(measure, EVERYTHING)]
        if measure == SERVICE_LEVEL:
            goals = [(goal.definition, self.where_of(goal)) for goal in self.scenario.goals]
            watched = goals or [(DEFAULT_SERVICE_LEVEL, EVERYTHING)]
        widths = [ratio(*self.parts(name, where)).half_width for name, where in watched]
        return max(widths) if all(map(isfinite, widths)) else nan

    def headline(self, *, level: float = LEVEL) -> list[Row]:
        """The few numbers that everybody asks for first, of everything and of each line."""
        rows = _kpi_rows(self, None, level)
        return sorted((row for row in rows if row.vip is None and row.measure in HEADLINE), key=_place)

    def table(self, *, level: float = LEVEL, by_interval: bool = True) -> Iterator[Row]:
        """All numbers: those of the whole first, then (unless `by_interval` is off) interval by interval.

        Each confidence interval holds its true value with probability `level`, but not all of them at once:
        for m of them together ask for 1 − (1 − level) / m (Bonferroni).
        """
        for interval in (None, *range(self.scenario.intervals + 1 if by_interval else 0)):
            rows = [*_kpi_rows(self, interval, level), *_wait_rows(self, interval, level)]
            if interval is not None and interval < self.scenario.intervals:
                rows += [*_backlog_rows(self, interval, level), *_staff_rows(self, interval, level)]
            yield from sorted(rows, key=_place)

    def digest(self) -> str:
        """BLAKE2b-128 of all days, in hexadecimal: equal exactly when two experiments found the same."""
        hashed = blake2b(digest_size=16)
        for day in self.days:
            hashed.update(day.fingerprint())
        return hashed.hexdigest()


def defined(kpi: str | Definition) -> Definition:
    """The definition of that name. Raises ValueError when there is none."""
    if isinstance(kpi, Definition):
        return kpi
    if kpi not in DEFINITIONS:
        raise ValueError(f"no KPI has the name {kpi!r}; known are {', '.join(sorted(DEFINITIONS))}")
    return DEFINITIONS[kpi]


def part(of: Part, counts: Whole) -> Floats:
    """A numerator or denominator for many counts at once; `counts` has shape (…, COUNTS), the answer (…)."""
    columns: Any = Counts(*np.moveaxis(counts, -1, 0))
    try:
        found: ArrayLike = of(columns)
    except ValueError:  # it compares numbers: one by one, then
        flat = [of(Counts(*row)) for row in counts.reshape(-1, len(COUNTS)).tolist()]
        found = np.reshape(flat, counts.shape[:-1])
    return np.broadcast_to(np.asarray(found, dtype=float), counts.shape[:-1])


def bounded(found: Estimate, unit: str) -> Estimate:
    """Its interval cut to what is possible: nothing below 0, no share above 1."""
    most = 1.0 if unit == Unit.SHARE else np.inf
    return Estimate(found.value, max(found.lo, 0.0), min(found.hi, most), found.se, found.dof)


def _kpi_rows(result: Result, interval: int | None, level: float) -> Iterator[Row]:
    sums = result.sums.of(interval)
    if not sums:
        return
    counts = np.stack(list(sums.values()), axis=1)
    for definition in SHOWN:
        values, errors = ratios(part(definition.numerator, counts), part(definition.denominator, counts))
        for where, value, error in zip(sums, values.tolist(), errors.tolist(), strict=True):
            if isfinite(value):
                found = estimate(value, error, len(counts) - 1, level)
                yield _row(result, where, definition.name, definition.unit, found, version=definition.version)


def _wait_rows(result: Result, interval: int | None, level: float) -> Iterator[Row]:
    for abandoned, name in ((False, "wait"), (True, "abandoned_wait")):
        for where, sample in result.sums.waits(interval, abandoned=abandoned).items():
            for percent in PERCENTILES if len(sample.values) else ():
                found = quantile(sample, percent / 100, level)
                yield _row(result, where, f"{name}_p{percent}", Unit.MS, found)


def _backlog_rows(result: Result, interval: int, level: float) -> Iterator[Row]:
    """Contacts waiting at the end of the interval, of each line and medium."""
    tenants: dict[str, str] = {line.id: line.tenant for line in result.scenario.desk.lines}
    for line, medium in sorted({queue for day in result.days for queue in day.queues}):
        waiting = [
            int(day.backlog[day.queues.index((line, medium)), interval])
            if (line, medium) in day.queues
            else 0
            for day in result.days
        ]
        where = Where(tenants[line], line, medium, None, interval)
        yield _row(result, where, "backlog", Unit.NUMBER, _mean(waiting, level))


def _staff_rows(result: Result, interval: int, level: float) -> Iterator[Row]:
    """Agents signed in, and those of them not paused, on average over the interval."""
    time = result.sums.agent_time(interval)
    for name, spent_ms in (("staff", time.signed_in_ms), ("staff_present", time.present_ms)):
        found = _mean(spent_ms / result.scenario.interval_ms, level)
        yield _row(result, Where(interval=interval), name, Unit.NUMBER, found)


def _mean(values: ArrayLike, level: float) -> Estimate:
    return ratio(values, np.ones(np.shape(values)), level)


def _row(result: Result, where: Where, measure: str, unit: str, found: Estimate, *, version: int = 1) -> Row:
    scenario, found = result.scenario, bounded(found, unit)
    known = isfinite(found.lo) and isfinite(found.hi)
    return Row(
        None if where.interval is None else scenario.start_ms + where.interval * scenario.interval_ms,
        *where[:4],
        measure,
        version,
        str(unit),
        found.value,
        found.lo if known else None,
        found.hi if known else None,
        len(result.days),
    )


_NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(DEFINITIONS)}


def _place(row: Row) -> tuple[str, str, str, int, int]:
    """Order within an interval: the whole, clients, lines; the KPIs in the order of their definitions."""
    vip = -1 if row.vip is None else int(row.vip)
    return row.tenant, row.line, row.medium, vip, _NUMBERS.get(row.measure, len(_NUMBERS))
