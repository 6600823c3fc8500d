"""Tables from CSV and XLSX: right numbers, or a fault that names row, column and reason; nothing else."""

import io
import tempfile
import zipfile
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from agents.capacity import MAIL, VOICE
from queues.desk import Desk, Line, LineId, Medium, TenantId
from simulation.plan import tables, xlsx_file
from simulation.plan.forecasts import OPTIONAL, REQUIRED, Forecast, read_forecasts
from simulation.plan.span import Changes, Span, as_when
from simulation.plan.tables import Faults, Row, read_rows

SPAN = Span(ZoneInfo("Europe/Berlin"), datetime(2026, 11, 23).date(), 1, 480, 600, 1_800_000)
HEADER = "interval_start,line,medium,offered,aht_s,patience_s"
GOOD = f"""{HEADER}
08:00,help,voice,10,300,120
2026-11-23 08:30,help,voice,12.5,,
09:00,mail,mail,3,240,
"""
DESK = Desk(lines=tuple(Line(LineId(name), TenantId("acme"), ()) for name in ("help", "mail")))
HELP, MAILS = (LineId("help"), VOICE), (LineId("mail"), MAIL)


def read(path: Path, sheet: str = "") -> tuple[dict[tuple[LineId, Medium], Forecast], list[str]]:
    """The forecasts of a file, and what is said about it."""
    faults = Faults(path.name)
    rows = read_rows(path, faults, REQUIRED, OPTIONAL, sheet=sheet)
    return read_forecasts(rows, SPAN, DESK, Changes()), [str(problem) for problem in faults.told()]


def said(folder: Path, content: str | bytes, name: str = "f.csv") -> list[str]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path)[1]


def offered(folder: Path, content: str | bytes) -> list[float]:
    path = folder / "f.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found, faults = read(path)
    assert faults == []
    return found[HELP].offered


def workbook(rows: list[list[object]], title: str = "Sheet") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cell(row: list[object], column: str) -> object:
    return row[HEADER.split(",").index(column)]


def test_each_cell_reaches_its_interval(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(GOOD)
    found, faults = read(tmp_path / "f.csv")
    assert faults == []
    assert list(found) == [HELP, MAILS]
    assert found[HELP].offered == [10, 12.5, 0, 0]
    assert found[HELP].aht_s[0] == 300
    assert found[HELP].aht_s[1] != found[HELP].aht_s[1]  # not said
    assert found[MAILS].offered == [0, 0, 3, 0]


@pytest.mark.parametrize(
    "same",
    [
        GOOD.replace(",", ";"),
        GOOD.replace(",", ";").replace("12.5", "12,5"),
        GOOD.replace("2026-11-23 08:30", "23.11.2026 08:30"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\n\n"),
        GOOD.replace("10,", "1e1,").replace("12.5", " 12.50 "),
        "\ufeff" + GOOD,
        GOOD.replace("offered", " Offered "),
        GOOD.replace("12.5", '"12.5"'),
        GOOD.replace("2026-11-23 08:30", "2026-11-23T07:30+00:00"),
    ],
)
def test_the_same_table_may_be_written_in_many_ways(same: str, tmp_path: Path) -> None:
    assert offered(tmp_path, same) == [10, 12.5, 0, 0]


def test_a_workbook_may_hold_real_dates_times_and_numbers(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [*HEADER.split(",")],
        [time(8), "help", "voice", 10, 300, 120],
        [datetime(2026, 11, 23, 8, 30), "help", "voice", 12.5, None, None],
        ["09:00", "mail", "mail", "3", 240],
    ]
    (tmp_path / "f.xlsx").write_bytes(workbook(rows))
    found, faults = read(tmp_path / "f.xlsx")
    assert faults == []
    assert (found[HELP].offered, found[MAILS].offered) == ([10, 12.5, 0, 0], [0, 0, 3, 0])
    assert found[HELP].patience_s[0] == 120


def test_with_semicolons_a_number_that_may_mean_two_things_is_refused(tmp_path: Path) -> None:
    table = GOOD.replace(",", ";")
    assert said(tmp_path, table.replace(";10;", ";1.234;")) == [
        'f.csv: row 2, column offered: "1.234" may mean two things: write 1234 or 1,234'
    ]
    assert offered(tmp_path, table.replace(";10;", ";0.125;"))[0] == 0.125
    assert offered(tmp_path, table.replace(";10;", ";1,234;"))[0] == 1.234
    assert said(tmp_path, GOOD.replace(",10,", ',"1,234",')) == [
        'f.csv: row 2, column offered: "1,234" is not a number'
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",10,", ",ten,", 'row 2, column offered: "ten" is not a number'),
        (",10,", ",-10,", "row 2, column offered: must not be negative"),
        (",10,", ",nan,", 'row 2, column offered: "nan" is not a number'),
        (",10,", ",inf,", 'row 2, column offered: "inf" is not a number'),
        (",10,", ",1e999,", "row 2, column offered: is not a finite number"),
        (",10,", ",1_000,", 'row 2, column offered: "1_000" is not a number'),
        (",10,", ",0x10,", 'row 2, column offered: "0x10" is not a number'),
        (",10,", ",٣,", 'row 2, column offered: "٣" is not a number'),
        (",10,", ",,", "row 2, column offered: is empty"),
        (",10,", ",2000000,", "row 2, column offered: must be at most 1e+06"),
        ("08:00,help", "08:00,halp", 'row 2, column line: unknown line "halp", did you mean "help"?'),
        ("08:00,help,voice", "08:00,help,fone", 'row 2, column medium: unknown medium "fone"'),
        ("08:00,help", "8 am,help", 'row 2, column interval_start: "8 am" is no time such as'),
        ("08:00,help", "08:10,help", "row 2, column interval_start: no interval begins then"),
        ("08:00,help", "07:30,help", "row 2, column interval_start: lies outside the plan"),
        (
            "08:00,help",
            "08:30,help",
            "row 3, column interval_start: the same line, medium and interval as in row 2",
        ),
        ("medium,", "medium,mediun,", 'row 1, column mediun: unknown column, did you mean "medium"?'),
        (",offered", ",offerd", 'row 1, column offerd: unknown column, did you mean "offered"?'),
        (",patience_s", ",line", "row 1, column line: is there twice"),
        ("08:00,help,voice,10,300,120", "08:00,help,voice,10", "row 2: has 4 cells, the header has 6"),
        ("10,300,120", "10,300,120,7", 'row 2: "7" stands in a column without a name'),
        ("10,300", '"10,300', "row 4: not valid CSV: unexpected end of data"),
    ],
)
def test_a_fault_names_row_column_and_reason(old: str, new: str, reason: str, tmp_path: Path) -> None:
    assert old in GOOD
    told = said(tmp_path, GOOD.replace(old, new, 1))
    assert any(one.startswith(f"f.csv: {reason}") for one in told), told


