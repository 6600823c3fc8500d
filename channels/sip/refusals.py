"""Who is refused, and why, in the log: one line for the first time, then one a minute with the count."""

from collections.abc import Callable

WINDOW_MS = 60_000
MOST = 1_000
"""Addresses and reasons at a time; a flood with forged addresses must fill neither memory nor log."""

Say = Callable[[str, str, int], None]


class Refusals:
    """Tells `say(address, reason, count)`. An address rule or fail2ban can go by these lines."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}
        """(address, reason) → when it was told last, and how many came since."""

    def note(self, address: str, reason: str, now_ms: int) -> None:
        """One more."""
        key = address, reason
        told_ms, since = self._windows.get(key, (now_ms - WINDOW_MS, 0))
        if now_ms - told_ms < WINDOW_MS:
            self._windows[key] = told_ms, since + 1
            return
        if len(self._windows) >= MOST:
            self._windows.clear()
        self._windows[key] = now_ms, 0
        self._say(address, reason, since + 1)
