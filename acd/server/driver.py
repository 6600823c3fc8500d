"""The live driver: stamps events, feeds the engine, journals what it decided, re-arms the one timer."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec
import structlog

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.errors import Rejected
from acd.core.events import CallOut, ContactArrived, Event, Restarted, Tick
from acd.journal.codec import encode_event, encode_facts, facts_digest
from acd.ports import ChannelRecord, Journal, JournalEntry
from acd.server.gate import Gate

_log = structlog.get_logger("acd.driver")

Stamp = Callable[[], int]
"""The time in Unix milliseconds; never less than the one before."""

Fail = Callable[[Exception], None]
"""Told once when the engine broke (a bug): the process must stop and a new one replay the journal."""

_NEVER_REFUSED = (Tick, Restarted)
"""The driver's own events: deadlines are due, the server is back. There is nobody who could be told no."""

LINGER_S = 0.02
"""Records of no event travel with the next entry, but wait no longer than this."""

SHED_AT = 100_000
"""So many entries may wait for the disk before new contacts are refused.

The journal stops the server at twice as many, and they would all be lost: what is left is for those who are
there already.
"""

LINGER_SHEDDING_S = 1.0

BEAT_S = 0.25
STOOD_STILL_MS = 1_000
"""Whoever has not beaten for so long stood still: the machine was paused, or the process was stopped.

Phones rang on meanwhile, and what they said still waits in the sockets.
"""

_NEW = (ContactArrived, CallOut)

Observe = Callable[[JournalEntry], None]
"""Sees every entry right after it was appended (the feed); must not raise."""


class RefusedItself(RuntimeError):
    """The engine refused an event of the driver's own, half handled: a bug, whatever the refusal says."""


