"""A list file is taken as a whole or refused with every row and column that is wrong."""

import re
import textwrap
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.directory import rows
from acd.directory.numbers import Numbering
from acd.directory.rows import COLUMNS, MAX_CELL, MAX_PROBLEMS, BadList, Flaw, Reader, Row, read_list
from config.schema import ListKind

BERLIN = ZoneInfo("Europe/Berlin")
VIP = Reader(ListKind.VIP, Numbering("DE", 5), BERLIN)
ROUNDED = "was a number that a spreadsheet has rounded: format the column as text"
FORMULA = "is a formula of a spreadsheet: write the value itself"
USERS = VIP._replace(kind=ListKind.USERS)


def flaws(content: str | bytes, reader: Reader = USERS) -> list[Flaw]:
    with pytest.raises(BadList) as raised:
        read_list(content.encode() if isinstance(content, str) else content, reader)
    return list(raised.value.flaws)


def ms(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp() * 1000)


def test_every_column_is_read_into_its_place() -> None:
    (row,) = read_list(
        b"number,mail,domain,fax_id,aliases,name,department,language,site,class,head_start,valid_from,valid_until\n"
        b"030 5550101,Anna@Example.org,board.example,KANZLEI,0171 1234567|a@x.example,Anna B.,Board,"
        b"de,Berlin,1,10m,2026-12-24,2026-12-31\n",
        VIP,
    )
    assert set(row.keys) == {
        ("address", "anna@example.org"),
        ("number", "+49305550101"),
        ("fax", "kanzlei"),
        ("domain", "board.example"),
        ("number", "+491711234567"),
        ("address", "a@x.example"),
    }
    assert (row.name, row.department, row.language, row.site) == ("Anna B.", "Board", "de", "Berlin")
    assert (row.line, row.priority_class, row.head_start_ms) == (2, 1, 600_000)
    assert row.identity == ("address", "anna@example.org")


def test_a_day_of_validity_is_a_day_of_the_desk_and_the_last_one_counts() -> None:
    """Europe/Berlin: UTC+1 in winter, UTC+2 after 2026-03-29."""
    content = b"number;class;valid_from;valid_until\n4711;1;2026-03-29;2026-03-29\n4712;1;2026-12-24T18:00;\n"
    one_day, evening = read_list(content, VIP)
    assert (one_day.valid_from_ms, one_day.valid_until_ms) == (ms(2026, 3, 28, 23), ms(2026, 3, 29, 22))
    assert not one_day.valid(one_day.valid_from_ms - 1)
    assert one_day.valid(one_day.valid_from_ms)
    assert not one_day.valid(one_day.valid_until_ms)
    assert evening.valid_from_ms == ms(2026, 12, 24, 17)
    assert evening.valid(ms(2100, 1, 1))


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("number", '="0301234"', FORMULA),
        ("number", '"=""0301234"""', FORMULA),
        ("name", "=A2&B2", FORMULA),
        ("number", "4.930555E+11", ROUNDED),
        ("number", "4,930555E+11", ROUNDED),
        ("number", "493055501.0", ROUNDED),
        (
            "aliases",
            "4711|4.93E+11",
            ROUNDED,
        ),
        ("fax_id", "4.930555e11", ROUNDED),
        ("number", "#NAME?", "is an error of a spreadsheet"),
        ("name", "#N/A", "is an error of a spreadsheet"),
        ("number", "#####", "is an error of a spreadsheet"),
    ],
)
def test_what_a_spreadsheet_spoilt_is_named_by_row_and_column(column: str, cell: str, reason: str) -> None:
    """A reader of numbers finds one in most of these, which is nobody's."""
    (found,) = flaws(f"mail;{column}\nanna@x.example;\nbert@x.example;{cell}\n")
    assert (found.row, found.column) == (3, column)
    assert found.reason.endswith(reason)


@pytest.mark.parametrize("name", ["#1", "E10", "1e5 GmbH", "3.0", "-", "+"])
def test_a_name_that_looks_like_a_number_is_a_name(name: str) -> None:
    (row,) = read_list(f"number;name\n4711;{name}\n".encode(), USERS)
    assert row.name == name


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_said_to_be(encoding: str) -> None:
    (found,) = flaws("number;name\n4711;Jörg\n".encode(encoding))
    assert str(found) == "is UTF-16, not UTF-8: save it as CSV UTF-8"


