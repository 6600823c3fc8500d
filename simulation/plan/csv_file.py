"""The rows of a CSV file: UTF-8, separated by commas or, as in German spreadsheets, by semicolons."""

import csv
import io
import re
from collections.abc import Iterator

Grid = Iterator[tuple[int, list[object]]]
"""(number of the row as an editor or a spreadsheet shows it, its cells)."""

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\x03\x04": "a zip or spreadsheet file"}
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+")
_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]+)")


class Unreadable(Exception):
    """The file as a whole cannot be used; the text is the reason, `row` the place if there is one."""

    def __init__(self, reason: str, row: int | None = None) -> None:
        super().__init__(reason)
        self.row = row


def decode(raw: bytes) -> str:
    """The text of a CSV file. Raises Unreadable."""
    for start, what in _BOMS.items():
        if raw.startswith(start):
            raise Unreadable(f"is {what}, not CSV in UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        reason = (
            f"byte {raw[error.start]:#04x} at position {error.start} is not UTF-8: save the file as UTF-8"
        )
        raise Unreadable(reason, row) from None
    if "\0" in text:
        raise Unreadable("has a null character", text.count("\n", 0, text.index("\0")) + 1)
    return text


def csv_grid(text: str) -> Grid:
    """Its rows. A file whose first row has a semicolon outside quotes is separated by these."""
    delimiter = ";" if ";" in re.sub(r'"[^"]*"', "", text.lstrip("\r\n").partition("\n")[0]) else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [_german(cell) if delimiter == ";" else cell for cell in cells]
    except csv.Error as error:
        raise Unreadable(f"not valid CSV: {error}", reader.line_num) from None


def _german(cell: str) -> object:
    """With semicolons a decimal comma is one; and `1.234` might be a thousand or one and a quarter."""
    text = cell.strip()
    if _THOUSANDS.fullmatch(text):
        return Doubtful(text)
    match = _COMMA.fullmatch(text)
    return f"{match[1]}.{match[2]}" if match else cell


class Doubtful(str):
    """A cell that is fine as a text but has two meanings as a number."""

    __slots__ = ()
