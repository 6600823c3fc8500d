"""Tables of forecasts, rosters and lengths from CSV and XLSX files; every fault names row, column, reason."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.errors import Problem, did_you_mean
from simulation.plan.csv_file import Doubtful, Grid, Unreadable, csv_grid, decode
from simulation.plan.span import NO_TIME, When, as_when
from simulation.plan.xlsx_file import Fault, Formula, xlsx_grid

MOST_BYTES = 50_000_000
MOST_ROWS = 100_000
MOST_PROBLEMS = 20
"""Told per file; of the others only how many there are."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?")


@dataclass(slots=True)
class Faults:
    """What is wrong with one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, row: int | None, column: str, reason: str) -> None:
        """Record a fault of the file, of a row or of a cell."""
        place = [f"row {row}"] if row is not None else []
        self.problems.append(
            Problem(self.file, ", ".join([*place, *([f"column {column}"] if column else [])]), reason)
        )

    def told(self) -> list[Problem]:
        """The first of them and, if there are more, how many."""
        more = len(self.problems) - MOST_PROBLEMS
        if more <= 0:
            return self.problems
        return [*self.problems[:MOST_PROBLEMS], Problem(self.file, "", f"… and {more} more problems")]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. A getter of an empty cell gives None; of a wrong one it records the fault and gives None."""

    number: int
    cells: Mapping[str, object]
    faults: Faults

    def error(self, column: str, reason: str) -> None:
        """Record a fault of this row, in this column (empty: of the row)."""
        self.faults.add(self.number, column, reason)

    def require(self, column: str) -> None:
        """Record a fault when the cell is empty."""
        if column in self.cells and self.cells[column] is None:
            self.error(column, "is empty")

    def text(self, column: str) -> str | None:
        """A text, without the blanks around it; whole numbers of a spreadsheet count as texts."""
        value = self._value(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        self.error(column, f"must be a text, not {value}")
        return None

    def amount(self, column: str, *, most: float) -> float | None:
        """A number from 0 to `most`."""
        value = self._value(column)
        if value is None:
            return None
        try:
            number = _number(value)
        except ValueError as error:
            self.error(column, str(error))
            return None
        if 0 <= number <= most:
            return number + 0.0
        self.error(column, "must not be negative" if number < 0 else f"must be at most {most:g}")
        return None

    def when(self, column: str) -> When | None:
        """A moment or a time of day."""
        value = self._value(column)
        if value is None:
            return None
        try:
            return as_when(value)
        except ValueError as error:
            self.error(column, str(error) if isinstance(value, str) else f"{value} {NO_TIME}")
            return None

    def _value(self, column: str) -> object:
        value = self.cells.get(column)
        if isinstance(value, Formula):
            self.error(
                column, "a formula without a stored value: open and save the file in a spreadsheet program"
            )
        elif isinstance(value, Fault):
            self.error(column, f"shows the error {value}")
        else:
            return value
        return None


def read_rows(
    path: Path, faults: Faults, required: Sequence[str], optional: Sequence[str] = (), *, sheet: str = ""
) -> list[Row]:
    """The rows of a `.csv` or `.xlsx` file whose first row names its columns; blank rows are left out.

    `sheet` is needed for a workbook of several sheets. What is wrong is recorded in `faults`.
    """
    rows: list[Row] = []
    try:
        grid = ((row, cells) for row, cells in _grid(path, sheet) if any(map(_filled, cells)))
        _, names = next(grid, (0, []))
        if not names:
            raise Unreadable("is empty")
        columns = _columns(names, faults, required, optional)
        for number, cells in grid:
            if len(rows) == MOST_ROWS:
                raise Unreadable(f"has more than {MOST_ROWS} rows", number)
            if columns:
                rows.append(_row(number, cells, columns, faults))
        if columns and not rows:
            raise Unreadable("has no rows below its header")
    except Unreadable as error:
        faults.add(error.row, "", str(error))
    return rows


def _grid(path: Path, sheet: str) -> Grid:
    try:
        if not path.is_file():
            raise Unreadable("there is no such file")
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"is larger than {MOST_BYTES // 1_000_000} MB")
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if path.suffix.lower() == ".xlsx":
        return _bounded(xlsx_grid(raw, sheet))
    if path.suffix.lower() != ".csv":
        raise Unreadable("is neither .csv nor .xlsx")
    if sheet:
        raise Unreadable("is CSV and has no sheets")
    return csv_grid(decode(raw))


def _bounded(grid: Grid) -> Grid:
    """Blank rows count too: a spreadsheet can claim a million of them with one cell."""
    for row, cells in grid:
        if row > MOST_ROWS + 1:
            raise Unreadable(f"has more than {MOST_ROWS} rows", row)
        yield row, cells


def _columns(
    names: Iterable[object], faults: Faults, required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    """The column of each cell ("": has no name); none at all when the header is wrong."""
    known, before = [*required, *optional], len(faults.problems)
    found: list[str] = []
    for name in names:
        column = "" if name is None else str(name).strip().lower()
        if column and column not in known:
            faults.add(1, column[:40], f"unknown column{did_you_mean(column[:40], known)}")
        elif column and column in found:
            faults.add(1, column, "is there twice")
        found.append(column)
    for column in required:
        if column not in found:
            faults.add(1, column, f"missing column (there must be {', '.join(required)})")
    return found if len(faults.problems) == before else []


def _row(number: int, cells: Sequence[object], columns: Sequence[str], faults: Faults) -> Row:
    known = dict.fromkeys(filter(None, columns))
    found: dict[str, object] = dict(known)
    if len(cells) < len(columns) and all(isinstance(cell, str) for cell in cells):
        faults.add(number, "", f"has {len(cells)} cells, the header has {len(columns)}")
    for place, cell in enumerate(cells):
        column = columns[place] if place < len(columns) else ""
        if column:
            found[column] = (cell.strip() or None) if type(cell) is str else cell
        elif _filled(cell):
            faults.add(number, "", f'"{cell!s:.40}" stands in a column without a name')
    return Row(number, found, faults)


def _filled(cell: object) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _number(value: object) -> float:
    """Raises ValueError with a reason."""
    if isinstance(value, Doubtful):
        raise ValueError(
            f'"{value}" may mean two things: write {value.replace(".", "")} or {value.replace(".", ",", 1)}'
        )
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError(f'"{value:.40}" is not a number')
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        raise ValueError(f'"{value!s:.40}" is not a number')
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("is not a finite number")
    return number
