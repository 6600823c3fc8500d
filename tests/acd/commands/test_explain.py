"""`acd explain`: what the command takes and says; what it explains is in tests/acd/why."""

import json
from pathlib import Path

import pytest

from acd.commands.cli import app
from acd.commands.shell import Failure, complain
from acd.core import events
from acd.testing import JournalledStory
from acd.testing.story import agent, desk, entry, line
from agents.skills import AgentId
from tests.acd.why.explained import SECOND

SITE = """
[server]
data_dir = "var"
timezone = "Europe/Berlin"
[tenants.acme]
[skills]
help = "Help"
[agents.anna]
skills = { help = 1 }
[lines.help]
tenant = "acme"
skills = { help = 1 }
[entries.voice."help"]
line = "help"
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Two callers wait; the VIP, who came last, is first."""
    (tmp_path / "site.toml").write_text(SITE)
    told = JournalledStory(
        desk(line(), entry("vip", "help", priority_class=1), agent("anna"), agent("bert")), tmp_path / "var"
    )
    told.ready(0, "anna", "bert").at(0, events.AgentPaused(AgentId("bert"), "break"))
    first = told.arrive(0)
    told.accept(1 * SECOND, "anna")
    number, vip = told.arrive(10 * SECOND), told.arrive(20 * SECOND, "vip")
    told.release(30 * SECOND, first, "anna").accept(31 * SECOND, "anna").release(70 * SECOND, vip, "anna")
    told.accept(72 * SECOND, "anna").release(90 * SECOND, number, "anna")
    told.journal.close()
    return tmp_path / "site.toml"


def run(*words: object) -> object:
    return app(["explain", *map(str, words)], standalone_mode=False)


def test_it_tells_a_contact_in_the_time_zone_of_the_site(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(2, "--site", site) == 0
    said = capsys.readouterr().out
    assert said.startswith("contact 2 (Europe/Berlin)\n09:00:10")
    assert "anna gets contact 3 instead." in said
    assert "decided by class" in said
    assert "not: bert: paused (break) since 09:00:00" in said


def test_it_speaks_german_and_reads_a_copy(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (site.parent / "var", site.parent / "var" / "journal"):
        assert run(2, "--journal", folder, "--lang", "de") == 0
        said = capsys.readouterr().out
        assert said.startswith("Kontakt 2 (UTC)\n08:00:10")
        assert "anna bekommt statt dessen Kontakt 3." in said


def test_json_has_the_sentences_and_what_they_are_made_of(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(2, "--site", site, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["contact"], found["ended"], found["timezone"]) == (2, True, "Europe/Berlin")
    over = next(one for one in found["steps"] if one["notes"][0]["key"] == "PassedOver")
    assert over["notes"][0]["said"] == {"agent": "anna", "rival": 3, "line": "help"}
    assert (over["look"]["decided_by"], over["look"]["rivals"][0]["priority_class"]) == ("class", 1)
    nobody = next(one for one in found["steps"] if one["notes"][0]["key"] == "LookedFor")
    verdicts = {one["agent"]: one["bars"] for one in nobody["look"]["verdicts"]}
    assert [bar["rule"] for bar in verdicts["bert"]] == ["paused"]
    assert {one["agent"] for one in found["meanwhile"]} == {"anna", "bert"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((2,), 2, "acd: which journal? give --site SITE (or set ACD_SITE) or --journal DIR"),
        ((2, "--lang", "fr", "--journal", "x"), 2, "acd: --lang fr: choose en or de"),
        ((2, "--journal", "nowhere"), 1, "acd: there is no journal in nowhere"),
        ((2, "--journal", "x", "--timezone", "Mars"), 2, 'acd: --timezone: there is no time zone "Mars"'),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    words: tuple[object, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        got = run(*words)
    except Failure as failure:
        got = complain(str(failure), failure.code)
    assert got == code
    assert capsys.readouterr().err == f"{said}\n"


def test_an_unknown_contact_is_no_answer(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(99, "--site", site) == 1
    assert capsys.readouterr().err == "acd: there is no contact 99 in this journal\n"


def test_what_would_have_been_is_found_or_asked_for(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(2, "--site", site) == 0
    said = capsys.readouterr().out
    assert (
        "Had bert been ready from 09:00:10 on, bert would have answered at 09:00:11: 1 min 1 s earlier."
        in said
    )
    assert "Without contact 3, anna would have answered at 09:00:32: 40 s earlier." in said
    assert "Each is replayed from the journal by the engine itself. Assumed:" in said
    assert run(2, "--site", site, "--if", "ready bert 9:00:20", "--without", 3, "--json") == 0
    found = json.loads(capsys.readouterr().out)["otherwise"]
    assert [(one["change"]["kind"], one["outcome"]) for one in found] == [
        ("ready", "earlier"),
        ("without", "earlier"),
    ]
    assert found[0]["would"]["answered_ms"] == 1_800_000_021_000


def test_it_can_be_left_out_and_has_a_limit(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(2, "--site", site, "--no-what-if") == 0
    assert "What if" not in capsys.readouterr().out
    assert run(2, "--site", site, "--within", 0, "--without", 3) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--if", "ready"), 2, 'acd: --if "ready" is none of: ready AGENT [TIME], without CONTACT'),
        (("--if", "ready zoe"), 1, "acd: there was no agent zoe at that moment"),
        (("--without", "77"), 1, "acd: there is no contact 77 in this journal"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(
    site: Path, words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        got = run(2, "--site", site, *words)
    except Failure as failure:
        got = complain(str(failure), failure.code)
    assert got == code
    assert capsys.readouterr().err.startswith(said)
