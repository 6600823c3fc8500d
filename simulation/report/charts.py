"""The planner's charts, as Plotly figures of plain series."""

from collections.abc import Sequence

import plotly.graph_objects as go
from msgspec import Struct

COLOURS = ("#1f5fa8", "#c8582b", "#2f8f5b", "#8a5aa8", "#b8912a", "#4a4a4a")
"""Told apart by people who do not see red and green apart; the dash differs as well."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


class Series(Struct, frozen=True):
    """One line of a chart. `x` are labels (times of day) or numbers; `y` None where nothing was measured."""

    name: str
    x: tuple[str | float, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    """Lower end of the confidence interval at each x; empty: none is drawn."""
    high: tuple[float | None, ...] = ()
    steps: bool = False
    """The value holds until the next x (staff), instead of a line between the points."""


class Chart(Struct, frozen=True):
    """A titled figure: its axes, its series, and a horizontal line where something is aimed at."""

    title: str
    x_title: str
    y_title: str
    series: tuple[Series, ...]
    aim: float | None = None
    percent: bool = False
    """`y` are shares of one, shown in per cent."""


def figure(chart: Chart) -> go.Figure:
    """Draw it. A ribbon around a line is its confidence interval."""
    drawn = go.Figure()
    for number, series in enumerate(chart.series):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        if series.low and series.high:
            drawn.add_trace(_ribbon(series, colour))
        line = {"color": colour, "dash": dash, "width": 2, "shape": "hv" if series.steps else "linear"}
        drawn.add_trace(
            go.Scatter(x=list(series.x), y=list(series.y), name=series.name, mode="lines", line=line)
        )
    if chart.aim is not None:
        drawn.add_hline(y=chart.aim, line={"color": "#666666", "dash": "dash", "width": 1})
    drawn.update_layout(
        title=chart.title,
        template="plotly_white",
        height=420,
        margin={"l": 60, "r": 20, "t": 60, "b": 50},
        legend={"orientation": "h", "y": -0.2},
        hovermode="x unified",
    )
    drawn.update_xaxes(title=chart.x_title, **_order_of(chart))
    drawn.update_yaxes(title=chart.y_title, tickformat=".0%" if chart.percent else "")
    return drawn


def _order_of(chart: Chart) -> dict[str, object]:
    """Labels keep the order of the longest series: ribbons begin where something was measured."""
    labels = max((series.x for series in chart.series), key=len, default=())
    if not labels or not isinstance(labels[0], str):
        return {}
    return {"type": "category", "categoryorder": "array", "categoryarray": list(labels)}


def _ribbon(series: Series, colour: str) -> go.Scatter:
    """The band between both ends, where both are known."""
    known = [
        (x, low, high)
        for x, low, high in zip(series.x, series.low, series.high, strict=True)
        if low is not None and high is not None
    ]
    return go.Scatter(
        x=[x for x, _, _ in known] + [x for x, _, _ in reversed(known)],
        y=[low for _, low, _ in known] + [high for _, _, high in reversed(known)],
        fill="toself",
        fillcolor=_faint(colour),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def histogram(name: str, values_ms: Sequence[int], *, bin_ms: int = 5_000, most_ms: int = 300_000) -> Series:
    """Share of contacts that waited at most so many seconds, up to `most_ms`: a distribution function."""
    if not values_ms:
        return Series(name, (), ())
    ordered = sorted(values_ms)
    edges = range(0, min(most_ms, ordered[-1] + bin_ms) + 1, bin_ms)
    shares, at = [], 0
    for edge in edges:
        while at < len(ordered) and ordered[at] <= edge:
            at += 1
        shares.append(at / len(ordered))
    return Series(name, tuple(edge / 1000 for edge in edges), tuple(shares))
