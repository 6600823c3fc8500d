"""Whether the machine's clock can be right: a start under a wrong one would mark the journal for good."""

import asyncio
import ctypes
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from acd.journal.errors import JournalError
from acd.journal.mark import last_stored
from acd.marks import note_durably, noted
from acd.server.stores import JOURNAL
from config.durations import duration_text
from config.schema import ServerSettings

NOTED = "alive"
"""In the data directory: when a server was alive last, by the journal's time, however quiet it was."""
NOTED_EVERY_S = 24 * 3600.0

_TIME_ERROR = 5
"""What adjtimex(2) returns while nobody keeps the clock in step."""


class ClockError(ValueError):
    """It can hardly be right; the text says what to do."""


def is_kept() -> bool:
    """Whether the kernel says that the clock is kept in step (NTP); False if it says nothing."""
    try:
        libc = ctypes.CDLL(None)
        timex = ctypes.create_string_buffer(512)  # struct timex has 208 bytes; modes 0 changes nothing
        return 0 <= int(libc.adjtimex(timex)) < _TIME_ERROR
    except (OSError, AttributeError):
        return False


def check(server: ServerSettings) -> None:
    """Raise ClockError if the clock is more than `clock_jump` after the desk was alive last.

    A clock that is kept in step is believed. Nothing is written here: the next look must find the same.
    """
    now_ms, known_ms = _now_ms(), _alive_ms(server.data_dir)
    if not known_ms or not server.clock_jump_ms or now_ms - known_ms <= server.clock_jump_ms or is_kept():
        return
    days = timedelta(milliseconds=now_ms - known_ms).days
    raise ClockError(
        f"the clock says {_day(now_ms)}, {days} days after the desk in {server.data_dir} was alive last: "
        "set it, since the journal's time never goes back; or start with --trust-clock if it is right "
        f"(server.clock_jump: {duration_text(server.clock_jump_ms)})"
    )


def note(data_dir: Path, now_ms: int) -> None:
    """A server is alive at `now_ms`. Blocks; a fault of the disk is told by others."""
    with suppress(OSError):
        note_durably(data_dir / NOTED, now_ms)


def _alive_ms(data_dir: Path) -> int:
    """The moment of the last entry, or what was noted since; 0: there is no entry, or none that can be read.

    Not the times of files: whoever reads the data under that clock (a check, a report, a backup), erases or
    upgrades leaves files of now beside them, and the next start would be let in.
    """
    try:
        last_ms = last_stored(data_dir / JOURNAL).t_ms
    except (JournalError, OSError, sqlite3.Error):
        return 0  # the start will tell
    return max(last_ms, noted(data_dir / NOTED)) if last_ms else 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def keep_noting(data_dir: Path, now_ms: Callable[[], int]) -> None:
    """A start under a wrong clock is told from one after a quiet month by this. Never returns."""
    while True:
        await asyncio.to_thread(note, data_dir, now_ms())
        await asyncio.sleep(NOTED_EVERY_S)


def _day(t_ms: int) -> str:
    return f"{datetime.fromtimestamp(t_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
