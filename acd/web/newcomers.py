"""Who is connected: so many newcomers, so many of one token, and no more than there are descriptors for."""

import asyncio
from collections import Counter
from typing import NamedTuple

MOST = 2_500
"""Pages stay connected; nobody serves more than so many."""
RESERVED = 100
"""Descriptors for everything else: files, pipes, the server's socket, and who is accepted to be cut off."""
YOUNG_S = 1.0
"""Whoever came a moment ago is left time for his request: many may come at once, each with a token."""


class Room(NamedTuple):
    """How many connections there may be."""

    most: int
    """Beyond it whoever has shown no token yet is cut off, however young, or else who has just come."""
    served: int
    """Beyond it only the health is answered."""
    newcomers: int
    """Have shown no token yet …"""
    per_source: int
    """… and are of one address."""
    per_token: int


def room(descriptors: int) -> Room:
    """What a process can have that may open so many files."""
    most = max(50, min(MOST, descriptors - RESERVED))
    newcomers = most // 5
    served = most - newcomers
    return Room(most, served, newcomers, newcomers // 5, served // 2)


class Newcomers:
    """Where there are too many, those who have been here longest are cut off, and never who has just come.

    So one source, and all of them together, may fill what is theirs with half requests, and a look at the
    health still gets in. One loop's.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
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
            if len(self._came) > self._room.newcomers or whose == source:
                self._cut(old)

    def cut_oldest(self) -> None:
        """All room is taken; when nobody else is new, who has just come goes."""
        self._cut(next(iter(self._came)))

    def went(self, transport: asyncio.Transport) -> None:
        """It is closed, or it has shown a token."""
        _, source = self._came.pop(transport, (0.0, ""))
        if self._of[source] > 1:
            self._of[source] -= 1
        else:
            del self._of[source]

    def _cut(self, transport: asyncio.Transport) -> None:
        self.went(transport)
        transport.abort()

    def _too_many(self, source: str) -> bool:
        return self._of[source] > self._room.per_source or len(self._came) > self._room.newcomers


class Holders:
    """Whose connections have shown a token: none must take the room of all. One loop's."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._holder: dict[asyncio.Transport, str] = {}
        self._held: Counter[str] = Counter()

    def takes(self, transport: asyncio.Transport, token: str) -> bool:
        """Whether the connection is this token's from now on; False: it has too many already."""
        if transport in self._holder:
            return True
        if self._held[token] >= self._room.per_token:
            return False
        self._holder[transport] = token
        self._held[token] += 1
        return True

    def went(self, transport: asyncio.Transport) -> None:
        """It is closed."""
        token = self._holder.pop(transport, None)
        if token is not None:
            self._held[token] -= 1


def _source(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
