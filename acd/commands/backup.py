"""`acd backup`: a checked copy of the data folder, while the server runs or not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from acd.commands.check import SiteArgument, looked_at
from acd.commands.shell import DONE, NO, Failure, JsonOption, print_json, say


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

    found = looked_at(site)
    try:
        with _bars(size_of(found)) as (on_copied, on_read):
            made = back_up(site, found, folder, with_key=with_key, on_copied=on_copied, on_read=on_read)
    except BackupError as failure:
        raise Failure(NO, str(failure)) from failure
    if as_json:
        print_json(msgspec.to_builtins(made))
    else:
        key = "with the vault's key" if made.with_key else "without the vault's key: keep that elsewhere"
        opened = "" if made.opened else " (numbers, documents and lists not: no key)"
        say(f"{folder}: {made.bytes / 1e6:.1f} MB up to entry {made.last_entry}, checked{opened}, {key}")
    return DONE


@contextmanager
def _bars(total: int) -> Iterator[tuple[Callable[[int], None], Callable[[int, int], None]]]:
    """Told the bytes that were copied, and how much of how much was read again."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        copying, checking = bar.add_task("copying", total=total), bar.add_task("checking", total=None)
        yield (
            lambda size: bar.advance(copying, size),
            lambda read, whole: bar.update(checking, completed=read, total=whole),
        )
