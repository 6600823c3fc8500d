"""What Linux does with UDP sockets and Python's socket module cannot: filters, drop counts, disconnect.

Classic BPF programs let the kernel drop the audio that nobody listens to.
A filter sees the UDP header first: RTP starts at offset 8. Linux only.
"""

import ctypes
import functools
import os
import socket
import struct
from typing import Final

_libc = ctypes.CDLL(None, use_errno=True)

_SO_ATTACH_FILTER: Final = 26
"""From asm-generic/socket.h and linux/filter.h; Python has no names for them."""
_SO_DETACH_FILTER: Final = 27
_SO_MEMINFO: Final = 55
_MEMINFO = struct.Struct("9I")
_MEMINFO_RECEIVE: Final = 0
_MEMINFO_DROPS: Final = 8

_LOAD_OCTET, _AND, _JUMP_IF_EQUAL, _RETURN = 0x30, 0x54, 0x15, 0x06
_WHOLE_PACKET: Final = 0x4_0000
"""Octets to pass on: more than any datagram has."""


class _Program:
    """A filter in memory; the buffer must live as long as `argument` is used."""

    def __init__(self, *steps: tuple[int, int, int, int]) -> None:
        self._steps = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
        self.argument = struct.pack("HP", len(steps), ctypes.addressof(self._steps))


@functools.lru_cache(maxsize=256)
def _only(payload_types: tuple[int, ...]) -> _Program:
    """Jumps count the steps that they leave out."""
    count = len(payload_types)
    if not count:
        return _Program((_RETURN, 0, 0, 0))
    tests = [(_JUMP_IF_EQUAL, count - 1 - at, 0, kind) for at, kind in enumerate(payload_types[:-1])]
    return _Program(
        (_LOAD_OCTET, 0, 0, 8),
        (_AND, 0, 0, 0xC0),
        (_JUMP_IF_EQUAL, 0, count + 3, 0x80),
        (_LOAD_OCTET, 0, 0, 9),
        (_AND, 0, 0, 0x7F),
        *tests,
        (_JUMP_IF_EQUAL, 0, 1, payload_types[-1]),
        (_RETURN, 0, 0, _WHOLE_PACKET),
        (_RETURN, 0, 0, 0),
    )


def pass_only(sock: socket.socket, payload_types: tuple[int, ...]) -> None:
    """Let only RTP of these payload types through to the process. Raises `OSError`."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, _only(payload_types).argument)


def pass_all(sock: socket.socket) -> None:
    """Remove the filter of `pass_only`. Raises `OSError`."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)


def disconnect(sock: socket.socket) -> None:
    """Let a connected UDP socket hear everybody again; it keeps its port. Raises `OSError`.

    `connect` to `AF_UNSPEC`, which Python's own `connect` cannot express.
    """
    nowhere = struct.pack("H14x", socket.AF_UNSPEC)
    if _libc.connect(sock.fileno(), nowhere, len(nowhere)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def queued_octets(sock: socket.socket) -> int:
    """Kernel memory that waiting datagrams take, empty ones too; 0: none waits."""
    return _memory(sock)[_MEMINFO_RECEIVE]


def dropped(sock: socket.socket) -> int:
    """Datagrams that the kernel dropped on this socket so far, by filter or full buffer (wraps at 2^32)."""
    return _memory(sock)[_MEMINFO_DROPS]


def _memory(sock: socket.socket) -> tuple[int, ...]:
    return _MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))
