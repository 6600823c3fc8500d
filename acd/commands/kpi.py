"""`acd kpi`: the KPIs of a client on some days, from the journal, while the server runs or not."""

import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from acd.commands.check import readable
from acd.commands.shell import BAD_INPUT, DONE, NO, JsonOption, complain, print_json
from acd.commands.terminal import console as terminal_console
from acd.commands.terminal import reading_bar
from config.errors import ConfigError

DAYS = ["%Y-%m-%d"]

ALIVE_S = 1.0
"""A server that lives accepts at once: nothing of it but the kernel is asked."""


def kpi(
    *,
    client: Annotated[str, typer.Option(help="The client, by its id in the site file.")],
    day: Annotated[datetime | None, typer.Option(formats=DAYS, help="One day …")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="… or the first …")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAYS, help="… and the last one.")] = None,
    interval: Annotated[
        str, typer.Option(help="30m (or another length), day, week, month, quarter or year.")
    ] = "",
    line: Annotated[str | None, typer.Option(help="Only this line; its segments are counted.")] = None,
    view: Annotated[
        str, typer.Option(help="entry: by the moment a contact queued; event: by its outcome.")
    ] = "entry",
    threshold: Annotated[str, typer.Option(help="T of the service level.")] = "20s",
    short: Annotated[str, typer.Option(help="Who gives up below it is a short abandon.")] = "5s",
    reply: Annotated[str, typer.Option(help="Business time within which a mail is to be answered.")] = "8h",
    definition: Annotated[
        list[str] | None, typer.Option(help="KPIs to show, by name; may be repeated. Default: all.")
    ] = None,
    timezone: Annotated[
        str,
        typer.Option(help="Time zone of the days. Default: of the client's calendars, else the server's."),
    ] = "",
    site: Annotated[Path | None, typer.Option(envvar="ACD_SITE", help="The site file.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Directory of the journal, when not that of the site (a copy).")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """KPIs of a client, each with its version, threshold and rules."""
    from acd.journal.errors import JournalError  # noqa: PLC0415 (the other commands need not wait for these)
    from acd.reports import kpi_json, kpi_question, kpi_table  # noqa: PLC0415

    asked = kpi_question.Asked(
        client=client,
        line=line,
        first=first or day,
        last=last or first or day,
        both=day is not None and (first is not None or last is not None),
        interval=interval,
        view=view,
        threshold=threshold,
        short=short,
        reply=reply,
        names=tuple(definition or ()),
        timezone=timezone,
    )
    try:
        found = readable(site) if site is not None else None
        with reading_bar("reading") as on_read:
            present_ms = _present_ms(journal or (found.server.data_dir / "journal" if found else None))
            made = kpi_question.answer(asked, found, journal, present_ms, on_read)
    except (kpi_question.BadQuestion, ConfigError) as mistake:
        return complain(str(mistake), BAD_INPUT)
    except JournalError as failure:
        return complain(str(failure), NO)
    if as_json:
        print_json(kpi_json.as_json(made))
    else:
        terminal_console().print(kpi_table.tables(made))
    return DONE


def _present_ms(journal: Path | None) -> int:
    """Of a desk that runs, now; 0: this is a copy, or its server is not there."""
    from acd.web.protocol import socket_path  # noqa: PLC0415 (the other commands need not wait for it)

    if journal is None:
        return 0
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(ALIVE_S)
        try:
            asking.connect(str(socket_path(journal.parent)))
        except OSError:
            return 0
    return time.time_ns() // 1_000_000
