"""`acd site`: let the running server read its site file again."""

from typing import Annotated

import typer

from acd.commands.client import client_of
from acd.commands.desk import SiteOption, UrlOption
from acd.commands.shell import DONE, NO, JsonOption, complain, print_json, say

app = typer.Typer(name="site", help="The site file of the running server.", no_args_is_help=True)

APPLIED_WITHIN_S = 150.0
"""New texts are spoken first; the server gives up on that after two minutes."""


@app.callback()
def _group() -> None:
    """The site file of the running server."""


@app.command()
def apply(
    site: SiteOption = None,
    url: UrlOption = "",
    look: Annotated[bool, typer.Option("--look", help="Only say what it would change.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Put the changed site file in force, for who waits too. Exit 1: it is wrong, and nothing changed."""
    with client_of(site, url) as client:
        found = client.post("/site", {"look": look}, APPLIED_WITHIN_S)
    if as_json:
        print_json(found)
        return NO if found["refused"] else DONE
    for reason in found["refused"]:
        complain(reason, NO)
    for change in found["changed"]:
        say(change)
    if found["refused"]:
        say("nothing was changed")
        return NO
    if not found["changed"]:
        say("nothing is different (recordings are read again)")
    elif not look:
        say("in force")
    return DONE
