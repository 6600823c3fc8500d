"""The planner's report of one simulated scenario: its page, and its tidy tables."""

from collections.abc import Iterator, Sequence
from math import isfinite

from msgspec.structs import asdict

from acd.kpi.definitions import DEFINITIONS, Unit, printed
from acd.kpi.service import Terms
from agents.capacity import VOICE
from queues.desk import Medium
from simulation.plan.plan_file import Plan
from simulation.report.charts import Chart, Series, histogram
from simulation.report.files import Row
from simulation.report.numbers import plus_minus, shown
from simulation.report.page import Grid, Page
from simulation.report.words import WORDS, word
from simulation.runs.outcome import terms_of
from simulation.runs.result import HEADLINE, Result
from simulation.runs.sums import Where
from simulation.scenario import Goal
from simulation.staffing.headcount import mix
from simulation.staffing.requirement import Unstaffable, requirement
from simulation.staffing.workload import task


def simulation_page(plan: Plan, result: Result, language: str) -> Page:
    """Goals and totals as tables; staff, service level, waiting times and backlog as charts."""
    return Page(
        title=word("title", language, name=result.scenario.name),
        language=language,
        notes=notes(result, language),
        grids=(*_goal_grids(result, language), totals_grid(result, language)),
        charts=tuple(_charts(plan, result, language)),
    )


def notes(result: Result, language: str) -> tuple[str, ...]:
    """How the numbers were made, and what they mean."""
    contacts = result.measure("contacts").value
    days, seed = str(len(result.days)), str(result.seed)
    return (
        word("made", language, days=days, contacts=f"{contacts:,.0f}", seed=seed),
        word("intervals", language, short=shown(result.scenario.short_ms, Unit.MS)),
    )


def goal_rows(result: Result, language: str) -> list[tuple[str, ...]]:
    """Each goal: line, definition and version, threshold, aim, what was found, whether met."""
    rows: list[tuple[str, ...]] = []
    for check in result.goals():
        goal, definition = check.goal, DEFINITIONS[check.goal.definition]
        met = "no" if not check.met else "yes" if check.sure else "unsure"
        rows.append(
            (
                f"{goal.line}, {goal.medium}",
                f"{definition.name}.{definition.version}",
                shown(goal.threshold_ms, Unit.MS),
                shown(goal.share, Unit.SHARE),
                plus_minus(check.estimate.value, check.estimate.hi, Unit.SHARE),
                word(met, language),
            )
        )
    return rows


def goal_columns(language: str) -> tuple[str, ...]:
    """The heads of `goal_rows`."""
    names = ("line", "measure", "threshold", "aim", "found", "met")
    return tuple(word(name, language) for name in names)


def _goal_grids(result: Result, language: str) -> Iterator[Grid]:
    if result.scenario.goals:
        columns = goal_columns(language)
        yield Grid(word("goals", language), columns, tuple(goal_rows(result, language)))


def totals_grid(result: Result, language: str, measures: Sequence[str] = HEADLINE) -> Grid:
    """The headline, a row for everything and for each medium and line."""
    found = [row for row in result.headline() if row.line or not row.tenant]
    known = [name for name in measures if any(row.measure == name for row in found)]
    cells = {
        (row.tenant, row.line, row.medium, row.measure): plus_minus(row.value, row.ci_hi, row.unit)
        for row in found
    }
    wheres = list(dict.fromkeys(Where(row.tenant, row.line, row.medium) for row in found))
    rows = tuple(
        (place(where, wheres, language), *(cells.get((*where[:3], measure), "–") for measure in known))
        for where in wheres
    )
    columns = (word("line", language), *(named(measure, language) for measure in known))
    return Grid(word("totals", language), columns, rows)


def place(where: Where, among: Sequence[Where], language: str) -> str:
    """What a number is about: `support, voice`; the client where a line has several; `all` without a line."""
    shared = sum(other[1:3] == where[1:3] for other in among) > 1
    line = f"{where.line} ({where.tenant})" if shared else where.line
    return ", ".join(part for part in (line or word("all", language), where.medium) if part)


def named(measure: str, language: str) -> str:
    """What a KPI is called."""
    if measure in WORDS:
        return word(measure, language)
    definition = DEFINITIONS.get(measure)
    return definition.german if definition is not None and language == "de" else measure


