"""The report of a recorded day: the model against the record, and what a change would have done."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from msgspec import Struct

from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL, DEFINITIONS
from simulation.report import comparison
from simulation.report.files import Row
from simulation.report.numbers import plus_minus, shown
from simulation.report.page import Grid
from simulation.report.planner import named, place
from simulation.runs.estimates import Estimate
from simulation.runs.pairs import compare
from simulation.runs.result import HEADLINE, Result
from simulation.runs.sums import Where

MEASURES = (*HEADLINE, "aht")
SHOWN = ("contacts", DEFAULT_SERVICE_LEVEL, "abandon_rate", "asa", "occupancy")
"""On the terminal; the tables have all."""


class Error(Struct, frozen=True):
    """One measure of the record, and what the model makes of the same day."""

    where: Where
    measure: str
    unit: str
    record: float
    model: Estimate


class Retold(Struct, frozen=True):
    """A recorded day: as it was, as the model has it, and as the model has it with the changes."""

    what_ifs: tuple[str, ...]
    notes: tuple[str, ...]
    record: Result
    """One day: the record itself."""
    before: Result
    after: Result

    @property
    def changed(self) -> bool:
        """Whether anything was to be different."""
        return any(one != "none" for one in self.what_ifs)

    def compared(self) -> Iterator[Error]:
        """The usual measures of everything and of each line."""
        for where in self.record.sums.of():
            if where.vip is not None or (where.tenant and not where.line):
                continue
            for name in MEASURES:
                record, model = self.record.measure(name, where), self.before.measure(name, where)
                if isfinite(record.value) and isfinite(model.value):
                    yield Error(where, name, DEFINITIONS[name].unit, record.value, model)

    def errors(self) -> Grid:
        """What the record says and what the model says, a row for everything and for each medium and line."""
        found = {(one.where, one.measure): one for one in self.compared() if one.measure in SHOWN}
        wheres = sorted(dict.fromkeys(where for where, _ in found), key=lambda where: where[:3])
        rows = [
            (place(where, wheres, "en") if who == "record" else "", who, *_cells(found, where, who))
            for where in wheres
            for who in ("record", "model")
        ]
        heads = ("line", "", *(named(name, "en") for name in SHOWN))
        return Grid("the model against the record", heads, tuple(rows))

    def changes(self) -> Grid:
        """What the changes would have changed."""
        return comparison.changes_grid(self.before, self.after, "en", SHOWN)

    def tables(self) -> Mapping[str, list[Row]]:
        """Tidy tables by name."""
        against: list[Row] = [
            {
                "tenant": one.where.tenant,
                "line": one.where.line,
                "medium": one.where.medium,
                "measure": one.measure,
                "version": DEFINITIONS[one.measure].version,
                "unit": one.unit,
                "record": one.record,
                "model": one.model.value,
                "ci_lo": number(one.model.lo),
                "ci_hi": number(one.model.hi),
            }
            for one in self.compared()
        ]
        changes = comparison.tidy(compare(self.before, self.after)) if self.changed else ()
        return {"model-against-record": against, "changes": [_finite(row) for row in changes]}

    def document(self) -> dict[str, Any]:
        """All of it as one JSON object."""
        scenario = self.before.scenario
        return {
            "record": scenario.name,
            "start_ms": scenario.start_ms,
            "end_ms": scenario.end_ms,
            "seed": self.before.seed,
            "replications": len(self.before.days),
            "what_if": list(self.what_ifs),
            "notes": list(self.notes),
            **{name.replace("-", "_"): rows for name, rows in self.tables().items()},
        }


def _cells(found: Mapping[tuple[Where, str], Error], where: Where, who: str) -> Iterator[str]:
    for name in SHOWN:
        one = found.get((where, name))
        if one is None:
            yield "–"
        elif who == "record":
            yield shown(one.record, one.unit)
        else:
            yield plus_minus(one.model.value, number(one.model.hi), one.unit)


def number(value: float) -> float | None:
    """None where there is none."""
    return value if isfinite(value) else None


def _finite(row: Row) -> Row:
    return {name: number(value) if isinstance(value, float) else value for name, value in row.items()}
