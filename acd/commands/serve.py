"""`acd serve`, `acd upgrade`, `acd erase`: the commands that open a site's own files."""

import signal
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from acd.commands.check import SiteArgument, loaded, read_again
from acd.commands.client import RequestRefused, Unreachable, client_of
from acd.commands.shell import BAD_INPUT, DONE, NO, Failure, JsonOption, complain, print_json, say

LevelOption = Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")]

ERASE_WITHIN_S = 600.0
"""The file is rebuilt without what was erased, and it may hold a year of recordings."""
ASK_S = 30.0
"""The server answers within 10 s, done or not, and whether it lives is known after 10 s."""


AdoptOption = Annotated[
    bool, typer.Option("--adopt", help="The data were moved here on purpose: go on with their calls.")
]

LossOption = Annotated[
    bool, typer.Option("--accept-loss", help="Entries that were synced are gone: go on without them.")
]

ClockOption = Annotated[
    bool, typer.Option("--trust-clock", help="The clock is right, although the desk was off for so long.")
]


def serve(
    site: SiteArgument,
    log_level: LevelOption = "info",
    adopt: AdoptOption = False,
    accept_loss: LossOption = False,
    trust_clock: ClockOption = False,
) -> int:
    """Run the desk until SIGTERM or SIGINT; SIGHUP applies the site file. Logs: standard error."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it can mean something
    from acd.observe import logs  # noqa: PLC0415 (the other commands start three times as fast)
    from acd.server import serving  # noqa: PLC0415
    from acd.server.allowed import Allowed  # noqa: PLC0415
    from acd.server.channels import installed, make_channels  # noqa: PLC0415

    try:
        logs.configure(log_level)
    except ValueError as mistake:
        raise Failure(BAD_INPUT, str(mistake)) from mistake
    found = loaded(site)
    allowed = Allowed(adopt, accept_loss, trust_clock)
    try:
        return serving.serve(found, make_channels(found, installed()), lambda: read_again(site), allowed)
    except serving.CannotStart as failure:
        raise Failure(failure.code, f"{site}: {failure}") from failure


def upgrade(site: SiteArgument) -> int:
    """Let this version take over a journal that another engine version wrote, if it decides the same."""
    from acd.content.errors import VaultError  # noqa: PLC0415
    from acd.replay.upgrade import CannotUpgrade, take_over  # noqa: PLC0415
    from acd.server.stores import open_journal  # noqa: PLC0415

    try:
        say(take_over(open_journal(loaded(site))))
    except (CannotUpgrade, VaultError) as failure:
        raise Failure(NO, f"{site}: {failure}") from failure
    return DONE


def erase(
    site: SiteArgument,
    value: Annotated[str, typer.Argument(metavar="NUMBER", help="Number or address of the person.")],
    tenant: Annotated[str | None, typer.Option(help="Only with this client.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Erase a person from contacts and lists; counts stay. Exit 1: nobody is known by that."""
    from acd.content.errors import VaultError, VaultInUseError  # noqa: PLC0415
    from acd.server.stores import erase_person  # noqa: PLC0415

    try:
        erased = erase_person(loaded(site), value, tenant)
    except VaultInUseError as running:
        erased = _erased_by_server(site, {"value": value, "tenant": tenant}, running)
    except VaultError as failure:
        raise Failure(NO, str(failure)) from failure
    contacts, lists = erased
    if as_json:
        print_json({"contacts": contacts, "lists": lists})
    else:
        say(
            f"erased from {contacts} contacts and {lists} lists" if any(erased) else "nobody is known by that"
        )
    return DONE if any(erased) else NO


def _erased_by_server(site: Path, wanted: Mapping[str, str | None], running: Exception) -> tuple[int, int]:
    began_s = monotonic()
    with client_of(site, "") as client:
        while True:
            try:
                answer = client.post("/erase", wanted, ASK_S)
                return answer["contacts"], answer["lists"]
            except Unreachable as silent:
                raise Failure(NO, f"{running}, which must erase, but {silent}; stop it first") from silent
            except RequestRefused as refusal:
                waited_s = monotonic() - began_s
                if refusal.code != "not_erased_yet" or waited_s >= ERASE_WITHIN_S:
                    raise
                complain(f"not erased yet after {waited_s:.0f} s; the server goes on", NO)
