"""Opening hours: a weekly rule with holidays, and its UTC intervals for a span of time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from config.public_holidays import public_holidays
from queues.desk import Calendar, CalendarId

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

Window = tuple[int, int]
"""Open and close in minutes of the local day; close is beyond DAY_MINUTES when it lies on the next day."""

_WINDOW = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})\s*")


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """Windows per weekday (Monday first) in a time zone. A day in `special` has those windows instead.

    A holiday is a special day without windows; those of `public` (`DE-NW`; empty: none) are found for each
    year anew, and a day in `special` goes before them. A window over midnight belongs to the day it opens on.
    """

    id: CalendarId
    timezone: str
    week: tuple[tuple[Window, ...], ...]
    special: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    public: str = ""

    def on(self, day: date) -> tuple[Window, ...]:
        """The windows that open on this local day."""
        if day in self.special:
            return self.special[day]
        return () if self.holiday(day) else self.week[day.weekday()]

    def holiday(self, day: date) -> str:
        """The name of the public holiday that closes us on this day; empty: none does."""
        if not self.public or day in self.special:
            return ""
        return public_holidays(self.public).get(day, "")


def windows(text: str) -> tuple[Window, ...]:
    """Windows of one day from `08:00-12:00, 13:00-18:00`, sorted; empty text: closed.

    A window whose close is not after its open ends on the next day. Raises ValueError with a reason.
    """
    found = sorted(_window(part) for part in text.split(",")) if text.strip() else []
    for (_, close), (after, _) in pairwise(found):
        if after < close:
            raise ValueError(f"hours overlap at {clock(after)}")
    return tuple(found)


def week_overlap(week: tuple[tuple[Window, ...], ...]) -> tuple[int, int] | None:
    """Weekday and minute at which a window over midnight runs into the next day's first one, if any."""
    for day, today in enumerate(week):
        tomorrow = week[(day + 1) % 7]
        if today and tomorrow and tomorrow[0][0] < today[-1][1] - DAY_MINUTES:
            return (day + 1) % 7, tomorrow[0][0]
    return None


def clock(minute: int) -> str:
    """`08:05` for 485."""
    return f"{minute // 60:02}:{minute % 60:02}"


def resolve(rule: CalendarRule, from_ms: int, until_ms: int) -> Calendar:
    """The open times of `rule` within [from_ms, until_ms), as Unix milliseconds, sorted and disjoint.

    A window opens the first time the local clock shows its opening time or has jumped past it, and closes
    the last time it shows its closing time: in the hour that a clock change repeats we are open, not closed.
    Intervals are cut at both ends, so resolve well beyond the present and again in good time.
    """
    zone = ZoneInfo(rule.timezone)
    opens: list[tuple[int, int]] = []
    for opened, closed in sorted(_intervals(rule, zone, from_ms, until_ms)):
        start, end = max(opened, from_ms), min(closed, until_ms)
        if start >= end:
            continue
        if opens and start <= opens[-1][1]:
            opens[-1] = (opens[-1][0], max(end, opens[-1][1]))
        else:
            opens.append((start, end))
    return Calendar(id=rule.id, opens=tuple(opens))


def _intervals(rule: CalendarRule, zone: ZoneInfo, from_ms: int, until_ms: int) -> Iterator[tuple[int, int]]:
    day = _utc_date(from_ms) - timedelta(days=3)
    last = _utc_date(until_ms) + timedelta(days=1)
    while day <= last:
        for opens, closes in rule.on(day):
            yield _unix_ms(day, opens, zone, fold=0), _unix_ms(day, closes, zone, fold=1)
        day += timedelta(days=1)


def _utc_date(ms: int) -> date:
    return datetime.fromtimestamp(ms // 1000, UTC).date()


def _unix_ms(day: date, minute: int, zone: ZoneInfo, *, fold: int) -> int:
    """The moment the local clock shows `minute` of `day`: the first (fold 0) or last (fold 1) of two.

    A time that the clock jumps over counts as the moment of the jump.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    before, after = (wall.replace(tzinfo=zone, fold=f).astimezone(UTC) for f in (0, 1))
    if before <= after:
        return round((after if fold else before).timestamp()) * 1000
    # Inside the gap fold 0 counts with the old offset and so comes out later than fold 1 (PEP 495).
    low, high = round(after.timestamp()), round(before.timestamp())
    old = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high * 1000


def _window(text: str) -> Window:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text.strip():.40}" is not a window such as "08:00-18:00"')
    open_h, open_m, close_h, close_m = map(int, match.groups())
    opens, closes = open_h * 60 + open_m, close_h * 60 + close_m
    if open_m > 59 or close_m > 59 or opens >= DAY_MINUTES or closes > DAY_MINUTES:
        raise ValueError(f'"{text.strip():.40}" is not a window such as "08:00-18:00"')
    return opens, closes if closes > opens else closes + DAY_MINUTES
