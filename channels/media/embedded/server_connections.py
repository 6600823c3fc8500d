"""The servers attached to the media process: their Unix sockets, their leased ports, the events for them."""

import select
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from channels.media.embedded import wire

KEPT_EVENTS: Final = 1000
"""Events kept until a server has taken them, or for the next one; the oldest go first."""
MAX_UNREAD: Final = 16_777_216
"""Octets a server may leave unread before it is dropped."""
_READ: Final = 65_536
"""One read takes all that there usually is."""


class Server:
    """One attached server: its buffers and the ports it leased."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.pending = bytearray()
        self.out = bytearray()
        self.leases: dict[int, socket.socket] = {}
        self.first_event = 0
        """The number of the first event that it was told."""


class AttachedServers:
    """Takes connections and frames, sends answers and events; `carry_out` does the rest."""

    def __init__(
        self,
        listener: socket.socket,
        welcome: Callable[[], wire.Welcome],
        carry_out: Callable[[Server, list[bytes]], None],
        on_drop: Callable[[Server], None],
    ) -> None:
        """`carry_out(server, frames)` puts its answers into `server.out`; `on_drop` takes back the leases."""
        listener.setblocking(False)
        self._listener = listener
        self._welcome = welcome
        self._carry_out = carry_out
        self._on_drop = on_drop
        self._servers: dict[int, Server] = {}
        self._kept: deque[wire.Told] = deque(maxlen=KEPT_EVENTS)
        self._emitted = 0
        self._input = bytearray(_READ)
        self._view = memoryview(self._input)
        self._epoll = select.epoll()
        self._epoll.register(listener.fileno(), select.EPOLLIN)

    def __len__(self) -> int:
        return len(self._servers)

    def fileno(self) -> int:
        """A descriptor that is readable when `serve` has something to do."""
        return self._epoll.fileno()

    def serve(self) -> None:
        """Take what the servers sent; never waits."""
        for fd, mask in self._epoll.poll(0):
            server = self._servers.get(fd)
            if server is None:
                self._accept()
                continue
            if mask & select.EPOLLOUT:
                self._epoll.modify(fd, select.EPOLLIN)
            if mask & ~select.EPOLLOUT and not self._read(server):
                self._drop(server)

    def emit(self, event: wire.Told) -> None:
        """Tell every attached server; keep it until one has taken it: they may be dead, and unheard of."""
        self._kept.append(event)
        self._emitted += 1
        for server in self._servers.values():
            wire.append_frame(server.out, event)

    def taken(self, server: Server, count: int) -> None:
        """The first `count` events that this one was told are kept no more."""
        left = min(len(self._kept), self._emitted - server.first_event - count)
        while len(self._kept) > max(0, left):
            self._kept.popleft()

    def flush(self) -> None:
        """Send what is waiting for the servers, as much as they take."""
        for server in tuple(self._servers.values()):
            if server.out and not self._write(server):
                self._drop(server)

    def close(self) -> None:
        """Drop every server and the listening socket."""
        for server in tuple(self._servers.values()):
            self._drop(server)
        self._epoll.close()
        self._listener.close()

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        server = Server(sock)
        self._servers[sock.fileno()] = server
        self._epoll.register(sock.fileno(), select.EPOLLIN)
        wire.append_frame(server.out, self._welcome())
        server.first_event = self._emitted - len(self._kept)
        for event in self._kept:
            wire.append_frame(server.out, event)

    def _read(self, server: Server) -> bool:
        """False when the connection is over."""
        try:
            size = server.sock.recv_into(self._input)
            server.pending += self._view[:size]
            frames = wire.take_frames(server.pending)
        except BlockingIOError:
            return True
        except (OSError, wire.FramingLostError):
            return False
        if frames:
            self._carry_out(server, frames)
        return size > 0

    def _write(self, server: Server) -> bool:
        """False when the connection is over, or the server does not read."""
        try:
            del server.out[: server.sock.send(server.out)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        if server.out:
            self._epoll.modify(server.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)
        return len(server.out) <= MAX_UNREAD

    def _drop(self, server: Server) -> None:
        del self._servers[server.sock.fileno()]
        server.sock.close()
        self._on_drop(server)
