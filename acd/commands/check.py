"""`acd check`, and reading a site file for the other commands."""

import os
import time
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, JsonOption, complain, print_json, say
from config.errors import ConfigError, Problem
from config.load import check as check_site
from config.schema import Site

if TYPE_CHECKING:
    from acd.reports.opening import EntryWeek

SiteArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site file (TOML).")]


def check(
    site: SiteArgument,
    as_json: JsonOption = False,
    secrets: Annotated[bool, typer.Option(help="Secrets must be there.")] = True,
    data: Annotated[
        bool, typer.Option("--data", help="Check the stored files, too; exit 1: damaged.")
    ] = False,
    *,
    hours: Annotated[bool, typer.Option("--hours", help="Show a week's hours of each entry.")] = False,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The week's first day, or today.")
    ] = None,
) -> int:
    """Check a site file; exit 0 if a server could start with it, else 2."""
    found, errors, warnings = _checked(site, secrets=secrets)
    if found is not None:
        errors, more = _flaws(found)
        warnings = (*warnings, *more)
    damages = _damages(found) if data and found is not None else ()
    week = _week(found, first) if found is not None and (hours or first is not None) else None
    if as_json:
        print_json(_check_report(found, (*errors, *damages), warnings, week))
    else:
        for warning in warnings:
            complain(f"warning: {warning}", DONE)
        for error in (*errors, *damages):
            complain(str(error), BAD_INPUT)
        if found is not None and not errors:
            say(f"{site}: {'damaged' if damages else 'ok'} ({_counts(found)})")
        if week is not None:
            _show_week(week)
    return BAD_INPUT if errors else NO if damages else DONE


def loaded(path: Path) -> Site:
    """The site, as a server would start with it. Raises Failure."""
    try:
        return read_again(path)
    except ConfigError as mistake:
        raise Failure(BAD_INPUT, str(mistake)) from mistake


def read_again(path: Path) -> Site:
    """The site as it is now, for a server that runs. Raises ConfigError with all that is wrong."""
    site, errors, _ = _checked(path, secrets=True)
    if site is None:
        raise ConfigError.of(errors)
    return site


def readable(path: Path) -> Site:
    """The site for those who only look: secrets may lack, channels' own tables are not read.

    Raises ConfigError.
    """
    names = tuple(sorted(entry_points(group="acd.channels").names))
    site, errors, _ = check_site(path, os.environ, channels=names, secrets=False)
    if site is None:
        raise ConfigError.of(errors)
    return site


def looked_at(path: Path) -> Site:
    """The site for a command that only looks. Raises Failure."""
    try:
        return readable(path)
    except ConfigError as mistake:
        raise Failure(BAD_INPUT, str(mistake)) from mistake


def _checked(path: Path, *, secrets: bool) -> tuple[Site | None, tuple[Problem, ...], tuple[Problem, ...]]:
    """As config.load.check, with the channels' own tables and the formulas of KPIs."""
    from acd.reports.kpi_question import own_definitions  # noqa: PLC0415
    from acd.server.channels import installed, make_channels  # noqa: PLC0415

    makers = installed()
    site, errors, warnings = check_site(path, os.environ, channels=tuple(makers), secrets=secrets)
    if site is not None:
        try:
            make_channels(site, makers)
            own_definitions(site)
        except ConfigError as mistake:
            return None, mistake.problems, warnings
    return site, errors, warnings


def _flaws(site: Site) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Errors and warnings of list files and escalation lists, with which a server starts all the same."""
    from acd.directory.directory import check_files  # noqa: PLC0415
    from acd.server import escalating  # noqa: PLC0415

    errors, warnings = check_files(site, time.time_ns() // 1_000_000)
    return (*errors, *escalating.flaws(site)), tuple(warnings)


def _damages(site: Site) -> tuple[Problem, ...]:
    from acd.commands.terminal import reading_bar  # noqa: PLC0415
    from acd.server.checking import damages  # noqa: PLC0415

    with reading_bar("checking") as on_read:
        found = dict.fromkeys(damages(site, on_read))  # one loss may be met twice
        return tuple(Problem(str(path), "", reason) for path, reason in found)


def _week(site: Site, first: datetime | None) -> "list[EntryWeek]":
    from acd.reports.opening import week_of  # noqa: PLC0415

    day = datetime.now(ZoneInfo(site.server.timezone)) if first is None else first
    return week_of(site, day.date())


def _show_week(week: "list[EntryWeek]") -> None:
    from acd.commands.terminal import console, opening  # noqa: PLC0415

    console().print(opening(week))


def _check_report(
    site: Site | None,
    errors: tuple[Problem, ...],
    warnings: tuple[Problem, ...],
    week: "list[EntryWeek] | None",
) -> dict[str, object]:
    report: dict[str, object] = {
        "ok": site is not None and not errors,
        "errors": [asdict(problem) for problem in errors],
        "warnings": [asdict(problem) for problem in warnings],
    }
    return report if week is None else report | {"hours": msgspec.to_builtins(week)}


def _counts(site: Site) -> str:
    desk = site.desk
    found = {"clients": desk.tenants, "lines": desk.lines, "entries": desk.entries, "agents": desk.agents}
    return ", ".join(f"{len(things)} {name}" for name, things in found.items())
