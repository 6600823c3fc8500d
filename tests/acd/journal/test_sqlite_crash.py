"""The death of the process, at any moment, loses nothing that was reported as written."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from acd.journal import segment
from acd.journal.sqlite import SqliteJournal
from acd.ports import Recovered

CHILD = Path(__file__).with_name("writing_child.py")
SEED = 20_260_101


def start_child(
    directory: Path, total: int, ahead: int = 64, per_snapshot: int = 0
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(CHILD), str(directory), str(total), str(ahead), str(per_snapshot)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def kill_after(child: "subprocess.Popen[bytes]", lines: int) -> int:
    """Read so many reports, kill, read the rest; the highest number reported as written."""
    assert child.stdout is not None
    assert child.stdin is not None
    highest = 0
    for count, line in enumerate(child.stdout, 1):
        word, _, number = line.decode().partition(" ")
        highest = max(highest, int(number)) if word == "written" else highest
        if count == lines:
            child.kill()
    child.stdin.close()
    child.stdout.close()
    assert child.wait() == -9
    return highest


def reopen(directory: Path) -> Recovered:
    journal = SqliteJournal(directory, fsync=lambda _: None)
    recovered = journal.open(lambda _: None, lambda _: None, _fail)
    journal.close()
    return recovered


def _fail(error: Exception) -> None:
    raise error


def last_seq(recovered: Recovered) -> int:
    if recovered.entries:
        return recovered.entries[-1].seq
    return recovered.snapshot.seq if recovered.snapshot else 0


def check_whole(directory: Path) -> int:
    """Everything recovered belongs together; the last number."""
    recovered = reopen(directory)
    first = recovered.snapshot.seq if recovered.snapshot else 0
    assert [entry.seq for entry in recovered.entries] == list(range(first + 1, last_seq(recovered) + 1))
    assert all(entry.event == b"event %d " % entry.seq * 9 for entry in recovered.entries)
    if recovered.snapshot:
        assert recovered.snapshot.state == b"state %d" % first
    expected = {("sip", "last"): b"%d" % last_seq(recovered)} if last_seq(recovered) else {}
    assert recovered.records == expected
    return last_seq(recovered)


def kill_again_and_again(directory: Path, times: int) -> None:
    chance = random.Random(SEED)
    for _ in range(times):
        reported = kill_after(start_child(directory, 0, per_snapshot=50), lines=chance.randint(2, 150))
        assert check_whole(directory) >= reported
    journal = SqliteJournal(directory)
    journal.open(lambda _: None, lambda _: None, _fail)
    assert all(b.seq == a.seq + 1 for a, b in pairwise(journal.facts()))
    journal.close()


def test_ten_kills_while_writing_and_snapshotting_lose_no_reported_entry(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "journal", 10)


@pytest.mark.long
def test_two_hundred_kills_while_writing_and_snapshotting_lose_no_reported_entry(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "journal", 200)


def killed_journal(directory: Path, entries: int) -> Path:
    """A journal whose process was killed after writing so many entries one by one; its segment."""
    child = start_child(directory, entries, ahead=1)
    assert child.stdout is not None
    while child.stdout.readline() != b"done\n":
        pass
    child.kill()
    child.communicate()
    (path,) = segment.stored_paths(directory)
    return path


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def read_back(path: Path, wal: bytes, scratch: Path) -> list[int]:
    """The numbers a fresh reader finds in a copy of the segment with this WAL; checks every entry's bytes."""
    for old in scratch.iterdir():
        old.unlink()
    copy = scratch / path.name
    shutil.copy(path, copy)
    wal_of(copy).write_bytes(wal)
    with closing(segment.StoredSegment(copy)) as stored:
        found = list(stored.entries(0))
        assert all(entry.event == b"event %d " % entry.seq * 9 for entry in found)
        last = b"%d" % found[-1].seq if found else None
        changes = {(channel, key): value for channel, key, value in stored.record_changes()}
        assert changes == ({("sip", "last"): last} if last else {})
    return [entry.seq for entry in found]


def commit_ends(path: Path) -> list[int]:
    """Offset in the WAL after each transaction (a frame that states a database size, fileformat2 §4.1)."""
    wal = wal_of(path).read_bytes()
    page = int.from_bytes(wal[8:12], "big")
    starts = range(32, len(wal), 24 + page)
    return [at + 24 + page for at in starts if int.from_bytes(wal[at + 4 : at + 8], "big")]


def torn_at(path: Path, positions: range, scratch: Path) -> None:
    """Cut the WAL at each position, and flip the byte there: exactly the transactions before it are left."""
    scratch.mkdir()
    wal = wal_of(path).read_bytes()
    ends = commit_ends(path)
    for position in positions:
        whole = sum(end <= position for end in ends) - 1  # the first transaction made the segment
        expected = list(range(1, max(0, whole) + 1))
        assert read_back(path, wal[:position], scratch) == expected
        flipped = bytes((*wal[:position], wal[position] ^ 0x55, *wal[position + 1 :]))
        assert read_back(path, flipped, scratch) == expected


def test_a_last_entry_torn_or_corrupt_at_any_sampled_byte_leaves_exactly_what_was_before(
    tmp_path: Path,
) -> None:
    path = killed_journal(tmp_path / "journal", 5)
    ends = commit_ends(path)
    step = 37
    torn_at(path, range(ends[-3], ends[-1], step), tmp_path / "scratch")


@pytest.mark.long
def test_a_last_entry_torn_or_corrupt_at_every_byte_leaves_exactly_what_was_before(tmp_path: Path) -> None:
    path = killed_journal(tmp_path / "journal", 5)
    torn_at(path, range(commit_ends(path)[-2], commit_ends(path)[-1]), tmp_path / "scratch")


def test_after_a_torn_end_the_journal_opens_and_goes_on_from_there(tmp_path: Path) -> None:
    path = killed_journal(tmp_path / "journal", 5)
    (tmp_path / "journal" / "synced").unlink()  # the machine died before the last one was synced
    os.truncate(wal_of(path), commit_ends(path)[-2] + 100)
    assert check_whole(tmp_path / "journal") == 4
    child = start_child(tmp_path / "journal", 3)
    child.communicate(b"x")
    assert check_whole(tmp_path / "journal") == 7


def test_a_commit_never_checkpoints(tmp_path: Path) -> None:
    """The database file of a running segment does not change while entries are written."""
    path = killed_journal(tmp_path / "journal", 3_000)
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as without_wal:
        assert without_wal.execute("SELECT count(*) FROM entries").fetchone() == (0,)
