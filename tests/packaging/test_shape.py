"""The shape that CONTRIBUTING.md promises: sizes, names, and one direction of imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("acd", "agents", "channels", "config", "queues", "simulation")
BANNED = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Lines from the first statement to the last; signature and docstring do not count."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_at_most_400_lines_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_no_function_is_longer_than_40_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{function.name} {length(function)}"
        for path in MODULES
        for function in functions(path)
        if length(function) > 40
    ]
    assert not long


def test_functions_are_at_most_25_lines_as_a_rule() -> None:
    lengths = [length(function) for path in MODULES for function in functions(path)]
    assert sum(lines > 25 for lines in lengths) <= len(lengths) // 100


def test_modules_are_about_150_lines() -> None:
    lines = sorted(len(path.read_text().splitlines()) for path in MODULES)
    assert lines[len(lines) // 2] <= 150


def test_nothing_is_named_for_what_it_is_not() -> None:
    assert not [path for path in MODULES if BANNED & set(path.relative_to(ROOT).with_suffix("").parts)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_in_its_first_line(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_no_page_or_module_names_a_path_of_a_machine() -> None:
    texts = [*MODULES, *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    # Written in parts, so that this file does not contain what it forbids.
    forbidden = ["/ho" + "me/", "/ro" + "ot/", "/wo" + "rk/"]
    assert not [path for path in texts if any(word in path.read_text() for word in forbidden)]
