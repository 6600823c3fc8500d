"""The report of two scenarios on the same days: what changes, by how much, how surely."""

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite

from acd.kpi.definitions import Unit
from simulation.plan.plan_file import Plan
from simulation.report.charts import Chart, Series
from simulation.report.files import Row
from simulation.report.numbers import interval_of, plus_minus, shown
from simulation.report.page import Grid, Page
from simulation.report.planner import level_series, named, notes, place, times_of
from simulation.report.words import word
from simulation.runs.estimates import Estimate, difference
from simulation.runs.pairs import Change, compare
from simulation.runs.result import HEADLINE, Result
from simulation.scenario import Goal


def comparison_page(plan: Plan, before: Result, after: Result, language: str) -> Page:
    """A table of what changes, and per goal both levels and their difference by interval."""
    title = word("compared", language, before=before.scenario.name, after=after.scenario.name)
    grid = Grid(word("changes", language), columns(language), tuple(rows(before, after, language)))
    charts = [
        chart
        for goal in before.scenario.goals
        for chart in (
            _levels(plan, before, after, goal, language),
            _difference(plan, before, after, goal, language),
        )
    ]
    return Page(
        title=title,
        language=language,
        notes=notes(before, language),
        grids=(changes_grid(before, after, language),),
        charts=tuple(charts),
        appendix=(grid,),
    )


def columns(language: str) -> tuple[str, ...]:
    """The heads of `rows`."""
    return tuple(
        word(name, language) for name in ("line", "measure", "before", "after", "change", "interval")
    )


def changes_grid(before: Result, after: Result, language: str, measures: Sequence[str] = HEADLINE) -> Grid:
    """The change of each measure, a row for everything and for each medium and line."""
    found = list(headline(before, after))
    known = [name for name in measures if any(change.measure == name for change in found)]
    cells = {(change.where, change.measure): brief(change) for change in found}
    wheres = sorted(dict.fromkeys(change.where for change in found), key=lambda where: where[:3])
    table = tuple(
        (place(where, wheres, language), *(cells.get((where, measure), "–") for measure in known))
        for where in wheres
    )
    title = word("compared", language, before=before.scenario.name, after=after.scenario.name)
    return Grid(title, (word("line", language), *(named(measure, language) for measure in known)), table)


def brief(change: Change) -> str:
    """`-19.5 ± 0.6 pp *`: with half the interval, and a star when that leaves 0 out."""
    found, unit = change.change, change.unit
    sign = "-" if found.value < 0 else "+"
    text = sign + plus_minus(abs(found.value), abs(found.value) + found.half_width, unit)
    return (text.replace(" %", " pp") if unit == Unit.SHARE else text) + (" *" if change.clear else "")


def headline(before: Result, after: Result) -> Iterator[Change]:
    """The changes that everybody asks for first: of everything and of each line, VIPs and others together."""
    for change in compare(before, after):
        where = change.where
        if change.measure in HEADLINE and where.vip is None and (where.line or not where.tenant):
            yield change


def rows(before: Result, after: Result, language: str) -> Iterator[tuple[str, ...]]:
    """The headline as text; a change whose interval leaves 0 out is marked."""
    found = sorted(headline(before, after), key=lambda change: change.where[:3])
    wheres = list(dict.fromkeys(change.where for change in found))
    for change in found:
        where, unit = change.where, change.unit
        yield (
            place(where, wheres, language),
            named(change.measure, language),
            shown(change.before.value, unit),
            shown(change.after.value, unit),
            signed(change.change.value, unit) + (" *" if change.clear else ""),
            interval_of(change.change, unit),
        )


def signed(value: float, unit: str) -> str:
    """A difference as people read it: shares in percentage points."""
    text = shown(abs(value), unit).replace(" %", " pp") if unit == Unit.SHARE else shown(abs(value), unit)
    return f"{'-' if value < 0 else '+'}{text}"


def tidy(changes: Iterable[Change]) -> Iterator[Row]:
    """All changes as rows."""
    for change in changes:
        yield {
            "tenant": change.where.tenant,
            "line": change.where.line,
            "medium": change.where.medium,
            "vip": change.where.vip,
            "measure": change.measure,
            "version": change.version,
            "unit": change.unit,
            "before": change.before.value,
            "after": change.after.value,
            "change": change.change.value,
            "ci_lo": change.change.lo,
            "ci_hi": change.change.hi,
            "clear": change.clear,
        }


def _levels(plan: Plan, before: Result, after: Result, goal: Goal, language: str) -> Chart:
    series = []
    for result in (before, after):
        one = level_series(plan, result, goal)
        series.append(Series(result.scenario.name, one.x, one.y, one.low, one.high))
    title = f"{word('service', language)}: {goal.line}, {goal.medium}"
    axes = word("time", language), word("share", language)
    return Chart(title, *axes, tuple(series), aim=goal.share, percent=True)


def _difference(plan: Plan, before: Result, after: Result, goal: Goal, language: str) -> Chart:
    found = list(_changes(before, after, goal))
    values = [[number if isfinite(number) else None for number in one] for one in found]
    y, low, high = (tuple(column) for column in zip(*values, strict=True))
    title = f"{word('difference', language)}: {goal.line}, {goal.medium}"
    axes = word("time", language), word("change", language)
    return Chart(title, *axes, (Series(goal.line, times_of(plan), y, low, high),), aim=0.0, percent=True)


def _changes(before: Result, after: Result, goal: Goal) -> Iterator[Sequence[float]]:
    where = before.where_of(goal)
    for number in range(before.scenario.intervals):
        place = where._replace(interval=number)
        parts = before.parts(goal.definition, place), after.parts(goal.definition, place)
        found: Estimate = difference(*parts).estimate
        yield found.value, found.lo, found.hi