class Driver:
    """One engine, one journal, one timer; all on the loop's thread. Decides nothing itself."""

    def __init__(
        self,
        *,
        engine: Engine,
        journal: Journal,
        gate: Gate,
        stamp: Stamp,
        seq: int,
        observe: Observe,
        fail: Fail,
    ) -> None:
        """`seq` is that of the last recovered entry, 0 for a new journal."""
        self.engine = engine
        self.seq = seq
        self.rejected = 0
        self._journal = journal
        self._gate = gate
        self._stamp = stamp
        self._observe = observe
        self._fail = fail
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = 0
        self._closed = False
        self._lingering: list[ChannelRecord] = []
        self._linger: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None
        self._alive_ms: int | None = None
        """When it last came to do something; None: it does not beat yet."""
        self._arm(stamp())

    def submit(self, event: Event, records: Iterable[ChannelRecord] = (), by: str = "") -> int:
        """Handle `event` now and journal it with `records` and who asked; returns its sequence number.

        Deadlines that are due by then fire first, as an entry of their own. Raises Rejected when the event
        is illegal, or brings a contact while too much waits for the disk: then it is counted, and neither it
        nor its records are journalled. Raises RefusedItself when a deadline before it was: the driver has
        stopped then.
        """
        if isinstance(event, _NEW) and self._is_shedding():
            self.rejected += 1
            raise Rejected("the disk does not keep up: no new contacts")
        now_ms = self._stamp()
        self._tick_if_due(now_ms)
        seq = self._step(event, now_ms, records, by)
        self._arm(now_ms)
        return seq

    def restarted(self, since_ms: int) -> None:
        """Tell the engine that the server is back; it was last known to run at `since_ms`.

        The first entry of a start, before the deadlines that passed meanwhile: nobody could act on them.
        """
        now_ms = self._stamp()
        self._step(Restarted(since_ms), now_ms, (), "")
        self._arm(now_ms)

    def beat(self) -> None:
        """From now on it is noticed when the process stood still: that was an outage, like a restart."""
        now_ms = self._stamp()
        self._tick_if_due(now_ms)
        self._arm(now_ms)
        if not self._closed:
            self._beating = self._loop.call_later(BEAT_S, self.beat)
            self._alive_ms = now_ms

    def remember(self, records: Iterable[ChannelRecord]) -> None:
        """Journal records that belong to no event: with the next entry, or alone after LINGER_S.

        A transaction of their own would cost more than the rest of what a call writes.
        """
        self._lingering.extend(records)
        if self._lingering and self._linger is None and not self._closed:
            linger_s = LINGER_SHEDDING_S if self._is_shedding() else LINGER_S
            self._linger = self._loop.call_later(linger_s, self._write_lingering)

    def now_ms(self) -> int:
        """The time of the next entry if it came now."""
        return self._stamp()

    def close(self) -> None:
        """No more deadlines fire and no more events are taken."""
        self._closed = True
        if self._linger is not None:
            self._linger.cancel()
            self._write_lingering()
        for timer in (self._timer, self._beating):
            if timer is not None:
                timer.cancel()
        self._timer = self._beating = None

    def _is_shedding(self) -> bool:
        return self.seq - self._gate.synced >= SHED_AT

    def _tick_if_due(self, now_ms: int) -> None:
        deadline_ms = self.engine.next_deadline()
        if deadline_ms is None or deadline_ms > now_ms:
            return
        if self._alive_ms is not None and now_ms - self._alive_ms >= STOOD_STILL_MS:
            _log.warning("stood still", for_ms=now_ms - self._alive_ms)
            since_ms, self._alive_ms = self._alive_ms, now_ms
            self._step(Restarted(since_ms), now_ms, (), "")
            deadline_ms = self.engine.next_deadline()
        if deadline_ms is not None and deadline_ms <= now_ms:
            self._step(Tick(), now_ms, (), "")

    def _step(self, event: Event, now_ms: int, records: Iterable[ChannelRecord], by: str) -> int:
        if self._closed:
            raise Rejected("the server is stopping")
        encoded = _encoded(event)
        try:
            outcome = self.engine.handle(event, now_ms)
        except Rejected as refusal:
            if isinstance(event, _NEVER_REFUSED):  # deadlines are taken already: the journal would not agree
                bug = RefusedItself(f"{type(event).__name__} was refused: {refusal}")
                self._break(event, bug)
                raise bug from refusal
            self.rejected += 1
            _log.debug("event rejected", kind=type(event).__name__, reason=str(refusal))
            raise
        except Exception as failure:
            self._break(event, failure)
            raise
        seq = self.seq = self.seq + 1
        lingering, self._lingering = self._lingering, []
        try:
            facts = encode_facts(outcome.facts)
            entry = JournalEntry(seq, now_ms, ENGINE_VERSION, encoded, facts, facts_digest(facts), by)
            self._journal.append(entry, [*lingering, *records] if lingering else records)
        except Exception as refusal:
            self._break(event, refusal)
            raise
        self._gate.hold(seq, outcome.effects)
        self._observe(entry)
        return seq

    def _write_lingering(self) -> None:
        self._linger = None
        lingering, self._lingering = self._lingering, []
        if lingering:
            self._journal.append(None, lingering)

    def _break(self, event: Event, failure: Exception) -> None:
        # The engine has changed halfway, or beyond the journal. A new process goes on from the journal.
        _log.critical("engine stopped", kind=type(event).__name__, seq=self.seq, exc_info=failure)
        try:
            self.close()
        finally:
            self._fail(failure)

    def _arm(self, now_ms: int) -> None:
        # A timer that is armed too early is left to fire and finds nothing due: most deadlines (ringing,
        # wrap-up) are lifted before they are due, and moving the timer each time would cost more.
        deadline_ms = self.engine.next_deadline()
        if deadline_ms is None or (self._timer is not None and self._armed_ms <= deadline_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_ms = deadline_ms
        self._timer = self._loop.call_later(max(0, deadline_ms - now_ms) / 1000, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now_ms = self._stamp()
        self._tick_if_due(now_ms)
        self._arm(now_ms)


def _encoded(event: Event) -> bytes:
    """Before the engine sees it: what cannot be journalled must not change anything. Raises Rejected."""
    try:
        return encode_event(event)
    except (ValueError, TypeError, msgspec.MsgspecError) as error:
        raise Rejected(f"the event cannot be journalled: {error}") from error
