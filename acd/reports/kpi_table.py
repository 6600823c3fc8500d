"""A KPI report as tables for a terminal."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL, DEFINITIONS, Unit, printed
from acd.kpi.incidents import Reach
from acd.kpi.percentiles import SHOWN, percentiles
from acd.reports import kpi_report
from acd.reports.kpi_json import REACH, RESULTS
from acd.reports.kpi_report import Report
from acd.reports.periods import told

COUNTED = (
    ("contacts N", "arrived"),
    ("offered O", "offered"),
    ("answered A", "answered"),
    ("abandoned X", "abandoned"),
    ("… short Xs", "short"),
    ("flow-outs F", "flowed_out"),
    ("blocked B", "blocked"),
    ("incident M", "incident"),
    ("open", "open"),
)
PER_INTERVAL = (DEFAULT_SERVICE_LEVEL, "reachability", "asa", "aht", "occupancy")
MANY_LINES = 8


def tables(made: Report) -> RenderableType:
    """Head, counts and KPIs by group, intervals, and what each definition means here."""
    question = made.question
    whom = question.client + (f", line {question.line}" if question.line else "")
    zone = question.zone
    head = Text(f"{whom}: {told(question.begin_ms, zone)} to {told(question.end_ms, zone)} ({zone.key})")
    parts: list[RenderableType] = [head, *_record(made), _groups(made)]
    if len(made.by_interval) > 1:
        parts.append(_intervals(made))
    if incidents := made.incidents():
        parts.append(_incidents(incidents, zone))
    parts.append(_definitions(made))
    if made.open:
        parts.append(Text(f"{made.open} contacts are still open: the numbers may change", style="yellow"))
    return Group(*parts)


def _record(made: Report) -> list[RenderableType]:
    """What the record does not have: what was lost, and what comes after its end."""
    question = made.question
    gaps: list[RenderableType] = [Text(str(loss), style="red") for loss in made.losses]
    if made.goes_on or made.last_ms >= question.end_ms:
        return gaps
    if not made.last_ms:
        return [*gaps, Text("the record has no entries of these days", style="yellow")]
    ends = told(made.last_ms, question.zone)
    return [*gaps, Text(f"the record ends {ends}: nothing is known after that", style="yellow")]


def shown(value: float | None, unit: str) -> str:
    """`62.50 %`, `12.3 s`, or the number."""
    if value is None:
        return "–"
    if unit == Unit.SHARE:
        return f"{value * 100:.2f} %"
    if unit == Unit.MS:
        return f"{value / 1000:.1f} s"
    number = f"{value:.0f}" if value == int(value) else f"{value:.2f}"
    return number if unit == Unit.NUMBER else f"{number} {unit}"


def _groups(made: Report) -> Table:
    columns = {"total": made.total}
    if len(made.by_medium) > 1:
        columns |= dict(sorted(made.by_medium.items()))
    if made.question.line is None and len(made.by_line) <= MANY_LINES:
        columns |= {f"line {name}": group for name, group in sorted(made.by_line.items())}
    table = _table("", columns)
    groups = list(columns.values())
    for title, name in COUNTED:
        table.add_row(title, *(str(getattr(group.counts, name)) for group in groups))
    for title, waits in _waits(groups):
        table.add_row(title, *waits)
    for definition in made.question.definitions.values():
        values = (shown(definition.value(group.coded()), definition.unit) for group in groups)
        table.add_row(definition.name, *values)
    for code in sorted({code for group in groups for code in group.codes.counts}):
        found = (group.codes.counts.get(code) for group in groups)
        table.add_row(f"code {code}", *(str(one.handled) if one else "0" for one in found))
    return table


def _waits(groups: Sequence[kpi_report.Group]) -> list[tuple[str, list[str]]]:
    rows: list[tuple[str, list[str]]] = []
    for which in ("answered", "abandoned"):
        found = [percentiles(getattr(group.waits, which)) for group in groups]
        for place, percent in enumerate(SHOWN):
            waits = [shown(one[place], Unit.MS) for one in found]
            rows.append((f"wait of {which}, P{percent}", waits))
    return rows


def _intervals(made: Report) -> Table:
    definitions = {**DEFINITIONS, **made.question.definitions}
    zone, bounds = made.question.zone, made.question.intervals.bounds
    table = _table("from", ("O", "A", "X", "F", "B", "M", *PER_INTERVAL))
    for start, group in zip(bounds, made.by_interval, strict=False):
        counts = group.counts
        if not counts.arrived and not counts.busy_ms:
            continue
        numbers = (counts.offered, counts.answered, counts.abandoned, counts.flowed_out)
        kpis = (shown(definitions[name].value(counts), definitions[name].unit) for name in PER_INTERVAL)
        table.add_row(
            told(start, zone)[:16], *map(str, numbers), str(counts.blocked), str(counts.incident), *kpis
        )
    return table


def _incidents(found: Sequence[tuple[str, Reach]], zone: ZoneInfo) -> Table:
    """What each of them reached, of this client's contacts."""
    table = _table("incident", ("declared", "over", *REACH, *RESULTS))
    for name, reach in found:
        over = f"{told(reach.over_ms, zone)[:16]} {reach.over_by}" if reach.over_ms else "is on"
        numbers = (*(getattr(reach, what) for what in REACH), *(reach.results[what] for what in RESULTS))
        table.add_row(name, told(reach.declared_ms, zone)[:16], over, *map(str, numbers))
    return table


def _definitions(made: Report) -> Table:
    """What a contract attaches money to: printed with every report."""
    terms = made.question.terms
    table = Table(title="definitions", title_justify="left", box=None, pad_edge=False)
    for column in ("name", "version", "formula", "threshold", "short abandon", "interval"):
        table.add_column(column, overflow="fold")
    for definition in made.question.definitions.values():
        said = printed(definition, terms)
        threshold = f"{said['threshold_s']:g} s, replies {said['reply_s']:g} s"
        rules = (definition.formula, threshold, str(said["short_abandon"]), str(said["interval"]))
        table.add_row(definition.name, str(definition.version), *rules)
    return table


def _table(first: str, columns: Mapping[str, object] | Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table
