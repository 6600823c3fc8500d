"""Opening hours become the right UTC intervals, also when the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.opening import DAYS, CalendarRule, resolve, windows
from queues.desk import CalendarId

BERLIN = "Europe/Berlin"
MINUTE_MS = 60_000


def rule(timezone: str = BERLIN, special: dict[date, str] | None = None, **hours: str) -> CalendarRule:
    """A rule from texts: `rule(mon="08:00-18:00")`."""
    week = tuple(windows(hours.get(day, "")) for day in DAYS)
    days = {day: windows(text) for day, text in (special or {}).items()}
    return CalendarRule(CalendarId("test"), timezone, week, days)


def ms(utc: str) -> int:
    """Unix milliseconds of `2026-03-29T01:00`."""
    return round(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()) * 1000


def opens(rule: CalendarRule, start: str, end: str) -> list[str]:
    """Resolved intervals as `03-29T01:00/03-29T02:00`, in UTC."""
    intervals = resolve(rule, ms(start), ms(end)).opens
    return [
        "/".join(datetime.fromtimestamp(at // 1000, UTC).strftime("%m-%dT%H:%M") for at in one)
        for one in intervals
    ]


def test_winter_and_summer() -> None:
    """The same local hours are an hour earlier in UTC in summer."""
    office = rule(mon="08:00-18:00")
    assert opens(office, "2026-03-23T00:00", "2026-03-31T00:00") == [
        "03-23T07:00/03-23T17:00",
        "03-30T06:00/03-30T16:00",
    ]


def test_cut_at_both_ends() -> None:
    """Nothing lies outside the span asked for."""
    assert opens(rule(mon="08:00-18:00"), "2026-03-23T08:30", "2026-03-23T09:30") == [
        "03-23T08:30/03-23T09:30"
    ]


def test_empty_span() -> None:
    """No span, no opening."""
    assert opens(rule(mon="08:00-18:00"), "2026-03-23T08:30", "2026-03-23T08:30") == []


def test_public_holidays_of_every_year() -> None:
    """Corpus Christi is one in Nordrhein-Westfalen, and on another day each year; in Berlin it is none."""
    week = (windows("08:00-18:00"),) * 7
    rhine, spree = (CalendarRule(CalendarId("t"), BERLIN, week, public=place) for place in ("DE-NW", "DE-BE"))
    for day in (date(2026, 6, 4), date(2027, 5, 27)):
        assert (rhine.on(day), rhine.holiday(day)) == ((), "Fronleichnam")
        assert (spree.on(day), spree.holiday(day)) == (week[0], "")
    assert opens(rhine, "2026-06-03T23:00", "2026-06-05T12:00") == ["06-05T06:00/06-05T12:00"]


def test_a_special_day_goes_before_a_public_holiday() -> None:
    """Whoever is there on 1 May says so."""
    may = date(2026, 5, 1)
    one = CalendarRule(CalendarId("t"), BERLIN, ((),) * 7, {may: windows("10:00-12:00")}, "DE")
    assert (one.on(may), one.holiday(may)) == (windows("10:00-12:00"), "")


def test_over_midnight() -> None:
    """A window whose end is not after its begin ends on the next day, Sunday's on Monday."""
    night = rule("UTC", mon="22:00-06:00", sun="20:00-20:00")
    assert opens(night, "2026-03-22T00:00", "2026-03-25T00:00") == [
        "03-22T20:00/03-23T20:00",
        "03-23T22:00/03-24T06:00",
    ]


def test_around_the_clock_is_one_interval() -> None:
    """Windows that meet at midnight do not close for an instant, whatever the clocks do."""
    always = CalendarRule(CalendarId("test"), BERLIN, (windows("00:00-24:00"),) * 7)
    assert opens(always, "2026-03-01T00:00", "2026-11-30T00:00") == ["03-01T00:00/11-30T00:00"]


def test_holiday_and_special_day() -> None:
    """A holiday is closed, a special day has its own hours; a window of the day before runs into it."""
    special = {date(2026, 12, 25): "", date(2026, 12, 24): "08:00-12:00, 23:00-02:00"}
    week = rule("UTC", special, thu="08:00-18:00", fri="08:00-18:00")
    assert opens(week, "2026-12-21T00:00", "2026-12-28T00:00") == [
        "12-24T08:00/12-24T12:00",
        "12-24T23:00/12-25T02:00",
    ]


