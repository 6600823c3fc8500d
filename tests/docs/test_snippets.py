"""TOML and shell snippets of the pages are real."""

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest
from typer.main import get_command

from acd.commands.cli import COMMANDS, app
from channels.sip.settings import read_table
from config.load import DEMO_SITE, check
from config.table import RawTable

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Those within lists too, without their indent."""
    return [dedent(text) for _, kind, text in BLOCK.findall(page.read_text()) if kind == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_toml_snippet_is_toml(page: Path) -> None:
    for text in blocks(page, "toml"):
        tomllib.loads(text)


def test_the_sip_snippet_is_a_table_that_the_channel_takes() -> None:
    site, _, _ = check(DEMO_SITE, {}, secrets=False)
    assert site is not None
    for text in blocks(ROOT / "docs" / "reference" / "sip.md", "toml"):
        table = RawTable("sip.md", "sip", tomllib.loads(text)["sip"]).open()
        read_table(site, table)
        table.finish()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_acd_command_in_a_shell_snippet_exists(page: Path) -> None:
    installed = entry_points(group=COMMANDS).names
    known = {*get_command(app).commands, *installed, "--version", "--help"}  # type: ignore[attr-defined]
    said = {
        word
        for kind in ("sh", "console", "bash")
        for text in blocks(page, kind)
        for word in re.findall(r"^(?:\$ |# )?(?:\S*/)?acd (\S+)", text, re.MULTILINE)
    }
    assert said <= known


def test_the_make_targets_that_the_readme_names_exist() -> None:
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = set(re.findall(r"make ([\w-]+)", (ROOT / "README.md").read_text()))
    assert said
    assert said <= targets
