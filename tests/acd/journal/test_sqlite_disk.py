"""Full, failing and unusable disks: said loudly, nothing acknowledged lost, and on it goes with space."""

import errno
import os
import resource
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import pytest

from acd.journal import segment
from acd.journal import sqlite as sqlite_module
from acd.journal.codec import facts_digest
from acd.journal.errors import (
    JournalClosedError,
    JournalError,
    JournalFullError,
    JournalOpenError,
    JournalWriteError,
)
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord, JournalEntry, Recovered, Snapshot

CHILD = Path(__file__).with_name("writing_child.py")


def entry(seq: int) -> JournalEntry:
    return JournalEntry(seq, seq, 1, b"event", b"facts", facts_digest(b"facts"))


def reopen(directory: Path) -> Recovered:
    journal = SqliteJournal(directory)
    recovered = journal.open(lambda _: None, lambda _: None, _fail)
    journal.close()
    return recovered


def _fail(error: Exception) -> None:
    raise error


def test_a_full_disk_is_reported_once_and_writing_goes_on_where_it_stopped_when_space_returns(
    tmp_path: Path,
) -> None:
    """The disk is made full by lowering the running child's file size limit to what it has written."""
    command = [sys.executable, str(CHILD), str(tmp_path / "journal"), "0", "64", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        written, failed = 0, 0
        while written < 3_000:
            word, number = child.stdout.readline().split()
            written = int(number) if word == b"written" else written
            if written >= 500 and not failed:
                _limit(child.pid, tmp_path / "journal")
                failed += 1
            elif word == b"failed":
                resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
                failed += 1
        child.kill()
        assert child.stdin is not None
        child.stdin.close()
        rest = [line.split() for line in child.stdout if b" " in line]
    written = max([written, *(int(number) for word, number in rest if word == b"written")])
    assert failed == 2
    found = [found.seq for found in reopen(tmp_path / "journal").entries]
    assert found[:written] == list(range(1, written + 1))
    assert found == list(range(1, len(found) + 1))


def _limit(pid: int, directory: Path) -> None:
    (path,) = segment.stored_paths(directory)
    size = path.with_name(path.name + "-wal").stat().st_size
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


class FailingDisk:
    """An fsync that fails so many times."""

    def __init__(self, failures: int) -> None:
        self.left = failures

    def fsync(self, descriptor: int) -> None:
        if self.left:
            self.left -= 1
            raise OSError(errno.EIO, "Input/output error")
        os.fdatasync(descriptor)


def test_after_a_failed_fsync_everything_unsynced_is_written_again_to_a_new_file(tmp_path: Path) -> None:
    """The kernel may have dropped the pages: so the old files' WAL is taken away here."""
    synced: list[int] = []
    failures: SimpleQueue[Exception] = SimpleQueue()
    journal = SqliteJournal(tmp_path / "journal", fsync=FailingDisk(3).fsync, retry_s=0.01)
    journal.open(lambda _: None, synced.append, failures.put)
    for seq in range(1, 101):
        journal.append(entry(seq), [ChannelRecord("sip", "call", b"%d" % seq)])
    failure = failures.get(timeout=60)
    assert isinstance(failure, JournalWriteError)
    assert str(failure) == "the journal cannot sync: [Errno 5] Input/output error"
    while journal.backlog:
        _try_flush(journal)
    assert failures.empty()
    assert journal.failures == ()
    assert synced[-1] == 100
    shutil.copytree(tmp_path / "journal", tmp_path / "after")
    *failed_files, _ = segment.stored_paths(tmp_path / "after")
    assert failed_files
    for path in failed_files:
        path.with_name(path.name + "-wal").unlink(missing_ok=True)
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
    recovered = reopen(tmp_path / "after")
    assert [found.seq for found in recovered.entries] == list(range(1, 101))
    assert recovered.records == {("sip", "call"): b"100"}
    journal.close()


def _try_flush(journal: SqliteJournal) -> None:
    with suppress(JournalWriteError):
        journal.flush()


def test_flush_and_close_do_not_hang_on_a_disk_that_never_syncs_but_say_what_is_not_saved(
    tmp_path: Path,
) -> None:
    failures: list[Exception] = []
    journal = SqliteJournal(tmp_path, fsync=FailingDisk(-1).fsync, retry_s=0.01)
    journal.open(lambda _: None, lambda _: None, failures.append)
    journal.append(entry(1))
    with pytest.raises(JournalWriteError, match=r"1 journal appends are not saved: .*Input/output error"):
        journal.flush()
    journal.snapshot(Snapshot(1, 1, b"never stored"))
    with pytest.raises(JournalWriteError, match="1 journal appends are not saved"):
        journal.close()
    assert len(failures) == 1
    assert reopen(tmp_path).snapshot is None


def test_closing_does_not_hang_on_a_disk_that_never_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "CLOSE_S", 0.2)
    monkeypatch.setattr(sqlite_module, "END_S", 0.2)
    disk_answers = Event()
    journal = SqliteJournal(tmp_path, fsync=lambda _: _wait(disk_answers))
    journal.open(lambda _: None, lambda _: None, lambda _: None)
    journal.append(entry(1))
    with pytest.raises(JournalWriteError, match=r"1 journal appends are not saved: .* or the disk hangs"):
        journal.close()
    disk_answers.set()


