"""The API's HTTP server: uvicorn in the web process's loop, on the socket that the server bound."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from acd.web.address import BACKLOG
from acd.web.documents import TRANSPORT

MAX_CONNECTIONS = 2_000
"""Pages stay connected: beyond this many a new one is told to come later (503)."""
STOP_AFTER_S = 2
"""Feeds never end by themselves, so a stop waits for requests, but not for long."""


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the application that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """Lets a route get at its connection: who reads a long answer too slowly is cut off, with what waits."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Listener:
    """Serves an ASGI application on a listening socket."""

    def __init__(self, app: Any, listening: socket.socket) -> None:
        self._socket = listening
        settings = uvicorn.Config(
            app,
            http=_Protocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            backlog=BACKLOG,
            limit_concurrency=MAX_CONNECTIONS,
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
