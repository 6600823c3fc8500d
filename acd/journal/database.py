"""How the journal's SQLite files are made, opened and recognised."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from acd.files import open_as, open_to_read, sync_path
from acd.journal.errors import JournalDamagedError, JournalFormatError, JournalOpenError

FORMAT = 2
"""Version of the layout of all the journal's files; raised whenever an older program could misread them.

1: entries did not say who asked. Its files are read as they are; the archive, which grows, gets the column.
"""

APPLICATION_ID = 0x61636431
UNFINISHED = ".new"
ARCHIVE = "archive.db"
"""Of a journal: everything that lies in no segment any more."""
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"

ENTRIES_TABLE = """
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL, version INTEGER NOT NULL,
  event BLOB NOT NULL, facts BLOB NOT NULL, digest BLOB NOT NULL, checksum INTEGER NOT NULL, records BLOB,
  by TEXT NOT NULL DEFAULT '');
"""


def check_format(path: Path) -> None:
    """Refuse a file that is not ours (JournalDamagedError) or is of a newer format (JournalFormatError).

    Reads the file's header only (sqlite.org/fileformat2 §1.3: user_version at 60, application_id at 68), so
    that a refused file is not touched.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    application = int.from_bytes(header[68:72], "big")
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC) or application != APPLICATION_ID:
        raise JournalDamagedError(f"{path} is not a journal file: restore it from a backup")
    found = int.from_bytes(header[60:64], "big")
    if found > FORMAT:
        raise JournalFormatError(path, found, FORMAT)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A file of a journal, as `open_to_read` does.

    Raises JournalOpenError, JournalFormatError, FileNotFoundError, sqlite3.Error.
    """
    try:
        check_format(path)
    except PermissionError as error:
        raise JournalOpenError(f"cannot read {path}: {error.strerror}") from error
    return open_to_read(path)


def flaws(path: Path, how: str) -> str:
    """What SQLite finds wrong with the file as a whole; empty: nothing. Raises sqlite3.Error."""
    with closing(open_as(path, how)) as db:
        found = [text for (text,) in db.execute("PRAGMA integrity_check(3)")]
    return "" if found == ["ok"] else "; ".join(found)


def create(path: Path, schema: str, page_bytes: int = 4096) -> None:
    """Make the database file `path` (mode 0600) with `schema`: whole, or after any fault not at all."""
    unfinished = path.with_name(path.name + UNFINISHED)
    os.close(os.open(unfinished, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600))
    try:
        _fill(unfinished, schema, page_bytes)
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_path(path.parent)


def _fill(unfinished: Path, schema: str, page_bytes: int) -> None:
    connection = sqlite3.connect(unfinished, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size={page_bytes}")
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute(f"PRAGMA user_version={FORMAT}")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.executescript(schema)
    finally:
        connection.close()
    sync_path(unfinished)


def connect(path: Path, *, synchronous: str) -> sqlite3.Connection:
    """A connection in WAL mode that any one thread at a time may use."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=16)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def format_of(connection: sqlite3.Connection, schema: str = "main") -> int:
    """The format in which this file was made, or to which it was brought."""
    (found,) = connection.execute(f"PRAGMA {schema}.user_version").fetchone()
    return int(found)


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give entries of format 1 their new column, whole or not at all; nothing is copied."""
    if format_of(connection) < FORMAT:
        connection.executescript(
            "BEGIN IMMEDIATE; ALTER TABLE entries ADD COLUMN by TEXT NOT NULL DEFAULT ''; "
            f"PRAGMA user_version={FORMAT}; COMMIT"
        )
