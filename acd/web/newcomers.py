"""Connections that have shown no token yet: so many at a time, so that whoever has one gets through."""

import asyncio
from collections import Counter

PER_SOURCE = 100
ALL = 500
YOUNG_S = 1.0
"""Whoever came a moment ago is left time for his request: many may come at once, each with a token."""


class Newcomers:
    """Where there are too many, those who have been here longest are cut off, and never who has just come.

    So one source, and all of them together, may fill what is theirs with half requests, and a look at the
    health still gets in. One loop's.
    """

    def __init__(self) -> None:
        self._came: dict[asyncio.Transport, tuple[float, str]] = {}
        """Oldest first: when, and from where."""
        self._of: Counter[str] = Counter()

    def came(self, transport: asyncio.Transport) -> None:
        """A new connection."""
        now_s, source = asyncio.get_running_loop().time(), _source(transport)
        self._came[transport] = now_s, source
        self._of[source] += 1
        for old, (since_s, whose) in list(self._came.items()):
            if now_s - since_s < YOUNG_S or not self._too_many(source):
                break
            if len(self._came) > ALL or whose == source:
                self.went(old)
                old.abort()

    def went(self, transport: asyncio.Transport) -> None:
        """It is closed, or it has shown a token."""
        _, source = self._came.pop(transport, (0.0, ""))
        if self._of[source] > 1:
            self._of[source] -= 1
        else:
            del self._of[source]

    def _too_many(self, source: str) -> bool:
        return self._of[source] > PER_SOURCE or len(self._came) > ALL


def _source(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
