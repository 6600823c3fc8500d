"""The guide for a new client: its files are a site without mistakes and open when they say."""

from datetime import date
from pathlib import Path

from acd.reports.opening import week_of
from config.load import check
from tests.docs.test_snippets import ROOT, blocks

GUIDE = ROOT / "docs" / "guides" / "take-a-client-on-board.md"
SITE = """
include = ["ostsee.toml", "groups.toml"]
[server]
data_dir = "var"
[desk]
languages = ["de", "en"]
[skills]
german = "Deutsch"
[agents.anna]
skills = { german = 9 }
[agents.bert]
skills = { german = 9 }
[sip]
"""


def test_the_new_client_s_files_are_right_and_open_when_they_say(tmp_path: Path) -> None:
    client, groups = blocks(GUIDE, "toml")
    for name, text in (("site", SITE), ("ostsee", client), ("groups", groups)):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    (tmp_path / "ostsee-vip.csv").write_text("number,head_start\n", encoding="utf-8")
    site, errors, warnings = check(tmp_path / "site.toml", {})
    assert (errors, warnings) == ((), ())
    assert site is not None
    week = {one.entry: one for one in week_of(site, date(2026, 12, 21))}
    assert len(week) == 2
    days = {day.date: day for one in week.values() for day in one.days}
    assert list(days["2026-12-24"].windows) == ["08:00-12:00"]
    assert not days["2026-12-25"].windows
