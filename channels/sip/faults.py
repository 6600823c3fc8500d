"""Mistakes of ours, found while something is handled: counted, and a few a minute told in the log.

Whoever sends what we stumble over may send it again and again. It must cost him alone, and not fill the log.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import structlog

from channels.sip.per_minute import PerMinute

Given = TypeVar("Given")
Made = TypeVar("Made")

_log = structlog.get_logger("acd.sip")

LINES_A_MINUTE = 10
"""For each kind of thing that was handled; all are counted."""


class Faults:
    """What was being handled is lost, and what comes after it goes on."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self._lines = PerMinute[str]()

    def note(self, fault: Exception, what: str, about: object = "") -> None:
        """One more, while `what` (of a few) was handled; `about`: whose it was."""
        self.counts[what] += 1
        if self._lines.note(what, time.monotonic_ns() // 1_000_000)[0] <= LINES_A_MINUTE:
            _log.error("fault", handling=what, about=str(about), exc_info=fault)

    def guard(self, what: str, work: Callable[[Given], Made], given: Given) -> Made | None:
        """Do it; what it raises is noted."""
        try:
            return work(given)
        except Exception as fault:
            self.note(fault, what)
            return None
