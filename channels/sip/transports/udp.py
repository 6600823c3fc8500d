"""UDP for SIP: one socket, read until it is empty."""

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from channels.sip.backlog import Backlog
from channels.sip.faults import Faults
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import MAX_MESSAGE_BYTES
from channels.sip.transports.names import Found, Names
from channels.sip.transports.watch import Watch

Received = Callable[[bytes, Endpoint], None]
Notes = list[tuple[int, int, bytes]]
"""What the kernel says beside a datagram: level, kind, data."""

EMPTY: Notes = []
"""All is read: however late we were, nothing waits."""

READS_PER_TURN = 64
"""Datagrams taken in one turn of the loop, so that timers and effects have their turn too."""

BUSY_PER_S = 400
REST_S = 0.004
"""Above so many datagrams a second (some 60 calls) the socket is read at this interval instead of at once.

What comes together is served together, by a processor whose caches are warm: that saves a third of the work.
"""

COUNT_S = 0.1

KNOWN_SOURCES = 10_000
"""So many at most are remembered; a flood with forged addresses must not fill the memory."""

MOST_LED = 8
"""IP addresses of one name."""

BUFFER_BYTES = 4 * 1024 * 1024

_SO_TIMESTAMPNS = 35
"""Linux; elsewhere no packet says when it came, and nothing is ever refused for having waited."""
_TIMESPEC = struct.Struct("qq")
_NOTES_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)


_PLAIN = bytes(range(128)) + b"?" * 128


def in_utf8(data: bytes) -> bytes:
    """The datagram as UTF-8, as RFC 3261 §7.3.1 wants it; what is not is taken for Latin-1.

    Old exchanges send names so, and text that has no UTF-8 form could be neither journalled nor recorded.
    In a body such octets become "?", so that its length stays.
    """
    if data.isascii():
        return data
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not _is_utf8(head):
        head = head.decode("latin-1").encode()
    return head + blank + (body if _is_utf8(body) else body.translate(_PLAIN))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _waited_ms(notes: Notes) -> float:
    """How long ago the kernel took the datagram, by the clock that it goes by."""
    for _, kind, data in notes:
        if kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, rest = _TIMESPEC.unpack_from(data)
            return float(time.time_ns() - seconds * 1_000_000_000 - rest) / 1e6
    return 0.0


