"""Host names in a Contact, Via or Record-Route: looked up beside the loop, remembered, given up in time."""

import asyncio
import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, cast

from dns.exception import DNSException
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV
from dns.resolver import Answer, Resolver

PATIENCE_S = 5.0
"""A name server that says nothing for so long is not there."""
RECORDS_S = 1.5
"""For each of NAPTR and SRV; then it goes without them, and the system may know the host by another way."""
REMEMBERED_S = 60.0
"""At most: for addresses the system tells no time to live."""
LEAST_S = 1.0
"""At least, whatever the records say: a time to live of 0 would have us ask for each packet."""
UNKNOWN_S = 30.0
"""Nor is a name asked for again before that: peers choose the names that we ask for."""
MOST = 16
"""Names that are asked for at once. Each has a thread, which may hang in the system for long."""
MOST_TARGETS = 4
"""Of a name's servers so many are tried for one that has an address."""

PORT = 5060
SERVICE = "SIP+D2U"
"""SIP over UDP (RFC 3263 §4.1)."""


class Found(NamedTuple):
    """Where a name leads; host "" when it leads nowhere."""

    host: str
    port: int
    for_s: float = REMEMBERED_S


NOWHERE = Found("", 0)
Name = tuple[str, int]
"""Host and port; port 0: its records tell."""
Look = Callable[[str, int, int], Found]


def look_up(host: str, port: int, family: int) -> Found:
    """RFC 3263 §4: NAPTR, SRV, address; with a port the address alone. Blocks. Raises OSError."""
    if port:
        return Found(_address(host, family), port)
    servers = _servers(host)
    for target, its_port, for_s in servers:
        with suppress(OSError, UnicodeError):
            return Found(_address(target, family), its_port, max(LEAST_S, min(REMEMBERED_S, for_s)))
    return NOWHERE if servers else Found(_address(host, family), PORT)


def _address(host: str, family: int) -> str:
    """Its first one, by the system: that knows the hosts file, too."""
    found = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)
    return str(found[0][4][0])


def _servers(host: str) -> list[tuple[str, int, float]]:
    """Names, ports and times to live (s) by SRV, the best first; none where there are no such records."""
    try:
        resolver = Resolver()
        naptr = _ask(resolver, host, "NAPTR")
        pointers = [cast(NAPTR, one) for one in naptr]
        ours = [one for one in pointers if one.service.decode("ascii", "replace").upper() == SERVICE]
        best = min(ours, key=lambda one: (one.order, one.preference), default=None)
        name = best.replacement.to_text() if best is not None else f"_sip._udp.{host}"
        srv = _ask(resolver, name, "SRV")
    except DNSException:
        return []
    for_s = min(answer.rrset.ttl for answer in (naptr, srv) if answer.rrset is not None) if srv.rrset else 0
    turn = _in_turn([cast(SRV, one) for one in srv])[:MOST_TARGETS]
    return [(one.target.to_text(omit_final_dot=True), one.port, for_s) for one in turn]


def _ask(resolver: Resolver, name: str, kind: str) -> Answer:
    return resolver.resolve(name, kind, lifetime=RECORDS_S, search=False, raise_on_no_answer=False)


def _in_turn(records: list[SRV]) -> list[SRV]:
    """By priority, and by chance as their weights want it (RFC 2782)."""
    return sorted(records, key=lambda one: (one.priority, -(random.random() ** (1 / (one.weight or 0.1)))))


class Names:
    """Answers on the loop, and at once for what is known; nothing here ever waits."""

    def __init__(self, family: int, look: Look = look_up) -> None:
        self._family = family
        self._look = look
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Name, list[Callable[[Found], None]]] = {}
        self._threads = 0
        self._unknown: set[Name] = set()
        self.refused = 0
        """Questions that were not asked: the name is unknown, or too many are open."""

    def ask(self, name: Name, then: Callable[[Found], None]) -> None:
        """Call `then` with where it leads, or with NOWHERE when that is not known within PATIENCE_S."""
        if (waiting := self._waiting.get(name)) is not None:
            waiting.append(then)
        elif name in self._unknown or self._threads >= MOST:
            self.refused += 1
            then(NOWHERE)
        else:
            self._waiting[name] = [then]
            self._loop.call_later(PATIENCE_S, self._answered, name, NOWHERE)
            # A daemon: a name server that is silent must not keep the server from stopping.
            thread = threading.Thread(target=self._ask, args=(name,), name="name look-up", daemon=True)
            with suppress(RuntimeError):  # no thread is to be had: nothing is known within PATIENCE_S
                thread.start()
                self._threads += 1

    def _ask(self, name: Name) -> None:
        try:
            found = self._look(*name, self._family)
        except Exception:  # whatever a name does to the system's resolver: the thread is to be given back
            found = NOWHERE
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            self._loop.call_soon_threadsafe(self._done, name, found)

    def _done(self, name: Name, found: Found) -> None:
        self._threads -= 1
        self._answered(name, found)

    def _answered(self, name: Name, found: Found) -> None:
        waiting = self._waiting.pop(name, None)
        if waiting is None:  # given up before
            return
        if not found.host:
            self._unknown.add(name)
            self._loop.call_later(UNKNOWN_S, self._unknown.discard, name)
        for then in waiting:
            then(found)
