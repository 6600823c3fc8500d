"""`acd staff`: how many of whom are needed when, which shifts, who works them, and what that reaches."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from acd.commands.shell import DONE, NO, Failure, JsonOption
from simulation.commands.simulate import check_language, goals, save
from simulation.commands.terminal import (
    CORES,
    DaskOption,
    JobsOption,
    LanguageOption,
    OutOption,
    PlanArgument,
    SeedOption,
    bad_input,
    print_table,
    progress,
    read_plan,
    spread_over,
)
from simulation.plan.plan_file import Plan as PlanFile
from simulation.report import planner
from simulation.report.files import Row
from simulation.staffing import staff_sheets
from simulation.staffing.planning import Plan, Wanted, plan_staff
from simulation.staffing.shifts import NoCover

HOUR_MS = 3_600_000
_SAID = {
    "goal": "missed",
    "skill": "nobody",
    "empty": "empty",
    "heads": "missing",
    "agents": "short",
    "shift": "open",
}
"""Kinds of misses, in a terminal."""
_MOST = 10
"""Stretches of missing heads that a terminal shows."""

MINUTE_MS = 60_000


PerInterval = Annotated[
    bool, typer.Option("--per-interval", help="The goals hold for every interval, not only the day.")
]
Shrinkage = Annotated[
    float | None, typer.Option("--shrinkage", min=0.0, max=0.95, help="Instead of the plan's.")
]
Shifts = Annotated[bool, typer.Option(help="Plan shifts and a roster, not only heads.")]
Days = Annotated[int | None, typer.Option("--days", min=2, help="Days of the certificate.")]
Effort = Annotated[
    float, typer.Option("--effort", min=0.05, help="Of the search: times the usual number of days.")
]
Solver = Annotated[float, typer.Option("--solver-seconds", min=0.1, help="At most, for shifts.")]


def staff(
    plan: PlanArgument = None,
    *,
    per_interval: PerInterval = False,
    shrinkage: Shrinkage = None,
    shifts: Shifts = True,
    days: Days = None,
    effort: Effort = 1.0,
    solver: Solver = 10.0,
    kernel: Annotated[
        bool, typer.Option(help="Search by the compiled kernel, where it has all the rules.")
    ] = True,
    seed: SeedOption = 1,
    jobs: JobsOption = CORES,
    dask: DaskOption = None,
    out: OutOption = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
) -> int:
    """Size the staff of a plan; exit 1 when a goal is missed, and by how much."""
    check_language(language)
    told = read_plan(plan, roster=False)
    wanted = Wanted(
        shifts=told.staffing.shifts if shifts else None,
        at=told.span.after_ms,
        shrinkage=told.staffing.shrinkage if shrinkage is None else shrinkage,
        below=0.0 if per_interval else Wanted().below,
        seed=seed,
        days=days,
        effort=effort,
        solver_s=solver,
        kernel=kernel,
    )
    with bad_input(), spread_over(jobs, dask) as spread, progress(told.scenario.name) as bar:
        try:
            found = plan_staff(told.scenario, wanted, map=spread, told=bar)
        except NoCover as failure:
            raise Failure(NO, f"shifts: {failure}") from failure
    return answer(told, found, out, language, as_json=as_json)


def answer(told: PlanFile, found: Plan, out: Path | None, language: str, *, as_json: bool) -> int:
    """Print and save what was found; whether the goals are reached as an exit code."""
    sheets = tables(told, found)
    whole = document(told, found, sheets)
    if out is not None:
        save(out, sheets, whole, planner.simulation_page(told, found.certificate, language))
    if as_json:
        typer.echo(json.dumps(whole, ensure_ascii=False))
    else:
        show(found, whole)
    return DONE if whole["reached"] else NO


def reached(misses: list[Row]) -> bool:
    """Whether every goal is met, or at least not surely missed, and somebody is there for every contact."""
    return not any(miss["kind"] in {"goal", "skill", "empty"} for miss in misses)


def tables(told: PlanFile, found: Plan) -> dict[str, list[Row]]:
    """All tables, by the name of their file."""
    return {
        "requirement": staff_sheets.requirement_rows(found, told.span),
        "heads": staff_sheets.heads_rows(found, told.span),
        "shifts": staff_sheets.shift_rows(found, told.span),
        "roster": staff_sheets.roster_rows(found, told.span),
        "misses": staff_sheets.miss_rows(found, told.span),
    }


def document(told: PlanFile, found: Plan, sheets: Mapping[str, list[Row]]) -> dict[str, Any]:
    """Everything as one JSON object."""
    result = found.certificate
    return {
        "scenario": told.scenario.name,
        "from": told.span.show(told.scenario.start_ms),
        "to": told.span.show(told.scenario.end_ms),
        "seed": found.wanted.seed,
        "searched_by": found.searched_by,
        "days": len(result.days),
        "digest": result.digest(),
        "reached": reached(sheets["misses"]),
        "goals": goals(result),
        "totals": totals(found),
        "rounds": [
            {"hours": one.hours, "values": [share.value for share in one.shares], "missing": one.missing}
            for one in found.found.rounds
        ],
        **sheets,
    }


def totals(found: Plan) -> dict[str, Any]:
    """Agent hours on the way from the requirement to the roster, and how busy the agents are."""
    hours = found.task.scenario.interval_ms / HOUR_MS
    first, best = found.found.rounds[0], found.found.best
    numbers: dict[str, Any] = {
        "erlang_hours": first.hours,
        "needed_hours": best.hours,
        "shrinkage": found.wanted.shrinkage,
        "needed_with_shrinkage_hours": round(best.hours / (1 - found.wanted.shrinkage), 2),
        "occupancy": round(found.certificate.measure("occupancy").value, 4),
    }
    if found.rota is not None:
        cover = found.rota.cover
        numbers |= {
            "paid_hours": cover.paid_ms / HOUR_MS,
            "shifts": int(cover.chosen.sum()),
            "agents": len({one.agent for one in found.rota.proposal.shifts}),
            "missing_head_hours": round(float(cover.short.max(axis=1, initial=0.0).sum()) * hours, 2),
            "solver": cover.proof.value,
            "solver_gap": round(cover.gap, 6),
        }
    return numbers


def show(found: Plan, whole: Mapping[str, Any]) -> None:
    """Goals, hours, the day by interval, and what is missed."""
    print_table(
        whole["scenario"],
        ("line", "goal", "reached", "95 % between", ""),
        [
            (
                f"{one['line']} {one['medium']}",
                f"{one['definition']} {one['share']:.0%}",
                f"{one['value']:.1%}",
                f"{one['ci_lo']:.1%} and {one['ci_hi']:.1%}",
                "met" if one["met"] else "missed" if one["ci_hi"] < one["share"] else "not sure",
            )
            for one in whole["goals"]
        ],
    )
    numbers = whole["totals"].items()
    print_table(
        "hours", ("what", "value"), [(name.replace("_", " "), _text(value)) for name, value in numbers]
    )
    print_table("by interval", _columns(found), _lines(found, whole))
    heads = [miss for miss in whole["misses"] if miss["kind"] == "heads"]
    for miss in whole["misses"]:
        if miss not in heads[_MOST:]:
            typer.echo(f"{_SAID[miss['kind']]}: {miss['what']}: {miss['text']}")
    if len(heads) > _MOST:
        typer.echo(f"missing: and {len(heads) - _MOST} more stretches, in misses.csv")
    if found.rota is not None:
        typer.echo("--out DIR writes shifts and roster; a plan reads roster.csv back.")


def _text(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _columns(found: Plan) -> tuple[str, ...]:
    lines = (work.line for work in found.task.works)
    return ("from", "needed", "scheduled", *(name for line in lines for name in (line, "± %")))


def _lines(found: Plan, whole: Mapping[str, Any]) -> list[list[str]]:
    """Per interval the heads of all profiles, and per work the share reached with its half width."""
    heads: dict[str, list[float]] = {}
    for row in whole["heads"]:
        both = heads.setdefault(row["interval_start"], [0.0, 0.0])
        both[0] += row["needed"]
        both[1] += row["scheduled"] or 0.0
    shares: dict[str, list[str]] = {}
    for row in whole["requirement"]:
        width = None if row["ci_lo"] is None else (row["ci_hi"] - row["ci_lo"]) / 2
        texts = (
            "" if row["value"] is None else f"{row['value']:.0%}",
            "" if width is None else f"{width:.0%}",
        )
        shares.setdefault(row["interval_start"], []).extend(texts)
    return [
        [start[-5:], f"{needed:g}", f"{there:g}" if found.rota else "", *shares.get(start, [])]
        for start, (needed, there) in heads.items()
    ]
