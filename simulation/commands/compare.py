"""`acd compare` and `acd surge`: scenarios on the same days, told apart by their differences."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from acd.commands.shell import BAD_INPUT, DONE, Failure, JsonOption
from config.durations import duration_ms
from queues.desk import LineId
from simulation.commands.simulate import BRIEFLY, check_language, document, run, save
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
    read_plan,
)
from simulation.plan.plan_file import Plan
from simulation.plan.span import as_when
from simulation.report import comparison
from simulation.report.words import word
from simulation.runs.pairs import compare as changes_of
from simulation.runs.result import Result
from simulation.scenario import Scenario, Surge


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A plan (TOML) …")],
    b: Annotated[Path, typer.Argument(metavar="B", help="… and the one to compare with it.")],
    *,
    days: DaysOption = None,
    until: UntilOption = None,
    seed: SeedOption = 1,
    jobs: JobsOption = CORES,
    dask: DaskOption = None,
    out: OutOption = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
) -> int:
    """Simulate two plans on the same days: paired differences with confidence intervals."""
    check_language(language)
    before, after = read_plan(a), read_plan(b)
    scenarios = [before.scenario, _apart(before.scenario, after.scenario, b)]
    with bad_input():
        results = run(scenarios, days=days, until=until, seed=seed, jobs=jobs, dask=dask)
    _tell(before, results, out, language, as_json=as_json)
    return DONE


def surge(
    plan: PlanArgument = None,
    *,
    at: Annotated[str, typer.Option("--at", help="When it begins: 10:00, or with a day.")],
    factor: Annotated[
        float, typer.Option("--factor", min=0.0, help="Contacts come so many times as often …")
    ],
    lasts: Annotated[str, typer.Option("--for", help="… for so long: 45m.")],
    deflect: Annotated[
        float, typer.Option("--deflect", min=0.0, max=1.0, help="Share content with the announcement.")
    ] = 0.3,
    announced_after: Annotated[
        str, typer.Option("--announced-after", help="Until somebody switches the announcement on.")
    ] = "5m",
    text: Annotated[str, typer.Option("--text", help="How long the announcement is.")] = "15s",
    line: Annotated[list[str] | None, typer.Option("--line", help="Lines concerned; all without.")] = None,
    days: DaysOption = None,
    until: UntilOption = None,
    seed: SeedOption = 1,
    jobs: JobsOption = CORES,
    dask: DaskOption = None,
    out: OutOption = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
) -> int:
    """A mass incident: the calm day, the surge, and the surge with its announcement, on the same days."""
    check_language(language)
    told = read_plan(plan)
    with bad_input():
        incident = Surge(
            start_ms=_moment(told, at),
            end_ms=_moment(told, at) + duration_ms(lasts),
            factor=factor,
            lines=tuple(LineId(name) for name in line or ()),
            announced_ms=_moment(told, at) + duration_ms(announced_after),
            announcement_ms=duration_ms(text),
            deflect=deflect,
        )
        scenarios = _surging(told.scenario, incident, language)
        results = run(scenarios, days=days, until=until, seed=seed, jobs=jobs, dask=dask)
    _tell(told, results, out, language, as_json=as_json)
    return DONE


def _moment(plan: Plan, text: str) -> int:
    """Raises ValueError unless it lies within the plan."""
    moment_ms = plan.span.moments(as_when(text))[0]
    if not plan.span.start_ms <= moment_ms < plan.span.end_ms:
        raise ValueError(
            f"--at {text}: the plan goes from {plan.span.show(plan.span.start_ms)} to "
            f"{plan.span.show(plan.span.end_ms)}"
        )
    return moment_ms


def _surging(scenario: Scenario, incident: Surge, language: str) -> list[Scenario]:
    """The day without an incident, with one that nobody announces, with one that is announced."""
    silent = replace(incident, announced_ms=None)
    names = (word(key, language) for key in ("calm", "surge", "announced"))
    surges = (None, silent, incident)
    return [replace(scenario, name=name, surge=one) for name, one in zip(names, surges, strict=True)]


def _apart(before: Scenario, after: Scenario, path: Path) -> Scenario:
    """`after` under a name of its own. Raises Failure when their intervals are not the same."""
    grids = [(one.start_ms, one.interval_ms, one.intervals) for one in (before, after)]
    if grids[0] != grids[1]:
        raise Failure(BAD_INPUT, f"{path}: both plans must have the same days and intervals")
    return after if after.name != before.name else replace(after, name=f"{after.name} ({path.stem})")


def _tell(plan: Plan, results: list[Result], out: Path | None, language: str, *, as_json: bool) -> None:
    """Each result against the one before it."""
    pairs = list(pairwise(results))
    whole = _document(plan, results) if as_json or out is not None else {}
    if out is not None:
        for number, (before, after) in enumerate(pairs, 1):
            place = out if len(pairs) == 1 else out / f"step-{number}"
            page = comparison.comparison_page(plan, before, after, language)
            tables = {"changes": list(comparison.tidy(changes_of(before, after)))}
            save(place, tables, whole, page)
    if as_json:
        typer.echo(json.dumps(whole, ensure_ascii=False))
        return
    for before, after in pairs:
        grid = comparison.changes_grid(before, after, language, BRIEFLY)
        print_table(grid.title, grid.columns, grid.rows)
    typer.echo(word("marked", language, days=str(len(results[0].days)), seed=str(results[0].seed)))


def _document(plan: Plan, results: list[Result]) -> dict[str, Any]:
    return {
        "scenarios": [document(plan, result) for result in results],
        "changes": [
            {
                "before": before.scenario.name,
                "after": after.scenario.name,
                "measures": list(comparison.tidy(changes_of(before, after))),
            }
            for before, after in pairwise(results)
        ],
    }
