"""The rows of a sheet of an XLSX workbook: stored values only, within bounds, whatever the file holds."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from openpyxl import load_workbook

from simulation.plan.csv_file import Grid, Unreadable

MOST_UNPACKED = 100_000_000
"""Bytes of all parts together; a zip bomb says how large it is, or its parts end there."""
MOST_COLUMNS = 64


class Formula:
    """A cell whose formula has no stored value."""


class Fault(str):
    """A cell that shows an error such as `#REF!`."""

    __slots__ = ()


def xlsx_grid(raw: bytes, sheet: str) -> Grid:
    """The rows of `sheet` (empty: the only one). Raises Unreadable."""
    _check_size(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of drop-down lists and headers that it leaves out
        try:
            yield from _rows(raw, sheet)
        except Unreadable:
            raise
        except Exception as error:  # a damaged workbook raises whatever zlib, expat or openpyxl happen to
            raise Unreadable(f"not an XLSX workbook that can be read ({type(error).__name__})") from error


def _check_size(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
    except Exception as error:  # as above
        raise Unreadable("not an XLSX workbook: it is no zip file") from error
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Unreadable(f"unpacked it would be larger than {MOST_UNPACKED // 1_000_000} MB")


def _rows(raw: bytes, name: str) -> Grid:
    with closing(_open(raw, data_only=True)) as stored, closing(_open(raw, data_only=False)) as written:
        both = zip(_sheet(stored, name), _sheet(written, name), strict=True)
        for row, (values, formulas) in enumerate(both, 1):
            yield row, [_cell(value, formula) for value, formula in zip(values, formulas, strict=True)]


def _open(raw: bytes, *, data_only: bool) -> Any:
    return load_workbook(io.BytesIO(raw), read_only=True, data_only=data_only, keep_links=False)


def _sheet(book: Any, name: str) -> Iterator[tuple[Any, ...]]:
    names = [sheet.title for sheet in book.worksheets]
    if name and name not in names:
        raise Unreadable(f'has no sheet "{name}", only {", ".join(names)}')
    if not name and len(names) != 1:
        raise Unreadable(f"has {len(names)} sheets, name one of them: {', '.join(names)}")
    sheet = book[name or names[0]]
    sheet.reset_dimensions()
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(min_row=1, max_col=MOST_COLUMNS)
    return rows


def _cell(stored: Any, written: Any) -> object:
    value = stored.value
    if value is None and written.data_type == "f":
        return Formula()
    if stored.data_type == "e":
        return Fault(value)
    return value
