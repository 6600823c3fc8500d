"""The report of a recorded day: the model against the record, and what a change would have done."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from msgspec import Struct

from acd.kpi.definitions import DEFINITIONS
from simulation.estimates import Estimate
from simulation.pairs import compare
from simulation.report import comparison
from simulation.report.files import Row
from simulation.report.numbers import interval_of, shown
from simulation.report.planner import named, place
from simulation.result import HEADLINE, Result
from simulation.sums import Where

MEASURES = (*HEADLINE, "aht")
COLUMNS = ("line", "measure", "record", "model", "difference", "95 % interval of the model")


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

    def errors(self) -> list[tuple[str, ...]]:
        """The same as text."""
        found = sorted(self.compared(), key=lambda one: one.where[:3])
        wheres = list(dict.fromkeys(one.where for one in found))
        return [
            (
                place(one.where, wheres, "en"),
                named(one.measure, "en"),
                shown(one.record, one.unit),
                shown(one.model.value, one.unit),
                comparison.signed(one.model.value - one.record, one.unit),
                interval_of(one.model, one.unit),
            )
            for one in found
        ]

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


def number(value: float) -> float | None:
    """None where there is none."""
    return value if isfinite(value) else None


def _finite(row: Row) -> Row:
    return {name: number(value) if isinstance(value, float) else value for name, value in row.items()}
