"""The archive file: entries that two snapshots cover, and the records as they stood after them."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from acd.journal import database, rows
from acd.journal.segment import StoredSegment
from acd.ports import JournalEntry

_SCHEMA = (
    database.ENTRIES_TABLE
    + """
CREATE TABLE records (
  channel TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (channel, key)) WITHOUT ROWID;
CREATE TABLE folded (segment INTEGER NOT NULL);
INSERT INTO folded VALUES (0);
"""
)
_KEEP_RECORD = "INSERT OR REPLACE INTO main.records VALUES (?, ?, ?)"
_DELETE_RECORD = "DELETE FROM main.records WHERE channel = ? AND key = ?"


class Archive:
    """One SQLite file, written by the keeper thread only; every change of it is synced when it returns."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / database.ARCHIVE
        if not self.path.exists():
            database.create(self.path, _SCHEMA)
        self._connection = database.connect(self.path, synchronous="FULL")
        database.bring_up_to_date(self._connection)

    @property
    def folded_segment(self) -> int:
        """Number of the newest segment that was taken in; it and all before it may be deleted."""
        (number,) = self._connection.execute("SELECT segment FROM folded").fetchone()
        return int(number)

    @property
    def last_seq(self) -> int:
        """The newest archived entry, 0 if none."""
        (seq,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
        return int(seq)

    def fold(self, number: int, path: Path, last_seq: int) -> None:
        """Take in segment `number` up to `last_seq`, all or nothing. Segments must come in their order."""
        with closing(StoredSegment(path)) as stored:
            last = {(record.channel, record.key): record.value for record in stored.record_changes()}
        self._connection.execute("ATTACH ? AS old", (str(path),))
        try:
            self._copy(number, last_seq, last)
        finally:
            self._connection.execute("DETACH old")

    def _copy(self, number: int, last_seq: int, records: Mapping[tuple[str, str], bytes | None]) -> None:
        db = self._connection
        columns = rows.stored_columns(db, "old")
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(
                f"INSERT OR IGNORE INTO main.entries ({rows.COLUMNS}) "
                f"SELECT {columns} FROM old.entries WHERE seq <= ?",
                (last_seq,),
            )
            db.executemany(
                _KEEP_RECORD, [(*key, value) for key, value in records.items() if value is not None]
            )
            db.executemany(_DELETE_RECORD, [key for key, value in records.items() if value is None])
            db.execute("UPDATE folded SET segment = ?", (number,))
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.rollback()
            raise

    def entries(self, after_seq: int, limit: int = -1) -> Iterator[JournalEntry]:
        """As rows.select."""
        return rows.select(self._connection, after_seq, limit, str(self.path))

    def records(self) -> dict[tuple[str, str], bytes]:
        """The records as they stood at the end of the newest segment taken in."""
        found = self._connection.execute("SELECT channel, key, value FROM records")
        return {(channel, key): value for channel, key, value in found}

    def close(self) -> None:
        """Close the file; SQLite checkpoints it."""
        self._connection.close()
