"""The API's address outlives the server: the web process keeps it and hands it to the next server."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import msgspec

from acd.core.engine import ENGINE_VERSION
from config.api_tokens import ApiToken

SOCKET_FILE = "web.sock"
"""In the data directory, mode 0600, while a web process serves."""

STANDARD_ERROR = 2
LOG_WITHIN_S = 5.0


def terms(tokens: Sequence[ApiToken]) -> bytes:
    """What a web process and a server must have in common to go on together: the program, and the tokens."""
    program = f"{version('acd-engine')} {ENGINE_VERSION} ".encode()
    return program + sha256(msgspec.msgpack.encode(tuple(tokens))).hexdigest().encode()


class Handover:
    """Whoever connects is told our terms and given the listening socket; it stays ours, too.

    He answers with his standard error, where our log goes from then on.
    """

    def __init__(self, directory: Path, listening: socket.socket, tokens: Sequence[ApiToken]) -> None:
        self._path = directory / SOCKET_FILE
        self._listening = listening
        self._terms = terms(tokens)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def start(self) -> None:
        """Listen. Raises OSError. What a process that died left there is replaced."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._door.bind(str(self._path))
        finally:
            os.umask(before)
        self._door.listen()
        self._door.setblocking(False)
        asyncio.get_running_loop().add_reader(self._door, self._give)

    def stop(self) -> None:
        """Close. The file goes with the process that made the next one, or is found dead."""
        asyncio.get_running_loop().remove_reader(self._door)
        self._door.close()

    def _give(self) -> None:
        try:
            asking, _ = self._door.accept()
            asking.setblocking(False)
            socket.send_fds(asking, [self._terms], [self._listening.fileno()])
        except OSError:  # he has gone again
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(asking, self._take_log, asking)
        loop.call_later(LOG_WITHIN_S, _done_with, asking)

    def _take_log(self, asking: socket.socket) -> None:
        with suppress(OSError):
            _, descriptors, _, _ = socket.recv_fds(asking, 1, 1)
            for descriptor in descriptors:
                log_to(descriptor)
        _done_with(asking)


def _done_with(asking: socket.socket) -> None:
    if asking.fileno() >= 0:
        asyncio.get_running_loop().remove_reader(asking)
        asking.close()


def log_to(descriptor: int) -> None:
    """Our standard error from now on; the descriptor is closed."""
    os.dup2(descriptor, STANDARD_ERROR)
    os.close(descriptor)


def log_nowhere() -> None:
    """Let go of the dead server's standard error: who reads it waits for its end, or is gone as well."""
    log_to(os.open(os.devnull, os.O_WRONLY))
