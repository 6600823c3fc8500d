"""The configured desk as events: nothing for nothing, and hours by themselves when only they moved."""

import os
from pathlib import Path

from msgspec.structs import replace

from acd.core.events import CalendarChanged, DeskChanged
from acd.server.calendars import AHEAD_MS, BEHIND_MS, DAY_MS, changes, configured
from acd.testing import small_desk
from config.load import load
from config.schema import Site
from queues.desk import Calendar, CalendarId

SITE = """
[tenants.nordwind]
name = "Nordwind"
[skills]
german = "Deutsch"
[groups]
desk = { skills = { german = 1 } }
[agents.anna]
name = "Anna"
skills = { german = 9 }
[calendars.office]
timezone = "Europe/Berlin"
[calendars.office.hours]
mon = "08:00-18:00"
[lines.helpdesk]
tenant = "nordwind"
groups = ["desk"]
hours = "office"
[entries.voice."+49 30 555 0101"]
line = "helpdesk"
"""
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2


def office(tmp_path: Path) -> Site:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return load(path, os.environ)


def test_hours_are_resolved_from_weeks_ago_to_weeks_ahead_in_whole_days(tmp_path: Path) -> None:
    """Fifteen Mondays; the same answer all day long."""
    site = office(tmp_path)
    desk = configured(site, NOON_MS)
    (calendar,) = desk.calendars
    assert len(calendar.opens) == (BEHIND_MS + AHEAD_MS) // DAY_MS // 7
    assert calendar.opens[0][0] >= NOON_MS - BEHIND_MS - DAY_MS
    assert calendar.opens[-1][1] > NOON_MS + AHEAD_MS - 9 * DAY_MS
    assert configured(site, NOON_MS + DAY_MS // 3) == desk
    assert list(changes(desk, desk)) == []


def test_a_week_later_only_the_hours_are_an_event(tmp_path: Path) -> None:
    """CalendarChanged, not DeskChanged."""
    site = office(tmp_path)
    held, wanted = configured(site, NOON_MS), configured(site, NOON_MS + 7 * DAY_MS)
    assert list(changes(held, wanted)) == [CalendarChanged(wanted.calendars[0])]


def test_another_desk_or_another_calendar_is_one_event() -> None:
    """DeskChanged carries all of it."""
    held, wanted = small_desk(["anna"]), small_desk(["anna", "bert"])
    assert list(changes(held, wanted)) == [DeskChanged(wanted)]
    with_calendar = replace(held, calendars=(Calendar(CalendarId("office"), ()),))
    assert list(changes(held, with_calendar)) == [DeskChanged(with_calendar)]