def test_a_file_that_is_no_table_is_refused_with_the_reason(tmp_path: Path) -> None:
    assert said(tmp_path, "") == ["f.csv: is empty"]
    assert said(tmp_path, "\n\n  \n") == ["f.csv: is empty"]
    assert said(tmp_path, HEADER) == ["f.csv: has no rows below its header"]
    assert said(tmp_path, GOOD.replace("help", "höl", 1).encode("latin-1")) == [
        f"f.csv: row 2: byte 0xf6 at position {GOOD.index('help') + 1} is not UTF-8: save the file as UTF-8"
    ]
    assert said(tmp_path, GOOD.encode("utf-16")) == ["f.csv: is UTF-16, not CSV in UTF-8"]
    assert said(tmp_path, workbook([["a"]])) == ["f.csv: is a zip or spreadsheet file, not CSV in UTF-8"]
    assert said(tmp_path, GOOD.replace("10", "1\0")) == ["f.csv: row 2: has a null character"]
    assert said(tmp_path, GOOD, "f.ods") == ["f.ods: is neither .csv nor .xlsx"]
    assert read(tmp_path / "none.csv")[1] == ["none.csv: there is no such file"]
    assert read(tmp_path)[1] == [f"{tmp_path.name}: there is no such file"]
    (tmp_path / "f.csv").write_text(GOOD)
    assert read(tmp_path / "f.csv", "Sheet")[1] == ["f.csv: is CSV and has no sheets"]


def test_a_workbook_that_cannot_be_trusted_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = workbook([[*HEADER.split(",")], ["08:00", "help", "voice", 10]])
    assert said(tmp_path, good, "f.xlsx") == []
    assert said(tmp_path, b"", "f.xlsx") == ["f.xlsx: not an XLSX workbook: it is no zip file"]
    assert said(tmp_path, good[: len(good) // 2], "f.xlsx") == [
        "f.xlsx: not an XLSX workbook: it is no zip file"
    ]
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert said(tmp_path, empty.getvalue(), "f.xlsx") == [
        "f.xlsx: not an XLSX workbook that can be read (KeyError)"
    ]
    assert said(tmp_path, workbook([[]]), "f.xlsx") == ["f.xlsx: is empty"]
    two = Workbook()
    two.create_sheet("Plan")
    file = io.BytesIO()
    two.save(file)
    assert said(tmp_path, file.getvalue(), "f.xlsx") == [
        "f.xlsx: has 2 sheets, name one of them: Sheet, Plan"
    ]
    assert read(tmp_path / "f.xlsx", "Plane")[1] == ['f.xlsx: has no sheet "Plane", only Sheet, Plan']
    monkeypatch.setattr(xlsx_file, "MOST_UNPACKED", 1000)
    assert said(tmp_path, good, "f.xlsx") == ["f.xlsx: unpacked it would be larger than 0 MB"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("=1+1", "a formula without a stored value: open and save the file in a spreadsheet program"),
        ("#REF!", "shows the error #REF!"),
        (True, '"True" is not a number'),
        (datetime(2026, 11, 23), '"2026-11-23 00:00:00" is not a number'),
        (-1, "must not be negative"),
    ],
)
def test_a_cell_that_holds_no_number_is_refused(value: object, reason: str, tmp_path: Path) -> None:
    rows: list[list[object]] = [[*HEADER.split(",")], ["08:00", "help", "voice", value]]
    assert said(tmp_path, workbook(rows), "f.xlsx") == [f"f.xlsx: row 2, column offered: {reason}"]


