"""What was synced and is gone is told, whatever SQLite makes of a damaged WAL, and never by a false alarm."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from acd.journal import copying, losses, mark
from acd.journal.errors import JournalDamagedError, JournalWriteError
from acd.journal.reading import JournalReader
from acd.journal.sqlite import SqliteJournal
from acd.marks import note_durably
from acd.server.checking import damages
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
    found = damages(small_site(live.parent), lambda done, total: None)
    ((path, said),) = [one for one in found if one[0].name != "vault-key"]  # these data never had one
    assert path in {live, wal.with_name("segment-00000001.db")}
    assert " to 60 were synced, and are gone: " in said


def read_it(live: Path) -> None:
    JournalReader(live)


def copy_it(live: Path) -> None:
    copying.copy_journal(live, live.with_name("copy"), lambda _: None)


@pytest.mark.parametrize("reads", [read_it, copy_it])
def test_no_reader_takes_the_rest_for_the_whole(live: Path, reads: Callable[[Path], None]) -> None:
    """What is left looks like quiet days: 45 entries of 60 are a report, and a backup, without a word."""
    (wal,) = live.glob("segment-*.db-wal")
    wal.write_bytes(flip_one_byte(wal.read_bytes()))
    left = r"segment-00000001\.db: ends with entry \d+ of 1970-01-01 00:00:00 UTC, but entries \d+ to 60 were"
    with pytest.raises(JournalDamagedError, match=left):
        reads(live)
    assert not live.with_name("copy").exists()


def test_a_copy_says_itself_how_far_it_goes(live: Path) -> None:
    copy_it(live)
    copy = live.with_name("copy")
    with closing(sqlite3.connect(copy / "segment-00000001.db")) as db, db:
        db.execute("DELETE FROM entries WHERE seq > 50")
    with pytest.raises(JournalDamagedError, match=r"ends with entry 50 of .*, but entries 51 to 60 were"):
        read_it(copy)
    with pytest.raises(JournalDamagedError, match="entries 51 to 60 were synced"):
        opened(copy)


def test_a_copy_that_does_not_go_as_far_as_was_synced_before_is_none(
    live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end was lost between the look at the original and the copying."""
    true_copy = copying.copy_database

    def cut(source: Path, target: Path, on_copied: copying.OnCopied) -> None:
        true_copy(source, target, on_copied)
        if source.name.startswith("segment"):
            with closing(sqlite3.connect(target)) as db, db:
                db.execute("DELETE FROM entries WHERE seq > 50")

    monkeypatch.setattr(copying, "copy_database", cut)
    with pytest.raises(JournalDamagedError, match="entries 51 to 60 were synced"):
        copy_it(live)


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
    ((loss,), now_ms) = losses.losses(live), time.time_ns() // 1_000_000
    assert (loss.first, loss.last, loss.after_ms) == (left + 1, LAST, left)
    assert now_ms - 60_000 < loss.accepted_ms <= now_ms


def test_a_loss_that_was_accepted_is_told_of_the_time_it_touches_also_in_a_copy(live: Path) -> None:
    (wal,) = live.glob("segment-*.db-wal")
    wal.write_bytes(b"")
    for run in range(2):
        journal = SqliteJournal(live, accept_loss=True)
        journal.open(lambda _: None, lambda _: None, lambda _: None)
        journal.append(entry(run + 1))
        journal.close()
        note_durably(live / mark.FILE, 2 if run else LAST)
    copy_it(live)
    for folder in (live, live.with_name("copy")):
        first, second = losses.losses(folder)
        assert (first.first, first.last, second.first, second.last) == (1, LAST, 2, LAST)
        reader = JournalReader(folder)
        assert reader.losses(0, 2**60) == [first, second]
        assert reader.losses(2**50, 2**60) == []
        assert reader.losses(0, 1) == [first], "the second one begins after the first entry"
    (live / losses.FILE).write_bytes(b"{")
    with pytest.raises(JournalDamagedError, match="losses: "):
        JournalReader(live).losses(0, 1)


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
