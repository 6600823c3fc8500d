"""The command `acd`: check and serve a site, look at a running desk, change it."""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import quote

import typer
from rich.console import Console
from rich.live import Live

from acd.commands import terminal
from acd.commands.client import Client, ClientError, Refused, Target, Unreachable
from acd.commands.kpi import kpi
from acd.web.auth import TOKEN_FILE, read_token
from config.errors import ConfigError, Problem
from config.load import check as check_site
from config.schema import Site

DONE, NO, BAD_INPUT = 0, 1, 2

COMMANDS = "acd.commands"
"""Entry-point group of further commands: each is a function, or a typer.Typer with commands of its own."""

WATCH_EVERY_S = 1.0
ERASE_WITHIN_S = 600.0
"""The file is rebuilt without what was erased, and it may hold a year of recordings."""

app = typer.Typer(
    name="acd",
    help="Open multichannel automatic call distributor.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

SiteArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site file (TOML).")]
SiteOption = Annotated[
    Path | None, typer.Option("--site", envvar="ACD_SITE", help="Site file of the server to talk to.")
]
UrlOption = Annotated[str, typer.Option("--url", envvar="ACD_URL", help="Address of the server's API.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
LevelOption = Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")]


class Failure(Exception):
    """Ends the command with `code` and one line on standard error."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def main() -> NoReturn:
    """Run the command line; exit 0 done, 1 the answer is no, 2 bad input."""
    try:
        _add_commands(sys.argv[1:])
        code = app(standalone_mode=False)
    except Failure as failure:
        code = _complain(str(failure), failure.code)
    except ClientError as failure:
        malformed = isinstance(failure, Refused) and failure.status == 422
        code = _complain(str(failure), BAD_INPUT if malformed else NO)
    except typer.TyperException as mistake:
        code = _complain(mistake.format_message(), mistake.exit_code)
    except typer.Abort:
        code = NO
    sys.exit(code if isinstance(code, int) else DONE)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if show_version:
        _say(version("acd-engine"))
    elif context.invoked_subcommand is None:
        _say(context.get_help())


@app.command()
def check(
    site: SiteArgument,
    as_json: JsonOption = False,
    secrets: Annotated[bool, typer.Option(help="Secrets must be there.")] = True,
    data: Annotated[
        bool, typer.Option("--data", help="Check the stored files, too; exit 1: damaged.")
    ] = False,
) -> int:
    """Check a site file; exit 0 if a server could start with it, else 2."""
    found, errors, warnings = _checked(site, secrets=secrets)
    if data and found is not None:
        errors = _damages(found)
    if as_json:
        _print_json(_check_report(found, errors, warnings))
    else:
        for warning in warnings:
            _complain(f"warning: {warning}", DONE)
        for error in errors:
            _complain(str(error), BAD_INPUT)
        if found is not None:
            _say(f"{site}: {'damaged' if errors else 'ok'} ({_counts(found)})")
    return BAD_INPUT if found is None else NO if errors else DONE


@app.command()
def serve(site: SiteArgument, log_level: LevelOption = "info") -> int:
    """Run the desk until SIGTERM or SIGINT; logs go to standard error."""
    from acd.observe import logs  # noqa: PLC0415 (the other commands start three times as fast)
    from acd.server import serving  # noqa: PLC0415
    from acd.server.channels import installed, make_channels  # noqa: PLC0415

    try:
        logs.configure(log_level)
    except ValueError as mistake:
        raise Failure(BAD_INPUT, str(mistake)) from mistake
    loaded = _loaded(site)
    try:
        return serving.serve(loaded, make_channels(loaded, installed()))
    except serving.CannotStart as failure:
        raise Failure(failure.code, f"{site}: {failure}") from failure


@app.command()
def upgrade(site: SiteArgument) -> int:
    """Let this version take over a journal that another engine version wrote, if it decides the same."""
    from acd.replay.upgrade import CannotUpgrade, take_over  # noqa: PLC0415
    from acd.server.stores import open_journal  # noqa: PLC0415

    journal = open_journal(_loaded(site))
    try:
        _say(take_over(journal))
    except CannotUpgrade as failure:
        raise Failure(NO, f"{site}: {failure}") from failure
    return DONE


@app.command()
def erase(
    site: SiteArgument,
    value: Annotated[str, typer.Argument(metavar="NUMBER", help="Number or address of the person.")],
    tenant: Annotated[str | None, typer.Option(help="Only with this client.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Erase a person: what the vault knows of every contact of this number; counts stay. Exit 1: unknown."""
    from acd.content.errors import VaultError, VaultInUseError  # noqa: PLC0415
    from acd.server.stores import erase_person  # noqa: PLC0415

    try:
        erased = erase_person(_loaded(site), value, tenant)
    except VaultInUseError as running:
        erased = _erased_by_server(site, {"value": value, "tenant": tenant}, running)
    except VaultError as failure:
        raise Failure(NO, str(failure)) from failure
    if as_json:
        _print_json({"contacts": erased})
    else:
        _say(f"{erased} contacts erased" if erased else "nobody is known by that")
    return DONE if erased else NO


@app.command()
def status(
    site: SiteOption = None,
    url: UrlOption = "",
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every second until Ctrl-C.")] = False,
    as_json: JsonOption = False,
    contacts: Annotated[int, typer.Option(min=0, max=10_000, help="Contacts to show at most.")] = 20,
) -> int:
    """Lines, agents and contacts of the running desk."""
    with _client(site, url) as client:
        found = client.get("/status", contacts=contacts)
        if as_json:
            _print_json(found)
        elif watch:
            _watch(client, contacts)
        else:
            Console().print(terminal.status(found))
    return DONE


@app.command()
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
    with _client(site, url) as client:
        answer = client.post(f"/agents/{_segment(agent_id)}/state", {"state": wanted, "reason": reason})
    if as_json:
        _print_json(answer)
    else:
        done = "done" if answer["seq"] else "was so already"
        _say(f"{agent_id}: {state} {reason}".rstrip() + f" ({done})")
    return DONE


@app.command()
def contact(
    number: Annotated[int, typer.Argument(metavar="ID", min=1)],
    site: SiteOption = None,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> int:
    """How a contact stands, its history, and why it was offered to whom."""
    with _client(site, url) as client:
        found = client.get(f"/contacts/{number}")
    if as_json:
        _print_json(found)
    else:
        Console().print(terminal.contact(number, found))
    return DONE


app.command()(kpi)


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


def _damages(site: Site) -> tuple[Problem, ...]:
    from acd.server.stores import damages  # noqa: PLC0415

    return tuple(Problem(str(path), "", reason) for path, reason in damages(site))


def _loaded(path: Path) -> Site:
    site, errors, _ = _checked(path, secrets=True)
    if site is None:
        raise Failure(BAD_INPUT, "\n".join(map(str, errors)))
    return site


def _erased_by_server(site: Path, wanted: Mapping[str, str | None], running: Exception) -> int:
    with _client(site, "") as client:
        try:
            return int(client.post("/erase", wanted, ERASE_WITHIN_S)["contacts"])
        except Unreachable as silent:
            raise Failure(NO, f"{running}, which must erase, but {silent}; stop it first") from silent


def _client(path: Path | None, url: str) -> Client:
    """A client of the server that options and environment name."""
    if path is None and not url:
        raise Failure(BAD_INPUT, "which server? give --site SITE or --url URL (or set ACD_SITE or ACD_URL)")
    return Client(_target(path, url, os.environ))


def _target(path: Path | None, url: str, environ: Mapping[str, str]) -> Target:
    token = environ.get("ACD_TOKEN", "")
    if path is None:
        return Target(url.rstrip("/"), token)
    site, errors, _ = check_site(path, environ, channels=_channel_names(), secrets=False)
    if site is None:
        raise Failure(BAD_INPUT, "\n".join(map(str, errors)))
    return Target(url.rstrip("/") or _url_of(site), token or _token_of(site))


def _channel_names() -> tuple[str, ...]:
    return tuple(sorted(entry_points(group="acd.channels").names))


def _url_of(site: Site) -> str:
    """What the running server wrote down, else what the site says."""
    try:
        return (site.server.data_dir / "api-url").read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return f"http://{site.server.api.host}:{site.server.api.port}"


def _token_of(site: Site) -> str:
    if site.server.api.token is not None:
        return site.server.api.token.reveal()
    try:
        return read_token(site.server.data_dir / TOKEN_FILE)
    except FileNotFoundError as error:
        raise Failure(NO, f"no server has run here yet: there is no {error.filename}") from error
    except (OSError, ValueError) as error:
        raise Failure(NO, f"the API token cannot be read: {error}") from error


def _watch(client: Client, contacts: int) -> None:
    """Refresh in place on a terminal; into a pipe or file, one table after the other."""
    console = Console()
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


def _segment(text: str) -> str:
    return quote(text, safe="")


def _check_report(
    site: Site | None, errors: tuple[Problem, ...], warnings: tuple[Problem, ...]
) -> dict[str, object]:
    return {
        "ok": site is not None and not errors,
        "errors": [asdict(problem) for problem in errors],
        "warnings": [asdict(problem) for problem in warnings],
    }


def _counts(site: Site) -> str:
    desk = site.desk
    found = {"clients": desk.tenants, "lines": desk.lines, "entries": desk.entries, "agents": desk.agents}
    return ", ".join(f"{len(things)} {name}" for name, things in found.items())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print_json(found: object) -> None:
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"acd: {text}\n")
    return code


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