def test_a_number_beyond_all_bounds_is_refused() -> None:
    faults = Faults("f.xlsx")
    assert Row(2, {"offered": 10**400}, faults).amount("offered", most=1e9) is None
    assert [str(problem) for problem in faults.told()] == [
        "f.xlsx: row 2, column offered: is not a finite number"
    ]


def test_too_many_rows_are_refused_also_when_most_are_blank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    assert said(tmp_path, GOOD) == []
    assert said(tmp_path, GOOD + "09:30,help,voice,1,,\n") == ["f.csv: row 5: has more than 3 rows"]
    rows: list[list[object]] = [[*HEADER.split(",")], ["08:00", "help", "voice", 10], [], [], [], ["09:00"]]
    assert said(tmp_path, workbook(rows), "f.xlsx") == ["f.xlsx: row 5: has more than 3 rows"]
    monkeypatch.setattr(tables, "MOST_BYTES", 100)
    assert said(tmp_path, GOOD) == ["f.csv: is larger than 0 MB"]


def test_only_the_first_twenty_faults_are_told_and_how_many_more(tmp_path: Path) -> None:
    told = said(tmp_path, HEADER + "\n" + "08:00,help,voice,x,,\n" * 30)
    assert len(told) == 21
    assert told[19].startswith("f.csv: row 21, ")
    assert told[20] == "f.csv: … and 10 more problems"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("08:05", 29_100),
        ("8:05", 29_100),
        ("24:00", 86_400),
        ("08:05:30", 29_130),
        ("2026-11-23T08:00", datetime(2026, 11, 23, 8)),
        ("1.12.2026 08:00", datetime(2026, 12, 1, 8)),
    ],
)
def test_times_are_understood(text: str, when: object) -> None:
    assert as_when(text) == when


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "8:5",
        "24:01",
        "08:60",
        "12/01/2026 08:00",
        "2026-13-01 08:00",
        "0001-01-01 00:00",
        "2026-11-23",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no time|planned"):
        as_when(text)


NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals(0, 10**6, places=3).map(str),
    st.text(alphabet="0123456789.,;-+eE_ \"'x\t", max_size=8),
    st.text(max_size=6),
)


@settings(max_examples=400, deadline=None)
@given(cell=NUMBERS, delimiter=st.sampled_from(",;"))
def test_a_number_is_read_as_a_person_would_or_refused(cell: str, delimiter: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    table = f"offered{delimiter}line\n{quoted}{delimiter}help\n"
    row, faults = one_row(table)
    number = row.amount("offered", most=1e9) if row is not None else None
    if number is not None:
        plain = cell.strip().replace(",", ".") if delimiter == ";" else cell.strip()
        assert float(plain) == number
        assert plain.count(".") <= 1
        assert plain.replace(".", "").lstrip("+-").isascii()
    elif row is not None:
        assert faults.problems or not cell.strip()


def one_row(table: str) -> tuple[Row | None, Faults]:
    with tempfile.TemporaryDirectory() as folder:
        path, faults = Path(folder) / "f.csv", Faults("f.csv")
        path.write_text(table, encoding="utf-8", errors="replace", newline="")
        rows = read_rows(path, faults, ["offered", "line"])
    return (rows[0] if rows else None), faults


XLSX = workbook(
    [[*HEADER.split(",")], *([time(8 + n // 2, n % 2 * 30), "help", "voice", 5] for n in range(4))]
)


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_whatever_happens_to_a_file_its_numbers_are_right_or_it_is_refused(data: st.DataObject) -> None:
    name, good = data.draw(st.sampled_from([("f.csv", GOOD.encode()), ("f.xlsx", XLSX)]))
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(broken)))
        broken[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(bytes(broken))
        found, faults = read(path)
    assert all(one.startswith(f"{name}: ") for one in faults)
    if not faults:
        assert all(0 <= number <= 1e6 for forecast in found.values() for number in forecast.offered)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_workbook_whose_parts_are_damaged_is_read_or_refused(data: st.DataObject) -> None:
    parts = {
        name: zipfile.ZipFile(io.BytesIO(XLSX)).read(name)
        for name in zipfile.ZipFile(io.BytesIO(XLSX)).namelist()
    }
    name = data.draw(st.sampled_from(sorted(parts)))
    start = data.draw(st.integers(0, len(parts[name])))
    scrap = data.draw(
        st.sampled_from(
            [b"", b"<", b"</c>", b"<c/>", b'r="XFD1048576"', b"-5", b"1e999", b'"', b"&x;", b"\xff"]
        )
    )
    parts[name] = parts[name][:start] + scrap + parts[name][start + data.draw(st.integers(0, 12)) :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            for part, content in parts.items():
                archive.writestr(part, content)
        found, faults = read(path)
    assert all(one.startswith("f.xlsx: ") for one in faults)
    if not faults:
        assert all(0 <= number <= 1e6 for forecast in found.values() for number in forecast.offered)
