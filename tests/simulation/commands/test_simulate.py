"""`acd simulate`, `compare` and `surge` at the command line: what they print, write and refuse."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest

from acd.commands import cli

SITE = """
[server]
timezone = "Europe/Berlin"
[tenants.acme]
[skills]
german = "German"
[groups.all]
skills = { german = 1 }
[agents.anna]
skills = { german = 2 }
[agents.bert]
skills = { german = 1 }
[lines.help]
tenant = "acme"
groups = ["all"]
[entries.voice."+49 30 555 0101"]
line = "help"
"""

PLAN = """
site = "site.toml"
name = "two agents"
day = 2026-11-23
start = "08:00"
end = "10:00"
interval = "30m"
[demand]
file = "forecast.csv"
[lines.help.voice]
talk = { mean = "3m", cv = 1 }
patience = { mean = "2m" }
[[agents.shifts]]
agents = ["anna", "bert"]
start = "08:00"
end = "10:00"
[[goals]]
line = "help"
medium = "voice"
threshold = "20s"
share = 0.8
"""

FORECAST = "interval_start,line,medium,offered\n" + "".join(
    f"{time},help,voice,18\n" for time in ("08:00", "08:30", "09:00", "09:30")
)


class Ran(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


Acd = Callable[..., Ran]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "forecast.csv").write_text(FORECAST)
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path / "plan.toml"


@pytest.fixture
def acd(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Acd:
    def run(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["acd", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Ran(int(str(ended.value.code)), out, err)

    return run


def a_json(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_processes_and_by_both_drivers(
    acd: Acd, plan: Path
) -> None:
    ways = (["-j", "1"], ["-j", "2"], ["-j", "1", "--driver", "simpy"])
    outputs = {acd("simulate", plan, "--days", "6", "--seed", "7", "--json", *way).out for way in ways}
    assert len(outputs) == 1
    assert acd("simulate", plan, "--days", "6", "--seed", "8", "-j", "1", "--json").out not in outputs


def test_a_result_says_seed_days_definitions_thresholds_and_intervals(acd: Acd, plan: Path) -> None:
    told = a_json(acd("simulate", plan, "--days", "5", "-j", "1", "--json"))
    assert (told["seed"], told["days"], told["from"]) == (1, 5, "2026-11-23 08:00")
    assert told["thresholds_s"] == {"help/voice": 20.0}
    asa = next(row for row in told["measures"] if row["measure"] == "asa" and not row["tenant"])
    assert asa["ci_lo"] < asa["value"] < asa["ci_hi"]
    level = next(one for one in told["definitions"] if one["name"] == "abandons_negative")
    assert level["version"] == 1
    assert "short" in level["short_abandon"] or "5 s" in level["short_abandon"]
    (goal,) = told["goals"]
    assert goal["met"] == (goal["value"] >= 0.8)


def test_a_stopping_rule_takes_thirty_days_at_least(acd: Acd, plan: Path) -> None:
    assert a_json(acd("simulate", plan, "--until", "sl:0.2", "-j", "1", "--json"))["days"] == 30
    narrow = a_json(acd("simulate", plan, "--until", "sl:0.03", "-j", "1", "--json"))
    assert narrow["days"] > 30
    (goal,) = narrow["goals"]
    assert (goal["ci_hi"] - goal["ci_lo"]) / 2 <= 0.03


def test_files_hold_every_measure_of_every_interval(acd: Acd, plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert acd("simulate", plan, "--days", "4", "-j", "1", "--out", out).code == 0
    rows = list(csv.DictReader(io.StringIO((out / "measures.csv").read_text())))
    starts = {row["interval_start"] for row in rows}
    assert {"", "2026-11-23 08:00", "2026-11-23 09:30"} <= starts
    sheet = openpyxl.load_workbook(out / "report.xlsx")["measures"]
    assert sum(1 for _ in sheet.iter_rows()) == len(rows) + 1
    assert json.loads((out / "report.json").read_text())["days"] == 4
    page = (out / "report.html").read_text()
    assert page.count('class="plotly-graph-div"') == 3
    assert "Simulation of two agents" in page


def test_the_report_speaks_german(acd: Acd, plan: Path, tmp_path: Path) -> None:
    ran = acd("simulate", plan, "--days", "3", "-j", "1", "--language", "de", "--out", tmp_path / "out")
    assert "Erreicht" in ran.out
    assert "<title>Simulation von two agents" in (tmp_path / "out" / "report.html").read_text()


def test_one_more_agent_is_a_paired_difference(acd: Acd, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        SITE.replace("[lines.help]", "[agents.carl]\nskills = { german = 1 }\n[lines.help]")
    )
    more = tmp_path / "more.toml"
    more.write_text(PLAN.replace('"bert"]', '"bert", "carl"]').replace("two agents", "three agents"))
    told = a_json(acd("compare", plan, more, "--days", "30", "-j", "1", "--json"))
    (changes,) = told["changes"]
    assert (changes["before"], changes["after"]) == ("two agents", "three agents")
    level = next(r for r in changes["measures"] if r["measure"] == "abandons_negative" and not r["tenant"])
    assert level["change"] == pytest.approx(level["after"] - level["before"])
    assert level["ci_lo"] > 0
    assert level["clear"]


def test_plans_of_other_intervals_cannot_be_compared(acd: Acd, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "late.toml").write_text(PLAN.replace('end = "10:00"\ninterval', 'end = "10:30"\ninterval'))
    ran = acd("compare", plan, tmp_path / "late.toml", "--days", "2", "-j", "1")
    assert ran.code == 2
    assert "same days and intervals" in ran.err


def test_an_announcement_spares_calls_in_a_surge(acd: Acd, plan: Path) -> None:
    surge = ("surge", plan, "--at", "08:30", "--factor", "3", "--for", "45m", "--deflect", "0.4")
    told = a_json(acd(*surge, "--announced-after", "2m", "--days", "20", "-j", "1", "--json"))
    calm, silent, announced = (
        {row["measure"]: row["value"] for row in scenario["measures"] if not row["tenant"]}
        for scenario in told["scenarios"]
    )
    assert calm["contacts"] < silent["contacts"]
    assert calm["incident_share"] == silent["incident_share"] == 0
    assert 0.1 < announced["incident_share"] < 0.4
    assert announced["abandon_rate"] < silent["abandon_rate"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--until", "sl"), "MEASURE:HALF_WIDTH"),
        (("--until", "nonsense:0.1"), "nonsense"),
        (("--until", "sl:0.1", "--days", "30"), "not both"),
        (("--driver", "quick"), "choose loop or simpy"),
        (("--language", "fr"), "choose en or de"),
        (("--days", "1"), "--days"),
    ],
)
def test_wrong_options_exit_2_with_one_line(acd: Acd, plan: Path, words: tuple[str, ...], said: str) -> None:
    ran = acd("simulate", plan, "-j", "1", *words)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_surge_outside_the_plan_is_refused(acd: Acd, plan: Path) -> None:
    ran = acd("surge", plan, "--at", "14:00", "--factor", "3", "--for", "45m")
    assert ran.code == 2
    assert "--at 14:00: the plan goes from 2026-11-23 08:00" in ran.err


def test_every_fault_of_a_plan_is_told_with_file_and_place(acd: Acd, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "forecast.csv").write_text(FORECAST.replace("09:00,help,voice,18", "09:00,help,voice,many"))
    plan.write_text(PLAN.replace("share = 0.8", "share = 8"))
    ran = acd("simulate", plan, "--days", "2")
    assert ran.code == 2
    assert "forecast.csv" in ran.err
    assert "offered" in ran.err
    assert "plan.toml: goals" in ran.err


def test_without_a_plan_the_demo_is_simulated_and_that_is_said(
    acd: Acd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = acd("simulate", "--days", "2", "-j", "1")
    assert ran.code == 0
    assert "this is the demo plan" in ran.err
    assert "nordwind-helpdesk" in ran.out
