"""Snapshots: taken by a shadow in a process of its own, equal to what the engine would say itself."""

import asyncio

import pytest

from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.events import ContactArrived, DeskChanged, Event
from acd.journal.codec import encode_event, encode_facts
from acd.journal.digest import facts_digest
from acd.journal.memory import MemoryJournal
from acd.ports import Entry, Recovered, Snapshot
from acd.replay.recovery import RecoveryError
from acd.server.snapshots import Snapshots, shadow_snapshot
from acd.testing import NUMBER, small_desk
from queues.desk import Medium


class Desk:
    """An engine with its memory journal; the next call is one `call()` away."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.journal = MemoryJournal()
        self.journal.open(lambda _: None, lambda _: None, lambda _: None)
        self.seq = 0
        self.handle(DeskChanged(small_desk()))

    def call(self) -> None:
        self.handle(ContactArrived(f"call-{self.seq}", NUMBER, Medium.VOICE))

    def handle(self, event: Event, *, lie: bool = False) -> None:
        self.seq += 1
        facts = encode_facts(self.engine.handle(event, 1000 * self.seq).facts)
        digest = facts_digest(b"lie" if lie else facts)
        self.journal.append(
            Entry(self.seq, 1000 * self.seq, ENGINE_VERSION, encode_event(event), facts, digest)
        )

    def restart(self) -> Recovered:
        self.journal.close()
        return self.journal.open(lambda _: None, lambda _: None, lambda _: None)


def test_the_shadow_says_what_the_engine_says_from_nothing_and_from_the_last_snapshot() -> None:
    """Byte-equal, over more entries than one chunk, and no later than the entry asked for."""
    desk = Desk()
    for _ in range(450):
        desk.call()
    first = shadow_snapshot(desk.journal, None, desk.seq)
    assert first == Snapshot(451, ENGINE_VERSION, desk.engine.snapshot())
    for _ in range(250):
        desk.call()
    until, state = desk.seq, desk.engine.snapshot()
    desk.call()
    assert shadow_snapshot(desk.journal, first, until) == Snapshot(until, ENGINE_VERSION, state)


def test_the_shadow_finds_an_entry_that_does_not_replay() -> None:
    """Divergence is found while the server runs, not at the next start; no snapshot is taken."""
    desk = Desk()
    for _ in range(3):
        desk.call()
    desk.handle(ContactArrived("odd", NUMBER, Medium.VOICE), lie=True)
    for _ in range(3000):
        desk.call()
    with pytest.raises(RecoveryError, match="diverges at entry 5"):
        shadow_snapshot(desk.journal, None, desk.seq)
    snapshots = Snapshots(desk.journal, None, lambda: desk.seq)
    assert asyncio.run(snapshots.take()) is False
    assert snapshots.failed == 1
    assert desk.restart().snapshot is None


def test_a_snapshot_that_was_taken_is_what_the_next_start_begins_with() -> None:
    """And the next one goes on from it."""
    desk = Desk()
    desk.call()
    snapshots = Snapshots(desk.journal, None, lambda: desk.seq)
    assert asyncio.run(snapshots.take()) is True
    assert snapshots.last_seq == 2
    assert snapshots.taken == 1
    desk.call()
    recovered = desk.restart()
    assert recovered.snapshot is not None
    assert recovered.snapshot.seq == 2
    assert [entry.seq for entry in recovered.entries] == [3]


def test_a_snapshot_is_due_after_so_many_entries_or_so_much_time_with_news() -> None:
    """Never for nothing."""
    desk = Desk()
    by_count = Snapshots(desk.journal, None, lambda: desk.seq, every_entries=3, every_s=3600)
    by_time = Snapshots(desk.journal, None, lambda: desk.seq, every_entries=10**9, every_s=0)
    idle = Snapshots(desk.journal, Snapshot(desk.seq, 1, b""), lambda: desk.seq, every_s=0)
    assert (by_count.due(), by_time.due(), idle.due()) == (False, True, False)
    desk.call()
    desk.call()
    assert (by_count.due(), idle.due()) == (True, True)
