"""The stretch of local time that a plan covers, and what times written in plans and tables mean in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_S = 86_400
When = datetime | int
"""A moment (naive: in the zone of the plan), or a time of day in seconds from midnight, 86 400 included."""

_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_GERMAN = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(.*)")
NO_TIME = 'is no time such as "08:00" or "2026-11-23 08:00"'


@dataclass(slots=True)
class Changes:
    """Times of day that were meant for every day, on the days on which the clocks change."""

    skipped: dict[date, set[time]] = field(default_factory=dict)
    twice: dict[date, set[time]] = field(default_factory=dict)

    def notes(self) -> tuple[str, ...]:
        """What became of them, a sentence for each day."""
        gone = [f"{day}: the clocks skip {_listed(times)}, left out" for day, times in self.skipped.items()]
        both = [f"{day}: {_listed(times)} comes twice and counts twice" for day, times in self.twice.items()]
        return tuple(sorted(gone + both))


def _listed(times: set[time]) -> str:
    return ", ".join(f"{one:%H:%M}" for one in sorted(times))


@dataclass(frozen=True, slots=True)
class Span:
    """`days` days from `first`, each from minute `opens` to minute `closes`; several days are whole ones."""

    zone: ZoneInfo
    first: date
    days: int
    opens: int
    closes: int
    interval_ms: int

    @property
    def start_ms(self) -> int:
        """Unix milliseconds of the beginning of the first interval."""
        return self.moment(self.first, self.opens * 60)

    @property
    def end_ms(self) -> int:
        """Unix milliseconds of the end of the last day."""
        return self.moment(self.first + timedelta(days=self.days - 1), self.closes * 60)

    @property
    def intervals(self) -> int:
        """How many intervals there are; the span is a whole number of them."""
        return (self.end_ms - self.start_ms) // self.interval_ms

    def moments(self, when: When) -> list[int]:
        """Unix milliseconds of a moment, or of a time of day on each day of the span.

        Raises ValueError with a reason when the clocks skip or repeat that time.
        """
        if isinstance(when, datetime):
            return [exact_ms(when, self.zone)]
        days = (self.first + timedelta(days=number) for number in range(self.days))
        return [exact_ms(local(day, when), self.zone) for day in days]

    def each_day(self, second: int, changes: "Changes") -> list[int]:
        """Unix milliseconds of a time of day on each day; which it lacks, or has twice, is noted."""
        found: list[int] = []
        for number in range(self.days):
            naive = local(self.first + timedelta(days=number), second)
            early, late = (naive.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
            if early.utcoffset() == late.utcoffset():
                found.append(round(early.timestamp() * 1000))
            elif _exists(early):
                changes.twice.setdefault(naive.date(), set()).add(naive.time())
                found += [round(one.timestamp() * 1000) for one in (early, late)]
            else:
                changes.skipped.setdefault(naive.date(), set()).add(naive.time())
        return found

    def interval(self, moment_ms: int) -> int:
        """The number of the interval that begins at `moment_ms`. Raises ValueError with a reason."""
        number, rest = divmod(moment_ms - self.start_ms, self.interval_ms)
        if not 0 <= number < self.intervals:
            raise ValueError(
                f"lies outside the plan, which goes from {self.show(self.start_ms)} to "
                f"{self.show(self.end_ms)}"
            )
        if rest:
            raise ValueError(
                f"no interval begins then: they are {self.interval_ms // 60_000} minutes long "
                f"and the first begins at {self.show(self.start_ms)}"
            )
        return number

    def show(self, moment_ms: int) -> str:
        """`2026-11-23 08:00` in the zone of the plan."""
        return f"{datetime.fromtimestamp(moment_ms / 1000, self.zone):%Y-%m-%d %H:%M}"

    def stretches(self, start: When, end: When) -> Iterator[tuple[int, int]]:
        """The stretches from `start` to `end` as Unix milliseconds; of times of day, one per day.

        Those begin on each day of the span and on the days before and after it; an end that is not after the
        start lies on the next day. Raises ValueError with a reason.
        """
        if isinstance(start, datetime) != isinstance(end, datetime):
            raise ValueError("start and end must both have a day, or neither")
        if isinstance(start, datetime) and isinstance(end, datetime):
            begin_ms, end_ms = exact_ms(start, self.zone), exact_ms(end, self.zone)
            if end_ms <= begin_ms:
                raise ValueError("ends before it begins")
            yield begin_ms, end_ms
        elif isinstance(start, int) and isinstance(end, int):
            end += 0 if end > start else DAY_S
            for number in range(-1, self.days + 1):
                day = self.first + timedelta(days=number)
                yield self.moment(day, start), self.moment(day, end)

    def moment(self, day: date, second: int) -> int:
        """Unix milliseconds of a local time; one that is skipped or repeated counts by its earlier offset."""
        return round(local(day, second).replace(tzinfo=self.zone).timestamp() * 1000)

    def after_ms(self, day: int, time_ms: int) -> int:
        """From the beginning of the plan to that time of its day number `day`, as the clocks show it."""
        return self.moment(self.first + timedelta(days=day), time_ms // 1000) - self.start_ms

    def day(self, moment_ms: int) -> date:
        """The local day of a moment."""
        return datetime.fromtimestamp(moment_ms / 1000, self.zone).date()


def local(day: date, second: int) -> datetime:
    """The naive moment `second` seconds of local time after the beginning of `day`."""
    return datetime.combine(day, time()) + timedelta(seconds=second)


def exact_ms(when: datetime, zone: ZoneInfo) -> int:
    """Unix milliseconds. Raises ValueError with a reason when the clocks skip or repeat a naive moment."""
    if when.tzinfo is None:
        early, late = (when.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if early.utcoffset() != late.utcoffset():
            if not _exists(early):
                raise ValueError(f"there is no {when:%H:%M} on that day, the clocks are put forward")
            raise ValueError(f"{when:%H:%M} comes twice on that day: write it with {early:%z} or {late:%z}")
        when = early
    return round(when.timestamp() * 1000)


def _exists(when: datetime) -> bool:
    """Whether the clocks of its zone ever show it."""
    back = when.astimezone(UTC).astimezone(when.tzinfo)
    return back.replace(tzinfo=None) == when.replace(tzinfo=None)


def as_when(value: object) -> When:
    """A moment or time of day from a text, a TOML value or a cell. Raises ValueError with a reason.

    Texts are `08:00`, `2026-11-23 08:00`, `2026-11-23T08:00+01:00` or `23.11.2026 08:00`.
    """
    if isinstance(value, datetime):
        return _sane(value)
    if isinstance(value, time):
        return value.hour * 3600 + value.minute * 60 + value.second
    if isinstance(value, timedelta) and timedelta() <= value <= timedelta(days=1):
        return round(value.total_seconds())
    if isinstance(value, str):
        return _from_text(value.strip())
    raise ValueError(NO_TIME)


def _from_text(text: str) -> When:
    match = _CLOCK.fullmatch(text)
    if match:
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
        second = hours * 3600 + minutes * 60 + seconds
        if minutes > 59 or seconds > 59 or second > DAY_S:
            raise ValueError(f'"{text}" {NO_TIME}')
        return second
    german = _GERMAN.fullmatch(text)
    if german:
        text = f"{german[3]}-{german[2]:0>2}-{german[1]:0>2}{german[4]}"
    try:
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}", text):
            raise ValueError
        return _sane(datetime.fromisoformat(text))
    except ValueError:
        raise ValueError(f'"{text:.40}" {NO_TIME}') from None


def _sane(when: datetime) -> datetime:
    """Far from the ends of the calendar, where the offset of a zone would overflow."""
    if not 1970 < when.year < 9000:
        raise ValueError(f'"{when}" is not in a year that can be planned')
    return when
