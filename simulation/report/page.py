"""One HTML page: what was asked, the numbers, the charts. It works offline and refers to nothing outside."""

from collections.abc import Sequence
from html import escape

import plotly.io
from msgspec import Struct

from simulation.report.charts import Chart, figure

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:84rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .75rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}caption{text-align:left;font-weight:600;padding:.5rem 0}
.note{color:#555}.wide{overflow-x:auto}
"""


class Grid(Struct, frozen=True):
    """A table of the page: a heading, the column names, the rows as they shall be read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Page(Struct, frozen=True):
    """A report. `notes` say how it was made: command, seed, days, definitions."""

    title: str
    language: str
    notes: tuple[str, ...]
    grids: tuple[Grid, ...]
    charts: tuple[Chart, ...]
    appendix: tuple[Grid, ...] = ()
    """Long tables, after the charts."""


def html(page: Page) -> str:
    """The whole page as text; the chart library stands in it once. Equal pages give equal bytes."""
    parts = [
        "<!doctype html>",
        f'<html lang="{escape(page.language)}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(page.title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(page.title)}</h1>",
        *(f'<p class="note">{escape(note)}</p>' for note in page.notes),
        *(_table(grid) for grid in page.grids),
        *_figures(page.charts),
        *(_table(grid) for grid in page.appendix),
        "</body></html>",
    ]
    return "\n".join(parts)


def _table(grid: Grid) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in grid.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in grid.rows
    )
    caption = f"<caption>{escape(grid.title)}</caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _figures(charts: Sequence[Chart]) -> list[str]:
    """Each chart as a block; ids are numbers, so that the same report has the same bytes."""
    return [
        plotly.io.to_html(
            figure(chart),
            full_html=False,
            include_plotlyjs=number == 0,
            div_id=f"chart-{number}",
            config={"displaylogo": False, "responsive": True},
        )
        for number, chart in enumerate(charts)
    ]
