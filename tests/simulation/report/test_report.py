"""The planner's files: what is written can be read back, and nothing in it runs or calls outside."""

import csv
import io
import re
from pathlib import Path

import openpyxl

from simulation.report.charts import Chart, Series, figure, histogram
from simulation.report.files import Row, csv_text, json_text, save_workbook
from simulation.report.page import Grid, Page, html

ROWS: tuple[Row, ...] = (
    {"line": "support", "measure": "asa", "value": 12.5, "ci_lo": 11.0, "days": 30},
    {"line": "=1+1", "measure": "asa", "value": None, "ci_lo": None, "days": 30},
)


def test_csv_reads_back_as_it_was_written() -> None:
    back = list(csv.DictReader(io.StringIO(csv_text(ROWS))))
    assert back[0] == {"line": "support", "measure": "asa", "value": "12.5", "ci_lo": "11.0", "days": "30"}
    assert back[1]["value"] == ""


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    assert "'=1+1" in csv_text(ROWS)
    save_workbook(tmp_path / "out.xlsx", {"measures": ROWS})
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["measures"]
    assert [cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row].count("f") == 0
    assert sheet["C2"].value == 12.5


def test_json_keeps_numbers_as_numbers() -> None:
    assert '"value": 12.5' in json_text(ROWS)


def page() -> Page:
    ribbon = Series("support", ("08:00", "08:30"), (0.8, 0.7), (0.75, None), (0.85, None))
    service = Chart("Service level", "time", "share", (ribbon,), aim=0.8, percent=True)
    waits = Chart("Waiting", "seconds", "share", (histogram("support", [0, 4_000, 90_000]),))
    return Page(
        "A <day>",
        "en",
        ("seed 7",),
        (Grid("Totals", ("line", "SL"), (("support", "80 %"),)),),
        (service, waits),
    )


def test_the_page_stands_alone_and_equal_pages_have_equal_bytes() -> None:
    written = html(page())
    assert written == html(page())
    assert "A &lt;day&gt;" in written
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", written)
    assert written.count('class="plotly-graph-div"') == 2


def test_a_ribbon_leaves_out_what_was_not_measured() -> None:
    band = figure(page().charts[0]).data[0]
    assert tuple(band.x) == ("08:00", "08:00")
    assert tuple(band.y) == (0.75, 0.85)


def test_the_waiting_time_distribution_ends_at_one() -> None:
    series = histogram("support", [0, 4_000, 90_000])
    assert series.y[0] == 1 / 3
    assert series.y[1] == 2 / 3
    assert series.y[-1] == 1.0
    assert histogram("none", []) == Series("none", (), ())


def test_times_keep_their_order_though_the_first_ones_were_not_measured() -> None:
    late = Series("late", ("08:00", "08:30"), (None, 0.7), (None, 0.6), (None, 0.8))
    axis = figure(Chart("t", "x", "y", (late,))).layout.xaxis
    assert tuple(axis.categoryarray) == ("08:00", "08:30")
