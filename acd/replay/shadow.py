"""The snapshot process: a second engine that follows the journal, checks every digest, and gives its state.

Run as `python -m acd.replay.shadow`. Reads MessagePack messages with a length in front on stdin: first the
last snapshot's state (or nil), then entries as (seq, t_ms, version, event, digest), last nil. Answers with
one message on stdout: `{"state": bytes}` or `{"error": text}`.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO

import msgspec

from acd.core.engine import Engine
from acd.ports import Entry
from acd.replay.recovery import RecoveryError, replay

Line = tuple[int, int, int, bytes, bytes]

_lines: msgspec.msgpack.Decoder[list[Line] | None] = msgspec.msgpack.Decoder(list[Line] | None)


def write_message(stream: IO[bytes], message: object) -> None:
    """One message with its length (8 bytes, big-endian) in front."""
    body = msgspec.msgpack.encode(message)
    stream.write(len(body).to_bytes(8, "big"))
    stream.write(body)


def read_message(stream: IO[bytes]) -> bytes:
    """The body of the next message. Raises EOFError."""
    head = stream.read(8)
    size = int.from_bytes(head, "big")
    body = stream.read(size)
    if len(head) < 8 or len(body) < size:
        raise EOFError("the stream ended within a message")
    return body


def main() -> None:
    """Serve one snapshot."""
    with suppress(OSError):
        os.nice(10)  # voice comes first
    reader, writer = sys.stdin.buffer, sys.stdout.buffer
    write_message(writer, _answer(lambda: read_message(reader)))
    writer.flush()


def _answer(read: Callable[[], bytes]) -> dict[str, object]:
    try:
        state = msgspec.msgpack.decode(read(), type=bytes | None)
        engine = Engine() if state is None else Engine.restore(state)
        replay(engine, _entries(read))
        return {"state": engine.snapshot()}
    except RecoveryError as failure:
        return {"error": str(failure)}


def _entries(read: Callable[[], bytes]) -> Iterator[Entry]:
    while (chunk := _lines.decode(read())) is not None:
        for seq, t_ms, version, event, digest in chunk:
            yield Entry(seq, t_ms, version, event, b"", digest)


if __name__ == "__main__":
    main()
