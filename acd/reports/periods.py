"""Days and intervals of a report in a client's time zone, as moments."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from acd.kpi.intervals import Intervals
from config.durations import duration_ms
from config.schema import Site
from queues.desk import ALWAYS

CALENDAR = ("day", "week", "month", "quarter", "year")
"""Intervals of the calendar; weeks begin on Monday. Any other interval is a length of time."""
MOST = 20_000
"""Intervals in one report at most."""


def zone_of(site: Site, client: str) -> str:
    """The time zone of a client's days: that of its lines' calendars, if they agree; else the server's."""
    zones = {rule.id: rule.timezone for rule in site.calendars}
    used = {
        zones[calendar]
        for line in site.desk.lines
        if line.tenant == client
        for calendar in (line.hours, line.calendar)
        if calendar != ALWAYS
    }
    return used.pop() if len(used) == 1 else site.server.timezone


def intervals_of(first: date, last: date, interval: str, zone: ZoneInfo) -> Intervals:
    """The intervals from the beginning of `first` to the end of `last`, cut at both.

    `interval` is one of CALENDAR, or a length of at least a minute such as `30m`, counted from midnight of
    each day. Raises ValueError with a reason.
    """
    if last < first:
        raise ValueError(f"the last day, {last}, is before the first, {first}")
    if interval in CALENDAR:
        days = [first, *_beginnings(first, last, interval), last + timedelta(days=1)]
        return _intervals([midnight_ms(day, zone) for day in days])
    step_ms = duration_ms(interval)
    if step_ms < 60_000:
        raise ValueError(f"an interval has at least one minute, {interval} is shorter")
    number = (last - first).days + 1
    if number * max(1, 86_400_000 // step_ms) > MOST:
        raise ValueError(f"more than {MOST} intervals: make them longer, or the report shorter")
    midnights = [midnight_ms(first + timedelta(days=day), zone) for day in range(number + 1)]
    bounds = [t_ms for today_ms, next_ms in pairwise(midnights) for t_ms in range(today_ms, next_ms, step_ms)]
    return _intervals([*bounds, midnights[-1]])


def midnight_ms(day: date, zone: ZoneInfo) -> int:
    """The moment at which the day begins there."""
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


def told(t_ms: int, zone: ZoneInfo) -> str:
    """The moment as local time with its offset from UTC."""
    return datetime.fromtimestamp(t_ms / 1000, zone).isoformat(timespec="seconds")


def _intervals(bounds: list[int]) -> Intervals:
    if len(bounds) > MOST + 1:
        raise ValueError(f"more than {MOST} intervals: make them longer, or the report shorter")
    return Intervals(bounds)


def _beginnings(first: date, last: date, interval: str) -> list[date]:
    """The days after `first` on which such an interval begins."""
    days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
    return [day for day in days if _begins(day, interval)]


def _begins(day: date, interval: str) -> bool:
    if interval == "week":
        return day.weekday() == 0
    months = {"day": 0, "month": 1, "quarter": 3, "year": 12}[interval]
    return not months or (day.day == 1 and (day.month - 1) % months == 0)
