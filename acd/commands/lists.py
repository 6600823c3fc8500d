"""`acd vip`, `acd users`: the lists of a client: bring a new file, see what holds, see what changed when."""

from pathlib import Path
from typing import Annotated

import typer

from acd.commands.check import looked_at
from acd.commands.client import client_of
from acd.commands.desk import SiteOption, UrlOption
from acd.commands.shell import BAD_INPUT, Failure, JsonOption
from config.schema import ListKind

# What reads lists is imported by the commands themselves: it brings the data of all numbering plans.

ClientOption = Annotated[str, typer.Option(help="The client whose list it is, as in the site file.")]
NeededSite = Annotated[Path, typer.Option("--site", envvar="ACD_SITE", help="The site file (TOML).")]


def _group(kind: ListKind, text: str) -> typer.Typer:
    app = typer.Typer(name=str(kind), help=text, no_args_is_help=True)
    app.callback(help=text)(lambda: None)
    app.command("import")(import_)
    app.command("list")(list_)
    app.command()(history)
    return app


def _kind(context: typer.Context) -> ListKind:
    """Of the group by which the command was called."""
    assert context.parent is not None
    return ListKind(str(context.parent.info_name))


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="LIST.csv", help="The new list.")],
    client: ClientOption,
    site: NeededSite,
    *,
    url: UrlOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Put a new file in place of the client's list, after showing what it changes. Exit 1: not in force."""
    from acd.commands import held_lists, list_import  # noqa: PLC0415

    found = looked_at(site)
    target = held_lists.list_file(found, site, client, _kind(context))
    what = list_import.Importing(found, target, file, lambda: client_of(site, url))
    return list_import.import_file(what, list_import.Answers(yes, dry_run, as_json))


def list_(
    context: typer.Context,
    client: ClientOption,
    *,
    of_file: Annotated[
        bool, typer.Option("--file", help="What stands in the site's file, without a server.")
    ] = False,
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Who stands in the list that holds; who of them counts only later, or no longer, is marked."""
    from acd.commands.list_history import show_file, show_held  # noqa: PLC0415

    if not of_file:
        with client_of(site, url) as server:
            return show_held(server, (client, _kind(context)), site, as_json=as_json)
    if site is None:
        raise Failure(BAD_INPUT, "--file needs --site SITE (or ACD_SITE)")
    return show_file(site, (client, _kind(context)), as_json=as_json)


def history(
    context: typer.Context,
    client: ClientOption,
    *,
    version: Annotated[int, typer.Option(min=0, help="Show what this version changed.")] = 0,
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """Every version of the list: when it came, by whom, how many people, and what it changed."""
    from acd.commands.list_history import show_change, show_versions  # noqa: PLC0415

    name = client, _kind(context)
    with client_of(site, url) as server:
        if version:
            return show_change(server, name, version, site, as_json=as_json)
        return show_versions(server, name, site, as_json=as_json)


vip = _group(ListKind.VIP, "Who of a client's people goes before others.")
users = _group(ListKind.USERS, "Who a client's people are.")
