"""The API's socket: uvicorn inside the server's own loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

BACKLOG = 128
STOP_AFTER_S = 2


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the application that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """Serves an ASGI application on one address."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        """Binds at once; port 0 takes a free one. Raises OSError when the address is taken or not ours."""
        self._socket = bound(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        settings = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            limit_concurrency=200,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=STOP_AFTER_S,
            h11_max_incomplete_event_size=16 * 1024,
        )
        self._server = _QuietServer(settings)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The address to reach it by on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self) -> None:
        """Serve until `stop`; needs the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._server.serve([self._socket]), name="api")

    async def stop(self) -> None:
        """Let requests in progress end (2 s at most), then close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._socket.close()


def bound(host: str, port: int) -> socket.socket:
    """A listening-to-be TCP socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or else asyncio does not set TCP_NODELAY on its connections and each answer takes 40 ms.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.setblocking(False)
    except OSError:
        found.close()
        raise
    return found
