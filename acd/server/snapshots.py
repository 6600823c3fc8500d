"""When and how snapshots are taken: by a shadow engine in its own process, so the loop never waits."""

import asyncio
import subprocess
import time
from collections.abc import Callable

import structlog

from acd.ports import Journal, Snapshot
from acd.replay.divergence import RecoveryError
from acd.replay.shadow import shadow_snapshot

_log = structlog.get_logger("acd.snapshots")

EVERY_ENTRIES = 50_000
"""About so many a restart replays at most."""
EVERY_S = 900.0
_LOOK_EVERY_S = 5.0


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
        self._shadow: subprocess.Popen[bytes] | None = None
        self.taken = 0
        self.failed = 0

    @property
    def last(self) -> Snapshot | None:
        """The last one taken; None: there is none."""
        return self._last

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

    def give_up(self) -> None:
        """End one that is being taken: a stop waits for its thread."""
        if self._shadow is not None:
            self._shadow.kill()

    def _started(self, shadow: "subprocess.Popen[bytes]") -> None:
        self._shadow = shadow

    async def take(self) -> bool:
        """Take one now, of what is written; returns whether it went well."""
        self._taken_s = time.monotonic()
        try:
            snapshot = await asyncio.to_thread(
                shadow_snapshot, self._journal, self._last, self._written(), started=self._started
            )
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
