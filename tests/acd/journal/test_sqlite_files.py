"""The files of the embedded journal: lock, format, rights, snapshots, archive, damage."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from acd.journal import segment
from acd.journal.codec import facts_digest
from acd.journal.database import FORMAT
from acd.journal.errors import JournalDamagedError, JournalFormatError, JournalLockedError
from acd.journal.order import Appended
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord, JournalEntry, Recovered, Snapshot

CHILD = Path(__file__).with_name("writing_child.py")


def entry(seq: int) -> JournalEntry:
    facts = b"facts %d" % seq
    return JournalEntry(seq, seq, 1, b"event %d" % seq, facts, facts_digest(facts))


def opened(directory: Path) -> tuple[SqliteJournal, Recovered]:
    journal = SqliteJournal(directory)
    return journal, journal.open(lambda _: None, lambda _: None, _fail)


def _fail(error: Exception) -> None:
    raise error


def reopen(directory: Path) -> Recovered:
    journal, recovered = opened(directory)
    journal.close()
    return recovered


def one_run(directory: Path, first: int, last: int, snapshot: int = 0) -> None:
    journal, _ = opened(directory)
    for seq in range(first, last + 1):
        journal.append(entry(seq), [ChannelRecord("sip", f"call {seq % 3}", b"%d" % seq)])
    if snapshot:
        journal.snapshot(Snapshot(snapshot, 1, b"state %d" % snapshot))
    journal.close()


def test_a_second_process_is_kept_out_and_told_who_holds_the_journal(tmp_path: Path) -> None:
    command = [sys.executable, str(CHILD), str(tmp_path), "1", "1", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        while child.stdout.readline() != b"done\n":
            pass
        with pytest.raises(JournalLockedError, match=f"in use by process {child.pid}: stop it first"):
            opened(tmp_path)
        child.kill()
    assert len(reopen(tmp_path).entries) == 1


def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        for run in range(4):
            one_run(tmp_path / "journal", run * 5 + 1, run * 5 + 5, snapshot=run * 5 + 3)
        journal, _ = opened(tmp_path / "journal")
        paths = list((tmp_path / "journal").iterdir())
        assert len(paths) >= 6
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
        assert stat.S_IMODE((tmp_path / "journal").stat().st_mode) == 0o700
        journal.close()
    finally:
        os.umask(before)


@pytest.mark.parametrize(("name", "at"), [("segment-*.db", 63), ("archive.db", 63), ("snapshot-*", 9)])
def test_files_of_a_newer_format_are_refused_untouched_with_what_to_do(
    tmp_path: Path, name: str, at: int
) -> None:
    one_run(tmp_path, 1, 5, snapshot=3)
    path = next(tmp_path.glob(name))
    content = bytearray(path.read_bytes())
    assert content[at] == FORMAT
    content[at] = FORMAT + 1
    path.write_bytes(content)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(JournalFormatError) as raised:
        opened(tmp_path)
    assert str(raised.value) == (
        f"{path} has journal format {FORMAT + 1}, but this program reads formats up to {FORMAT}: "
        "start the newer version that wrote it, or restore the backup made before the upgrade"
    )
    after = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert {**after, tmp_path / "lock": b""} == {**before, tmp_path / "lock": b""}


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "segment-00000001.db").write_bytes(b"something else")
    with pytest.raises(JournalDamagedError, match=r"segment-00000001\.db is not a journal file"):
        opened(tmp_path)


def test_a_crash_while_a_file_was_made_leaves_nothing_behind(tmp_path: Path) -> None:
    one_run(tmp_path, 1, 5)
    (tmp_path / "segment-00000009.db.new").write_bytes(b"half")
    (tmp_path / "snapshot-00000000000000000005.new").write_bytes(b"half")
    assert len(reopen(tmp_path).entries) == 5
    assert list(tmp_path.glob("*.new")) == []


def archived(directory: Path) -> list[int]:
    with closing(sqlite3.connect(directory / "archive.db")) as connection:
        return [seq for (seq,) in connection.execute("SELECT seq FROM entries ORDER BY seq")]


def test_entries_move_to_the_archive_when_two_snapshots_cover_them(tmp_path: Path) -> None:
    one_run(tmp_path, 1, 10, snapshot=10)
    assert archived(tmp_path) == []
    one_run(tmp_path, 11, 20, snapshot=20)
    assert archived(tmp_path) == list(range(1, 11))
    assert len(list(tmp_path.glob("snapshot-*"))) == 2
    one_run(tmp_path, 21, 30, snapshot=30)
    assert archived(tmp_path) == list(range(1, 21))
    assert [path.name[-2:] for path in sorted(tmp_path.glob("snapshot-*"))] == ["20", "30"]
    assert len(segment.stored_paths(tmp_path)) <= 2


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x55
    path.write_bytes(content)


@pytest.mark.parametrize("at", [0, 20, 40, -1])
def test_a_damaged_newest_snapshot_is_passed_over_for_the_one_before(tmp_path: Path, at: int) -> None:
    for run in range(3):
        one_run(tmp_path, run * 10 + 1, run * 10 + 10, snapshot=run * 10 + 8)
    flip(max(tmp_path.glob("snapshot-*")), at)
    recovered = reopen(tmp_path)
    assert recovered.snapshot == Snapshot(18, 1, b"state 18")
    assert [found.seq for found in recovered.entries] == list(range(19, 31))
    assert recovered.records == {("sip", f"call {seq % 3}"): b"%d" % seq for seq in (28, 29, 30)}
    assert len(list(tmp_path.glob("*.damaged"))) == 1
    one_run(tmp_path, 31, 31, snapshot=31)
    assert reopen(tmp_path).snapshot == Snapshot(31, 1, b"state 31")


def test_when_every_snapshot_is_damaged_the_journal_says_so_and_what_to_do(
    tmp_path: Path,
) -> None:
    for run in range(3):
        one_run(tmp_path, run * 10 + 1, run * 10 + 10, snapshot=run * 10 + 8)
    for path in tmp_path.glob("snapshot-*"):
        flip(path, -1)
    with pytest.raises(JournalDamagedError, match="restore a backup, or delete the snapshot files to replay"):
        opened(tmp_path)
    for path in tmp_path.glob("snapshot-*"):
        path.unlink()
    assert list(reopen(tmp_path).entries) == [entry(seq) for seq in range(1, 31)]


def test_a_changed_byte_in_a_stored_entry_is_found(tmp_path: Path) -> None:
    one_run(tmp_path, 1, 10)
    (path,) = segment.stored_paths(tmp_path)
    flip(path, path.read_bytes().index(b"event 7"))
    with pytest.raises(JournalDamagedError, match=r"segment-00000001\.db: entry 7 is damaged: restore"):
        opened(tmp_path)


def test_a_file_that_sqlite_cannot_read_is_reported_as_damage(tmp_path: Path) -> None:
    one_run(tmp_path, 1, 1_000)
    (path,) = segment.stored_paths(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    with pytest.raises(JournalDamagedError, match="restore the journal from a backup"):
        opened(tmp_path)


def test_a_missing_segment_is_damage_not_a_shorter_journal(tmp_path: Path) -> None:
    for run in range(3):
        one_run(tmp_path, run * 10 + 1, run * 10 + 10)
    segment.stored_paths(tmp_path)[1].unlink()
    with pytest.raises(JournalDamagedError, match="entry 11 was stored but is gone"):
        opened(tmp_path)


def two_segments_of_one_run(directory: Path) -> list[Path]:
    """Entries 1 to 20 with a change of segment after 10, as a killed process leaves them."""
    first, second = segment.Segment.create(directory, 1), segment.Segment.create(directory, 2)
    for base, part in ((0, first), (10, second)):
        for seq in range(base + 1, base + 11):
            part.write(seq - 1, [Appended(entry(seq), (ChannelRecord("sip", "last", b"%d" % seq),))])
    return [first.path, second.path]


def copy_crashed(source: Path, target: Path, lost: int) -> None:
    """What the disk holds after the machine died: the first segment's WAL has lost its last bytes."""
    target.mkdir()
    for path in source.glob("segment-*"):
        if not path.name.endswith("-shm"):
            (target / path.name).write_bytes(path.read_bytes())
    wal = target / "segment-00000001.db-wal"
    os.truncate(wal, wal.stat().st_size - lost)


