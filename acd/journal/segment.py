"""One file of the live journal: entries and record changes, written by one thread, synced by another.

Why segments. A commit in WAL mode with synchronous=NORMAL does not fsync, with one exception: the first
commit after the WAL was checkpointed starts the file afresh and must sync its new header, or a crash could
mix old and new frames. On a slow disk that would stall *written* for one fsync per checkpoint. So a segment
is never checkpointed while it is written (wal_autocheckpoint=0): its only header sync happens when it is
made, off the writer's thread; a snapshot starts a new segment, and the old one is copied to the archive when
nobody writes it any more.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from acd.files import sync_path
from acd.journal import database, rows
from acd.journal.errors import JournalDamagedError
from acd.journal.order import Appended
from acd.ports import ChannelRecord, JournalEntry

_SCHEMA = (
    database.ENTRIES_TABLE
    + """
CREATE TABLE loose (number INTEGER PRIMARY KEY, after_seq INTEGER NOT NULL, records BLOB NOT NULL);
CREATE TABLE segment (base_seq INTEGER, sealed_seq INTEGER, wal_begun INTEGER NOT NULL);
INSERT INTO segment VALUES (NULL, NULL, 0);
"""
)
_LOOSE = "INSERT INTO loose (after_seq, records) VALUES (?, ?)"
_CHANGES = (
    "SELECT records FROM (SELECT seq AS place, 0 AS number, records FROM entries WHERE records IS NOT NULL "
    "UNION ALL SELECT after_seq, number, records FROM loose) ORDER BY place, number"
)
PAGE_BYTES = 1024
"""Each commit writes whole pages to the WAL: with 4096 an entry takes more than twice as much there."""
_PATTERN = "segment-*.db"


class Segment:
    """A segment made by this run; `last_seq` is the last entry written to it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, wal: int) -> None:
        self.path = path
        self.last_seq = 0
        self._base_written = False
        self._connection = connection
        self._wal = wal

    @classmethod
    def create(cls, directory: Path, number: int) -> "Segment":
        """A new, empty segment, itself durable. Raises OSError or sqlite3.Error; then there is no file."""
        path = directory / f"segment-{number:08d}.db"
        database.create(path, _SCHEMA, PAGE_BYTES)
        try:
            connection, wal = _begin_wal(path)
        except BaseException:
            unlink(path)
            raise
        return cls(path, connection, wal)

    def write(self, base_seq: int, group: Sequence[Appended]) -> None:
        """Commit the group to the WAL, without fsync. Raises sqlite3.Error; then nothing of it is there.

        `base_seq`: the last entry written before this segment; noted with its first group.
        """
        entries = [(item.entry, rows.pack(item.records)) for item in group if item.entry is not None]
        if self._base_written and len(entries) == len(group) == 1:
            rows.insert(self._connection, entries)  # a statement is its own transaction: a third of the cost
        else:
            self._write_together(base_seq, entries, self._loose(base_seq, group))
            self._base_written = True
        if entries:
            self.last_seq = entries[-1][0].seq
        self.last_seq = self.last_seq or base_seq

    def _loose(self, base_seq: int, group: Sequence[Appended]) -> list[tuple[int, bytes]]:
        """Changes of records that came without an entry, with the entry that they follow."""
        after, found = self.last_seq or base_seq, []
        for item in group:
            if item.entry is not None:
                after = item.entry.seq
            elif (packed := rows.pack(item.records)) is not None:
                found.append((after, packed))
        return found

    def _write_together(
        self,
        base_seq: int,
        entries: Sequence[tuple[JournalEntry, bytes | None]],
        loose: Sequence[tuple[int, bytes]],
    ) -> None:
        db = self._connection
        db.execute("BEGIN IMMEDIATE")
        try:
            if not self._base_written:
                db.execute("UPDATE segment SET base_seq = ?", (base_seq,))
            rows.insert(db, entries)
            db.executemany(_LOOSE, loose)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def sync(self, fsync: Callable[[int], None]) -> None:
        """Block until what was written is on the disk. For the sync thread. Raises OSError."""
        fsync(self._wal)

    def seal(self, fsync: Callable[[int], None]) -> None:
        """Note, durably, that the segment is complete: synced up to `last_seq`, and nobody writes it."""
        self._connection.execute("UPDATE segment SET sealed_seq = ?", (self.last_seq,))
        fsync(self._wal)

    def close(self) -> None:
        """Close the file; SQLite checkpoints it (WAL synced first, then the pages) and drops the WAL."""
        os.close(self._wal)
        self._connection.close()


class StoredSegment:
    """A segment on disk, opened for reading: of an earlier run, or a running one beside its writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = database.connect(path, synchronous="NORMAL")
        row = self._connection.execute("SELECT base_seq, sealed_seq FROM segment").fetchone()
        self.base_seq: int | None = row[0]
        """Last entry before this segment; None if nothing was ever written to it."""
        self.sealed_seq: int | None = row[1]
        """Last entry it must hold; None if the run died before that was known."""

    def entries(self, after_seq: int, limit: int = -1) -> Iterator[JournalEntry]:
        """As rows.select."""
        return rows.select(self._connection, after_seq, limit, str(self.path))

    def record_changes(self) -> Iterator[ChannelRecord]:
        """All changes of records, oldest first. Raises JournalDamagedError."""
        return changes(self._connection, self.path)

    def seal(self, last_seq: int) -> None:
        """Note that the segment of a run that died ends at `last_seq`; closing makes it durable."""
        self._connection.execute("UPDATE segment SET sealed_seq = ?", (last_seq,))

    def close(self) -> None:
        """Close; if it was the last connection, SQLite checkpoints and drops the WAL."""
        self._connection.close()


def changes(connection: sqlite3.Connection, path: Path) -> Iterator[ChannelRecord]:
    """All changes of records in a segment, oldest first. Raises JournalDamagedError."""
    for (packed,) in connection.execute(_CHANGES):
        try:
            yield from rows.unpack(packed)
        except (msgspec.MsgspecError, TypeError) as error:
            raise JournalDamagedError(
                f"{path}: what a channel noted is damaged ({error}): restore the file from a backup"
            ) from error


def _begin_wal(path: Path) -> tuple[sqlite3.Connection, int]:
    """A connection whose WAL exists with a synced header, and a descriptor of that WAL to sync it by."""
    connection = database.connect(path, synchronous="NORMAL")
    try:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("UPDATE segment SET wal_begun = 1")
        wal = os.open(f"{path}-wal", os.O_RDONLY)
        sync_path(path.parent)
    except BaseException:
        connection.close()
        raise
    return connection, wal


def number_of(path: Path) -> int:
    """The running number in a segment's file name."""
    return int(path.stem.removeprefix("segment-"))


def stored_paths(directory: Path) -> list[Path]:
    """All segment files, oldest first."""
    return sorted(directory.glob(_PATTERN), key=number_of)


def unlink(path: Path) -> None:
    """Remove a closed segment with its side files."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
