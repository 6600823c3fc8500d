"""Writes the tables of the KPIs' reference page from their source: `python tests/acd/kpi/reference.py`."""

import ast
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from acd.kpi import service
from acd.kpi.definitions import DEFAULT_SERVICE_LEVEL, DEFINITIONS, RULES, SERVICE_LEVELS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "kpi.md"


def page(text: str) -> str:
    """The page with each part between its two marks written anew."""
    for name, written in PARTS.items():
        begin = f"<!-- {name}: written by tests/acd/kpi/reference.py -->"
        end = f"<!-- end of {name} -->"
        between = re.compile(f"(?<={re.escape(begin)}).*(?={re.escape(end)})", re.DOTALL)
        found = "\n\n" + "\n".join(written()) + "\n\n"
        text, number = between.subn(lambda match, found=found: found, text)  # type: ignore[misc]
        assert number == 1, f"the page lacks its part {name}"
    return text


def rules() -> list[str]:
    return [f"- {rule}." for rule in RULES.values()]


def counts_table() -> list[str]:
    rows = [f"| `{name}` | {meaning} |" for name, meaning in counts()]
    return ["| name | meaning |", "|---|---|", *rows]


def definitions_table() -> list[str]:
    rows = [
        f"| `{one.name}` | {one.german} | {one.version} | `{one.formula}` | {one.unit} | {one.meaning} |"
        for one in DEFINITIONS.values()
    ]
    levels = ", ".join(f"`{name}`" for name in SERVICE_LEVELS)
    return [
        f"The default service level is `{DEFAULT_SERVICE_LEVEL}`; all of these are ones: {levels}.",
        "",
        "| KPI | German | version | formula | unit | meaning |",
        "|---|---|---|---|---|---|",
        *rows,
    ]


def counts() -> list[tuple[str, str]]:
    """Field → its docstring in the source."""
    assert service.__file__ is not None
    tree = ast.parse(Path(service.__file__).read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Counts")
    found: list[tuple[str, str]] = []
    for part, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            said = following.value if isinstance(following, ast.Expr) else None
            text = str(said.value) if isinstance(said, ast.Constant) else ""
            found.append((part.target.id, " ".join(text.split())))
    return [*found, ("offered", "O = A + X + F.")]


PARTS: Mapping[str, Callable[[], list[str]]] = {
    "rules": rules,
    "counts": counts_table,
    "definitions": definitions_table,
}

if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
