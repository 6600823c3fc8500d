"""`acd demo`: the demo desk on loopback, callers and agents that really call, and a live table."""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from acd.commands import terminal
from acd.commands.client import Client, ClientError
from channels.demo.show import DemoError, Show
from channels.demo.supervisor import Supervisor
from channels.demo.tally import Tally

REFRESH_S = 0.5
LAST_CALLS_S = 20
"""Of the running time: no new calls so long before the end, so that those under way can end."""


def demo(
    seconds: Annotated[int, typer.Option(min=10, help="How long the demonstration runs.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end, no table.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep journal, logs and site in this folder.")] = None,
) -> int:
    """Run the demo desk with callers and agents on loopback; ends by itself. Exit 1 if a call went wrong."""
    try:
        with TemporaryDirectory(prefix="acd-demo-") as scratch:
            tally = _run(keep or Path(scratch), seconds, quiet=as_json)
    except (DemoError, ClientError) as failure:
        sys.stderr.write(f"acd demo: {failure}\n")
        return 1
    result = tally.as_json()
    sys.stdout.write(json.dumps(result) + "\n" if as_json else tally.as_text())
    return 0 if tally.good() else 1


def _run(folder: Path, seconds: int, *, quiet: bool) -> Tally:
    folder.mkdir(parents=True, exist_ok=True)
    calling_s = max(5, seconds - LAST_CALLS_S)
    with Show(folder) as show:
        show.start(calling_s)
        with Client(show.target) as client:
            supervisor = Supervisor(client, calling_s)
            _watch(show, supervisor, seconds, quiet=quiet)
            errors = show.end_calls()
            supervisor.finish()
            tally = Tally.take(client, show.reports(), supervisor.done)
            tally.errors.extend(errors)
        tally.errors.extend(show.stop())
    return tally


def _watch(show: Show, supervisor: Supervisor, seconds: int, *, quiet: bool) -> None:
    """Wait for the end of the last call, at most `seconds`; the supervisor acts, the desk is shown."""
    bar = Progress(
        TextColumn("demo desk"), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[calls]}")
    )
    task = bar.add_task("", total=seconds, calls="")
    console = Console()
    began_s = time.monotonic()
    live = Live(console=console, refresh_per_second=2, screen=False, transient=True)
    if not quiet and console.is_terminal:
        live.start()
    try:
        while (spent_s := time.monotonic() - began_s) < seconds and show.calling():
            reports = show.reports()
            calls = sum(1 for report in reports if report.get("role") == "caller")
            bar.update(task, completed=spent_s, calls=f"{calls} calls over")
            supervisor.look(spent_s)
            live.update(Group(bar, _status(supervisor.client)))
            time.sleep(REFRESH_S)
    finally:
        live.stop()


def _status(client: Client) -> RenderableType:
    try:
        return terminal.status(client.get("/status"))
    except ClientError as error:
        return str(error)
