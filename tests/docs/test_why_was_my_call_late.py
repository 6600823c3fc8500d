"""The guide to `acd explain`: its day is played, its commands are run, and they print what it shows."""

import re
from pathlib import Path

from tests.docs.typed_page import retyped

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guides" / "why-was-my-call-late.md"


def test_what_the_page_shows_is_what_its_commands_print(tmp_path: Path) -> None:
    page = GUIDE.read_text()
    assert re.findall(r"^```text\n```", page, re.MULTILINE) == []
    assert retyped(page, tmp_path) == page


def test_the_example_says_what_the_page_promises() -> None:
    page = GUIDE.read_text()
    assert "not: bert: paused (break) since 10:00:00" in page
    assert "anna gets contact 3 instead." in page
    assert "Had bert been ready from" in page
    assert "hätte anna um 10:04:52 angenommen: 40 s früher." in page
