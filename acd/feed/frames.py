"""Frames on the server's socket: four bytes of length, then MessagePack; each has a cap."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

Message = TypeVar("Message")

MAX_REQUEST_BYTES = 256 * 1024
"""What a client may send in one frame."""
MAX_FRAME_BYTES = 16 * 1024 * 1024
"""What the server may send in one frame; snapshots go in parts."""
_HEAD = 4


class FrameError(Exception):
    """What came is no frame, or too large a one: the connection is of no use any more."""


def decoded(decode: Callable[[bytes], Message], body: bytes) -> Message:
    """The message in a frame. Raises FrameError, whatever is wrong with it.

    Text that is not UTF-8 and nesting without end are errors of Python's own with msgspec, not of its kind.
    """
    try:
        return decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as mistake:
        raise FrameError(f"not a message: {mistake}") from mistake


def framed(body: bytes, limit: int = MAX_FRAME_BYTES) -> bytes:
    """The frame around `body`. Raises FrameError: larger than the other side takes."""
    if len(body) > limit:
        raise FrameError(f"a frame of {len(body)} bytes, {limit} at most")
    return len(body).to_bytes(_HEAD, "big") + body


class Splitter:
    """Cuts a stream of bytes into the bodies of frames; holds one frame at most, and what came with it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()

    @property
    def held(self) -> int:
        """Bytes of a frame that is not complete."""
        return len(self._held)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete now. Raises FrameError as soon as a length is over the limit."""
        self._held += data
        while len(self._held) >= _HEAD:
            size = int.from_bytes(self._held[:_HEAD], "big")
            if size > self._limit:
                raise FrameError(f"a frame of {size} bytes, {self._limit} at most")
            if len(self._held) < _HEAD + size:
                return
            body = bytes(self._held[_HEAD : _HEAD + size])
            del self._held[: _HEAD + size]
            yield body


class FrameReader:
    """Frames of a stream, one after the other."""

    def __init__(self, reader: asyncio.StreamReader, limit: int) -> None:
        self._reader = reader
        self._splitter = Splitter(limit)
        self._ready: list[bytes] = []

    async def next(self, patience_s: float | None = None) -> bytes | None:
        """The next body; None: the other side closed. Raises FrameError, OSError, TimeoutError."""
        while not self._ready:
            async with asyncio.timeout(patience_s):
                data = await self._reader.read(64 * 1024)
            if not data:
                return None
            self._ready = list(self._splitter.feed(data))
        return self._ready.pop(0)
