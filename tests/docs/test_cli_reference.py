"""docs/reference/cli.md: the sections on `acd kpi` and others name exactly the options of these commands."""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from acd.commands.cli import COMMANDS
from acd.commands.explain import explain
from acd.commands.kpi import kpi

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
PLANNERS = {
    point.name: point for point in entry_points(group=COMMANDS) if point.module.startswith("simulation")
}
OURS: Mapping[str, Callable[..., int]] = {"kpi": kpi, "explain": explain}
OPTION = re.compile(r"`(--?[a-z][a-z-]*)")


def options(name: str) -> set[str]:
    """All names of the options of a command, or of the commands of a group."""
    loaded = OURS[name] if name in OURS else PLANNERS[name].load()
    if isinstance(loaded, typer.Typer):
        commands = list(get_command(loaded).commands.values())  # type: ignore[attr-defined]
    else:
        app = typer.Typer()
        app.command()(loaded)
        commands = [get_command(app)]
    found = [param for command in commands for param in command.params if param.param_type_name == "option"]
    return {word for param in found for word in (*param.opts, *param.secondary_opts)} - {
        "--help",
        "--install-completion",
        "--show-completion",
    }


def section(name: str) -> str:
    after = re.split(rf"^### `acd {name}\b.*$", PAGE.read_text(), maxsplit=1, flags=re.MULTILINE)
    assert len(after) == 2, f"no heading for acd {name}"
    return re.split(r"^##", after[1], maxsplit=1, flags=re.MULTILINE)[0]


def shared() -> set[str]:
    after = PAGE.read_text().split("\n## For planners\n")[1]
    return set(OPTION.findall(after.split("\n### ")[0]))


@pytest.mark.parametrize("name", [*OURS, *sorted(PLANNERS)])
def test_every_option_of_a_command_is_in_its_section_and_every_one_named_there_exists(name: str) -> None:
    known, said = options(name), set(OPTION.findall(section(name)))
    assert said <= known
    common = shared() if "above" in section(name) else set()
    assert {word for word in known - said - common if word.startswith("--")} == set()


def test_all_options_above_means_all_of_them() -> None:
    for name in sorted(PLANNERS):
        if re.search(r"All\soptions above", section(name)):
            assert shared() <= options(name)


def test_the_planners_commands_are_installed() -> None:
    assert {"simulate", "compare", "surge", "staff", "replay", "erlang", "validate"} <= set(PLANNERS)
