"""Whether the machine's clock can be right: a start under a wrong one would mark the journal for good."""

import ctypes
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.durations import duration_text
from config.schema import ServerSettings

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
    """Raise ClockError if the clock is more than `clock_jump` after everything that the desk has written.

    A clock that is kept in step is believed. Nothing is written here: the next look must find the same.
    """
    now_ms, known_ms = time.time_ns() // 1_000_000, _written_ms(server.data_dir)
    if not known_ms or not server.clock_jump_ms or now_ms - known_ms <= server.clock_jump_ms or is_kept():
        return
    days = timedelta(milliseconds=now_ms - known_ms).days
    raise ClockError(
        f"the clock says {_day(now_ms)}, {days} days after all that is in {server.data_dir} was written: "
        "set it, since the journal's time never goes back; or start with --trust-clock if it is right "
        f"(server.clock_jump: {duration_text(server.clock_jump_ms)})"
    )


def _written_ms(data_dir: Path) -> int:
    """When a file of the journal or beside it was written last; 0: there is no journal."""
    paths = [path for path in data_dir.glob("journal/*") if path.is_file()]
    times = [0.0]
    for path in (*paths, *data_dir.glob("*")) if paths else ():
        with suppress(OSError):
            times.append(path.stat().st_mtime)
    return round(max(times) * 1000)


def _day(t_ms: int) -> str:
    return f"{datetime.fromtimestamp(t_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
