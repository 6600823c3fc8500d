"""`acd backup`: a checked copy of the data folder, while the server runs or not."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from acd.commands.check import SiteArgument, readable
from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, JsonOption, print_json, say
from config.errors import ConfigError


def backup(
    site: SiteArgument,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="The vault's master key, too: whoever has it all reads it all.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Save journal, vault and lists, as they are now, and check the copy. The server may run."""
    from acd.server.backup import BackupError, back_up, size_of  # noqa: PLC0415 (others start faster)

    try:
        found = readable(site)
    except ConfigError as mistake:
        raise Failure(BAD_INPUT, str(mistake)) from mistake
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("copying", total=size_of(found))
            made = back_up(
                site,
                found,
                folder,
                with_key=with_key,
                on_copied=lambda size: bar.advance(task, size),
                on_read=lambda read, total: bar.update(
                    task, description="checking", completed=read, total=total
                ),
            )
    except BackupError as failure:
        raise Failure(NO, str(failure)) from failure
    if as_json:
        print_json(msgspec.to_builtins(made))
    else:
        key = "with the vault's key" if made.with_key else "without the vault's key: keep that elsewhere"
        opened = "" if made.opened else " (numbers, documents and lists not: no key)"
        say(f"{folder}: {made.bytes / 1e6:.1f} MB up to entry {made.last_entry}, checked{opened}, {key}")
    return DONE
