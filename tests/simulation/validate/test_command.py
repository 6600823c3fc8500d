"""`acd validate`: what it prints and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from simulation.commands.validate import validate
from tests.simulation.validate.test_cases import B, written

app = typer.Typer()
app.command()(validate)


def said(*words: str) -> tuple[int, str, str]:
    told = CliRunner().invoke(app, list(words), standalone_mode=False)
    return int(told.return_value), told.stdout, told.stderr


def test_without_a_file_the_cases_of_the_package_are_run() -> None:
    code, out, _ = said("--formulas-only", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["passed"]
    assert {"B1", "C1", "A1", "K3", "G4", "P5", "Q3", "R1", "S1", "PR1", "INF1", "T1"} <= {
        case["id"] for case in found["cases"]
    }


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_processes(tmp_path: Path) -> None:
    path = str(written(tmp_path, B))
    alone, two, other = (
        said("--cases", path, "--calls", "2000", "--json", "--seed", seed, "-j", jobs)[1]
        for seed, jobs in (("1", "1"), ("1", "2"), ("2", "1"))
    )
    assert alone == two
    assert alone != other
    (quantity,) = json.loads(alone)["cases"][0]["quantities"]
    assert quantity.keys() == {
        "name", "expected", "got", "relative_error", "simulated", "standard_error", "z", "passed",
    }  # fmt: skip
    assert abs(quantity["z"]) < 4


def test_a_case_that_does_not_pass_ends_it_with_1(tmp_path: Path) -> None:
    wrong: dict[str, Any] = B | {"id": "wrong", "expect": {"P_block": "0.3"}}
    code, out, _ = said("--cases", str(written(tmp_path, B, wrong)), "--formulas-only")
    assert code == 1
    assert "wrong: not passed: P_block" in out
    assert "1 of 2 cases passed, closed forms only" in out


def test_an_unreadable_file_ends_it_with_2(tmp_path: Path) -> None:
    code, out, err = said("--cases", str(tmp_path / "nothing.json"))
    assert (code, out) == (2, "")
    assert "nothing.json: No such file" in err


def test_a_table_shows_expected_value_closed_form_and_simulation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    code, out, _ = said("--cases", str(written(tmp_path, B)), "--calls", "1000", "-j", "1")
    assert code == 0
    for text in ("P_block", "0.214582343107", "rel. error", "1 of 1 cases passed, seed"):
        assert text in out
