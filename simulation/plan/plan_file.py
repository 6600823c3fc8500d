"""Plans: a site, a stretch of time, demand, rosters and goals as one TOML file, read to a Scenario."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from config.calendars import read_timezone
from config.documents import read_documents
from config.errors import ConfigError
from config.load import check as check_site
from config.schema import Site
from config.table import Reading, Table, as_date
from queues.desk import Desk
from simulation.plan import forecasts, rosters
from simulation.plan.demand import Demand
from simulation.plan.forecasts import empty, read_forecasts
from simulation.plan.line_tables import read_lines
from simulation.plan.plan_sections import read_callbacks, read_goals, read_habits, read_incident
from simulation.plan.rosters import Roster, read_roster, read_shifts
from simulation.plan.span import DAY_S, Changes, Span, as_when
from simulation.plan.staffing_table import StaffingTable, read_staffing
from simulation.plan.tables import Faults, Row, read_rows
from simulation.plan.texts import text_lengths
from simulation.scenario import Duty, Scenario, Spoken
from simulation.world.playable import Unplayable, check, served

MOST_INTERVALS = 50_000
AROUND_MS = 60 * DAY_S * 1000
"""Opening hours are resolved this far before and after the plan: targets run in business time."""

DEMO_PLAN = Path(__file__).parents[1] / "demo" / "plan.toml"


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan. `scenario.desk` has the opening hours of the time around the plan."""

    scenario: Scenario
    span: Span
    site: Site
    staffing: StaffingTable
    notes: tuple[str, ...] = ()
    """What was read otherwise than it stands there."""


def load_plan(path: str | os.PathLike[str], environ: Mapping[str, str], *, roster: bool = True) -> Plan:
    """The plan of a TOML file with its tables and its site, whose secrets need not be there.

    With `roster` False a plan without any shifts is fine: who is needed is to be found out.
    Raises ConfigError with everything that is wrong, in all of the files.
    """
    reading = Reading(environ, secrets=False)
    documents = read_documents(Path(path), reading)
    root = documents[0].root if documents else None
    if root is not None and root.data.get("include"):
        root.error("include", "a plan includes no other files")
    plan = _read(root, reading, roster) if root is not None and not reading.errors else None
    if plan is None or reading.errors:
        raise ConfigError.of(list(dict.fromkeys(reading.errors)))
    return plan


def _read(root: Table, reading: Reading, roster: bool) -> Plan | None:
    """None, and nothing more is said, when there is no site or no day to look at."""
    site = _read_site(root, reading)
    span = _read_span(root, site.server.timezone) if site else None
    if site is None or span is None:
        return None
    desk = site.desk_at(span.start_ms - AROUND_MS, span.end_ms + AROUND_MS)
    run_on_ms = root.duration_ms("run_on", 3_600_000)
    duties = _read_agents(root, span, desk, span.end_ms + run_on_ms, roster)
    changes = Changes()
    demand, daily_cv = _read_demand(root, span, desk, changes)
    scenario = Scenario(
        name=root.text("name", Path(root.file).stem),
        desk=desk,
        start_ms=span.start_ms,
        interval_ms=span.interval_ms,
        intervals=span.intervals,
        streams=tuple(demand.streams),
        handling=demand.handling,
        duties=duties,
        habits=read_habits(root.table("agents")),
        daily_cv=daily_cv,
        surge=read_incident(root, span, desk),
        callbacks=read_callbacks(root.table("callbacks")),
        text_ms=_read_texts(root, site),
        goals=read_goals(root, desk),
        short_ms=root.duration_ms("short", 5_000),
        run_on_ms=run_on_ms,
    )
    staffing = read_staffing(root.table("staffing"))
    root.finish()
    _check_whole(root, scenario, reading)
    return Plan(scenario, span, site, staffing, changes.notes())


def _check_whole(root: Table, scenario: Scenario, reading: Reading) -> None:
    """What only the scenario as a whole can show; the parts were told apart, with their keys."""
    try:
        if not reading.errors:
            check(scenario)
    except Unplayable as error:
        for reason in error.reasons:
            root.error("", reason)


def _read_site(root: Table, reading: Reading) -> Site | None:
    path = root.existing_file("site")
    if path is None:
        if not root.data.get("site"):
            root.error("site", "missing key (the site file of the desk)")
        return None
    # As written, so that its errors name the file as the plan does.
    site, errors, _ = check_site(Path(root.file).parent / root.text("site"), reading.environ, secrets=False)
    reading.errors.extend(errors)
    return site


