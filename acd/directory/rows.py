"""List files: CSV into checked rows, or what is wrong with them, by row and column."""

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from acd.directory.addresses import domain, fax_id, mail_address, mail_key
from acd.directory.numbers import Numbering, read_number
from config.durations import duration_ms
from config.errors import did_you_mean
from config.schema import ListKind

MAX_BYTES = 32 * 1024 * 1024
"""A list is held in memory as a whole; more is somebody's mistake, and so are the bounds below."""
MAX_ROWS = 200_000
MAX_CELL = 1_000
MAX_PROBLEMS = 100
"""More are not told; who has a hundred has one cause."""

MAX_CLASS = 99
FOR_EVER_MS = 2**62

COLUMNS = (
    "number", "mail", "domain", "fax_id", "aliases", "name", "department", "language", "site", "class",
    "head_start", "valid_from", "valid_until",
)  # fmt: skip
"""All may be left out, in any order; a row needs one of the first five."""

_ADDRESSES = frozenset(("number", "fax_id", "aliases"))

Key = tuple[str, str]
"""Kind (`number`, `address`, `domain`, `fax`) and normal form: by what a row is found."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")

_ROUNDED = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_FRACTION = re.compile(r"[0-9]{6,}[.,]0+")
_FAILED = re.compile(r"#(?:N/A|NV|DIV/0!|[A-Z]+[!?]|#+)")
"""#NAME?, #REF!, `#NV` of a German one, and the hashes of a column that is too narrow."""


class Row(Struct, frozen=True):
    """A person, or a domain. [valid_from_ms, valid_until_ms) in Unix milliseconds."""

    line: int
    """Of the file, the heading being 1."""
    keys: tuple[Key, ...]
    name: str = ""
    department: str = ""
    language: str = ""
    site: str = ""
    priority_class: int | None = None
    head_start_ms: int = 0
    valid_from_ms: int = 0
    valid_until_ms: int = FOR_EVER_MS
    person: str = ""
    """Opaque; given by the directory."""

    @property
    def identity(self) -> Key | None:
        """By which the person is the same one in the next version; None: a domain is nobody in particular."""
        rank = {"address": 0, "number": 1, "fax": 2}
        return min((key for key in self.keys if key[0] in rank), key=lambda key: rank[key[0]], default=None)

    def valid(self, at_ms: int) -> bool:
        """Whether it holds at that moment."""
        return self.valid_from_ms <= at_ms < self.valid_until_ms


class Flaw(NamedTuple):
    """What is wrong: `row` as in `Row.line` (0: the file), `column` may be empty."""

    row: int
    column: str
    reason: str

    @property
    def place(self) -> str:
        """`row 12, number`"""
        return ", ".join(part for part in (f"row {self.row}" if self.row else "", self.column) if part)

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


class BadList(Exception):
    """The list cannot be used; `flaws` are all that were found, at most MAX_PROBLEMS."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__(str(flaws[0]))
        self.flaws = tuple(flaws)


class Reader(NamedTuple):
    """What is needed to read a client's list."""

    kind: ListKind
    numbering: Numbering
    zone: ZoneInfo
    """In which days of validity begin and end."""


def read_list(content: bytes, reader: Reader, rest: Callable[[], None] = lambda: None) -> list[Row]:
    """The rows of a file: UTF-8, a heading, commas or semicolons. Raises BadList.

    `rest` is called after each row: a thread beside calls lets them go first there.
    """
    flaws: list[Flaw] = []
    rows: list[Row] = []
    try:
        for line, cells in _cells(_text(content)):
            rest()
            row = _row(line, cells, reader, flaws)
            if row is not None:
                rows.append(row)
            if len(flaws) >= MAX_PROBLEMS:
                break
    except BadList as failure:
        raise BadList([*flaws, *failure.flaws]) from None
    if flaws:
        raise BadList(flaws[:MAX_PROBLEMS])
    return rows


