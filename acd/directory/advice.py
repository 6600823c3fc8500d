"""What is right in a list and yet, perhaps, not meant: nobody who counts, terms that end, no bound. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from acd.directory.changes import twice
from acd.directory.rows import Row
from config.checks import NO_BOUND
from queues.desk import Desk

SOON_DAYS = 14
_SOON_MS = SOON_DAYS * 24 * 3600 * 1000
MOST_TWICE = 10
"""More are only counted."""


def advise(rows: Sequence[Row], class_of_lines: int, now_ms: int, zone: ZoneInfo) -> Iterator[str]:
    """What whoever answers for the list should know. `class_of_lines`: the highest of its client's lines."""
    yield from _of_time(rows, now_ms, zone)
    classes = [row for row in rows if row.priority_class is not None and row.priority_class < class_of_lines]
    if classes:
        lowest = min(row.priority_class for row in classes if row.priority_class is not None)
        which = f"a class below {class_of_lines} (the lowest is {lowest})"
        yield f"{_rows(len(classes))} with {which}: {NO_BOUND}"
    found = twice(rows)
    yield from map(str, islice(found, MOST_TWICE))
    if more := sum(1 for _ in found):
        yield f"and {_rows(more)} more who stand twice"


def class_of_lines(desk: Desk, client: str) -> int:
    """The highest class of the lines to which the client's contacts come; whoever is below it goes first."""
    entries = {entry.line for entry in desk.entries if entry.tenant == client}
    lines = (line for line in desk.lines if line.tenant == client or line.id in entries)
    return max((line.priority_class for line in lines), default=0)


def _of_time(rows: Sequence[Row], now_ms: int, zone: ZoneInfo) -> Iterator[str]:
    if not rows:
        yield "names nobody"
        return
    left = [row.valid_until_ms for row in rows if row.valid_until_ms > now_ms]
    if not left:
        yield f"names nobody any more: all {_rows(len(rows))} have expired"
        return
    soon = sorted(until_ms for until_ms in left if until_ms <= now_ms + _SOON_MS)
    if soon:
        first = datetime.fromtimestamp(soon[0] / 1000, zone)
        yield f"{_rows(len(soon))} will expire within {SOON_DAYS} days, the first on {first:%Y-%m-%d %H:%M}"


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
