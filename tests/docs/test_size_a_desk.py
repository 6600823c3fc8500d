"""The page "Size a desk in ten minutes": its commands are typed, and print what it shows."""

import re
from pathlib import Path

from tests.docs.typed_page import retyped

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "size-a-desk.md"


def test_the_tutorial_size_a_desk_shows_what_its_commands_print(tmp_path: Path) -> None:
    """After a change: `python -m tests.docs.typed_page docs/tutorial/size-a-desk.md`; then read its text."""
    page = PAGE.read_text(encoding="utf-8")
    assert retyped(page, tmp_path) == page
    report = (tmp_path / "var" / "shop" / "report" / "report.html").read_text(encoding="utf-8")
    assert "Simulation of staffed" in report
    fetched = re.findall(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=[^>]*>", report)
    assert not fetched, "the page says that the report needs no network"


def test_every_percentage_that_the_tutorial_speaks_of_stands_in_an_output_or_a_file() -> None:
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    shown = "".join(blocks.findall(page))
    said = set(re.findall(r"(?<![\w.])(\d+\.\d)(?![\w.])", blocks.sub("", page)))
    assert said
    assert not [number for number in said if number not in shown]
