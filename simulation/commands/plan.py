"""`acd plan`: a plan from the record of past days, to be simulated, staffed or changed by hand."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, JsonOption
from acd.core.facts import Fact
from acd.journal.codec import decode_facts
from config.errors import ConfigError
from config.load import check as check_site
from config.schema import Site
from simulation.commands.replay import entries_bar
from simulation.past.history import demand_from_facts
from simulation.past.record import DamagedRecord, PastRecord
from simulation.plan.plan_file import AROUND_MS
from simulation.plan.plan_writing import write_plan
from simulation.plan.span import Span
from simulation.scenario import Scenario

MIDNIGHT = 24 * 60
MINUTE_MS = 60_000


def plan(
    record: Annotated[
        Path, typer.Argument(metavar="JOURNAL", help="Directory of the journal, or a file of it.")
    ],
    *,
    site: Annotated[Path, typer.Option("--site", envvar="ACD_SITE", help="The site file of the desk.")],
    day: Annotated[datetime, typer.Option("--day", formats=["%Y-%m-%d"], help="The first day …")],
    days: Annotated[int, typer.Option("--days", min=1, max=31, help="… and how many.")] = 1,
    interval: Annotated[int, typer.Option("--interval", min=5, max=MIDNIGHT, help="In minutes.")] = 30,
    out: Annotated[Path, typer.Option("--out", help="Folder for plan.toml, forecast.csv, roster.csv.")],
    as_json: JsonOption = False,
) -> int:
    """Write the plan of recorded days: who came when, how long they talked and waited, who worked."""
    known = _site(site)
    try:
        span = Span(ZoneInfo(known.server.timezone), day.date(), days, 0, MIDNIGHT, interval * MINUTE_MS)
        if (span.end_ms - span.start_ms) % span.interval_ms:
            raise ValueError(f"--interval {interval}: no whole number of intervals fills the days")
        desk = known.desk_at(span.start_ms - AROUND_MS, span.end_ms + AROUND_MS)
        past = PastRecord(record)
        losses = past.losses(span.start_ms, span.end_ms)
        scenario = demand_from_facts(_facts(past), desk, span, name=f"{day:%Y-%m-%d} as it was")
        if not scenario.streams:
            raise ValueError(
                f"{record}: nobody came between {span.show(span.start_ms)} and {span.show(span.end_ms)}"
            )
        if gone := list(_gone(scenario)):
            raise ValueError(f"{site}: the record has {', '.join(gone)}: give the site file as it was then")
        written = write_plan(scenario, span, os.path.relpath(site, out), out)
    except DamagedRecord as damage:
        raise Failure(NO, str(damage)) from damage
    except (ConfigError, OSError, ValueError) as error:
        raise Failure(BAD_INPUT, str(error)) from error
    contacts = round(sum(sum(stream.expected) for stream in scenario.streams))
    if as_json:
        told = {"plan": str(written), "contacts": contacts, "duties": len(scenario.duties), "losses": losses}
        typer.echo(json.dumps(msgspec.to_builtins(told)))
    else:
        for loss in losses:
            typer.echo(f"note: {loss}")
        typer.echo(f"{written}: {contacts} first calls and mails, {len(scenario.duties)} duties")
    return DONE


def _gone(scenario: Scenario) -> Iterator[str]:
    """What those days had and the site has no more."""
    lines = {line.id for line in scenario.desk.lines}
    entries = {entry.id for entry in scenario.desk.entries}
    used = {stream.entry: None for stream in scenario.streams}
    used |= {stream.vip_entry: None for stream in scenario.streams if stream.vip_entry is not None}
    yield from (f"entry {name}" for name in used if name not in entries)
    named = {line: None for line, _ in scenario.handling}
    for one in scenario.handling.values():
        named |= {to: None for to in (one.escalate_to, one.consult and one.consult.to) if to}
    yield from (f"line {name}" for name in named if name not in lines)


def _site(path: Path) -> Site:
    site, errors, _ = check_site(path, os.environ, secrets=False)
    if site is None:
        raise Failure(BAD_INPUT, "\n".join(map(str, errors)))
    return site


def _facts(record: PastRecord) -> Iterator[list[Fact]]:
    """The facts of each entry, with a bar."""
    with entries_bar("reading", record.last_seq) as told:
        for entry in record.entries():
            told(entry.seq)
            yield list(decode_facts(entry.facts))