def _charts(plan: Plan, result: Result, language: str) -> Iterator[Chart]:
    times, axis = times_of(plan), word("time", language)
    staff = tuple(_staff(plan, result, language))
    yield Chart(word("staff", language), axis, word("agents", language), staff)
    for goal in result.scenario.goals:
        series = level_series(plan, result, goal)
        title = f"{word('service', language)}: {goal.line}, {goal.medium} ({goal.definition})"
        yield Chart(title, axis, word("share", language), (series,), aim=goal.share, percent=True)
    waits = [
        histogram(f"{where.line}, {where.medium}", sample.values.tolist())
        for where, sample in result.sums.waits(None).items()
        if where.line and where.medium == VOICE and where.vip is None and len(sample.values)
    ]
    yield Chart(
        word("waiting", language),
        word("seconds", language),
        word("share", language),
        tuple(waits),
        percent=True,
    )
    for line, medium in sorted({queue for day in result.days for queue in day.queues}):
        if medium != VOICE:
            yield _backlog(result, line, medium, times, language)


def times_of(plan: Plan) -> tuple[str, ...]:
    """The beginning of each interval, as text in the zone of the plan."""
    scenario, one_day = plan.scenario, plan.span.days == 1
    starts = range(scenario.start_ms, scenario.end_ms, scenario.interval_ms)
    return tuple(plan.span.show(start)[11 if one_day else 0 :] for start in starts)


def _staff(plan: Plan, result: Result, language: str) -> Iterator[Series]:
    """Agents present on average, and how many the formula asks for."""
    scenario, times = result.scenario, times_of(plan)
    present = [
        float(result.sums.agent_time(number).present_ms.mean()) / scenario.interval_ms
        for number in range(scenario.intervals)
    ]
    yield Series(word("present", language), times, tuple(present), steps=True)
    todo = task(scenario)
    try:
        required = mix(todo, requirement(todo)).sum(axis=1).tolist()
    except Unstaffable:
        return
    yield Series(word("required", language), times, tuple(required), steps=True)


def level_series(plan: Plan, result: Result, goal: Goal) -> Series:
    """The goal's KPI per interval, with its ribbon."""
    where = result.where_of(goal)
    found = [
        result.measure(goal.definition, where._replace(interval=number))
        for number in range(result.scenario.intervals)
    ]
    return Series(
        goal.line,
        times_of(plan),
        tuple(_number(one.value) for one in found),
        tuple(_number(one.lo) for one in found),
        tuple(_number(one.hi) for one in found),
    )


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _backlog(result: Result, line: str, medium: Medium, times: tuple[str, ...], language: str) -> Chart:
    """Waiting contacts, against as many as arrive within the threshold: more cannot all be in time."""
    waiting = [
        [int(day.backlog[day.queues.index((line, medium)), number]) for number in range(len(times))]
        for day in result.days
        if (line, medium) in day.queues
    ]
    mean = tuple(sum(column) / len(result.days) for column in zip(*waiting, strict=True))
    series: tuple[Series, ...] = (Series(f"{line}, {medium}", times, mean),)
    title = f"{word('backlog', language)}: {line}, {medium}"
    goal = next((one for one in result.scenario.goals if (one.line, one.medium) == (line, medium)), None)
    if goal is not None:
        series = (*series, Series(word("tolerable", language), times, _tolerable(result, goal)))
    return Chart(title, word("time", language), word("contacts", language), series)


def _tolerable(result: Result, goal: Goal) -> tuple[float, ...]:
    """Arrivals within the last threshold before the end of each interval, in wall-clock time.

    Little's law: with more than these waiting, the average wait exceeds the threshold.
    """
    scenario = result.scenario
    where = result.where_of(goal)
    days = len(result.days)
    came = [
        float(result.parts("contacts", where._replace(interval=number))[0].sum()) / days
        for number in range(scenario.intervals)
    ]
    window = max(1, round(goal.threshold_ms / scenario.interval_ms))
    return tuple(sum(came[max(0, number + 1 - window) : number + 1]) for number in range(len(came)))


def tidy(plan: Plan, result: Result, *, by_interval: bool = True) -> Iterator[Row]:
    """All measures as rows, times as local text; those of the whole alone unless `by_interval`."""
    for row in result.table(by_interval=by_interval):
        start = row.interval_start
        yield {**asdict(row), "interval_start": None if start is None else plan.span.show(start)}


def definitions(result: Result) -> list[dict[str, object]]:
    """Every KPI with its version and rules; the thresholds are those of `thresholds`."""
    rules = Terms(short_ms=result.scenario.short_ms)
    texts = [printed(definition, rules) for definition in DEFINITIONS.values()]
    return [
        {key: text for key, text in one.items() if key not in ("threshold_s", "reply_s")} for one in texts
    ]


def thresholds(result: Result) -> dict[str, float]:
    """T of each line and medium, in seconds."""
    met = {(where.line, where.medium) for where in result.sums.of(None)}
    return {
        f"{line}/{medium}": terms.threshold_ms / 1000
        for (line, medium), terms in terms_of(result.scenario).items()
        if (line, medium) in met
    }
