"""Who is refused, and why, in the log: one line for the first time, then one a minute with the count."""

from collections.abc import Callable

import structlog

from channels.sip.per_minute import PerMinute

MOST = 1_000
"""Addresses and reasons at a time, and lines a minute: forged addresses must fill neither memory nor log."""

_log = structlog.get_logger("acd.sip")

Say = Callable[[str, str, int], None]


def _say(address: str, reason: str, count: int) -> None:
    _log.warning("refused", address=address, reason=reason, count=count)


class Refusals:
    """Tells `say(address, reason, count)`. An address rule or fail2ban can go by these lines."""

    def __init__(self, say: Say = _say) -> None:
        self._say = say
        self._noted = PerMinute[tuple[str, str]](MOST)
        self._lines = PerMinute[None]()

    def note(self, address: str, reason: str, now_ms: int) -> None:
        """One more. The first of a minute was told when it came, so it stands for this one in the count."""
        count, ended = self._noted.note((address, reason), now_ms)
        if count == 1 and self._lines.note(None, now_ms)[0] <= MOST:
            self._say(address, reason, max(1, ended))
