"""`acd plan`: a recorded day becomes a plan that simulates the same again."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from acd.commands import cli
from simulation.draws import Day
from simulation.plan.plan_file import DEMO_PLAN, load_plan
from simulation.runs.experiment import experiment
from tests.simulation.recording import played, stored

SITE = DEMO_PLAN.parent / "site.toml"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One played day of the demo as a journal."""
    scenario = load_plan(DEMO_PLAN, {}).scenario
    return stored(tmp_path_factory.mktemp("desk"), played(scenario, Day(scenario, 3, 0)))


def acd(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["acd", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(str(ended.value.code))


def test_a_recorded_day_becomes_a_plan_that_behaves_like_it(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--site", SITE, "--day", "2026-11-23", "--out", tmp_path / "seen", "--json")
    assert acd(monkeypatch, "plan", journal, *words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["contacts"] > 1_500
    assert {name.name for name in (tmp_path / "seen").iterdir()} >= {
        "plan.toml",
        "forecast.csv",
        "roster.csv",
    }
    seen = load_plan(told["plan"], os.environ).scenario
    again = experiment(seen, seed=1, days=6).measure("reachability")
    before = experiment(load_plan(DEMO_PLAN, {}).scenario, seed=1, days=6).measure("reachability")
    assert again.value == pytest.approx(before.value, abs=0.1)


@pytest.mark.parametrize(
    "case",
    [
        (("--day", "2026-11-25"), "nobody came between 2026-11-25 00:00"),
        (("--day", "2026-11-23", "--interval", "7"), "no whole number of intervals"),
        (("--day", "yesterday"), "--day"),
    ],
)
def test_what_cannot_be_planned_from_exits_2_with_the_reason(
    journal: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    case: tuple[tuple[str, ...], str],
) -> None:
    words, said = case
    assert acd(monkeypatch, "plan", journal, "--site", SITE, "--out", tmp_path / "seen", *words) == 2
    assert said in capsys.readouterr().err


def test_a_folder_that_is_no_journal_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--site", SITE, "--day", "2026-11-23", "--out", tmp_path / "seen")
    assert acd(monkeypatch, "plan", tmp_path, *words) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_what_the_site_has_no_more_is_named(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A site file changes; a plan of it would be one that nobody can read."""
    known = load_plan(DEMO_PLAN, {}).scenario.desk.entries[0].id
    shutil.copytree(SITE.parent, tmp_path / "desk")
    site = tmp_path / "desk" / "site.toml"
    lines = SITE.read_text().split("\n")
    begins = next(n for n, line in enumerate(lines) if re.sub(r"[^+0-9]", "", line) == known)
    ends = next(n for n, line in enumerate(lines[begins + 1 :], begins + 1) if line.startswith("["))
    site.write_text("\n".join([*lines[:begins], *lines[ends:]]))
    words = ("--site", site, "--day", "2026-11-23", "--out", tmp_path / "seen")
    assert acd(monkeypatch, "plan", journal, *words) == 2
    assert f"the record has entry {known}: give the site file as it was then" in capsys.readouterr().err
