"""The UDP ports of the media process."""

import random
import socket
from collections import deque

from channels.media.errors import NoPortsLeftError


class PortRange:
    """Binds sockets to the even ports of a range, the one free longest first.

    RTCP would use the odd ports (RFC 3550 §11); it is neither sent nor read, and odd ports stay unbound so
    that a phone's RTCP never reaches another leg.
    """

    def __init__(self, ip: str, first: int, last: int) -> None:
        """Raises `ValueError` for a range without an even port."""
        ports = list(range(first + first % 2, last + 1, 2))
        if not ports or first < 1 or last > 65_535:
            raise ValueError(f"ports {first}-{last}: no even port between 1 and 65535 in it")
        start = random.randrange(len(ports))  # so that a new process does not hear the calls of the last one
        self._free = deque(ports[start:] + ports[:start])
        self.ip = ip
        self._family = socket.AF_INET6 if ":" in ip else socket.AF_INET

    def take(self) -> tuple[socket.socket, int]:
        """A bound, non-blocking socket and its port. Raises `NoPortsLeftError`."""
        for _ in range(len(self._free)):
            port = self._free.popleft()
            try:
                return self._bind(port), port
            except OSError:
                self._free.append(port)
        raise NoPortsLeftError("every port of the range is in use")

    def give_back(self, sock: socket.socket, port: int) -> None:
        """Close the socket; its port is used again after all others."""
        sock.close()
        self._free.append(port)

    def _bind(self, port: int) -> socket.socket:
        sock = socket.socket(self._family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            sock.bind((self.ip, port))
        except OSError:
            sock.close()
            raise
        return sock
