"""`acd explain`: why a contact was offered when it was, and to whom; what would have been otherwise."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, TaskProgressColumn, TextColumn

from acd.commands.check import readable
from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, JsonOption, complain, print_json, say
from config.errors import ConfigError
from config.schema import JournalKind, Site

if TYPE_CHECKING:
    from acd.why.explain import Explained
    from acd.why.otherwise import Otherwise
    from acd.why.record import OnRead, Record

LANGUAGE_CHOICES = ("en", "de")


def explain(
    number: Annotated[int, typer.Argument(metavar="CONTACT", min=1)],
    *,
    site: Annotated[Path | None, typer.Option(envvar="ACD_SITE", help="The site file.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Directory of the journal, when not that of the site (a copy).")
    ] = None,
    lang: Annotated[str, typer.Option(help="en or de.")] = "en",
    timezone: Annotated[
        str, typer.Option(help="Of the times that are shown. Default: the server's, else UTC.")
    ] = "",
    ifs: Annotated[
        list[str] | None,
        typer.Option(
            "--if",
            metavar="CHANGE",
            help="What if: ready AGENT [TIME], without CONTACT, plain CONTACT, more AGENT, no-incident ID. "
            "Repeat it. Default: the most telling ones.",
        ),
    ] = None,
    without: Annotated[
        list[int] | None, typer.Option(metavar="CONTACT", help="As --if 'without CONTACT'. Repeat it.")
    ] = None,
    what_if: Annotated[
        bool, typer.Option("--what-if/--no-what-if", help="Whether to look for what would have been.")
    ] = True,
    within: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds to spend on what would have been.")
    ] = 20.0,
    as_json: JsonOption = False,
) -> int:
    """Why a contact was served when it was: every decision, who could take it, and who could not."""
    from acd.journal.errors import JournalError  # noqa: PLC0415 (the other commands need not wait for these)
    from acd.why.explain import explain as explained  # noqa: PLC0415
    from acd.why.record import CannotExplain, Record  # noqa: PLC0415
    from acd.why.report import document, page  # noqa: PLC0415

    if lang not in LANGUAGE_CHOICES:
        raise Failure(BAD_INPUT, f"--lang {lang}: choose {' or '.join(LANGUAGE_CHOICES)}")
    try:
        found = readable(site) if site is not None else None
        zone = _zone(timezone or (found.server.timezone if found else "UTC"))
        record = Record(_directory(found, journal))
        with bar("replaying") as on_read:
            told = explained(record, number, on_read)
        asked = [*(ifs or ()), *(f"without {contact}" for contact in without or ())]
        otherwise = _otherwise(record, told, asked, zone, within) if asked or what_if else []
    except ConfigError as mistake:
        return complain(str(mistake), BAD_INPUT)
    except (CannotExplain, JournalError) as failure:
        return complain(str(failure), NO)
    if as_json:
        print_json(document(told, otherwise, lang, zone))
    else:
        for line in page(told, otherwise, lang, zone):
            say(line)
    return DONE


def _otherwise(
    record: "Record", told: "Explained", asked: Sequence[str], zone: ZoneInfo, within_s: float
) -> "list[Otherwise]":
    """Of the changes that were asked for, else of the most telling ones."""
    from acd.why.change import parse, telling  # noqa: PLC0415
    from acd.why.otherwise import Asking  # noqa: PLC0415

    until_s = time.monotonic() + within_s
    asking = Asking(record, told.contact, lambda: time.monotonic() < until_s)
    try:
        changes = [parse(text, asking.arrived_ms, zone) for text in asked]
    except ValueError as mistake:
        raise Failure(BAD_INPUT, f"--if {mistake}") from mistake
    changes = changes or asking.possible(telling(told.timeline))
    with bar("what if") as on_done:
        return asking.ask_all(changes, on_done)


def _directory(site: Site | None, journal: Path | None) -> Path:
    """Of the data directory that was given, or that of the site, the journal."""
    if journal is not None:
        inside = journal / "journal"
        return inside if inside.is_dir() else journal
    if site is None:
        raise Failure(BAD_INPUT, "which journal? give --site SITE (or set ACD_SITE) or --journal DIR")
    if site.server.journal is JournalKind.MEMORY:
        raise Failure(BAD_INPUT, "the journal of this site is in memory: there is nothing to read")
    return site.server.data_dir / "journal"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Failure(BAD_INPUT, f'--timezone: there is no time zone "{name}"') from error


@contextmanager
def bar(title: str) -> "Iterator[OnRead]":
    """A progress bar on standard error, on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
