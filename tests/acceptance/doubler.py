"""A path between a phone and the desk that delivers every packet twice, both ways."""

import socket
import threading
from typing import Self


class Doubler:
    """Phones send to `port`; the desk sees their packets, twice, as coming from there. A context manager."""

    def __init__(self, desk_port: int) -> None:
        self._desk = ("127.0.0.1", desk_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.to_desk: list[str] = []
        self.from_desk: list[str] = []
        """Messages as they came here, once each."""
        self._phone = self._desk
        self._thread = threading.Thread(target=self._carry)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _carry(self) -> None:
        while True:
            data, source = self._socket.recvfrom(65_535)
            if not data:
                return
            if source == self._desk:
                self.from_desk.append(data.decode())
                target = self._phone
            else:
                self.to_desk.append(data.decode())
                target, self._phone = self._desk, source
            for _ in range(2):
                self._socket.sendto(data, target)
