"""When each entry of a site is open: the seven days from a date on."""

from datetime import date, timedelta

from msgspec import Struct

from config.opening import DAYS, CalendarRule, Window, clock
from config.schema import Site

WEEK = 7


class Day(Struct, frozen=True):
    """A local day of a calendar; `windows` as `08:00-18:00`, none: closed."""

    date: str
    weekday: str
    windows: tuple[str, ...]
    holiday: str
    """Name of the public holiday that closes it; empty: none does."""


class EntryWeek(Struct, frozen=True):
    """An entry, the hours of whose line are these."""

    entry: str
    client: str
    medium: str
    line: str
    calendar: str
    timezone: str
    days: tuple[Day, ...]


def week_of(site: Site, first: date) -> list[EntryWeek]:
    """All entries, in the order of the site file, for the seven days from `first` on."""
    rules = {rule.id: rule for rule in site.calendars}
    lines = {line.id: line for line in site.desk.lines}
    found = []
    for entry in site.desk.entries:
        hours = lines[entry.line].hours
        rule = rules.get(hours)
        zone = rule.timezone if rule is not None else site.server.timezone
        days = tuple(_day(rule, first + timedelta(days=number)) for number in range(WEEK))
        name = hours or "always"
        found.append(EntryWeek(entry.id, entry.tenant, entry.medium, entry.line, name, zone, days))
    return found


def _day(rule: CalendarRule | None, day: date) -> Day:
    windows = ((0, 24 * 60),) if rule is None else rule.on(day)
    holiday = "" if rule is None else rule.holiday(day)
    return Day(day.isoformat(), DAYS[day.weekday()], tuple(map(_text, windows)), holiday)


def _text(window: Window) -> str:
    opens, closes = window
    return f"{clock(opens)}-{clock(closes if closes <= 24 * 60 else closes - 24 * 60)}"
