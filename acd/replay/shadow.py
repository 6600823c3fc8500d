"""The snapshot process: a second engine goes through the journal, checks every digest, and gives its state.

`shadow_snapshot` is the server's end. The process, `python -m acd.replay.shadow`, reads MessagePack messages
with a length in front on stdin: first the last snapshot's state (or nil), then entries as (seq, t_ms,
version, event, digest), last nil. It answers with one message on stdout: `{"state": bytes}` or
`{"error": text}`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from threading import Timer
from typing import IO, Any

import msgspec

from acd.core.engine import ENGINE_VERSION, Engine
from acd.ports import Journal, JournalEntry, Snapshot
from acd.replay.divergence import RecoveryError
from acd.replay.replayer import replay

_CHUNK = 200
_BREATH_S = 0.002
"""Pause between chunks: the reading thread shares the interpreter with the voice loop."""
_PATIENCE_S = 600.0
"""For all of it, since a journal of days may have to be read first; a shadow that hangs is killed then."""

Line = tuple[int, int, int, bytes, bytes]

_lines: msgspec.msgpack.Decoder[list[Line] | None] = msgspec.msgpack.Decoder(list[Line] | None)


Started = Callable[["subprocess.Popen[bytes]"], object]


def shadow_snapshot(
    journal: Journal,
    last: Snapshot | None,
    until_seq: int,
    *,
    started: Started = lambda process: None,  # noqa: ARG005
    patience_s: float = _PATIENCE_S,
) -> Snapshot:
    """The engine's state after entry `until_seq`, replayed from `last` by a process of its own. Blocks.

    `started` is given the process: whoever kills it ends the wait. Raises RecoveryError when the replay does
    not give the journalled facts, OSError, EOFError and subprocess.SubprocessError when the process fails.
    """
    command = [sys.executable, "-m", "acd.replay.shadow"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        started(process)
        late = Timer(patience_s, process.kill)  # ends a write to it as well as a read
        late.start()
        try:
            _tell(process.stdin, journal, last, until_seq)
            answer: dict[str, Any] = msgspec.msgpack.decode(_read(process.stdout))
        except BaseException:
            process.kill()
            raise
        finally:
            late.cancel()
        process.wait(timeout=patience_s)
    if "error" in answer:
        raise RecoveryError(str(answer["error"]))
    return Snapshot(until_seq, ENGINE_VERSION, answer["state"])


def _tell(stream: IO[bytes], journal: Journal, last: Snapshot | None, until_seq: int) -> None:
    with suppress(BrokenPipeError), stream:  # it stops reading when it finds a divergence; its answer says so
        _write(stream, last.state if last else None)
        for chunk in _chunks(journal, last.seq if last else 0, until_seq):
            _write(stream, [(e.seq, e.t_ms, e.version, e.event, e.digest) for e in chunk])
            time.sleep(_BREATH_S)
        _write(stream, None)


def _chunks(journal: Journal, after_seq: int, until_seq: int) -> Iterator[list[JournalEntry]]:
    entries = iter(journal.facts(after_seq))
    while chunk := [entry for entry in islice(entries, _CHUNK) if entry.seq <= until_seq]:
        yield chunk


def main() -> None:
    """Serve one snapshot."""
    with suppress(OSError):
        os.nice(10)  # voice comes first
    reader, writer = sys.stdin.buffer, sys.stdout.buffer
    _write(writer, _answer(lambda: _read(reader)))
    writer.flush()


def _answer(read: Callable[[], bytes]) -> dict[str, object]:
    try:
        state = msgspec.msgpack.decode(read(), type=bytes | None)
        engine = Engine() if state is None else Engine.restore(state)
        replay(engine, _entries(read))
        return {"state": engine.snapshot()}
    except RecoveryError as failure:
        return {"error": str(failure)}


def _entries(read: Callable[[], bytes]) -> Iterator[JournalEntry]:
    while (chunk := _lines.decode(read())) is not None:
        for seq, t_ms, version, event, digest in chunk:
            yield JournalEntry(seq, t_ms, version, event, b"", digest)


def _write(stream: IO[bytes], message: object) -> None:
    """One message with its length (8 bytes, big-endian) in front."""
    body = msgspec.msgpack.encode(message)
    stream.write(len(body).to_bytes(8, "big"))
    stream.write(body)


def _read(stream: IO[bytes]) -> bytes:
    """The body of the next message. Raises EOFError."""
    head = stream.read(8)
    size = int.from_bytes(head, "big")
    body = stream.read(size)
    if len(head) < 8 or len(body) < size:
        raise EOFError("the stream ended within a message")
    return body


if __name__ == "__main__":
    main()
