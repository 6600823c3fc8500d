"""When and how snapshots are taken: by a shadow engine in its own process, so the loop never waits."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import IO, Any

import msgspec
import structlog

from acd.core.engine import ENGINE_VERSION
from acd.ports import Entry, Journal, Snapshot
from acd.replay.recovery import RecoveryError
from acd.replay.shadow import read_message, write_message

_log = structlog.get_logger("acd.snapshots")

EVERY_ENTRIES = 50_000
EVERY_S = 900.0
_LOOK_EVERY_S = 5.0
_CHUNK = 200
_BREATH_S = 0.002
"""Pause between chunks: the reading thread shares the interpreter with the voice loop."""
_PATIENCE_S = 600.0


class Snapshots:
    """Takes a snapshot every so many entries, or after a while if anything happened."""

    def __init__(
        self,
        journal: Journal,
        last: Snapshot | None,
        written: Callable[[], int],
        *,
        every_entries: int = EVERY_ENTRIES,
        every_s: float = EVERY_S,
    ) -> None:
        """`written` tells the last written entry."""
        self._journal = journal
        self._last = last
        self._written = written
        self._every_entries = every_entries
        self._every_s = every_s
        self._taken_s = time.monotonic()
        self.taken = 0
        self.failed = 0

    @property
    def last_seq(self) -> int:
        """The last entry that a snapshot covers."""
        return self._last.seq if self._last else 0

    async def run(self) -> None:
        """Take snapshots until cancelled; one that fails is logged and counted."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self.due():
                await self.take()

    def due(self) -> bool:
        """Whether it is time."""
        news = self._written() - self.last_seq
        waited = time.monotonic() - self._taken_s >= self._every_s
        return news >= self._every_entries or (waited and news > 0)

    async def take(self) -> bool:
        """Take one now, of what is written; returns whether it went well."""
        self._taken_s = time.monotonic()
        try:
            snapshot = await asyncio.to_thread(shadow_snapshot, self._journal, self._last, self._written())
        except (RecoveryError, OSError, EOFError, subprocess.SubprocessError) as failure:
            self.failed += 1
            _log.error("snapshot failed", error=str(failure) or type(failure).__name__)
            return False
        self._journal.snapshot(snapshot)
        self._last = snapshot
        self.taken += 1
        took_ms = round(1000 * (time.monotonic() - self._taken_s))
        _log.info("snapshot taken", seq=snapshot.seq, bytes=len(snapshot.state), took_ms=took_ms)
        return True


def shadow_snapshot(journal: Journal, last: Snapshot | None, until_seq: int) -> Snapshot:
    """The engine's state after entry `until_seq`, replayed from `last` by a process of its own. Blocks.

    Raises RecoveryError when the replay does not give the journalled facts, OSError, EOFError and
    subprocess.SubprocessError when the process fails.
    """
    command = [sys.executable, "-m", "acd.replay.shadow"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _tell(process.stdin, journal, last, until_seq)
            answer: dict[str, Any] = msgspec.msgpack.decode(read_message(process.stdout))
        except BaseException:
            process.kill()
            raise
        process.wait(timeout=_PATIENCE_S)
    if "error" in answer:
        raise RecoveryError(str(answer["error"]))
    return Snapshot(until_seq, ENGINE_VERSION, answer["state"])


def _tell(stream: IO[bytes], journal: Journal, last: Snapshot | None, until_seq: int) -> None:
    with suppress(BrokenPipeError), stream:  # it stops reading when it finds a divergence; its answer says so
        write_message(stream, last.state if last else None)
        for chunk in _chunks(journal, last.seq if last else 0, until_seq):
            write_message(stream, [(e.seq, e.t_ms, e.version, e.event, e.digest) for e in chunk])
            time.sleep(_BREATH_S)
        write_message(stream, None)


def _chunks(journal: Journal, after_seq: int, until_seq: int) -> Iterator[list[Entry]]:
    entries = iter(journal.facts(after_seq))
    while chunk := [entry for entry in islice(entries, _CHUNK) if entry.seq <= until_seq]:
        yield chunk
