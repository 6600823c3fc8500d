"""The gate between engine and world: no effect leaves before its entry is written or synced."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush

import structlog

from acd.core.effects import Effect
from acd.core.law import Delivery, contact_of, delivery

_log = structlog.get_logger("acd.gate")

Release = Callable[[Effect, int, int], None]
"""Called with (effect, seq, index) on the loop; must not raise and must not block."""

_TURN = 500
"""Effects released in one turn of the loop; the rest waits for the next, so that sockets are served too."""

_GRACE_S = 0.25
"""A journal that fails gets so long to make it good before voice goes on without it."""


class Gate:
    """Holds effects until the journal reports their level; within a level they leave by (seq, index).

    An effect never overtakes an earlier one of its contact: what follows a promise waits with it.

    When the journal cannot write (disk full), calls must go on: what waits to be written then leaves
    unwritten until the journal has caught up; what waits to be synced goes on waiting.
    While it is shut nothing leaves at all: the channels are still starting.
    `on_written`, `on_synced`, `on_failure` may be called on any thread; everything else belongs to the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, release: Release) -> None:
        self._loop = loop
        self._release = release
        self._last = 0
        self._written = 0
        self.synced = 0
        """The last entry that survives the death of the machine."""
        self._failure = ""
        self._unwritten_until = 0
        """While the journal fails: effects up to here need not be written."""
        self._woken = False
        self._is_shut = False
        self._until_written: deque[tuple[int, int, Effect]] = deque()
        self._until_synced: deque[tuple[int, int, Effect]] = deque()
        self._behind: Counter[int] = Counter()
        """Contact → how many of its effects wait to be synced."""
        self._promises: list[tuple[int, int, asyncio.Future[None]]] = []
        self._promise_number = 0

    @property
    def written(self) -> int:
        """The last entry that survives the death of the process; what is synced is written."""
        return max(self._written, self.synced)

    @property
    def trouble(self) -> str:
        """What is wrong with the journal; empty when all is well."""
        if self._failure and self.synced >= self._last:
            self._failure = ""
        return self._failure

    @property
    def held(self) -> int:
        """Effects that wait for the journal."""
        return len(self._until_written) + len(self._until_synced)

    def start_from(self, seq: int) -> None:
        """Entries up to `seq` were recovered, so they are synced."""
        self._last = self._written = self.synced = seq

    def shut(self) -> None:
        """Let no effect out until `reopen`; promises of `until_synced` are kept all the same."""
        self._is_shut = True

    def forget(self) -> None:
        """Let nothing out of what is held: nobody it is for is to be spoken to. Only while it is shut."""
        self._until_written.clear()
        self._until_synced.clear()
        self._behind.clear()

    def reopen(self) -> None:
        """Let out what was held, in order."""
        self._is_shut = False
        self._wake()

    def hold(self, seq: int, effects: Sequence[Effect]) -> None:
        """Keep the effects of entry `seq`."""
        self._last = seq
        if self._unwritten_until:
            self._unwritten_until = seq
            self._wake()
        for index, effect in enumerate(effects):
            contact = contact_of(effect)
            if delivery(effect) is Delivery.WRITTEN and contact not in self._behind:
                self._until_written.append((seq, index, effect))
            else:
                self._behind[contact] += 1
                self._until_synced.append((seq, index, effect))

    def until_synced(self, seq: int) -> "asyncio.Future[None]":
        """A future that is done once entry `seq` survives the death of the machine."""
        promise: asyncio.Future[None] = self._loop.create_future()
        if seq <= self.synced:
            promise.set_result(None)
        else:
            self._promise_number += 1
            heappush(self._promises, (seq, self._promise_number, promise))
        return promise

    def on_written(self, seq: int) -> None:
        """Everything up to `seq` is written (any one thread of the journal)."""
        self._written = seq
        self._wake()

    def on_synced(self, seq: int) -> None:
        """Everything up to `seq` is synced (any one thread of the journal)."""
        self.synced = seq
        self._wake()

    def on_failure(self, failure: Exception) -> None:
        """The journal cannot write, sync or store a snapshot; it goes on trying (any thread)."""
        self._loop.call_soon_threadsafe(self._failed, failure)

    def _failed(self, failure: Exception) -> None:
        self._failure = str(failure)
        _log.error("journal failed", error=self._failure, seq=self._last)
        self._loop.call_later(_GRACE_S, self._go_on_unwritten, self._last)

    def _go_on_unwritten(self, seq: int) -> None:
        if self.written < seq:
            _log.error("calls go on although the journal cannot write", written=self.written, seq=self._last)
            self._unwritten_until = self._last
            self._wake()

    def _wake(self) -> None:
        # One wake-up serves all entries reported until the loop turns. `_open` lowers the flag before it
        # reads the numbers, so a report between the two costs at most one empty turn and is never lost.
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._open)

    def _open(self) -> None:
        self._woken = False
        if self._unwritten_until and self.written >= self._last:
            self._unwritten_until = 0
            _log.warning("the journal writes again", seq=self._last)
        budget = _TURN
        if not self._is_shut:
            budget = self._let_go(self._until_written, max(self.written, self._unwritten_until), budget)
            budget = self._let_go(self._until_synced, self.synced, budget)
        self._keep_promises()
        if budget <= 0:
            self._wake()

    def _let_go(self, held: "deque[tuple[int, int, Effect]]", reached: int, budget: int) -> int:
        while budget > 0 and held and held[0][0] <= reached:
            seq, index, effect = held.popleft()
            if held is self._until_synced:
                self._no_longer_behind(contact_of(effect))
            self._release(effect, seq, index)
            budget -= 1
        return budget

    def _no_longer_behind(self, contact: int) -> None:
        self._behind[contact] -= 1
        if not self._behind[contact]:
            del self._behind[contact]

    def _keep_promises(self) -> None:
        while self._promises and self._promises[0][0] <= self.synced:
            promise = heappop(self._promises)[2]
            if not promise.done():
                promise.set_result(None)
