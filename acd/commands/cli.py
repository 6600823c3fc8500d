"""The command `acd`: its commands, those that other packages add to it, and how it ends."""

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points, version
from typing import Annotated, NoReturn

import typer

from acd.commands import escalation, incident, lists, site, tokens
from acd.commands.backup import backup
from acd.commands.check import check
from acd.commands.client import ClientError, RequestRefused
from acd.commands.desk import agent, callback, contact, status, take_lists
from acd.commands.explain import explain
from acd.commands.kpi import kpi
from acd.commands.serve import erase, serve, upgrade
from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, complain, say

COMMANDS = "acd.commands"
"""Entry-point group of further commands: each is a function, or a typer.Typer with commands of its own."""

app = typer.Typer(
    name="acd",
    help="Open multichannel automatic call distributor.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (check, serve, upgrade, erase, backup, status, agent, contact, explain, callback, kpi):
    app.command()(command)
app.command("lists")(take_lists)
app.add_typer(tokens.app)
app.add_typer(site.app)
app.add_typer(incident.app)
app.add_typer(lists.vip)
app.add_typer(lists.users)
app.command()(escalation.escalate)
app.add_typer(escalation.app)


def main() -> NoReturn:
    """Run the command line; exit 0 done, 1 the answer is no, 2 bad input."""
    try:
        _add_commands(sys.argv[1:])
        code = app(standalone_mode=False)
    except Failure as failure:
        code = complain(str(failure), failure.code)
    except ClientError as failure:
        malformed = isinstance(failure, RequestRefused) and failure.status == 422
        code = complain(str(failure), BAD_INPUT if malformed else NO)
    except typer.TyperException as mistake:
        code = complain(mistake.format_message(), mistake.exit_code)
    except typer.Abort:
        code = NO
    sys.exit(code if isinstance(code, int) else DONE)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if show_version:
        say(version("acd-engine"))
    elif context.invoked_subcommand is None:
        say(context.get_help())


def _add_commands(arguments: Sequence[str]) -> None:
    """Load the installed command that is named; all of them only where they are to be listed.

    The planner's bring numpy, scipy and charts: nobody who asks for the status should wait for those.
    """
    installed = {point.name: point for point in entry_points(group=COMMANDS)}
    named = next((word for word in arguments if not word.startswith("-")), None)
    for name in sorted(installed) if named is None else installed.keys() & {named}:
        loaded = installed[name].load()
        if isinstance(loaded, typer.Typer):
            app.add_typer(loaded, name=name)
        else:
            app.command(name)(loaded)
