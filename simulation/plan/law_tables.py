"""Laws as plans write them: `{ mean = "240s", cv = 0.8 }`, `{ file = "talk.csv" }` or `{ values = [...] }`"""

from enum import StrEnum
from pathlib import Path

from config.durations import duration_ms
from config.table import Table
from simulation.laws import LONGEST_MS, Kind, Law, empirical, exponential, fixed, gamma, lognormal
from simulation.plan.tables import Faults, read_rows

DEFAULT_CV = 1.0


class Shape(StrEnum):
    """The kinds that a mean describes."""

    FIXED = Kind.FIXED.value
    EXPONENTIAL = Kind.EXPONENTIAL.value
    LOGNORMAL = Kind.LOGNORMAL.value
    GAMMA = Kind.GAMMA.value


_WITH_CV = {Shape.LOGNORMAL: lognormal, Shape.GAMMA: gamma}
_WITHOUT = {Shape.FIXED: fixed, Shape.EXPONENTIAL: exponential}


def read_law(table: Table, key: str, shape: Shape = Shape.LOGNORMAL) -> Law | None:
    """The law at `key`; None when absent or wrong (then recorded). `shape` is the default of `kind`."""
    if table.anything(key) is None:
        return None
    inner = table.table(key)
    given = [way for way in ("mean", "file", "values") if inner.anything(way) is not None]
    if len(given) != 1:
        inner.error("", "give one of mean, file or values")
        return None
    if given == ["mean"]:
        return _by_mean(inner, shape)
    values = _file_values(inner) if given == ["file"] else _listed_values(inner)
    return empirical(values) if values else None


def _by_mean(table: Table, default: Shape) -> Law:
    mean_ms, shape = table.duration_ms("mean"), table.choice("kind", Shape, default)
    if shape in _WITH_CV:
        return _WITH_CV[shape](mean_ms, table.number("cv", DEFAULT_CV, most=100.0))
    if table.anything("cv") is not None:
        table.error("cv", f"the {shape} law has no cv")
    return _WITHOUT[shape](mean_ms)


def _listed_values(table: Table) -> list[int]:
    """A list of durations."""
    values = table.anything("values")
    if not isinstance(values, list) or not values:
        table.error("values", "must be a list of durations, at least one")
        return []
    found = []
    for number, value in enumerate(values, 1):
        try:
            found.append(duration_ms(value))
        except ValueError as error:
            table.error("values", f"element {number} {error}")
    return found if len(found) == len(values) else []


def _file_values(table: Table) -> list[int]:
    """The column `seconds` of a table."""
    path = table.existing_file("file")
    column, sheet = table.text("column", "seconds"), table.text("sheet", "")
    if path is None:
        return []
    faults = Faults(str(Path(table.file).parent / str(table.data["file"])))
    found = []
    for row in read_rows(path, faults, [column.lower()], sheet=sheet):
        row.require(column.lower())
        seconds = row.amount(column.lower(), most=LONGEST_MS / 1000)
        if seconds is not None:
            found.append(round(seconds * 1000))
    table.reading.errors.extend(faults.told())
    return [] if faults.problems else found
