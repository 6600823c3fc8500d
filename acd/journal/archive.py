"""The archive file: entries that two snapshots cover, and the records as they stood after them."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from acd.journal import database, rows
from acd.ports import Entry

_SCHEMA = (
    database.ENTRIES_TABLE
    + """
CREATE TABLE records (
  channel TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (channel, key)) WITHOUT ROWID;
CREATE TABLE folded (segment INTEGER NOT NULL);
INSERT INTO folded VALUES (0);
"""
)
_COPY = (
    f"INSERT OR IGNORE INTO main.entries ({rows.COLUMNS}) "
    f"SELECT {rows.COLUMNS} FROM old.entries WHERE seq <= ?"
)
_KEEP_RECORDS = (
    "INSERT OR REPLACE INTO main.records SELECT channel, key, value FROM old.records WHERE value IS NOT NULL"
)
_DELETE_RECORDS = (
    "DELETE FROM main.records WHERE (channel, key) IN "
    "(SELECT channel, key FROM old.records WHERE value IS NULL)"
)


class Archive:
    """One SQLite file, written by the keeper thread only; every change of it is synced when it returns."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "archive.db"
        if not self.path.exists():
            database.create(self.path, _SCHEMA)
        self._connection = database.connect(self.path, synchronous="FULL")

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
        self._connection.execute("ATTACH ? AS old", (str(path),))
        try:
            self._copy(number, last_seq)
        finally:
            self._connection.execute("DETACH old")

    def _copy(self, number: int, last_seq: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.execute(_COPY, (last_seq,))
            self._connection.execute(_KEEP_RECORDS)
            self._connection.execute(_DELETE_RECORDS)
            self._connection.execute("UPDATE folded SET segment = ?", (number,))
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise

    def entries(self, after_seq: int, limit: int = -1) -> Iterator[Entry]:
        """As rows.select."""
        return rows.select(self._connection, after_seq, limit, self.path.name)

    def records(self) -> dict[tuple[str, str], bytes]:
        """The records as they stood at the end of the newest segment taken in."""
        found = self._connection.execute("SELECT channel, key, value FROM records")
        return {(channel, key): value for channel, key, value in found}

    def close(self) -> None:
        """Close the file; SQLite checkpoints it."""
        self._connection.close()
