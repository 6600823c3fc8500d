"""`acd status`, `acd agent`, `acd contact` and others: look at a running desk and change it, by its API."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.live import Live

from acd.commands import terminal
from acd.commands.client import Client, client_of
from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, JsonOption, complain, print_json, say, tell

SiteOption = Annotated[
    Path | None, typer.Option("--site", envvar="ACD_SITE", help="Site file of the server to talk to.")
]
UrlOption = Annotated[str, typer.Option("--url", envvar="ACD_URL", help="Address of the server's API.")]

WATCH_EVERY_S = 1.0
LISTS_WITHIN_S = 120.0
"""A list of 200,000 rows is read, encrypted and stored."""


def status(
    site: SiteOption = None,
    url: UrlOption = "",
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every second until Ctrl-C.")] = False,
    as_json: JsonOption = False,
    contacts: Annotated[int, typer.Option(min=0, max=10_000, help="Contacts to show at most.")] = 20,
) -> int:
    """Lines, agents and contacts of the running desk."""
    with client_of(site, url) as client:
        found = client.get("/status", contacts=contacts)
        if as_json:
            print_json(found)
        elif watch:
            _watch(client, contacts)
        else:
            terminal.console().print(terminal.status(found))
    return DONE


def take_lists(site: SiteOption = None, url: UrlOption = "", as_json: JsonOption = False) -> int:
    """Let the running desk read its list files again. Exit 1: one was refused."""
    with client_of(site, url) as client:
        found = client.post("/lists", {}, LISTS_WITHIN_S)["lists"]
    if as_json:
        print_json({"lists": found})
    for one in () if as_json else found:
        name = f"{one['tenant']} {one['list']}"
        people = f"{one['people']} rows" if one["people"] else "no change"
        say(f"{name}: version {one['version']} holds ({'refused' if one['refused'] else people})")
        for reason in one["refused"]:
            complain(f"{name}: {reason}", NO)
    return NO if any(one["refused"] for one in found) else DONE


def agent(
    agent_id: Annotated[str, typer.Argument(metavar="AGENT")],
    state: Annotated[str, typer.Argument(metavar="ready|pause|sign-out")],
    reason: Annotated[str, typer.Argument(metavar="[REASON]")] = "",
    *,
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Make an agent ready (signing in if need be), pause with a reason, or sign out."""
    wanted = {"ready": "ready", "pause": "paused", "sign-out": "signed_out"}.get(state)
    if wanted is None:
        raise Failure(BAD_INPUT, f"the state must be ready, pause or sign-out, not {state}")
    if (wanted == "paused") != bool(reason):
        raise Failure(BAD_INPUT, "a reason is required to pause, and for nothing else")
    with client_of(site, url) as client:
        answer = client.post(f"/agents/{segment(agent_id)}/state", {"state": wanted, "reason": reason})
    done = "done" if answer["seq"] else "was so already"
    return tell(answer, f"{agent_id}: {state} {reason}".rstrip() + f" ({done})", as_json=as_json)


def contact(
    number: Annotated[int, typer.Argument(metavar="ID", min=1)],
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """How a contact stands, its history, and why it was offered to whom."""
    with client_of(site, url) as client:
        found = client.get(f"/contacts/{number}")
    if as_json:
        print_json(found)
    else:
        terminal.console().print(terminal.contact(number, found))
    return DONE


def callback(
    contact_id: Annotated[int, typer.Argument(metavar="ID", min=1)],
    number: Annotated[
        str, typer.Option("--number", help="Number to call; without it the caller's own.")
    ] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Call nobody back for this contact.")] = False,
    *,
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Promise a waiting caller to call him back: he hangs up and keeps his place. Or cancel that."""
    if cancel and number:
        raise Failure(BAD_INPUT, "--number is of no use with --cancel")
    path = f"/contacts/{contact_id}/callback"
    with client_of(site, url) as client:
        answer = client.post(f"{path}/cancel", {}) if cancel else client.post(path, {"number": number})
    done = "callback cancelled" if cancel else "callback promised"
    return tell(answer, f"contact {contact_id}: {done}", as_json=as_json)


def _watch(client: Client, contacts: int) -> None:
    """Refresh in place on a terminal; into a pipe or file, one table after the other."""
    console = terminal.console()
    with (
        suppress(KeyboardInterrupt),
        Live(console=console, screen=console.is_terminal, auto_refresh=False) as live,
    ):
        while True:
            table = terminal.status(client.get("/status", contacts=contacts))
            if console.is_terminal:
                live.update(table, refresh=True)
            else:
                console.print(table)
            time.sleep(WATCH_EVERY_S)


def segment(text: str) -> str:
    """As one piece of a path."""
    return quote(text, safe="")
