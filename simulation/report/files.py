"""Tidy rows as CSV, XLSX and JSON: one row per measure of one interval, line and medium."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font

Value = str | int | float | bool | None
Row = Mapping[str, Value]

FORMULA = ("=", "+", "-", "@")
"""A text that begins so would be run by a spreadsheet program."""


def csv_text(rows: Sequence[Row]) -> str:
    """UTF-8 text with a heading, `.` as decimal point; numbers as Python writes them, None as empty."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows([{name: _harmless(value) for name, value in row.items()} for row in rows])
    return out.getvalue()


def json_text(document: object) -> str:
    """Indented JSON, keys as they come."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def save_workbook(path: Path, sheets: Mapping[str, Sequence[Row]]) -> None:
    """One sheet per table; headings in bold and frozen, numbers as numbers.

    Equal rows give equal cells, not equal bytes: the format carries the time of writing.
    """
    book = Workbook()
    del book[book.active.title]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name[:31])
        if not rows:
            continue
        sheet.append(list(rows[0]))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for row in rows:
            sheet.append([_harmless(value) for value in row.values()])
        for column in sheet.columns:
            sheet.column_dimensions[column[0].column_letter].width = _width(column)
    book.save(path)


def _harmless(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _width(column: Sequence[Cell]) -> float:
    return min(40.0, 2 + max(len(str(cell.value or "")) for cell in column[:200]))
