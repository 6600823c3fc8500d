"""The configured desk as events: what changed since the engine last heard of it, opening hours included."""

from collections.abc import Iterator

from msgspec.structs import replace

from acd.core.events import CalendarChanged, DeskChanged
from config.schema import Site
from queues.desk import Desk

DAY_MS = 24 * 3600 * 1000
BEHIND_MS = 35 * DAY_MS
"""Hours are resolved so far back, because mails may wait for weeks and their business time is counted."""
AHEAD_MS = 70 * DAY_MS


def configured(site: Site, now_ms: int) -> Desk:
    """The desk of the site, with opening hours from 35 days ago to in 70 days (whole UTC days)."""
    today_ms = now_ms - now_ms % DAY_MS
    return site.desk_at(today_ms - BEHIND_MS, today_ms + AHEAD_MS)


def changes(held: Desk, wanted: Desk) -> Iterator[DeskChanged | CalendarChanged]:
    """The events that bring an engine with desk `held` to `wanted`; none if it is there."""
    if replace(held, calendars=()) != replace(wanted, calendars=()) or _ids(held) != _ids(wanted):
        yield DeskChanged(wanted)
        return
    before = {calendar.id: calendar for calendar in held.calendars}
    for calendar in wanted.calendars:
        if calendar != before[calendar.id]:
            yield CalendarChanged(calendar)


def _ids(desk: Desk) -> set[str]:
    return {calendar.id for calendar in desk.calendars}