def test_window_inside_the_lost_hour() -> None:
    """02:00 to 03:00 does not exist on the day the clocks go forward: no opening."""
    assert opens(rule(sun="02:15-02:45"), "2026-03-28T00:00", "2026-03-30T00:00") == []


def test_window_begins_in_the_lost_hour() -> None:
    """It opens at the moment of the jump, not half an hour after it."""
    assert opens(rule(sun="02:30-10:00"), "2026-03-28T00:00", "2026-03-30T00:00") == [
        "03-29T01:00/03-29T08:00"
    ]


def test_window_ends_in_the_lost_hour() -> None:
    """It closes at the moment of the jump."""
    assert opens(rule(sun="00:00-02:30"), "2026-03-28T00:00", "2026-03-30T00:00") == [
        "03-28T23:00/03-29T01:00"
    ]


def test_window_in_the_repeated_hour() -> None:
    """It opens the first time and closes the second time the clock shows it."""
    assert opens(rule(sun="02:15-02:45"), "2026-10-24T00:00", "2026-10-26T00:00") == [
        "10-25T00:15/10-25T01:45"
    ]


def test_night_shift_is_an_hour_longer_in_autumn() -> None:
    """A window over the clock change keeps its local times."""
    night = rule(sat="22:00-06:00")
    assert opens(night, "2026-10-24T00:00", "2026-10-26T00:00") == ["10-24T20:00/10-25T05:00"]
    assert opens(night, "2026-03-28T00:00", "2026-03-30T00:00") == ["03-28T21:00/03-29T04:00"]


def test_half_hour_clock_change() -> None:
    """Lord Howe Island moves its clocks by thirty minutes."""
    assert opens(rule("Australia/Lord_Howe", sun="02:15-03:00"), "2026-10-03T00:00", "2026-10-05T00:00") == [
        "10-03T15:30/10-03T16:00"
    ]


def test_a_day_that_never_was() -> None:
    """Samoa had no 30 December 2011; its opening hours were not held."""
    samoa = rule("Pacific/Apia", fri="08:00-18:00", sat="08:00-09:00")
    assert opens(samoa, "2011-12-29T12:00", "2012-01-01T00:00") == ["12-30T18:00/12-30T19:00"]


@pytest.mark.parametrize(
    "text", ["8", "08:00", "08:00-18:60", "24:00-25:00", "a-b", "08:00-12:00;13:00-18:00"]
)
def test_not_windows(text: str) -> None:
    """What is no window is refused with a reason."""
    with pytest.raises(ValueError, match="is not a window"):
        windows(text)


@settings(max_examples=40, deadline=None)
@given(
    timezone=st.sampled_from([BERLIN, "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    hours=st.tuples(st.integers(0, 1439), st.integers(1, 1440)),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),
)
def test_agrees_with_the_clock_on_the_wall(timezone: str, hours: tuple[int, int], start: datetime) -> None:
    """Outside days of a clock change, exactly the minutes are open whose wall time lies in a window."""
    one = CalendarRule(CalendarId("t"), timezone, ((hours,) if hours[0] < hours[1] else (),) * 7)
    first = round(start.replace(tzinfo=UTC, second=0, microsecond=0).timestamp()) * 1000
    until = first + 2 * 24 * 60 * MINUTE_MS
    opened = resolve(one, first, until).opens
    zone = ZoneInfo(timezone)
    for at in range(first, until, 13 * MINUTE_MS):
        wall = datetime.fromtimestamp(at // 1000, zone)
        around = {(wall + timedelta(hours=h)).utcoffset() for h in (-24, 0, 24)}
        expected = hours[0] <= wall.hour * 60 + wall.minute < hours[1]
        if len(around) == 1:
            assert any(a <= at < b for a, b in opened) == expected
    assert all(a < b for a, b in opened)
    assert all(before[1] < after[0] for before, after in pairwise(opened))
