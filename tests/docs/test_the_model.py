"""docs/background/the-model.md: what it says the model lacks is what the code lacks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from acd.core import events
from simulation import clock
from simulation.kernel import plain
from simulation.world import asking, called, callers, conversations, hearing, model, staff

PAGE = Path(__file__).resolve().parents[2] / "docs" / "background" / "the-model.md"


def section(heading: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_every_event_that_the_model_never_reports_has_a_row_and_no_other_has() -> None:
    said = "".join(
        Path(str(part.__file__)).read_text()
        for part in (asking, called, callers, clock, conversations, hearing, model, staff)
    )
    words = set(re.findall(r"\w+", said))
    known = {event.__name__ for event in events.Event.__subclasses__()}
    rows = set(re.findall(r"^\| `(\w+)` \|", section("What never happens"), re.MULTILINE))
    assert rows == known - words


def test_everything_that_the_kernel_refuses_is_listed_and_nothing_else() -> None:
    tree = ast.parse(Path(str(plain.__file__)).read_text())
    found = {reason for part in tree.body if isinstance(part, ast.FunctionDef) for reason in reasons(part)}
    assert len(found) > 15
    assert set(re.findall(r"^- `([^`]+)`", section("The kernel"), re.MULTILINE)) == found


def reasons(function: ast.FunctionDef) -> Iterator[str]:
    """The texts that a function of refusals yields or keeps as keys; of one with a value its beginning."""
    if not function.name.startswith("_of_"):
        return
    for node in ast.walk(function):
        said = (
            [node.value] if isinstance(node, ast.Yield) else node.keys if isinstance(node, ast.Dict) else []
        )
        for text in said:
            first = text.values[0] if isinstance(text, ast.JoinedStr) else text
            if isinstance(first, ast.Constant):
                yield str(first.value).strip()