def _read_texts(root: Table, site: Site) -> dict[Spoken, int]:
    faults: list[str] = []
    found = text_lengths(site, faults)
    for fault in faults:
        root.error("site", fault)
    return found


def _read_span(root: Table, timezone: str) -> Span | None:
    """None after an error."""
    before = len(root.reading.errors)
    zone = ZoneInfo(read_timezone(root, "timezone", timezone))
    first = as_date(root.anything("day"))
    if first is None or not 1971 <= first.year <= 2500:
        root.error("day", "missing key" if "day" not in root else 'must be a date such as "2026-11-23"')
        first = date(2000, 1, 1)
    days = root.integer("days", 1, least=1, most=366)
    opens, closes = _minutes(root, "start", 0), _minutes(root, "end", DAY_S // 60)
    if closes <= opens:
        root.error("end", "must be after start")
    elif days > 1 and (opens, closes) != (0, DAY_S // 60):
        root.error("days", "several days are whole days, without start and end")
    span = Span(zone, first, days, opens, closes, root.duration_ms("interval", 1_800_000, least_ms=60_000))
    length_ms = span.end_ms - span.start_ms
    if length_ms % span.interval_ms:
        root.error("interval", f"the plan is {length_ms / 3_600_000:g} h long, no whole number of intervals")
    elif length_ms // span.interval_ms > MOST_INTERVALS:
        root.error("interval", f"that makes more than {MOST_INTERVALS} intervals")
    return span if len(root.reading.errors) == before else None


def _minutes(root: Table, key: str, default: int) -> int:
    """A time of day in minutes."""
    text = root.text(key, "")
    if not text:
        return default
    try:
        when = as_when(text)
    except ValueError as error:
        root.error(key, str(error))
        return default
    if isinstance(when, int) and when % 60 == 0:
        return when // 60
    root.error(key, 'must be a time of day such as "08:00"')
    return default


def _rows(table: Table, required: tuple[str, ...], optional: tuple[str, ...]) -> tuple[list[Row], Faults]:
    """The rows of the table that `file` and `sheet` name; no rows when there is no such file."""
    path, sheet = table.existing_file("file"), table.text("sheet", "")
    faults = Faults(str(Path(table.file).parent / table.text("file", "")))
    return read_rows(path, faults, required, optional, sheet=sheet) if path else [], faults


def _read_agents(root: Table, span: Span, desk: Desk, until_ms: int, needed: bool) -> tuple[Duty, ...]:
    table = root.table("agents")
    known = {str(agent.id): agent for agent in desk.agents}
    roster = Roster(span)
    rows, faults = _rows(table, rosters.REQUIRED, rosters.OPTIONAL)
    read_roster(rows, roster, known)
    read_shifts(table.tables("shifts"), roster, known)
    table.reading.errors.extend(faults.told())
    if needed and "file" not in table and "shifts" not in table:
        table.error("file", "missing key (file or shifts say who works when)")
    return roster.duties(until_ms)


def _read_demand(root: Table, span: Span, desk: Desk, changes: Changes) -> tuple[Demand, float]:
    table = root.table("demand")
    if "file" not in table:
        table.error("file", "missing key (the forecast)")
    rows, faults = _rows(table, forecasts.REQUIRED, forecasts.OPTIONAL)
    found = read_forecasts(rows, span, desk, changes)
    plans = read_lines(root, desk)
    demand = Demand(root, desk, plans)
    waiting = (flow for flow, plan in plans.items() if plan.backlog)
    for flow in dict.fromkeys((*found, *waiting)):
        demand.add(flow, found.get(flow) or empty(span.intervals))
    _follow(demand, desk)
    table.reading.errors.extend(faults.told())
    return demand, table.number("daily_cv", 0.0, most=10.0)


def _follow(demand: Demand, desk: Desk) -> None:
    """Give handling to the lines that contacts are handed on to, and to those that these hand on to."""
    known = -1
    while known < len(demand.handling):
        known = len(demand.handling)
        scenario = Scenario("", desk, 0, 1, 1, tuple(demand.streams), demand.handling, ())
        for flow in served(scenario):
            demand.reach(flow)
