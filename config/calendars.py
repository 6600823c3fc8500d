"""Calendars: `[calendars.ID]` as rules."""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from config.errors import did_you_mean
from config.opening import DAYS, CalendarRule, Window, clock, week_overlap, windows
from config.public_holidays import public_holidays
from config.table import Table, as_date
from queues.desk import CalendarId


def read_timezone(table: Table, key: str, default: str | None = None) -> str:
    """The name of a time zone that exists here; `UTC` after an error."""
    name = table.text(key, default)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        table.error(key, f'unknown time zone "{name}"{did_you_mean(name, sorted(available_timezones()))}')
        return "UTC"
    return name


def read_calendar(name: str, table: Table, timezone: str) -> CalendarRule:
    """One calendar; `timezone` holds when it names none."""
    if name == "always":
        table.error("", '"always" is the calendar that never closes, it cannot be changed')
    zone = read_timezone(table, "timezone", timezone)
    hours = table.table("hours")
    week = tuple(_windows(hours, day) for day in DAYS)
    overlap = week_overlap(week)
    if overlap:
        day, minute = overlap
        hours.error(DAYS[day], f"hours overlap at {clock(minute)}: the day before is open over midnight")
    return CalendarRule(CalendarId(name), zone, week, _special(table), _public(table))


def _windows(table: Table, day: str) -> tuple[Window, ...]:
    try:
        return windows(table.text(day, ""))
    except ValueError as error:
        table.error(day, str(error))
        return ()


def _public(table: Table) -> str:
    place = table.text("public_holidays", "")
    try:
        if place:
            public_holidays(place)
    except ValueError as error:
        table.error("public_holidays", str(error))
        return ""
    return place


def _special(table: Table) -> Mapping[date, tuple[Window, ...]]:
    found: dict[date, tuple[Window, ...]] = dict.fromkeys(table.dates("holidays"), ())
    days = table.table("days")
    days.allow(days.data)
    for text in days.data:
        day = as_date(text)
        if day is None:
            days.error(text, 'must be a date such as "2026-12-25"')
        elif day in found:
            days.error(text, "is a holiday too")
        else:
            found[day] = _windows(days, text)
    return found
