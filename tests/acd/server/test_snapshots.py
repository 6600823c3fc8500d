"""Snapshots: when they are due, and what the next start begins with."""

import asyncio
import signal
import subprocess
import threading

from acd.core.events import ContactArrived
from acd.ports import Snapshot
from acd.server.snapshots import Snapshots
from acd.testing import NUMBER
from agents.capacity import VOICE
from tests.acd.replay.journalled_desk import Desk


def test_an_entry_that_does_not_replay_is_found_while_the_server_runs() -> None:
    """Not at the next start; no snapshot is taken."""
    desk = Desk()
    for _ in range(3):
        desk.call()
    desk.handle(ContactArrived("odd", NUMBER, VOICE), lie=True)
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


def test_a_snapshot_whose_shadow_hangs_does_not_keep_the_server_from_stopping() -> None:
    """The shadow is stopped as by SIGSTOP; giving up kills it, and the thread that waits for it ends."""
    desk = Desk()
    desk.call()
    stopped = threading.Event()

    class Stopping(Snapshots):
        def _started(self, shadow: "subprocess.Popen[bytes]") -> None:
            super()._started(shadow)
            shadow.send_signal(signal.SIGSTOP)
            stopped.set()

    async def story() -> None:
        snapshots = Stopping(desk.journal, None, lambda: desk.seq)
        taking = asyncio.ensure_future(snapshots.take())
        assert await asyncio.to_thread(stopped.wait, 10)
        snapshots.give_up()
        assert await taking is False
        assert snapshots.failed == 1

    asyncio.run(story())
