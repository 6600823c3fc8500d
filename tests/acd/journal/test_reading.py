"""A journal is read without its lock: beside its writer, after it, archived or not."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from acd.journal import segment
from acd.journal.codec import facts_digest
from acd.journal.errors import JournalDamagedError, JournalOpenError
from acd.journal.reading import JournalReader
from acd.journal.sqlite import SqliteJournal
from acd.ports import JournalEntry, Snapshot


def entry(seq: int) -> JournalEntry:
    return JournalEntry(
        seq, 1_000 * seq, 1, b"event %d" % seq, b"facts %d" % seq, facts_digest(b"facts %d" % seq)
    )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    made = SqliteJournal(tmp_path)
    made.open(lambda seq: None, lambda seq: None, fail)
    yield made
    made.close()


def fail(error: Exception) -> None:
    raise error


def append(journal: SqliteJournal, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        journal.append(entry(seq))
    journal.flush()


def archive(journal: SqliteJournal, seq: int) -> None:
    journal.snapshot(Snapshot(seq, 1, b"state"))
    journal.flush()


def test_what_the_server_writes_is_read_beside_it(journal: SqliteJournal, tmp_path: Path) -> None:
    append(journal, 1, 500)
    reader = JournalReader(tmp_path)
    assert list(reader.entries()) == [entry(seq) for seq in range(1, 501)]
    append(journal, 501, 510)
    assert [found.seq for found in reader.entries(499)] == list(range(500, 511))


def test_archived_entries_are_read_like_the_others(tmp_path: Path) -> None:
    for run in range(4):
        made = SqliteJournal(tmp_path)
        made.open(lambda seq: None, lambda seq: None, fail)
        append(made, run * 100 + 1, run * 100 + 100)
        archive(made, run * 100 + 100)
        made.close()
    reader = JournalReader(tmp_path)
    assert list(reader.entries()) == [entry(seq) for seq in range(1, 401)]
    for t_ms in (0, 1, 1_000, 1_001, 99_500, 200_000, 10**9):
        before = reader.before(t_ms)
        assert before == 0 or entry(before).t_ms < t_ms
    assert 100 <= reader.before(10**9) <= 400
    assert reader.before(150_000) == 149


def test_reading_while_entries_move_to_the_archive_misses_none(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    append(journal, 1, 10)
    reader = JournalReader(tmp_path)

    def write() -> None:
        for run in range(20):
            append(journal, run * 50 + 11, run * 50 + 60)
            archive(journal, run * 50 + 60)

    writer = Thread(target=write)
    writer.start()
    rounds = 0
    while writer.is_alive() or not rounds:
        found = [one.seq for one in reader.entries()]
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= 10
        rounds += 1
    writer.join()
    assert len(list(reader.entries())) == 1_010


def test_what_moves_to_the_archive_between_two_looks_is_found_there(
    journal: SqliteJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(journal, 1, 10)
    archive(journal, 10)
    journal.close()
    journal.open(lambda seq: None, lambda seq: None, fail)  # and so with another segment
    append(journal, 11, 20)
    reader, listed, moves = JournalReader(tmp_path), segment.stored_paths, iter([True])

    def moved_first(directory: Path) -> list[Path]:
        if next(moves, False):
            archive(journal, 20)
            journal.close()
        return listed(directory)

    monkeypatch.setattr(segment, "stored_paths", moved_first)
    assert [found.seq for found in reader.entries()] == list(range(1, 21))


def test_a_reader_takes_nothing_from_the_journal(tmp_path: Path) -> None:
    made = SqliteJournal(tmp_path)
    made.open(lambda seq: None, lambda seq: None, fail)
    append(made, 1, 50)
    assert len(list(JournalReader(tmp_path).entries())) == 50
    made.close()
    assert len(list(JournalReader(tmp_path).entries())) == 50
    again = made.open(lambda seq: None, lambda seq: None, fail)
    assert [found.seq for found in again.entries] == list(range(1, 51))
    made.close()


def test_where_there_is_no_journal_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalOpenError, match="there is no journal in"):
        JournalReader(tmp_path / "nowhere")


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"no database" * 100)
    with pytest.raises(JournalDamagedError, match=r"archive\.db is not a journal file"):
        list(JournalReader(tmp_path).entries())
    with pytest.raises(JournalDamagedError):
        JournalReader(tmp_path).before(5)
