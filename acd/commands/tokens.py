"""`acd token`: make named tokens of the API, and list those of a site."""

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from acd.commands.shell import BAD_INPUT, DONE, JsonOption, complain, print_json, say
from acd.commands.terminal import console
from acd.web.token_file import TOKEN_BYTES
from config.api_tokens import Role, digest_of
from config.load import check

app = typer.Typer(name="token", help="Named tokens of the API.", no_args_is_help=True)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Stands in the journal as who asked.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    client: Annotated[str, typer.Option(help="Of role tenant: whose lines and contacts it reads.")] = "",
    agent: Annotated[str, typer.Option(help="Of role agent: for whom it acts.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Make a token: it is shown this once, and the table that lets it in is for the site file."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    whose = {key: value for key, value in (("client", client), ("agent", agent)) if value}
    table = {"name": name, "role": str(role), **whose, "sha256": digest_of(token)}
    if as_json:
        print_json({"token": token, "table": table})
        return DONE
    say(f"{token}\n\nThis is the token; nobody can show it again. For the site file:\n")
    say("[[server.api.tokens]]")
    for key, value in table.items():
        say(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return DONE


@app.command(name="list")
def list_tokens(
    site: Annotated[Path, typer.Argument(metavar="SITE", envvar="ACD_SITE", help="The site file (TOML).")],
    as_json: JsonOption = False,
) -> int:
    """The tokens that a site file lets in; to revoke one, take its table out and start the server again."""
    # The channels' own tables are not read, but they must be known.
    from acd.server.channels import installed  # noqa: PLC0415

    found, errors, _ = check(site, {}, channels=tuple(installed()), secrets=False)
    if found is None:
        for error in errors:
            complain(str(error), BAD_INPUT)
        return BAD_INPUT
    rows = [
        {"name": token.name, "role": str(token.role), "client": token.client, "agent": token.agent}
        for token in found.server.api.tokens
    ]
    if as_json:
        print_json({"tokens": rows})
        return DONE
    table = Table("token", "role", "client", "agent", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row.values())
    console().print(table)
    return DONE
