"""docs/guides/change-a-routing-policy.md: its changes are made, and its commands typed, in a copy."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.docs.typed_page import retyped

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guides" / "change-a-routing-policy.md"
DIFF = re.compile(r"^```diff\n--- a/(\S+)\n\+\+\+ b/\1\n@@\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`((?:acd|agents|queues|simulation|tests|bench)/[\w/]+\.py)`")
ORACLE = ("tests/acd/core/shadow_desk.py",)

PLAY = """
from random import Random
from tests.acd.core.play import Play, random_move
from tests.acd.core.random_desk import random_desk

decided = 0
for seed in range(48):
    rng, play = Random(seed), Play(random_desk(seed), thorough=False)
    decision = play.oracle.shadow.on_offer

    def counted(fact):
        global decided
        decision(fact)
        decided += fact.policy == "least_skilled" and fact.choice == "agent chosen"

    play.oracle.shadow.on_offer = counted
    for _ in range(400):
        random_move(play, rng)
print(decided)
"""


def changed(tree: Path, paths: Iterable[str]) -> None:
    """Make the page's changes to these files. Raises AssertionError: what is changed is not there, once."""
    for path, hunk in DIFF.findall(PAGE.read_text()):
        if path in paths:
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -").removesuffix("\n")
            after = "".join(line[1:] for line in lines if line[0] in " +").removesuffix("\n")
            text = (tree / path).read_text()
            assert text.count(before) == 1, f"{path} does not have once:\n{before}"
            (tree / path).write_text(text.replace(before, after))


def python(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def copied(copy: Path) -> Path:
    """The source with what the page changes, but for what the oracle must learn."""
    for name in ("acd", "agents", "channels", "config", "docs", "queues", "simulation", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    paths = {path for path, _ in DIFF.findall(PAGE.read_text())}
    assert paths > set(ORACLE)
    changed(copy, paths - set(ORACLE))
    return copy


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("tree"))


def test_the_policy_is_caught_by_the_oracle_until_the_oracle_learns_it(tree: Path) -> None:
    stopped = python(tree, "-c", PLAY)
    assert stopped.returncode, "the oracle let an unknown policy pass"
    assert "oracle.py" in stopped.stderr, stopped.stderr
    changed(tree, ORACLE)
    played = python(tree, "-c", PLAY)
    assert played.returncode == 0, played.stderr
    assert int(played.stdout) > 20, "agents must have been chosen by the policy"
    stories = ("tests/acd/core/test_matching_stories.py", "tests/config/test_messages.py")
    told = python(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *stories)
    assert told.returncode == 0, told.stdout


def test_the_pages_commands_print_what_it_shows(tree: Path) -> None:
    """After a change: `python -m tests.docs.test_routing_policy` writes them; then read the text."""
    page = PAGE.read_text()
    assert retyped(page, tree) == page


def test_every_file_that_the_page_names_is_there() -> None:
    named = NAMED.findall(PAGE.read_text())
    assert len(named) > 15
    assert not [path for path in named if not (ROOT / path).exists()]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(retyped(PAGE.read_text(), copied(Path(folder))))


if __name__ == "__main__":
    main()
