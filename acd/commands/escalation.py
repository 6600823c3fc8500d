"""`acd escalate` and `acd escalations`: call the people of a list until one takes it over; see; call off."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from acd.commands import terminal
from acd.commands.client import client_of
from acd.commands.desk import SiteOption, UrlOption
from acd.commands.incident import texts_of
from acd.commands.shell import DONE, NO, Failure, JsonOption, print_json, say, tell

app = typer.Typer(name="escalations", help="Escalations that go on, or are over.", no_args_is_help=True)

WITHIN_S = 30.0
"""The text is spoken, and the numbers are stored, before the server answers."""


@app.callback()
def _group() -> None:
    """Escalations that go on, or are over."""


def escalate(
    name: Annotated[str, typer.Argument(metavar="LIST")],
    *,
    contact: Annotated[int, typer.Option(min=0, help="What it is about.")] = 0,
    ticket: Annotated[str, typer.Option(help="What it is about.")] = "",
    text: Annotated[
        list[str], typer.Option(help="What is said, by language: --text en='…'. Repeat it.")
    ] = [],  # noqa: B006
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Call the people of a list in their order, until one of them takes it over by pressing 1."""
    body = {"list": name, "contact": contact, "ticket": ticket, "texts": texts_of(text)}
    with client_of(site, url) as server:
        answer = server.post("/escalations", body, WITHIN_S)
        found = server.get("/escalations")["escalations"]
    begun = [
        one["id"] for one in found if (one["list"], one["contact"], one["ticket"]) == (name, contact, ticket)
    ]
    answer["escalation"] = begun[-1] if begun else 0
    return tell(answer, f"escalation {answer['escalation']}: list {name} is being called", as_json=as_json)


@app.command("list")
def list_(site: SiteOption = None, url: UrlOption = "", as_json: JsonOption = False) -> int:
    """Those that go on, and the last that are over."""
    with client_of(site, url) as server:
        found = server.get("/escalations")
    if as_json:
        print_json(found)
    elif not found["escalations"]:
        say("nothing was escalated")
    else:
        _show(found["escalations"])
    return DONE


@app.command()
def status(
    escalation: Annotated[int, typer.Argument(min=1)],
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """How far one is. Exit 1: nobody took it over, or there is none of this number."""
    with client_of(site, url) as server:
        found = server.get("/escalations")["escalations"]
    one = next((one for one in found if one["id"] == escalation), None)
    if one is None:
        raise Failure(NO, f"there is no escalation {escalation}")
    if as_json:
        print_json(one)
    else:
        _show([one])
    return NO if one["state"] in ("nobody", "mailed") else DONE


@app.command()
def cancel(
    escalation: Annotated[int, typer.Argument(min=1)],
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """It is not needed any more: nobody is called for it any longer, and that is recorded."""
    with client_of(site, url) as server:
        answer = server.post(f"/escalations/{escalation}/cancel", {})
    return tell(answer, f"escalation {escalation}: called off", as_json=as_json)


def _show(found: Sequence[dict[str, Any]]) -> None:
    terminal.console().print(terminal.escalations(found, time.time_ns() // 1_000_000))
