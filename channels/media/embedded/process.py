"""The media process: one loop over RTP sockets, the 20 ms clock and the servers' Unix socket."""

import os
import select
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from channels.media.commands import Close, LegId
from channels.media.embedded import wire
from channels.media.embedded.leg import Leg
from channels.media.embedded.server_connections import AttachedServers, Server
from channels.media.embedded.sockets import PortRange
from channels.media.embedded.states import LegState
from channels.media.embedded.switchboard import Switchboard
from channels.media.errors import BadCommandError, MediaError, NoPortsLeftError, UnknownLegError
from channels.media.events import Failed
from channels.media.rtp import Address
from channels.media.sound.sounds import SoundStore

TOLD_FAULTS: Final = 100
LEASE_LIMIT: Final = 1000
"""A mistaken request must not bind the whole range."""
HOUSEKEEPING_MS: Final = 1000
_AT_ONCE: Final = 512
"""Packets of one wake-up: the clock of 20 ms is looked at in between."""


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What the process is started with."""

    socket: Path
    ip: str
    first_port: int
    last_port: int
    sounds: Path
    orphan_s: int
    """Ends itself after so many seconds without a server; 0: never."""


class MediaProcess:
    """Owns every socket; `run` returns on `Shutdown` or when orphaned."""

    def __init__(self, settings: ProcessSettings, listener: socket.socket) -> None:
        """`listener`: the bound and listening Unix socket. Raises `ValueError` for a bad port range."""
        self._settings = settings
        self._ports = PortRange(settings.ip, settings.first_port, settings.last_port)
        self._epoll = select.epoll()
        self._legs_by_fd: dict[int, Leg] = {}
        self._servers = AttachedServers(listener, self._welcome, self._carry_out_all, self._take_back)
        self._servers_watched = False
        self._board = Switchboard(SoundStore(settings.sounds), self._servers.emit, self._listen)
        self._now_ms = _now_ms()
        self._next_housekeeping_ms = self._now_ms + HOUSEKEEPING_MS
        self._last_server_ms = self._now_ms
        self._running = True
        self._faults = 0
        self._requests: dict[type, Callable[[Server, Any], wire.Message | None]] = {
            wire.Open: self._open,
            Close: self._close,
            wire.Lease: self._lease,
            wire.ListLegs: self._list_legs,
            wire.AskStats: self._ask_stats,
            wire.Mark: self._mark,
            wire.Taken: self._taken,
            wire.Shutdown: self._shutdown,
        }

    def run(self) -> None:
        """Serve until told to end or orphaned."""
        while self._running:
            try:
                self._turn()
            except Exception:  # a fault of ours must not silence every caller
                self._tell_fault()
        self._end()

    def stop(self) -> None:
        """Make `run` return within a second."""
        self._running = False

    def _turn(self) -> None:
        """Wait, send what is due, then take what came.

        Waking up costs more than a command does. So while sounds are sent, and the process wakes every 5 ms
        anyway, the servers are looked at after the sounds and do not wake it themselves.
        """
        relay, legs, ticker, servers = self._board.relay, self._legs_by_fd, self._board.ticker, self._servers
        due_ms = ticker.due_ms()
        if (due_ms is None) != self._servers_watched:
            self._watch_servers(due_ms is None)
        until_ms = self._next_housekeeping_ms if due_ms is None else min(due_ms, self._next_housekeeping_ms)
        keys_ms = self._board.listening.due_ms()
        if keys_ms is not None:
            until_ms = min(until_ms, keys_ms)
        ready = self._epoll.poll(max(0, until_ms - _now_ms()) / 1000, _AT_ONCE)
        self._now_ms = now_ms = _now_ms()
        ticker.run(now_ms)
        for fd, _ in ready:
            leg = legs.get(fd)
            if leg is not None:
                relay.receive(leg, now_ms)
        self._board.listening.expire(now_ms)
        if due_ms is None or now_ms >= due_ms:
            servers.serve()
        if now_ms >= self._next_housekeeping_ms:
            self._keep_house(now_ms)
        servers.flush()

    def _watch_servers(self, on: bool) -> None:
        """Shall the servers wake the process?"""
        if on:
            self._epoll.register(self._servers.fileno(), select.EPOLLIN)
        else:
            self._epoll.unregister(self._servers.fileno())
        self._servers_watched = on

    def _tell_fault(self) -> None:
        """Write the current exception to stderr; only the first ones, for it may come with every packet."""
        self._faults += 1
        if self._faults <= TOLD_FAULTS:
            traceback.print_exc(file=sys.stderr)

    # -- commands

    def _carry_out_all(self, server: Server, frames: list[bytes]) -> None:
        for frame in frames:
            self._carry_out(server, frame)
        self._board.settle()

    def _carry_out(self, server: Server, frame: bytes) -> None:
        """Carry out one command; whatever is wrong with it becomes an answer."""
        command: wire.Command | None = None
        reply: wire.Message | None = None
        try:
            command = wire.decode_command(frame)
            request = self._requests.get(type(command))
            if request is not None:
                reply = request(server, command)
            else:
                self._board.carry_out(command, self._now_ms)
        except wire.MalformedError as error:
            reply = Failed(LegId(""), "", BadCommandError.code, str(error))
        except MediaError as error:
            reply = _failure(command, error.code, str(error))
        except Exception as error:  # one command's fault is not the next one's
            self._tell_fault()
            reply = _failure(command, MediaError.code, repr(error))
        if reply is not None:
            wire.append_frame(server.out, reply)

    def _open(self, server: Server, command: wire.Open) -> wire.Message | None:
        leg = self._board.legs.get(command.leg)
        if leg is None:
            if command.port:
                sock, port = _leased(server, command.port), command.port
            else:
                sock, port = self._ports.take()
            local = Address(self._settings.ip, port)
            self._board.add(command.leg, sock, local, self._now_ms)
        else:
            local = leg.local
            if command.port not in (0, local.port):
                raise BadCommandError(f"{command.leg} is open on port {local.port}, not {command.port}")
        return wire.Opened(command.request, command.leg, local) if command.request else None

    def _close(self, _: Server, command: Close) -> None:
        leg = self._board.remove(command.leg, self._now_ms)
        if leg is not None:
            self._legs_by_fd.pop(leg.sock.fileno(), None)
            self._ports.give_back(leg.sock, leg.local.port)

    def _lease(self, server: Server, command: wire.Lease) -> wire.Message:
        ports = []
        try:
            for _ in range(min(command.count, LEASE_LIMIT)):
                sock, port = self._ports.take()
                server.leases[port] = sock
                ports.append(port)
        except NoPortsLeftError:
            pass
        return wire.Leased(command.request, tuple(ports))

    def _list_legs(self, _: Server, command: wire.ListLegs) -> wire.Message:
        return wire.Legs(command.request, self._states())

    def _ask_stats(self, _: Server, command: wire.AskStats) -> wire.Message:
        leg = self._board.legs.get(command.leg)
        if leg is None:
            raise UnknownLegError(command.leg)
        return wire.Stats(command.request, leg.stats(self._now_ms))

    def _mark(self, _: Server, command: wire.Mark) -> wire.Message:
        return wire.Marked(command.number)

    def _taken(self, server: Server, command: wire.Taken) -> None:
        self._servers.taken(server, command.count)

    def _shutdown(self, _: Server, __: wire.Shutdown) -> None:
        self._running = False

    # -- the rest

    def _listen(self, leg: Leg) -> None:
        self._legs_by_fd[leg.sock.fileno()] = leg
        self._epoll.register(leg.sock.fileno(), select.EPOLLIN)

    def _states(self) -> tuple[LegState, ...]:
        return tuple(leg.state(self._now_ms) for leg in self._board.legs.values())

    def _welcome(self) -> wire.Welcome:
        settings = self._settings
        return wire.Welcome(wire.VERSION, os.getpid(), settings.ip, str(settings.sounds), self._states())

    def _take_back(self, server: Server) -> None:
        """A server went: its leases are free, its legs stay."""
        for port, sock in server.leases.items():
            self._ports.give_back(sock, port)
        self._last_server_ms = self._now_ms

    def _keep_house(self, now_ms: int) -> None:
        self._next_housekeeping_ms = now_ms + HOUSEKEEPING_MS
        self._board.look_for_packets(now_ms)
        orphan_ms = self._settings.orphan_s * 1000
        if orphan_ms and not self._servers and now_ms - self._last_server_ms >= orphan_ms:
            self._running = False

    def _end(self) -> None:
        self._servers.close()
        for leg in tuple(self._board.legs):
            gone = self._board.remove(leg, self._now_ms)
            if gone is not None:
                gone.sock.close()
        self._epoll.close()


def _leased(server: Server, port: int) -> socket.socket:
    try:
        return server.leases.pop(port)
    except KeyError:
        raise BadCommandError(f"port {port} is not leased to this server") from None


def _failure(command: Any, code: str, reason: str) -> wire.Message:
    """The answer to a failed command: to the request if it was one, else as an event."""
    request = getattr(command, "request", 0)
    if request:
        return wire.CommandRefused(request, code, reason, getattr(command, "leg", LegId("")))
    name = type(command).__struct_config__.tag if command is not None else ""
    return Failed(getattr(command, "leg", LegId("")), str(name), code, reason)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
