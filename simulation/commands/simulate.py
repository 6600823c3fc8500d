"""`acd simulate`: what the days of a plan will be like, as the production engine runs them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import asdict

from acd.commands.shell import BAD_INPUT, DONE, Failure, JsonOption
from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL
from simulation.commands.terminal import (
    CORES,
    DaskOption,
    DaysOption,
    JobsOption,
    LanguageOption,
    OutOption,
    PlanArgument,
    SeedOption,
    UntilOption,
    bad_input,
    print_table,
    progress,
    read_plan,
    spread_over,
)
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.plan.plan_file import Plan
from simulation.report import planner
from simulation.report.files import Row, csv_text, json_text, save_workbook
from simulation.report.page import Page, html
from simulation.report.words import LANGUAGES
from simulation.runs.estimates import Stop, parse_stop
from simulation.runs.experiment import Driver, experiment
from simulation.runs.result import Result
from simulation.scenario import Scenario

USUAL_DAYS = 30
BRIEFLY = ("contacts", DEFAULT_SERVICE_LEVEL, "reachability", "abandon_rate", "asa")
"""What fits into a terminal; files have all of it."""
DRIVERS: Mapping[str, Driver] = {"loop": LoopDriver, "simpy": SimDriver}


def simulate(
    plan: PlanArgument = None,
    *,
    days: DaysOption = None,
    until: UntilOption = None,
    seed: SeedOption = 1,
    jobs: JobsOption = CORES,
    dask: DaskOption = None,
    driver: Annotated[str, typer.Option("--driver", help="loop or simpy: the same answer.")] = "loop",
    out: OutOption = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
) -> int:
    """Simulate the days of a plan by the production engine: KPIs with confidence intervals."""
    check_language(language)
    if driver not in DRIVERS:
        raise Failure(BAD_INPUT, f"--driver {driver}: choose loop or simpy")
    told = read_plan(plan)
    with bad_input():
        (result,) = run(
            [told.scenario], days=days, until=until, seed=seed, jobs=jobs, dask=dask, driver=DRIVERS[driver]
        )
    whole = document(told, result) if as_json or out is not None else {}
    if out is not None:
        page = planner.simulation_page(told, result, language)
        save(out, {"measures": list(planner.tidy(told, result))}, whole, page)
    if as_json:
        typer.echo(json.dumps(whole, ensure_ascii=False))
    else:
        show(result, language)
    return DONE


def check_language(language: str) -> None:
    """Raises Failure for a language that reports are not written in."""
    if language not in LANGUAGES:
        raise Failure(BAD_INPUT, f"--language {language}: choose {' or '.join(LANGUAGES)}")


def run(
    scenarios: Sequence[Scenario],
    *,
    days: int | None,
    until: str | None,
    seed: int,
    jobs: int,
    dask: str | None,
    driver: Driver = LoopDriver,
) -> list[Result]:
    """Each scenario on the same days: those asked for, or as many as the first one takes to get narrow.

    Raises ValueError for options that make no sense, NoBackend, Unplayable.
    """
    if days is not None and until is not None:
        raise ValueError("give --days or --until, not both")
    rule: Stop | None = None if until is None else parse_stop(until)
    many = (days or USUAL_DAYS) if rule is None else None
    results: list[Result] = []
    with spread_over(jobs, dask) as spread:
        for scenario in scenarios:
            with progress(scenario.name) as told:
                result = experiment(
                    scenario, seed=seed, days=many, until=rule, map=spread, progress=told, driver=driver
                )
            results.append(result)
            many, rule = len(result.days), None
    return results


def document(plan: Plan, result: Result) -> dict[str, Any]:
    """The result as one JSON object: how it was made, goals, the measures of the whole."""
    return {
        "scenario": result.scenario.name,
        "from": plan.span.show(result.scenario.start_ms),
        "to": plan.span.show(result.scenario.end_ms),
        "seed": result.seed,
        "days": len(result.days),
        "digest": result.digest(),
        "goals": goals(result),
        "measures": list(planner.tidy(plan, result, by_interval=False)),
        "thresholds_s": planner.thresholds(result),
        "definitions": planner.definitions(result),
    }


def goals(result: Result) -> list[dict[str, Any]]:
    """Each goal, what was found, and whether it is met: surely, with the whole interval."""
    return [
        {
            **asdict(check.goal),
            "value": check.estimate.value,
            "ci_lo": check.estimate.lo,
            "ci_hi": check.estimate.hi,
            "met": check.met,
            "sure": check.sure,
        }
        for check in result.goals()
    ]


def show(result: Result, language: str) -> None:
    """Goals and totals as tables."""
    if result.scenario.goals:
        columns = planner.goal_columns(language)
        print_table(result.scenario.name, columns, planner.goal_rows(result, language))
    grid = planner.totals_grid(result, language, BRIEFLY)
    print_table(grid.title, grid.columns, grid.rows)
    for note in planner.notes(result, language):
        typer.echo(note)


def save(out: Path, tables: Mapping[str, Sequence[Row]], whole: object, page: Page) -> None:
    """Tables as CSV and one workbook, the whole as JSON, the page as HTML. Raises Failure on a bad `out`."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            (out / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8")
        save_workbook(out / "report.xlsx", tables)
        (out / "report.json").write_text(json_text(whole), encoding="utf-8")
        (out / "report.html").write_text(html(page), encoding="utf-8")
    except OSError as error:
        raise Failure(BAD_INPUT, f"--out {out}: {error.strerror}") from error
