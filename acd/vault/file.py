"""The vault's SQLite file: tables, rights, and deletion that leaves nothing behind in any file."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acd.vault.errors import VaultBusyError, VaultError, VaultFormatError

FORMAT = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS master_check (sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS scrub_due (due INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS contacts (
  contact INTEGER PRIMARY KEY, tenant TEXT NOT NULL, ref TEXT NOT NULL, created_ms INTEGER NOT NULL,
  wrapped_key BLOB NOT NULL, UNIQUE (tenant, ref));
CREATE INDEX IF NOT EXISTS contacts_by_age ON contacts (tenant, created_ms);
CREATE TABLE IF NOT EXISTS links (lookup BLOB PRIMARY KEY, party TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parties (
  party TEXT NOT NULL, contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
  sealed BLOB NOT NULL, PRIMARY KEY (party, contact)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS parties_by_contact ON parties (contact);
CREATE TABLE IF NOT EXISTS documents (
  document TEXT PRIMARY KEY, contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
  kind TEXT NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS documents_by_contact ON documents (contact);
"""


class VaultFile:
    """One connection to the file. Its user serialises the calls."""

    def __init__(self, path: Path) -> None:
        """Open or make the file (mode 0600). Raises VaultFormatError, VaultError (cannot be used)."""
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self.connection = _connect(path)
            _sync_directory(path.parent)
        except (OSError, sqlite3.Error) as error:
            raise VaultError(f"cannot use {path} for the vault: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and synced when it ends. Faults of the disk come out as VaultError."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self.connection.in_transaction:
                self.connection.rollback()
            raise VaultError(f"cannot write to {self.path}: {error}") from error

    def scrub(self) -> None:
        """If something was deleted since the last time, rebuild the file without it and empty its WAL.

        secure_delete zeroes freed cells and pages, but SQLite may have moved cells between pages before and
        left copies in their unused parts; only VACUUM is sure to drop those. It copies the whole file.
        Raises VaultBusyError, VaultError; then it stays due, and is done by the next erasure or start.
        """
        if self.connection.execute("SELECT * FROM scrub_due").fetchone() is None:
            return
        try:
            self.connection.execute("VACUUM")
            (busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise VaultError(
                f"cannot rebuild {self.path}: {error}; the keys are deleted, repeat it"
            ) from error
        if busy:
            raise VaultBusyError(
                f"another process reads {self.path}; the keys are deleted, repeat the erasure"
            )
        with self.transaction() as db:
            db.execute("DELETE FROM scrub_due")

    def close(self) -> None:
        """Close; SQLite empties the WAL."""
        self.connection.close()


def _sync_directory(path: Path) -> None:
    """SQLite does not sync the directory entries of a new file and its WAL."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > FORMAT:
            raise VaultFormatError(
                f"{path} has vault format {found}, but this program reads formats up to {FORMAT}: "
                "start the newer version that wrote it, or restore the backup made before the upgrade"
            )
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version={FORMAT}")
    except BaseException:
        connection.close()
        raise
    return connection
