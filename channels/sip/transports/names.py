"""Host names in a Contact, Via or Record-Route: looked up beside the loop, remembered, given up in time."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

PATIENCE_S = 5.0
"""A name server that says nothing for so long is not there; SIP repeats what was to be sent."""
REMEMBERED_S = 60.0
"""The system tells no time to live; trunks that move do so slower."""
UNKNOWN_S = 30.0
"""Nor is a name asked for again before that: peers choose the names that we ask for."""
MOST = 16
"""Names that are asked for at once. Each has a thread, which may hang in the system for long."""

Look = Callable[[str, int], str]


def look_up(host: str, family: int) -> str:
    """Its first address. Blocks. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)
    return str(found[0][4][0])


class Names:
    """Answers on the loop, and at once for what is known; nothing here ever waits."""

    def __init__(self, family: int, look: Look = look_up) -> None:
        self._family = family
        self._look = look
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, list[Callable[[str], None]]] = {}
        self._threads = 0
        self._unknown: set[str] = set()
        self.refused = 0
        """Questions that were not asked: the name is unknown, or too many are open."""

    def ask(self, host: str, then: Callable[[str], None]) -> None:
        """Call `then` with its address, or with "" when there is none within PATIENCE_S."""
        if (waiting := self._waiting.get(host)) is not None:
            waiting.append(then)
        elif host in self._unknown or self._threads >= MOST:
            self.refused += 1
            then("")
        else:
            self._waiting[host] = [then]
            self._threads += 1
            # A daemon: a name server that is silent must not keep the server from stopping.
            threading.Thread(target=self._ask, args=(host,), name="name look-up", daemon=True).start()
            self._loop.call_later(PATIENCE_S, self._answered, host, "")

    def _ask(self, host: str) -> None:
        try:
            found = self._look(host, self._family)
        except (OSError, UnicodeError):
            found = ""
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            self._loop.call_soon_threadsafe(self._done, host, found)

    def _done(self, host: str, found: str) -> None:
        self._threads -= 1
        self._answered(host, found)

    def _answered(self, host: str, found: str) -> None:
        waiting = self._waiting.pop(host, None)
        if waiting is None:  # given up before
            return
        if not found:
            self._unknown.add(host)
            self._loop.call_later(UNKNOWN_S, self._unknown.discard, host)
        for then in waiting:
            then(found)
