"""An engine that repeats what the server's decided, and stops loudly if it would have decided otherwise."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Protocol

from acd.core.engine import Engine
from acd.core.facts import Fact
from acd.feed import cursor as cursors
from acd.feed.consumer import Consumer
from acd.feed.messages import Base, Entries
from acd.feed.ring import Unwritten
from acd.ports import JournalEntry, Recovered, Snapshot
from acd.replay.divergence import RecoveryError
from acd.replay.replayer import repeat, revive


class Watcher(Protocol):
    """Sees what the follower sees; must not raise."""

    def begun(self, engine: Engine) -> None:
        """The copy stands as after a snapshot; what follows is told by `saw`."""

    def saw(self, entry: JournalEntry, facts: Sequence[Fact]) -> None:
        """Each entry once and in order, after the engine took it."""


class Follower:
    """The follower's state is `engine.state`, as it is after entry `seq`; it belongs to the loop's thread."""

    def __init__(self, watcher: Watcher) -> None:
        self.engine = Engine()
        self.seq = 0
        self.cursor = ""
        """Of the last delivery; empty: there was none."""
        self.heard_ms = 0
        """When it came, by the machine's monotonic clock; what was decided later is not in the state.

        While entries are late to be written: when the first of them was decided.
        """
        self.unwritten = Unwritten()
        self._heard_s = time.monotonic()
        self._watcher = watcher
        self._parts: list[bytes] = []
        self._waiting: dict[asyncio.Future[None], int] = {}
        """Who waits → for which entry."""

    @property
    def silent_s(self) -> float:
        """How long nothing came, not even that there is nothing new."""
        return time.monotonic() - self._heard_s

    async def run(self, consumer: Consumer) -> None:
        """Take what comes, for ever.

        Raises CursorGone (follow anew, from a snapshot), and RecoveryError when this program decides
        otherwise than the server, or is of another version.
        """
        async with aclosing(consumer.deliveries()) as deliveries:
            async for delivery in deliveries:
                self.take(delivery)
                self._heard_s = time.monotonic()
                self.heard_ms = self.unwritten.since_ms or time.monotonic_ns() // 1_000_000
                await asyncio.sleep(0)  # a long way to catch up must not keep others from being answered

    def take(self, delivery: Base | Entries) -> None:
        """One delivery. Raises RecoveryError."""
        if isinstance(delivery, Base):
            self._rebase(delivery)
        else:
            for entry in delivery.entries:
                self._repeat(entry)
            self.cursor = delivery.cursor
            self.unwritten = Unwritten(delivery.unwritten, delivery.since_ms)
        self._tell_reached()

    async def reached(self, seq: int, patience_s: float) -> bool:
        """Wait until entry `seq` is part of the state; False: it did not come in time."""
        if self.seq >= seq:
            return True
        promise: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[promise] = seq
        try:
            done, _ = await asyncio.wait([promise], timeout=patience_s)
        finally:
            self._waiting.pop(promise, None)
        return bool(done)

    def _rebase(self, base: Base) -> None:
        self._parts = [] if base.index == 0 else self._parts
        self._parts.append(base.part)
        if not base.last:
            return
        seq = cursors.parse(base.cursor).seq
        snapshot = Snapshot(seq, base.version, b"".join(self._parts)) if base.version else None
        self.engine, self.seq = revive(Recovered(snapshot, [], {}))
        self.cursor, self._parts = base.cursor, []
        self._watcher.begun(self.engine)

    def _repeat(self, entry: JournalEntry) -> None:
        if entry.seq != self.seq + 1:
            raise RecoveryError(f"entry {entry.seq} came after entry {self.seq}")
        outcome = repeat(self.engine, entry)
        self.seq = entry.seq
        self._watcher.saw(entry, outcome.facts)

    def _tell_reached(self) -> None:
        for promise in [one for one, seq in self._waiting.items() if seq <= self.seq]:
            del self._waiting[promise]
            promise.set_result(None)