def keys_of(kind: str, normal: str) -> tuple[Key, ...]:
    """By which keys an address in normal form is found, the narrowest first."""
    if kind != "address":
        return ((kind, normal),)
    return ("address", mail_key(normal)), ("domain", normal.rpartition("@")[2])


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise BadList([Flaw(0, "", f"has {len(content)} bytes; {MAX_BYTES} at most")])
    if content[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) or b"\0" in content[:200]:
        raise BadList([Flaw(0, "", "is UTF-16, not UTF-8: save it as CSV UTF-8")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadList([Flaw(line, "", "is not UTF-8: save the file with that encoding")]) from None


def _cells(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line and non-empty cells, by column, of each row that has any. Raises BadList."""
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(lines, []))
        for count, cells in enumerate(lines, 1):
            line = lines.line_num
            if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                raise BadList([Flaw(line, "", f"has {len(cells)} cells, the heading {len(columns)}")])
            named = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
            if count > MAX_ROWS:
                raise BadList([Flaw(line, "", f"a list may have {MAX_ROWS} rows at most")])
            if named:
                yield line, named
    except csv.Error as error:
        raise BadList([Flaw(lines.line_num, "", f"is not CSV: {error}")]) from None


def _columns(heading: list[str]) -> list[str]:
    columns = [name.strip().lower().replace(" ", "_") for name in heading]
    flaws = [
        Flaw(
            1, name or "(empty)", f"is no column{did_you_mean(name, COLUMNS)}; there are {', '.join(COLUMNS)}"
        )
        for name in columns
        if name not in COLUMNS
    ]
    flaws += [Flaw(1, name, "stands twice") for name in dict.fromkeys(columns) if columns.count(name) > 1]
    if flaws or not columns:
        raise BadList(flaws or [Flaw(1, "", "there is no heading")])
    return columns


def _row(line: int, cells: Mapping[str, str], reader: Reader, flaws: list[Flaw]) -> Row | None:
    """Records what is wrong and returns None then."""
    before = len(flaws)

    def wrong(column: str, reason: str) -> None:
        flaws.append(Flaw(line, column, reason))

    for column, cell in cells.items():
        if reason := _unfit(column, cell):
            wrong(column, reason)
    if len(flaws) > before:
        return None
    keys = tuple(dict.fromkeys(_keys(cells, reader.numbering, wrong)))
    if not keys and len(flaws) == before:
        wrong("", "names nobody: number, mail, domain, fax_id or aliases is required")
    row = Row(
        line=line,
        keys=keys,
        name=cells.get("name", ""),
        department=cells.get("department", ""),
        language=_language(cells, wrong),
        site=cells.get("site", ""),
        priority_class=_class(cells, wrong),
        head_start_ms=_head_start(cells, wrong),
        valid_from_ms=_moment(cells, "valid_from", reader.zone, 0, wrong),
        valid_until_ms=_moment(cells, "valid_until", reader.zone, FOR_EVER_MS, wrong),
    )
    if row.valid_from_ms >= row.valid_until_ms:
        wrong("valid_until", "is not after valid_from")
    if reader.kind is ListKind.VIP and cells.keys().isdisjoint(("class", "head_start")):
        wrong("", "gives nothing: class or head_start is required in a VIP list")
    return row if len(flaws) == before else None


_Wrong = Callable[[str, str], None]


def _unfit(column: str, cell: str) -> str:
    """Why it cannot be read at all: too long, or spoilt by a spreadsheet; empty: it can.

    Whoever reads numbers as people write them would find one in most of what is spoilt, and the wrong one.
    """
    if len(cell) > MAX_CELL:
        return f"has {len(cell)} characters; {MAX_CELL} at most"
    if cell.startswith("="):
        return f'"{cell:.60}" is a formula of a spreadsheet: write the value itself'
    if _FAILED.fullmatch(cell):
        return f'"{cell:.60}" is an error of a spreadsheet'
    if column not in _ADDRESSES:
        return ""
    for part in re.split(r"[|\n]", cell) if column == "aliases" else (cell,):
        if _ROUNDED.fullmatch(part.strip()) or _FRACTION.fullmatch(part.strip()):
            return (
                f'"{part.strip():.60}" was a number that a spreadsheet has rounded: format the column as text'
            )
    return ""


def _keys(cells: Mapping[str, str], numbering: Numbering, wrong: _Wrong) -> Iterator[Key]:
    for column in ("mail", "number", "fax_id", "domain"):
        if column in cells:
            yield from _key(column, cells[column], column, numbering, wrong)
    for alias in re.split(r"[|\n]", cells.get("aliases", "")):
        if alias.strip():
            column = "mail" if "@" in alias else "number"
            yield from _key(column, alias.strip(), "aliases", numbering, wrong)


def _key(column: str, cell: str, where: str, numbering: Numbering, wrong: _Wrong) -> Iterator[Key]:
    if column == "number":
        number = read_number(cell, numbering)
        kind, normal = "number", None if number is None else number.normal
    elif column == "mail":
        kind, address = "address", mail_address(cell)
        normal = None if address is None else mail_key(address)
    elif column == "domain":
        kind, normal = "domain", domain(cell)
    else:
        kind, normal = "fax", fax_id(cell, numbering)
    if normal is None:
        what = {"number": "telephone number", "mail": "mail address", "domain": "domain", "fax_id": "fax id"}
        wrong(where, f'"{cell:.60}" is not a {what[column]}')
    else:
        yield kind, normal


def _language(cells: Mapping[str, str], wrong: _Wrong) -> str:
    language = cells.get("language", "")
    if language and not _LANGUAGE.fullmatch(language):
        wrong("language", f'"{language:.20}" is not a language such as "de" or "en-GB"')
    return language


def _class(cells: Mapping[str, str], wrong: _Wrong) -> int | None:
    text = cells.get("class")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,2}", text):
        wrong("class", f'"{text:.20}" is not a whole number from 0 to {MAX_CLASS}')
        return None
    return int(text)


def _head_start(cells: Mapping[str, str], wrong: _Wrong) -> int:
    text = cells.get("head_start")
    if text is None:
        return 0
    try:
        return duration_ms(int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text)
    except ValueError as error:
        wrong("head_start", str(error))
        return 0


def _moment(cells: Mapping[str, str], column: str, zone: ZoneInfo, default: int, wrong: _Wrong) -> int:
    """A day, or a local time. A day of `valid_until` is the last one that counts."""
    text = cells.get(column)
    if text is None:
        return default
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            day = date.fromisoformat(text) + timedelta(days=column == "valid_until")
            moment = datetime(day.year, day.month, day.day)
        elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}", text):
            moment = datetime.fromisoformat(text)
        else:
            raise ValueError(text)
        return round(moment.replace(tzinfo=zone).timestamp() * 1000)
    except (ValueError, OverflowError):
        wrong(column, f'"{text:.40}" is not a day such as 2026-12-24 or a time such as 2026-12-24T18:00')
        return default
