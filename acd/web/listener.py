"""The API's HTTP server: uvicorn in the web process's loop, on the socket that the server bound."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from acd.web.address import BACKLOG
from acd.web.auth import PROVED
from acd.web.documents import TRANSPORT
from acd.web.limits import NotTooMany
from acd.web.newcomers import Holders, Newcomers, Room, room

HEAD_S = 10.0
"""So long the head of a request may take; uvicorn would wait for ever."""
STOP_AFTER_S = 2
"""Feeds never end by themselves, so a stop waits for requests, but not for long."""

ACCEPTED_AT_ONCE = 16
"""In one turn of the loop, before any of them is counted: fewer than descriptors are reserved."""


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the application that it is a part of."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for one in sockets or ():  # asyncio takes one number for what it accepts at once and what may wait
            one.listen(BACKLOG)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """Cuts off whoever does not finish the head of a request, and the oldest newcomers when they are many.

    Lets a route get at its connection: who reads a long answer too slowly is cut off, with what waits.
    """

    room: Room
    newcomers: Newcomers
    holders: Holders
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport, PROVED: partial(self._proved, transport)}
        self.newcomers.came(transport)
        if len(self.connections) > self.room.most:
            self.newcomers.cut_oldest()
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        elif self._late is not None:
            self._late.cancel()
            self._late = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.newcomers.went(self.transport)
        self.holders.went(self.transport)
        if self._late is not None:
            self._late.cancel()

    def _proved(self, transport: asyncio.Transport, token: str) -> bool:
        """Whether it may go on: not so many connections are this token's."""
        if not self.holders.takes(transport, token):
            return False
        self.newcomers.went(transport)
        return True

    def _await_head(self) -> None:
        """From its first octet on, or from the connection on; what comes slowly does not put it off."""
        if self._late is None:
            self._late = self.loop.call_later(HEAD_S, self.transport.abort)


class Listener:
    """Serves an ASGI application on a listening socket."""

    def __init__(self, app: Any, listening: socket.socket) -> None:
        self._socket = listening
        there_is = room(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        crowd = NotTooMany(app, lambda: len(self._server.server_state.connections), there_is.served)
        counted = {"room": there_is, "newcomers": Newcomers(there_is), "holders": Holders(there_is)}
        settings = uvicorn.Config(
            crowd,
            http=type("_Here", (_Protocol,), counted),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            backlog=ACCEPTED_AT_ONCE,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=STOP_AFTER_S,
            h11_max_incomplete_event_size=16 * 1024,
        )
        self._server = _QuietServer(settings)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Serve until `stop`; needs the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._server.serve([self._socket]), name="api")

    async def stop(self) -> None:
        """Let requests in progress end (2 s at most), then close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._socket.close()
