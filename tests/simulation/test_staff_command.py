"""`acd staff` on a plan file: what it prints, what it writes, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from acd.commands.shell import Failure
from simulation.commands.staff import staff
from simulation.plan.plan_file import load_plan

SITE = """
[server]
timezone = "Europe/Berlin"
[tenants.acme]
[skills]
help = "Helps"
pay = "Pays"
[groups.helpers]
skills = { help = 1 }
[groups.payers]
skills = { pay = 1 }
[lines.help]
tenant = "acme"
groups = ["helpers"]
[lines.pay]
tenant = "acme"
groups = ["payers"]
[entries.voice."1"]
line = "help"
[entries.voice."2"]
line = "pay"
[agents]
"""
AGENT = "{0}{1:02} = {{ skills = {{ {2} }} }}\n"

PLAN = """
site = "site.toml"
name = "half a day"
day = 2026-11-23
start = "08:00"
end = "13:00"
demand = { file = "forecast.csv" }
lines.help.voice = { talk = { mean = "4m" }, patience = { mean = "3m" } }
lines.pay.voice = { talk = { mean = "5m" }, patience = { mean = "3m" } }

[staffing.shifts]
lengths = ["5h", "3h"]
break_from = "1h"
break_until = "3h"

[[goals]]
line = "help"
medium = "voice"
definition = "offered"
threshold = "20s"
share = 0.8

[[goals]]
line = "pay"
medium = "voice"
definition = "DEFINITION"
threshold = "30s"
share = 0.75
"""

CALLS = (8, 12, 16, 20, 20, 16, 12, 12, 8, 6)


def write(folder: Path, *, helpers: int = 12, definition: str = "abandons_negative") -> Path:
    who = ("h", helpers, "help = 1"), ("p", 8, "pay = 1"), ("b", 4, "help = 1, pay = 1")
    agents = "".join(
        AGENT.format(name, number, skills) for name, many, skills in who for number in range(many)
    )
    (folder / "site.toml").write_text(SITE + agents)
    (folder / "plan.toml").write_text(PLAN.replace("DEFINITION", definition))
    rows = [
        f"{8 + number // 2:02}:{number % 2 * 30:02},{line},voice,{calls * share}"
        for line, share in (("help", 1.0), ("pay", 0.4))
        for number, calls in enumerate(CALLS)
    ]
    (folder / "forecast.csv").write_text("\n".join(["interval_start,line,medium,offered", *rows]) + "\n")
    return folder / "plan.toml"


def run(plan: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[int, str]:
    code = staff(plan, jobs=1, days=20, effort=0.2, seed=3, **options)
    return code, capsys.readouterr().out


def test_it_plans_a_day_and_says_that_the_goals_are_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(write(tmp_path), capsys, as_json=True)
    whole = json.loads(out)
    assert code == 0
    assert whole["reached"] is True
    assert [goal["met"] for goal in whole["goals"]] == [True, True]
    assert whole["misses"] == []
    assert whole["totals"]["solver"] in {"optimal", "near"}
    assert len(whole["requirement"]) == 2 * len(CALLS)
    assert len(whole["heads"]) == 3 * len(CALLS)
    assert all(row["scheduled"] >= 0 for row in whole["heads"])


def test_the_tables_tell_goals_hours_and_every_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(write(tmp_path), capsys)
    assert code == 0
    for text in ("offered 80%", "paid hours", "needed hours", "08:00", "12:30"):
        assert text in out


def test_the_roster_it_writes_is_read_back_as_the_one_it_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = write(tmp_path)
    run(plan, capsys, out=tmp_path / "out")
    plan.write_text(plan.read_text() + '\n[agents]\nfile = "out/roster.csv"\n')
    duties = load_plan(plan, {}).scenario.duties
    rows = (tmp_path / "out" / "roster.csv").read_text().splitlines()[1:]
    assert len(duties) == len(rows) > 0
    assert {duty.agent for duty in duties} == {row.split(",")[0] for row in rows}
    assert all(len(duty.breaks) == 1 for duty in duties)
    found = {file.name for file in (tmp_path / "out").iterdir()}
    assert found == {
        "requirement.csv",
        "heads.csv",
        "shifts.csv",
        "roster.csv",
        "misses.csv",
        "report.html",
        "report.xlsx",
        "report.json",
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(tmp_path)
    assert run(plan, capsys, as_json=True) == run(plan, capsys, as_json=True)


def test_a_site_with_too_few_agents_ends_with_one_and_says_by_how_much(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(write(tmp_path, helpers=0), capsys, as_json=True)
    whole = json.loads(out)
    assert code == 1
    missed = [miss for miss in whole["misses"] if miss["kind"] == "goal"]
    assert [miss["what"] for miss in missed] == ["help"]
    assert missed[0]["by"] > 0.05
    assert any(miss["kind"] == "heads" and "too few between" in miss["text"] for miss in whole["misses"])
    agents = [miss for miss in whole["misses"] if miss["kind"] == "agents"]
    assert sum(miss["by"] for miss in agents) >= 1
    assert all("would be enough, there are" in miss["text"] for miss in agents)


def test_without_shifts_heads_are_certified_and_no_roster_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(write(tmp_path), capsys, shifts=False, as_json=True)
    whole = json.loads(out)
    assert code == 0
    assert whole["roster"] == whole["shifts"] == []
    assert "paid_hours" not in whole["totals"]


def test_shrinkage_asks_for_more_paid_hours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(tmp_path)
    none, some = (
        json.loads(run(plan, capsys, shrinkage=share, as_json=True)[1])["totals"] for share in (0.0, 0.2)
    )
    assert some["needed_hours"] == none["needed_hours"]
    assert some["paid_hours"] > none["paid_hours"]


def test_a_goal_that_no_heads_follow_from_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Failure, match="mail_in_time") as failure:
        run(write(tmp_path, definition="mail_in_time"), capsys)
    assert failure.value.code == 2


def test_a_plan_that_no_shift_fits_into_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = write(tmp_path)
    plan.write_text(plan.read_text().replace('["5h", "3h"]', '["9h"]'))
    with pytest.raises(Failure, match="no shift") as failure:
        run(plan, capsys)
    assert failure.value.code == 1


def test_an_hour_that_no_shift_covers_is_named_and_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Few call in it, so the goals of the day are met without it."""
    plan = write(tmp_path)
    plan.write_text(
        plan.read_text().replace('lengths = ["5h", "3h"]', 'lengths = ["4h"]\nfirst_start = "09:00"')
    )
    table = tmp_path / "forecast.csv"
    few = {"08:00,help,voice,8.0": "08:00,help,voice,0.5", "08:30,help,voice,12.0": "08:30,help,voice,0.5"}
    text = table.read_text()
    for many, some in few.items():
        text = text.replace(many, some)
    table.write_text("\n".join(line for line in text.splitlines() if not line.startswith("08:30,pay")))
    code, said = run(plan, capsys)
    lines = said.splitlines()
    assert code == 1
    assert not any(line.startswith("missed: ") for line in lines)
    assert [line for line in lines if line.startswith("empty: ")] == [
        "empty: help: nobody for 1 voice between 2026-11-23 08:00 and 2026-11-23 09:00",
        "empty: pay: nobody for 3.2 voice between 2026-11-23 08:00 and 2026-11-23 08:30",
    ]
    assert any(line.startswith("missing: ") and "too few between" in line for line in lines)
