"""What a KPI is: a named, versioned ratio of counts; and what a report must say of it."""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct

from acd.kpi.segment import View
from acd.kpi.service import Counts, Terms

Part = Callable[[Counts], float]

ONE: Part = lambda counts: 1  # noqa: E731, ARG005
"""The denominator of what is no ratio."""


class Unit(StrEnum):
    SHARE = "share"
    """0.8 is shown as 80 %."""
    MS = "ms"
    NUMBER = "number"


class Definition(Struct, frozen=True):
    """A named KPI: `numerator` / `denominator`, both sums over contacts, so that intervals add up.

    Where `denominator` is `ONE` it is a plain number.
    """

    name: str
    formula: str
    """In words of `Counts`, for people."""
    unit: str
    """One of `Unit`; client-defined KPIs may name their own."""
    meaning: str
    german: str
    numerator: Part
    denominator: Part = ONE
    version: int = 1

    def value(self, counts: Counts) -> float | None:
        """The KPI of these counts; None where nothing happened that it could be a share or mean of."""
        below = self.denominator(counts)
        found = self.numerator(counts) / below if below else math.nan
        return found if math.isfinite(found) else None


def printed(definition: Definition, terms: Terms) -> dict[str, object]:
    """What a report must say of a KPI it shows: contracts attach money to it."""
    return {
        "name": definition.name,
        "version": definition.version,
        "formula": definition.formula,
        "unit": definition.unit,
        "meaning": definition.meaning,
        "german": definition.german,
        "threshold_s": terms.threshold_ms / 1000,
        "short_abandon": f"given up by the caller after less than {terms.short_ms / 1000:g} s",
        "reply_s": terms.reply_ms / 1000,
        "interval": RULES[terms.view],
    }


RULES: Mapping[View, str] = {
    View.ENTRY: "entry: a contact counts in the interval in which it entered the line",
    View.EVENT: "event: a contact counts in the interval in which its outcome was decided",
}
