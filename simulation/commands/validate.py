"""`acd validate`: every case of a truth file, by closed form and by simulation with the engine."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import structs
from rich.console import Console
from rich.progress import TaskProgressColumn
from rich.table import Table

from acd.commands.shell import BAD_INPUT, DONE, NO, JsonOption
from config.errors import ConfigError
from simulation.commands.terminal import bar
from simulation.runs.spread import workers
from simulation.validate import run
from simulation.validate.cases import Case, read_cases
from simulation.validate.verdict import Quantity, Verdict


def validate(
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Truth file; default: the one shipped.")
    ] = None,
    calls: Annotated[
        int, typer.Option("--calls", min=1_000, help="Calls per case, all runs together.")
    ] = run.CALLS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all random numbers.")] = run.SEED,
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, help="Processes; default: cores.")
    ] = None,
    *,
    formulas_only: Annotated[bool, typer.Option("--formulas-only", help="No simulation.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Compare theory, closed forms and the engine on truth cases. Exit 0 if all pass, 1 if not."""
    try:
        found = read_cases(cases)
    except ConfigError as mistake:
        sys.stderr.write(f"acd validate: {mistake}\n")
        return BAD_INPUT
    if formulas_only:
        verdicts = run.formulas_only(found)
    else:
        verdicts = _simulated(found, calls, seed, jobs or os.cpu_count() or 1)
    if as_json:
        sys.stdout.write(json.dumps(report(verdicts, seed, calls, simulated=not formulas_only)) + "\n")
    else:
        _show(verdicts, seed, simulated=not formulas_only)
    return DONE if all(verdict.passed for verdict in verdicts) else NO


def report(verdicts: Sequence[Verdict], seed: int, calls: int, *, simulated: bool) -> dict[str, Any]:
    """What `--json` prints: all cases with all their quantities."""
    return {
        "passed": all(verdict.passed for verdict in verdicts),
        "seed": seed,
        "calls": calls,
        "simulated": simulated,
        "cases": [_plain(verdict) for verdict in verdicts],
    }


def _plain(verdict: Verdict) -> dict[str, Any]:
    plain = structs.asdict(verdict)
    plain["quantities"] = [_without_nothing(structs.asdict(one)) for one in verdict.quantities]
    return _without_nothing(plain)


def _without_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    """Reasons and notes only where there are any."""
    return {name: value for name, value in fields.items() if name not in {"reason", "note"} or value}


def _simulated(cases: Sequence[Case], calls: int, seed: int, jobs: int) -> list[Verdict]:
    with workers(jobs) as spread, bar("truth cases", TaskProgressColumn()) as told:
        return run.run_cases(cases, calls=calls, seed=seed, spread=spread, told=told)


def _show(verdicts: Sequence[Verdict], seed: int, *, simulated: bool) -> None:
    table = Table("case", "quantity", "expected", "closed form", "rel. error", "simulated", "z", "passed")
    for verdict in verdicts:
        for number, one in enumerate(verdict.quantities):
            table.add_row("" if number else verdict.id, *_row(one))
        table.add_section()
    console = Console()
    console.print(table)
    for verdict in verdicts:
        for told in filter(None, (verdict.reason, verdict.note)):
            console.print(f"{verdict.id}: {told}", markup=False)
    passed = sum(verdict.passed for verdict in verdicts)
    how = f", seed {seed}" if simulated else ", closed forms only"
    console.print(f"{passed} of {len(verdicts)} cases passed{how}", markup=False)


def _row(one: Quantity) -> list[str]:
    shown = (one.expected, ".12g"), (one.got, ".12g"), (one.relative_error, ".1e"), (one.simulated, ".6g")
    numbers = ["" if value is None else format(value, style) for value, style in shown]
    return [one.name, *numbers, "" if one.z is None else f"{one.z:+.2f}", "yes" if one.passed else "NO"]
