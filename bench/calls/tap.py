"""When SIP messages passed: by the kernel's clock on the loopback device, or by the traces of sipp."""

import ctypes
import re
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_ANY_PROTOCOL = 3
_SO_TIMESTAMPNS = 35
_SO_ATTACH_FILTER = 26
_OUTGOING = 4
_TIME = struct.Struct("qq")
_USER = re.compile(rb"sip:([^@;>]*)@")
_TRACED = re.compile(
    rb"-{10,} (\d{4}-\d\d-\d\d)[ T\t]([\d:.]+)\s*\r?\n"
    rb"UDP message (sent|received)[^\n]*\n\n?(.*?)(?=\n-{10,} \d{4}-|\Z)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that came to the server (`inbound`) or left it."""

    at_ns: int
    inbound: bool
    data: bytes

    @property
    def method(self) -> str:
        """Empty for a response."""
        word = self.data.split(b" ", 1)[0]
        return "" if word.startswith(b"SIP/") else word.decode("ascii", "replace")

    def user(self, header: bytes) -> str:
        """The user part in From or To."""
        at = self.data.find(b"\n" + header + b":")
        found = _USER.search(self.data, at) if at >= 0 else None
        return found[1].decode("ascii", "replace") if found else ""


class Tap:
    """Listens on the loopback device for datagrams of one port; a context manager. Needs CAP_NET_RAW.

    Raises PermissionError. The kernel drops everything else, so music of waiting callers costs nothing.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._filter = _only_port(port)
        argument = struct.pack("HP", len(self._filter) // 8, ctypes.addressof(self._filter))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, argument)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
        self._socket.bind(("lo", _ANY_PROTOCOL))
        self._socket.settimeout(0.2)
        self.seen: list[Seen] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Tap":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                frame, notes, _, address = self._socket.recvmsg(65_536, 256)
            except TimeoutError:
                continue
            if address[2] == _OUTGOING:  # the loopback device shows each packet twice
                self._take(frame, notes)

    def _take(self, frame: bytes, notes: list[tuple[int, int, bytes]]) -> None:
        start = 14 + 4 * (frame[14] & 15)
        target = int.from_bytes(frame[start + 2 : start + 4], "big")
        seconds, rest = _TIME.unpack(next(data for _, kind, data in notes if kind == _SO_TIMESTAMPNS)[:16])
        self.seen.append(Seen(seconds * 1_000_000_000 + rest, target == self._port, frame[start + 8 :]))


def _only_port(port: int) -> "ctypes.Array[ctypes.c_char]":
    """A classic BPF program: IPv4, UDP, source or destination port."""
    steps = (
        (0x28, 0, 0, 12),
        (0x15, 0, 8, 0x0800),
        (0x30, 0, 0, 23),
        (0x15, 0, 6, 17),
        (0xB1, 0, 0, 14),
        (0x48, 0, 0, 14),
        (0x15, 2, 0, port),
        (0x48, 0, 0, 16),
        (0x15, 0, 1, port),
        (0x06, 0, 0, 0x4_0000),
        (0x06, 0, 0, 0),
    )
    data = b"".join(struct.pack("HBBI", *step) for step in steps)
    return ctypes.create_string_buffer(data, len(data))


def traced(*files: Path) -> list[Seen]:
    """The same from the message files of sipp: later than the kernel by what sipp takes to wake up."""
    return sorted((seen for file in files for seen in _in_trace(file)), key=lambda seen: seen.at_ns)


def _in_trace(file: Path) -> Iterator[Seen]:
    for day, clock, direction, text in _TRACED.findall(file.read_bytes()):
        moment = datetime.fromisoformat(f"{day.decode()} {clock.decode()[:15]}")
        yield Seen(int(moment.timestamp() * 1e6) * 1000, direction == b"sent", text)