class UdpTransport:
    """Sends and receives datagrams of one local address."""

    def __init__(
        self,
        host: str,
        port: int,
        received: Received,
        backlog: Backlog | None = None,
        unreachable: Callable[[Endpoint], None] = lambda destination: None,  # noqa: ARG005
        *,
        faults: Faults | None = None,
    ) -> None:
        """`backlog` is told how long packets wait, `unreachable`, in a turn of its own, where none can go.

        What `received` raises is told to `faults`, and the next datagram is read. Raises OSError when the
        address cannot be bound.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            if sys.platform == "linux":
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno, f"{error.strerror}: SIP, {host} port {port} (UDP)") from error
        self.port: int = self._socket.getsockname()[1]
        self.unsent = 0
        self._names = Names(int(family))
        self._unreachable = unreachable
        self._addresses: dict[Endpoint, tuple[str, int]] = {}
        """Host and port as a message has them → IP address and port."""
        self._led: dict[Endpoint, tuple[str, ...]] = {}
        """Host name and port → where it has led, the newest last: a phone may ring longer than that holds."""
        self._sources: dict[tuple[str, int], Endpoint] = {}
        self._received = received
        self._backlog, self._faults = backlog or Backlog(), faults or Faults()
        self._buffer = memoryview(bytearray(MAX_MESSAGE_BYTES + 1))
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._count, self._counted_s = 0, self._loop.time()
        self._busy = False
        self._loop.add_reader(self._socket, self._ready)
        self.watch = Watch(self._socket, self._read_again)

    def send(self, data: bytes, destination: Endpoint) -> None:
        """What the kernel has no room for counts as lost on the way: SIP repeats."""
        address = self._addresses.get(destination)
        if address is None:
            self._find(data, destination)
            return
        try:
            self._socket.sendto(data, address)
        except (BlockingIOError, InterruptedError):
            self.unsent += 1
        except (OSError, OverflowError):
            self._not_sent(destination)

    def is_at(self, destination: Endpoint, host: str) -> bool:
        """Whether what went to `destination` went to this IP address, of late."""
        try:
            return ip_address(destination.host) == ip_address(host)
        except ValueError:
            return host in self._led.get(destination, ())

    def _not_sent(self, destination: Endpoint) -> None:
        self.unsent += 1
        self._loop.call_soon(self._unreachable, destination)

    def _find(self, data: bytes, destination: Endpoint) -> None:
        """A host that was not met before, or not for a while. The loop never asks a name server itself."""
        host, port = destination.host, destination.port
        if len(self._addresses) >= KNOWN_SOURCES:
            self._addresses.clear()
        try:
            ip_address(host)
        except ValueError:
            self._names.ask((host, port), lambda found: self._found(destination, found, data))
        else:
            self._addresses[destination] = host, port
            self.send(data, destination)

    def _found(self, destination: Endpoint, found: Found, data: bytes) -> None:
        if not found.host:
            self._not_sent(destination)
            return
        led = self._led.pop(destination, ())
        self._led[destination] = (*(one for one in led if one != found.host), found.host)[-MOST_LED:]
        if len(self._led) > KNOWN_SOURCES:
            del self._led[next(iter(self._led))]
        if destination not in self._addresses:
            self._addresses[destination] = found.host, found.port
            self._loop.call_later(found.for_s, self._addresses.pop, destination, None)
        with suppress(ValueError, OSError):  # closed meanwhile
            self.send(data, destination)

    def close(self) -> None:
        self.watch.close()
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _ready(self) -> None:
        """Read until it is empty; while much comes, from a timer instead of at once.

        Whatever a datagram does to us, the next one is read: from a timer nobody else would come back to it.
        """
        notes = EMPTY
        self.watch.turns += 1
        try:
            for _ in range(READS_PER_TURN):
                try:
                    size, notes, _, address = self._socket.recvmsg_into([self._buffer], _NOTES_BYTES)
                except (BlockingIOError, InterruptedError):
                    notes = EMPTY
                    break
                except OSError:  # an ICMP error of an earlier packet; that packet's own timer deals with it
                    continue
                self._count += 1
                if self._backlog.standing:  # perhaps no more: this one has not waited
                    self._note(notes)
                source = self._sources.get(address)
                if source is None:
                    source = self._source(address)
                try:
                    self._received(bytes(self._buffer[:size]), source)
                except Exception as fault:
                    self._faults.note(fault, "packet", source.host)
        finally:
            self._rest(notes)

    def _read_again(self) -> None:
        """As if it were quiet, whatever the reader has died of."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._busy = None, False
        self._loop.add_reader(self._socket, self._ready)

    def _rest(self, notes: Notes) -> None:
        """After a turn of reading, of whose last datagram the kernel has noted this, if more may be there."""
        if notes or self._backlog.since_ms is not None:
            self._note(notes)
        span_s = self._loop.time() - self._counted_s
        if span_s >= COUNT_S:
            self._busy = self._count >= BUSY_PER_S * span_s
            self._count, self._counted_s = 0, self._counted_s + span_s
        if self._busy:
            if self._timer is None:
                self._loop.remove_reader(self._socket)
            self._timer = self._loop.call_later(REST_S, self._ready)
        elif self._timer is not None:
            self._timer = None
            self._loop.add_reader(self._socket, self._ready)

    def _note(self, notes: Notes) -> None:
        self._backlog.read(_waited_ms(notes), self._loop.time() * 1000)

    def _source(self, address: tuple[str, int]) -> Endpoint:
        """Peers are few, and each sends a lot: their endpoints are made once."""
        if len(self._sources) >= KNOWN_SOURCES:
            self._sources.clear()
        source = self._sources[address] = Endpoint(address[0], address[1])
        return source
