"""Journals that earlier versions wrote open, and say of their entries what those versions knew."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from acd.journal.codec import facts_digest
from acd.journal.reading import JournalReader
from acd.journal.sqlite import SqliteJournal
from acd.ports import ChannelRecord, JournalEntry, Snapshot

GOLDEN = Path(__file__).parent / "golden" / "format-1"
"""12 entries of version 0.1.0, the first 4 archived, two snapshots; its process was killed."""


def entry(seq: int, by: str = "") -> JournalEntry:
    facts = b"facts %d" % seq
    return JournalEntry(seq, 1_000 + seq, 1, b"event %d" % seq, facts, facts_digest(facts), by)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return shutil.copytree(GOLDEN, tmp_path / "journal")


def opened(directory: Path) -> SqliteJournal:
    return SqliteJournal(directory)


def test_the_reader_takes_a_journal_of_format_1_as_it_is(old: Path) -> None:
    """Nobody is known to have asked; nothing of the files changes."""
    before = {path.name: path.read_bytes() for path in old.glob("*.db")}
    assert list(JournalReader(old).entries()) == [entry(seq) for seq in range(1, 13)]
    assert {path.name: path.read_bytes() for path in old.glob("*.db")} == before


def test_a_journal_of_format_1_goes_on_and_from_then_on_says_who_asked(old: Path) -> None:
    """Through restarts and the move of old and new entries to the archive."""
    journal = opened(old)
    recovered = journal.open(lambda _: None, lambda _: None, raise_it)
    assert recovered.snapshot == Snapshot(8, 1, b"state 8")
    assert list(recovered.entries) == [entry(seq) for seq in range(9, 13)]
    assert recovered.records == {("sip", "call 1"): b"dialog 10", ("sip", "call 2"): b"dialog 11"}
    for seq in range(13, 17):
        journal.append(entry(seq, "api:nadia"), [ChannelRecord("sip", "call 9", b"new")])
        journal.flush()
        journal.snapshot(Snapshot(seq, 1, b"state"))
    journal.close()
    expected = [entry(seq) for seq in range(1, 13)] + [entry(seq, "api:nadia") for seq in range(13, 17)]
    assert list(JournalReader(old).entries()) == expected
    with closing(sqlite3.connect(old / "archive.db")) as archive:
        assert archive.execute("SELECT max(seq) FROM entries").fetchone() == (15,)
    again = opened(old)
    again.open(lambda _: None, lambda _: None, raise_it)
    assert list(again.facts()) == expected
    again.close()


def test_a_name_that_was_changed_on_the_disk_is_found_out(tmp_path: Path) -> None:
    """Who asked is part of an entry's checksum."""
    journal = opened(tmp_path)
    journal.open(lambda _: None, lambda _: None, raise_it)
    journal.append(entry(1, "api:nadia"))
    journal.close()
    (path,) = tmp_path.glob("segment-*.db")
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE entries SET by = 'api:eve'")
        file.commit()
    with pytest.raises(Exception, match="entry 1 is damaged"):
        list(JournalReader(tmp_path).entries())


def raise_it(failure: Exception) -> None:
    raise failure