def test_when_too_much_waits_for_the_disk_the_next_append_is_refused_and_later_taken(tmp_path: Path) -> None:
    disk_answers = Event()
    journal = SqliteJournal(tmp_path, fsync=lambda _: _wait(disk_answers), backlog_limit=10)
    journal.open(lambda _: None, lambda _: None, _fail)
    for seq in range(1, 11):
        journal.append(entry(seq))
    with pytest.raises(JournalFullError, match="10 journal entries wait for the disk: free space in"):
        journal.append(entry(11))
    disk_answers.set()
    journal.flush()
    journal.append(entry(11))
    journal.close()
    assert len(reopen(tmp_path).entries) == 11


def _wait(event: Event) -> None:
    assert event.wait(60)


def test_a_snapshot_that_cannot_be_stored_is_reported_and_the_one_before_still_holds(tmp_path: Path) -> None:
    failures: list[Exception] = []
    journal = SqliteJournal(tmp_path)
    journal.open(lambda _: None, lambda _: None, failures.append)
    journal.append(entry(1))
    journal.snapshot(Snapshot(1, 1, b"good"))
    journal.append(entry(2))
    (tmp_path / f"snapshot-{2:020d}.new").mkdir()
    journal.snapshot(Snapshot(2, 1, b"in the way"))
    journal.append(entry(3))
    journal.close()
    assert len(failures) == 1
    assert "cannot store a snapshot" in str(failures[0])
    (tmp_path / f"snapshot-{2:020d}.new").rmdir()
    recovered = reopen(tmp_path)
    assert recovered.snapshot == Snapshot(1, 1, b"good")
    assert [found.seq for found in recovered.entries] == [2, 3]


def test_a_callback_that_raises_stops_the_journal_loudly(tmp_path: Path) -> None:
    failures: SimpleQueue[Exception] = SimpleQueue()
    journal = SqliteJournal(tmp_path)
    journal.open(_raise, lambda _: None, failures.put)
    journal.append(entry(1))
    assert str(failures.get(timeout=60)) == "a fault of the server"
    with pytest.raises(JournalClosedError):
        journal.append(entry(2))
    with pytest.raises(JournalError):
        journal.close()


def _raise(_seq: int) -> None:
    raise LookupError("a fault of the server")


@pytest.mark.parametrize("place", ["a file in its place", "a file above it", "nobody may write here"])
def test_a_directory_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    directory = {
        "a file in its place": tmp_path / "file",
        "a file above it": tmp_path / "file" / "journal",
        "nobody may write here": Path("/proc/self"),  # even root
    }[place]
    with pytest.raises(JournalOpenError, match=f"cannot use {directory} for the journal: [A-Z]"):
        SqliteJournal(directory).open(lambda _: None, lambda _: None, _fail)
