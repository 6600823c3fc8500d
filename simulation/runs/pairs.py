"""Two scenarios on the same days: paired differences, which common random numbers make narrow."""

from collections.abc import Iterator
from math import isfinite

from msgspec import Struct

from acd.kpi.definitions import Definition
from simulation.runs.estimates import LEVEL, Estimate, difference, ratio
from simulation.runs.result import SHOWN, Result, bounded, part
from simulation.runs.sums import Where, Whole


class NotPaired(ValueError):
    """The results did not meet the same days, so their differences cannot be taken day by day."""


class Change(Struct, frozen=True):
    """What became of one measure from the first scenario to the second."""

    where: Where
    measure: str
    version: int
    unit: str
    before: Estimate
    after: Estimate
    change: Estimate
    """after − before, by pairs of days."""
    gain: float
    """Variance without common random numbers over that with them; `nan` where nothing varied."""

    @property
    def clear(self) -> bool:
        """Whether the interval of the change leaves 0 out."""
        return self.change.lo > 0 or self.change.hi < 0


def compare(
    before: Result, after: Result, *, interval: int | None = None, level: float = LEVEL
) -> Iterator[Change]:
    """Every KPI of every place that both have, of one interval or of all of them together.

    Raises NotPaired unless both have the same seed, the same family and the same days.
    """
    check_paired(before, after)
    mine, other = before.sums.of(interval), after.sums.of(interval)
    for definition in SHOWN:
        for where in mine:
            if where in other:
                change = _change(definition, where, mine[where], other[where], level)
                if isfinite(change.change.value):
                    yield change


def _change(definition: Definition, where: Where, before: Whole, after: Whole, level: float) -> Change:
    a, b = (
        (part(definition.numerator, counts), part(definition.denominator, counts))
        for counts in (before, after)
    )
    found = difference(a, b, level)
    return Change(
        where,
        definition.name,
        definition.version,
        str(definition.unit),
        bounded(ratio(*a, level), definition.unit),
        bounded(ratio(*b, level), definition.unit),
        found.estimate,
        found.gain,
    )


def check_paired(before: Result, after: Result) -> None:
    """Raises NotPaired, saying what differs."""
    if (before.seed, before.family) != (after.seed, after.family):
        raise NotPaired(
            f"seed {before.seed} (family {before.family}) and seed {after.seed} (family {after.family}) "
            "are different days"
        )
    if [day.replication for day in before.days] != [day.replication for day in after.days]:
        raise NotPaired(f"{len(before.days)} and {len(after.days)} days cannot be paired")