def test_when_the_machine_dies_what_follows_a_lost_unsynced_end_is_set_aside(tmp_path: Path) -> None:
    """The second file reached the disk, the end of the first did not: none of it was ever synced."""
    (tmp_path / "run").mkdir()
    two_segments_of_one_run(tmp_path / "run")
    copy_crashed(tmp_path / "run", tmp_path / "disk", lost=100)
    journal, recovered = opened(tmp_path / "disk")
    assert [found.seq for found in recovered.entries] == list(range(1, 10))
    assert recovered.records == {("sip", "last"): b"9"}
    assert [path.name for path in journal.discarded] == ["segment-00000002.db.discarded"]
    journal.close()
    one_run(tmp_path / "disk", 10, 12)
    assert len(reopen(tmp_path / "disk").entries) == 12


def test_both_segments_are_read_when_neither_lost_anything(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    two_segments_of_one_run(tmp_path / "run")
    copy_crashed(tmp_path / "run", tmp_path / "disk", lost=0)
    recovered = reopen(tmp_path / "disk")
    assert [found.seq for found in recovered.entries] == list(range(1, 21))
    assert recovered.records == {("sip", "last"): b"20"}


def test_a_sealed_segment_that_lost_its_end_is_damage(tmp_path: Path) -> None:
    first = segment.Segment.create(tmp_path, 1)
    for seq in range(1, 11):
        first.write(seq - 1, [Appended(entry(seq), ())])
    first.seal(os.fdatasync)
    first.close()
    with closing(sqlite3.connect(first.path)) as connection:
        connection.execute("DELETE FROM entries WHERE seq = 10")
        connection.commit()
    with pytest.raises(JournalDamagedError, match="entry 10 was stored but is gone"):
        opened(tmp_path)


def test_facts_can_be_read_while_entries_are_written_and_archived(tmp_path: Path) -> None:
    journal, _ = opened(tmp_path)
    for seq in range(1, 6_001):
        journal.append(entry(seq))
        if seq % 500 == 0:
            journal.snapshot(Snapshot(seq, 1, b"state"))
        if seq % 1_500 == 0:
            found = [fact.seq for fact in journal.facts()]
            assert found == list(range(1, len(found) + 1))
    journal.flush()
    assert [fact.seq for fact in journal.facts()] == list(range(1, 6_001))
    journal.close()
