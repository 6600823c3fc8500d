"""What was synced and is gone is told, whatever SQLite makes of a damaged WAL, and never by a false alarm."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from acd.journal import mark
from acd.journal.errors import JournalDamagedError, JournalWriteError
from acd.journal.sqlite import SqliteJournal
from acd.server.stores import damages
from acd.testing import small_site
from tests.acd.journal.test_sqlite_files import entry, one_run, opened, reopen

LAST = 60


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """The files of a journal with a WAL, of which everything is synced, as a kill leaves them."""
    journal, _ = opened(tmp_path / "live")
    for seq in range(1, LAST + 1):
        journal.append(entry(seq))
        if seq % 10 == 0:  # a transaction of its own
            journal.flush()
    shutil.copytree(tmp_path / "live", tmp_path / "data" / "journal")
    journal.close()
    return tmp_path / "data" / "journal"


def flip_one_byte(wal: bytes) -> bytes:
    middle = len(wal) // 2
    return wal[:middle] + bytes([wal[middle] ^ 1]) + wal[middle + 1 :]


@pytest.mark.parametrize(
    "harm",
    [flip_one_byte, lambda wal: wal[: len(wal) * 7 // 10], lambda _: b""],
    ids=["flip", "cut", "empty"],
)
def test_a_damaged_wal_is_refused_with_what_is_gone_and_left_as_it_is(
    live: Path, harm: Callable[[bytes], bytes]
) -> None:
    (wal,) = live.glob("segment-*.db-wal")
    wal.write_bytes(harm(wal.read_bytes()))
    before = wal.read_bytes()
    for _ in range(2):
        with pytest.raises(
            JournalDamagedError, match=r"entries \d+ to 60 were synced, and are gone: .*--acc"
        ):
            opened(live)
        assert wal.read_bytes() == before
    ((path, said),) = damages(small_site(live.parent))
    assert (path, said.partition(" to ")[2]) == (live, "60 were synced, and are gone")


def test_whoever_accepts_the_loss_goes_on_with_the_rest_and_keeps_what_was_found(live: Path) -> None:
    (wal,) = live.glob("segment-*.db-wal")
    wal.write_bytes(flip_one_byte(wal.read_bytes()))
    found = wal.read_bytes()
    journal = SqliteJournal(live, accept_loss=True)
    recovered = journal.open(lambda _: None, lambda _: None, lambda _: None)
    left = len(recovered.entries)
    assert 0 < left < LAST
    assert [one.seq for one in recovered.entries] == list(range(1, left + 1))
    journal.append(entry(left + 1))
    journal.close()
    assert wal.with_name(wal.name + ".cut").read_bytes() == found
    assert len(reopen(live).entries) == left + 1  # it is told once
    assert mark.lost(live) is None


def test_a_whole_journal_is_never_refused(live: Path, tmp_path: Path) -> None:
    """Killed, stopped, archived, without a note, with one that was torn."""
    assert mark.lost(live) is None
    assert len(reopen(live).entries) == LAST
    for run in range(4):
        one_run(tmp_path / "archived", run * 10 + 1, run * 10 + 10, snapshot=run * 10 + 10)
        assert mark.lost(tmp_path / "archived") is None
    (live / mark.FILE).unlink()
    assert len(reopen(live).entries) == LAST
    (live / mark.FILE).write_bytes(b"ACDSYNC\n" + b"\xff" * 12)
    assert len(reopen(live).entries) == LAST


def test_what_was_written_and_not_synced_may_be_lost_without_a_word(tmp_path: Path) -> None:
    hangs = threading.Event()
    journal = SqliteJournal(tmp_path / "live", fsync=lambda _: _wait(hangs))
    all_written = threading.Event()
    journal.open(lambda seq: all_written.set() if seq == 50 else None, lambda _: None, lambda _: None)
    for seq in range(1, 51):
        journal.append(entry(seq))
    assert all_written.wait(10)
    shutil.copytree(tmp_path / "live", tmp_path / "copy")
    hangs.set()
    journal.close()
    (wal,) = (tmp_path / "copy").glob("segment-*.db-wal")
    wal.write_bytes(flip_one_byte(wal.read_bytes()))
    assert len(reopen(tmp_path / "copy").entries) < 50


def _wait(event: threading.Event) -> None:
    if not event.wait(10):
        raise JournalWriteError("the disk did not answer")
