"""The shadow: a process of its own, equal to what the engine would say itself, or a divergence."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from acd.core.engine import ENGINE_VERSION
from acd.core.events import ContactArrived
from acd.journal.memory import MemoryJournal
from acd.ports import Journal, JournalEntry, Snapshot
from acd.replay.divergence import RecoveryError
from acd.replay.shadow import shadow_snapshot
from acd.testing import NUMBER
from agents.capacity import VOICE
from tests.acd.replay.journalled_desk import Desk


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
    """And names it, although it stops reading in the middle of what it is told."""
    desk = Desk()
    for _ in range(3):
        desk.call()
    desk.handle(ContactArrived("odd", NUMBER, VOICE), lie=True)
    for _ in range(3000):
        desk.call()
    with pytest.raises(RecoveryError, match="diverges at entry 5"):
        shadow_snapshot(desk.journal, None, desk.seq)


@pytest.mark.parametrize("calls", [3, 20_000])
def test_a_shadow_that_hangs_is_given_up(calls: int) -> None:
    """Stopped at once: its answer never comes, or what it is told fits into no pipe."""
    desk = Desk()
    desk.call()
    journal = Repeating(desk.journal, calls)
    stopped: list[subprocess.Popen[bytes]] = []

    def stop(shadow: "subprocess.Popen[bytes]") -> None:
        stopped.append(shadow)
        shadow.send_signal(signal.SIGSTOP)

    with pytest.raises((EOFError, OSError)):
        shadow_snapshot(journal, None, calls, started=stop, patience_s=0.3)
    assert stopped[0].returncode == -signal.SIGKILL


class Repeating(MemoryJournal):
    """One entry over and over: nobody reads it."""

    def __init__(self, journal: Journal, times: int) -> None:
        super().__init__()
        self._entry, self._times = next(iter(journal.facts())), times

    def facts(self, after_seq: int = 0) -> Iterator[JournalEntry]:
        return iter([self._entry._replace(seq=seq) for seq in range(1, self._times + 1)])
