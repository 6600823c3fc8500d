"""Forecast tables: contacts expected per interval, line and medium, with handling time and patience."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from config.errors import did_you_mean
from queues.desk import Desk, LineId, Medium
from simulation.plan.span import Changes, Span
from simulation.plan.tables import Row

REQUIRED = ("interval_start", "line", "medium", "offered")
OPTIONAL = ("aht_s", "patience_s")

MOST_OFFERED = 1_000_000.0
MOST_SECONDS = 31 * 86_400.0

Flow = tuple[LineId, Medium]


FEWEST_STEPS = 3
"""Two rows with a gap may be meant so."""


@dataclass(slots=True)
class Forecast:
    """The demand of one line by one medium; per interval of the plan."""

    offered: list[float]
    aht_s: list[float]
    """Mean handling time (talk, hold and wrap-up); NaN: not said."""
    patience_s: list[float]
    """Mean patience; NaN: not said."""
    rows: dict[int, Row] = field(default_factory=dict)
    """Interval → the row that it comes from."""

    def mean_s(self, lengths: list[float]) -> float:
        """Mean of `aht_s` or `patience_s` over the contacts for which it is said; NaN when it never is."""
        said = [(n, s) for n, s in zip(self.offered, lengths, strict=True) if not math.isnan(s)]
        contacts = sum(n for n, _ in said)
        if contacts:
            return sum(n * s for n, s in said) / contacts
        return sum(s for _, s in said) / len(said) if said else math.nan


def read_forecasts(rows: list[Row], span: Span, desk: Desk, changes: Changes) -> dict[Flow, Forecast]:
    """The forecasts in the order in which they first appear; faults are recorded in the rows.

    A row for every day has no interval on a day whose clocks skip its time, and two where it comes twice.
    """
    found: dict[Flow, Forecast] = {}
    lines, media = [line.id for line in desk.lines], desk.medium_ids
    for row in rows:
        flow = _flow(row, lines, media)
        intervals = _intervals(row, span, changes)
        offered = _needed(row, "offered", MOST_OFFERED)
        aht_s = _length(row, "aht_s")
        patience_s = _length(row, "patience_s")
        if flow is None or offered is None:
            continue
        forecast = found.setdefault(flow, empty(span.intervals))
        for interval in intervals:
            if interval in forecast.rows:
                first = forecast.rows[interval].number
                row.error("interval_start", f"the same line, medium and interval as in row {first}")
                break
            forecast.rows[interval] = row
            forecast.offered[interval] = offered
            forecast.aht_s[interval] = aht_s
            forecast.patience_s[interval] = patience_s
    for forecast in found.values():
        _refuse_steps(forecast, span)
    return found


def _refuse_steps(forecast: Forecast, span: Span) -> None:
    """Rows by the hour in a plan of half hours: all calls would come in each first half, unnoticed."""
    named = sorted(forecast.rows)
    steps = {later - earlier for earlier, later in pairwise(named) if _one_day(span, earlier, later)}
    if len(named) >= FEWEST_STEPS and len(steps) == 1 and (step := steps.pop()) > 1:
        minutes, own = step * span.interval_ms // 60_000, span.interval_ms // 60_000
        forecast.rows[named[1]].error(
            "interval_start",
            f"the rows are {minutes} minutes apart and the intervals of the plan {own}: a row counts for its "
            f'interval alone, so write one for each, or interval = "{minutes}m" in the plan',
        )


def _one_day(span: Span, earlier: int, later: int) -> bool:
    moments = (span.start_ms + number * span.interval_ms for number in (earlier, later))
    return len({span.day(moment) for moment in moments}) == 1


def empty(intervals: int) -> Forecast:
    """Nobody comes."""
    return Forecast([0.0] * intervals, [math.nan] * intervals, [math.nan] * intervals)


def _flow(row: Row, lines: Sequence[LineId], media: Sequence[Medium]) -> Flow | None:
    row.require("line")
    row.require("medium")
    line, medium = row.text("line"), row.text("medium")
    if line is not None and line not in lines:
        row.error("line", f'unknown line "{line:.64}"{did_you_mean(line, lines)}')
        return None
    if medium is not None and medium not in media:
        row.error("medium", f'unknown medium "{medium:.40}", must be one of {", ".join(media)}')
        return None
    return (LineId(line), Medium(medium)) if line and medium else None


def _intervals(row: Row, span: Span, changes: Changes) -> list[int]:
    row.require("interval_start")
    when = row.when("interval_start")
    if when is None:
        return []
    try:
        moments = span.each_day(when, changes) if isinstance(when, int) else span.moments(when)
        return [span.interval(moment) for moment in moments]
    except ValueError as error:
        row.error("interval_start", str(error))
        return []


def _needed(row: Row, column: str, most: float) -> float | None:
    row.require(column)
    return row.amount(column, most=most)


def _length(row: Row, column: str) -> float:
    seconds = row.amount(column, most=MOST_SECONDS)
    return math.nan if seconds is None else seconds
