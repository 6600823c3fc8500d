"""Whether a socket in which something waits is read at all: a reader that is gone tells nobody."""

import asyncio
import select
import socket
from collections.abc import Callable

import structlog

_log = structlog.get_logger("acd.sip")

EVERY_S = 1.0
UNREAD = 2
"""So many looks in a row find packets, and that nobody has read meanwhile. A loop that is late reads first.
"""


class Watch:
    """Has it read again, and lets the health know."""

    def __init__(self, watched: socket.socket, again: Callable[[], None]) -> None:
        self.turns = 0
        """Of reading; counted by whoever reads."""
        self.rescued = 0
        self._seen = self._unread = 0
        self._again = again
        self._poll = select.poll()
        self._poll.register(watched, select.POLLIN)
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(EVERY_S, self._look)

    @property
    def trouble(self) -> str:
        """What health says, empty when all is well."""
        return "packets wait, and nobody reads them" if self._unread >= UNREAD else ""

    def close(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        self._timer = self._loop.call_later(EVERY_S, self._look)
        unread = self.turns == self._seen and bool(self._poll.poll(0))
        self._seen, self._unread = self.turns, self._unread + 1 if unread else 0
        if self._unread >= UNREAD:
            self.rescued += 1
            _log.critical("the SIP port was not read: it is read again", for_s=self._unread * EVERY_S)
            self._again()
