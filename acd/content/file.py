"""An SQLite file with personal data: one owner, private rights, deletion that leaves nothing in any file."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from acd.content.errors import (
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultFormatError,
    VaultInUseError,
    VaultWriteError,
)
from acd.files import HeldError, open_to_read, sync_path, take_lock
from acd.marks import Mark, noted

REMEDY = (
    ". Restore a backup of it, or go on without what is gone: acd serve --accept-loss "
    "(who called then is known by no number any more, and lists are read again)"
)
"""Of what was stored and is gone."""

_COMMITS = """
CREATE TABLE IF NOT EXISTS scrub_due (due INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS commits (number INTEGER NOT NULL);
INSERT INTO commits SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM commits);
"""
_POLL_S = 0.05
"""SQLite tells nobody when a lock becomes free."""


class PrivateFile:
    """One connection to the file, the only one of this process and all others. Its user serialises the calls.

    The file is never opened outside SQLite: that would drop SQLite's locks on it (see `acd.files`). Its owner
    is told by a lock file beside it, `NAME.lock`; how many transactions it has, by `NAME.synced`: SQLite
    reads a WAL up to its first bad frame, and takes a file that is gone for a new one.
    """

    def __init__(
        self, path: Path, schema: str, version: int, *, patience_s: float = 0.0, accept_loss: bool = False
    ) -> None:
        """Open or make the file (mode 0600), waiting `patience_s` for another owner to close it.

        `schema` makes what is not there; `version` is that of the layout. `scrub_due` and `commits` are
        added. Raises VaultInUseError, VaultFormatError, VaultDamagedError (no SQLite file, or what was synced
        is gone, unless `accept_loss`), VaultError (cannot be used).
        """
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _take(path.with_suffix(".lock"), patience_s)
        except OSError as error:
            raise VaultError(f"cannot use {path}: {error}") from error
        try:
            if not accept_loss and (gone := lost(path)):  # SQLite would drop the rest of a damaged WAL
                raise VaultDamagedError(f"{path}: {gone}{REMEDY}")
            _make_private(path)
            self.connection = _connect(path, schema, version)
            (self._commits,) = self.connection.execute("SELECT number FROM commits").fetchone()
            self._mark = Mark(mark_of(path))
            self._mark.note(self._commits)
            sync_path(path.parent)  # SQLite does not sync the entries of a new file and its WAL
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, OSError | sqlite3.Error):
                raise _cannot_use(path, error) from error
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and synced when it ends. Faults of the disk come out as VaultWriteError."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.execute("UPDATE commits SET number = ?", (self._commits + 1,))
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self.connection.in_transaction:
                self.connection.rollback()
            raise VaultWriteError(f"cannot write to {self.path}: {error}") from error
        self._commits += 1
        self._mark.note(self._commits)

    def scrub(self) -> None:
        """If something was deleted since the last time, rebuild the file without it and empty its WAL.

        secure_delete zeroes freed cells and pages, but SQLite may have moved cells between pages before and
        left copies in their unused parts; only VACUUM is sure to drop those. It copies the whole file.
        Raises VaultBusyError, VaultWriteError; then it stays due, and is done by the next erasure or start.
        """
        if self.connection.execute("SELECT * FROM scrub_due").fetchone() is None:
            return
        try:
            self.connection.execute("VACUUM")
            (busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise VaultWriteError(
                f"cannot rebuild {self.path}: {error}; what was erased is gone for us, repeat it"
            ) from error
        if busy:
            raise VaultBusyError(
                f"another process reads {self.path}; the keys are deleted, repeat the erasure"
            )
        with self.transaction() as db:
            db.execute("DELETE FROM scrub_due")

    def close(self) -> None:
        """Close; SQLite empties the WAL. Then the next owner may come. Once more does nothing."""
        self.connection.close()
        self._mark.close()
        held, self._lock = self._lock, -1
        if held >= 0:  # its number may belong to another file by the second time
            os.close(held)


def mark_of(path: Path) -> Path:
    """The file that says how many transactions were synced."""
    return path.with_suffix(".synced")


def lost(path: Path) -> str:
    """What was synced and is gone; empty: nothing is known to be. Reads only, and may run beside the owner.

    A file that cannot be read is for others to tell.
    """
    synced = noted(mark_of(path))
    if not synced:
        return ""
    if not path.exists():
        return "is missing"
    try:
        empty, stored = not path.stat().st_size, commits(path)
    except (OSError, sqlite3.Error):
        return ""
    if stored >= synced:
        return ""
    return "is empty" if empty else f"has {stored} changes, and {synced} were synced: the rest is gone"


def commits(path: Path) -> int:
    """How many transactions it has; 0: none that is counted. Raises sqlite3.Error."""
    with closing(open_to_read(path)) as db:
        try:
            (number,) = db.execute("SELECT number FROM commits").fetchone() or (0,)
        except sqlite3.OperationalError:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'commits'").fetchone():
                raise
            number = 0
    return int(number)


def _take(path: Path, patience_s: float) -> int:
    until_s = monotonic() + patience_s
    while True:
        try:
            return take_lock(path)
        except HeldError as holder:
            if monotonic() >= until_s:
                raise VaultInUseError(f"{path.parent} is in use by process {holder}") from None
        sleep(_POLL_S)


def _make_private(path: Path) -> None:
    """Make the file if there is none. One that exists is not touched: see the class."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _cannot_use(path: Path, error: Exception) -> VaultError:
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return VaultDamagedError(f"{path}: {error}: restore it from a backup")
    return VaultError(f"cannot use {path}: {error}")


def _connect(path: Path, schema: str, version: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > version:
            raise VaultFormatError(
                f"{path} has format {found}, but this program reads formats up to {version}: "
                "start the newer version that wrote it, or restore the backup made before the upgrade"
            )
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_COMMITS + schema)
        connection.execute(f"PRAGMA user_version={version}")
    except BaseException:
        connection.close()
        raise
    return connection
