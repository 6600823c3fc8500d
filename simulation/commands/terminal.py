"""What the planner's commands share: reading a plan, workers, progress with time left."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from acd.commands.shell import BAD_INPUT, NO, Failure
from config.errors import ConfigError
from simulation.plan.plan_file import DEMO_PLAN, Plan, load_plan
from simulation.runs import experiment
from simulation.runs.spread import Map, NoBackend, dask, workers
from simulation.world.playable import Unplayable

DEFAULT_PLAN = Path("plan.toml")

PlanArgument = Annotated[
    Path | None,
    typer.Argument(metavar="PLAN", help="The plan (TOML); plan.toml, else the demo plan."),
]
DaysOption = Annotated[int | None, typer.Option("--days", min=2, help="How many days to simulate.")]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Until the interval of a KPI is narrow: sl:0.005 is ± 0.5 %.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same bytes.")]
JobsOption = Annotated[int, typer.Option("-j", "--jobs", min=1, help="Processes.")]
DaskOption = Annotated[
    str | None, typer.Option("--dask", help="Address of a Dask scheduler, or `local`, instead of -j.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Directory for CSV, XLSX, JSON and the HTML report.")
]
LanguageOption = Annotated[str, typer.Option("--language", help="Of the report: en or de.")]

Told = Callable[[experiment.Progress], None]
Moved = Callable[..., None]
"""Called with (done) or (done, of how many)."""


WIDE = 120
CORES = len(os.sched_getaffinity(0))
"""Processors that this process may use."""


def read_plan(path: Path | None, *, roster: bool = True) -> Plan:
    """The plan, or the one of this directory, or the demo. Raises Failure (bad input), one line per error."""
    if path is None:
        path = DEFAULT_PLAN if DEFAULT_PLAN.exists() else DEMO_PLAN
        if path is DEMO_PLAN:
            typer.echo("no plan given and no plan.toml here: this is the demo plan", err=True)
    try:
        plan = load_plan(path, os.environ, roster=roster)
    except ConfigError as error:
        raise Failure(BAD_INPUT, str(error)) from error
    for note in plan.notes:
        typer.echo(f"note: {note}", err=True)
    return plan


@contextmanager
def bad_input() -> Iterator[None]:
    """Turns what was asked for wrongly into a Failure of exit code 2, and an absent back-end into 1."""
    try:
        yield
    except (Unplayable, ValueError) as error:
        raise Failure(BAD_INPUT, str(error)) from error
    except NoBackend as error:
        raise Failure(NO, str(error)) from error


@contextmanager
def spread_over(jobs: int, address: str | None) -> Iterator[Map]:
    """Where replications run: Dask if an address is given, else so many processes."""
    if address is None:
        with workers(jobs) as spread:
            yield spread
        return
    with dask(None if address == "local" else address, jobs=jobs) as spread:
        yield spread


@contextmanager
def bar(title: str, counted: ProgressColumn, total: float | None = None) -> Iterator[Moved]:
    """A bar on standard error, if that is a terminal: how far in the words of `counted`, and time left."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(title, total=total)

        def moved(done: float, of: float | None = total) -> None:
            shown.update(task, completed=done, total=of)

        yield moved


@contextmanager
def progress(title: str) -> Iterator[Told]:
    """A bar of days: those done, those planned."""
    with bar(title, MofNCompleteColumn()) as moved:
        yield lambda now: moved(now.done, now.planned)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """On standard output; the first column to the left, numbers to the right."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, emoji=False)  # names are shown as they are written
    # Into a file or a pipe there is no width to keep to.
    (console if console.is_terminal else Console(width=WIDE, markup=False, emoji=False)).print(table)