def test_a_file_in_latin_1_is_refused_with_the_row_that_shows_it() -> None:
    (found,) = flaws("number;name\n4711;Anna\n4712;Jörg\n".encode("latin-1"))
    assert str(found) == "row 3: is not UTF-8: save the file with that encoding"


@pytest.mark.parametrize(
    "content",
    [
        b"number,name\n4711,Anna\n",
        b"\xef\xbb\xbfnumber;name\r\n4711;Anna\r\n",
        b'Name,Number\n"Anna",4711\n\n,\n',
        b"fax id,number,name\n,4711,Anna,,\n",
    ],
)
def test_what_spreadsheets_write_is_read(content: bytes) -> None:
    """Semicolons, a byte-order mark, empty rows and cells, columns in any order and case."""
    (row,) = read_list(content, USERS)
    assert (row.keys, row.name) == ((("number", "4711"),), "Anna")


def test_everything_wrong_is_told_at_once_by_row_and_column() -> None:
    content = (
        "number,mail,language,class,head_start,valid_from,valid_until\n"
        "anna,,,1,,,\n"
        "4711,no address,,1,,,\n"
        "4712,,german,200,soon,tomorrow,\n"
        ",,de,1,,,\n"
        "4713,,,,,,\n"
        "4714,,,1,,2026-12-24,2026-12-23\n"
    )
    assert [(flaw.row, flaw.column) for flaw in flaws(content, VIP)] == [
        (2, "number"), (3, "mail"), (4, "language"), (4, "class"), (4, "head_start"), (4, "valid_from"),
        (5, ""), (6, ""), (7, "valid_until"),
    ]  # fmt: skip
    assert flaws("number\nanna\n")[0] == Flaw(2, "number", '"anna" is not a telephone number')


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b"", "row 1", "there is no heading"),
        (b"numbr\n4711\n", "row 1, numbr", 'did you mean "number"'),
        (b"number,number\n1,2\n", "row 1, number", "stands twice"),
        (b"number\n4711\n4712,x\n", "row 3", "has 2 cells, the heading 1"),
        (b"number,name\n4711,M\xfcller\n", "row 2", "is not UTF-8"),
        (b'number\n"4711\n', "row 2", "is not CSV"),
        (b"number,name\n4711," + b"x" * (MAX_CELL + 1), "row 2, name", f"{MAX_CELL} at most"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: bytes, place: str, reason: str) -> None:
    (flaw,) = flaws(content)
    assert flaw.place == place
    assert reason in flaw.reason


def test_the_list_of_the_guide_is_one() -> None:
    page = Path(__file__).parents[3] / "docs" / "guides" / "vip-list.md"
    text = re.search(r"```text\n(.*?)```", page.read_text(), re.DOTALL)
    assert text is not None
    anna, bert = read_list(textwrap.dedent("   " + text[1].lstrip()).encode(), VIP)
    assert (anna.priority_class, len(anna.keys), bert.head_start_ms) == (1, 4, 600_000)


def test_size_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    assert "2 rows at most" in flaws("number\n1\n2\n3\n")[0].reason
    monkeypatch.setattr(rows, "MAX_BYTES", 10)
    assert "10 at most" in flaws(b"number\n4711\n")[0].reason
    assert len(flaws("number\n" + "anna\n" * 2)) == 1


def test_at_most_a_hundred_flaws_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(flaws("number\n" + "anna\n" * (MAX_PROBLEMS + 50))) == MAX_PROBLEMS


CELL = st.text(max_size=12) | st.sampled_from(
    ["4711", "a@x.example", "10m", "2026-01-01", "1", '"', "x.example"]
)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_refused(content: bytes) -> None:
    _read_or_refused(content)


@given(st.lists(st.lists(CELL, max_size=14), max_size=6), st.permutations(COLUMNS), st.sampled_from(",;"))
def test_any_cells_are_a_list_or_refused(cells: list[list[str]], columns: list[str], delimiter: str) -> None:
    lines = [delimiter.join(columns), *(delimiter.join(row) for row in cells)]
    _read_or_refused("\n".join(lines).encode())


def _read_or_refused(content: bytes) -> None:
    for reader in (VIP, USERS):
        with suppress(BadList):
            for row in read_list(content, reader):
                assert isinstance(row, Row)
                assert row.keys
                assert row.valid_from_ms < row.valid_until_ms
