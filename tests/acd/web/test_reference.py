"""docs/reference/http-api.md and cli.md: a heading for every route and every command."""

import re
from pathlib import Path

import typer

from acd.commands.cli import app
from acd.web import PREFIX
from acd.web.api import create
from acd.web.control import Control

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


class NoControl(Control):
    """Enough to make the application; no request is sent."""


def test_every_route_has_a_heading() -> None:
    """And there is none for a route that does not exist."""
    document = create(NoControl(), []).openapi()  # type: ignore[abstract]
    routes = {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert routes == set(re.findall(r"^### `(.*)`$", (REFERENCE / "http-api.md").read_text(), re.MULTILINE))


def test_every_command_has_a_heading() -> None:
    """The commands of this distribution; plug-ins document their own."""
    group = typer.main.get_command(app)
    documented = re.findall(r"^### `acd ([a-z-]+)", (REFERENCE / "cli.md").read_text(), re.MULTILINE)
    assert set(documented) >= set(group.commands)  # type: ignore[attr-defined]
