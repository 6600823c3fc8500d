"""A web process that the last server left behind, and the address that it serves."""

import asyncio
import os
import select
import signal
import socket
import struct
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import structlog

from acd.web import handover

_log = structlog.get_logger("acd.web_process")

ANSWER_S = 2.0
"""A web process that does not hand over its address within this hangs."""
DEATH_S = 5.0
"""So long a process that was told to end may take before it is killed."""
MAX_TERMS_BYTES = 4096


class Inherited:
    """A process that is not our child, with what `WebProcess` needs of one. Raises OSError: it is gone."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        """What it was is told to its parent only; -1 when it has ended."""
        self.listening: socket.socket
        self._handle = os.pidfd_open(pid)

    async def wait(self) -> int:
        """Returns when it has ended."""
        if self.returncode is None:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(self._handle, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._handle)
            self._ended()
        return -1

    def terminate(self) -> None:
        """SIGTERM."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self._send(signal.SIGKILL)

    def end(self) -> None:
        """Kill it and wait; blocks."""
        self.kill()
        if not select.select([self._handle], [], [], DEATH_S)[0]:
            raise OSError(f"process {self.pid} does not die")
        self._ended()

    def _send(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it has just ended
                signal.pidfd_send_signal(self._handle, number)

    def _ended(self) -> None:
        self.returncode = -1
        os.close(self._handle)


def inherit(directory: Path, host: str, port: int, terms: bytes) -> Inherited | None:
    """The web process of the server before us, with its address; None: there is none. Blocks.

    One that hangs, or serves on other terms or at another address, is killed: we need the address.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(ANSWER_S)
        try:
            asking.connect(str(directory / handover.SOCKET_FILE))
            found = Inherited(_peer(asking))
        except OSError:
            return None
        why = _take(asking, found, host, port, terms)
    if not why:
        _log.info("the web process of the last server goes on", pid=found.pid)
        return found
    _log.warning("the web process of the last server is ended", pid=found.pid, why=why)
    found.end()
    return None


def _take(asking: socket.socket, found: Inherited, host: str, port: int, terms: bytes) -> str:
    """Take its address over; why not, if not."""
    try:
        said, descriptors, _, _ = socket.recv_fds(asking, MAX_TERMS_BYTES, 1)
    except OSError:
        return "it does not answer"
    if len(descriptors) != 1:
        return "it has no address"
    os.set_inheritable(descriptors[0], False)
    listening = socket.socket(fileno=descriptors[0])
    ip, at = listening.getsockname()[:2]
    here = "127.0.0.1" if host == "localhost" else host
    if said == terms and ip_address(ip) == ip_address(here) and port in (0, at):
        found.listening = listening
        with suppress(OSError):  # we have none, or it has just died
            socket.send_fds(asking, [b"\0"], [handover.STANDARD_ERROR])
        return ""
    listening.close()
    return "it is of another version" if said != terms else "it serves another address"


def _peer(asking: socket.socket) -> int:
    """Who listens there, as the kernel knows it."""
    size = struct.calcsize("3i")
    pid, _, _ = struct.unpack("3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(pid)
