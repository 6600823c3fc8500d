"""The directory's file: every version of every list, with who brought it and when; people are encrypted."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from time import sleep
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from acd.content.errors import VaultDamagedError
from acd.content.file import PrivateFile
from acd.content.master import MasterKey, context
from acd.directory.changes import Counts
from acd.directory.rows import Key, Row

FORMAT = 1

KEPT_VERSIONS = 20
"""Of each list the people of so many are kept; of older ones only that they were, when, and by whom."""

ListName = tuple[str, str]
"""Client and list."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
  tenant TEXT NOT NULL, list TEXT NOT NULL, version INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  by TEXT NOT NULL, digest BLOB NOT NULL, people INTEGER NOT NULL,
  PRIMARY KEY (tenant, list, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
  tenant TEXT NOT NULL, list TEXT NOT NULL, version INTEGER NOT NULL, line INTEGER NOT NULL,
  sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS people_by_version ON people (tenant, list, version);
CREATE TABLE IF NOT EXISTS persons (lookup BLOB PRIMARY KEY, person TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (
  tenant TEXT NOT NULL, list TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (tenant, list)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied_until (one INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counts (
  tenant TEXT NOT NULL, list TEXT NOT NULL, version INTEGER NOT NULL,
  added INTEGER NOT NULL, removed INTEGER NOT NULL, changed INTEGER NOT NULL,
  PRIMARY KEY (tenant, list, version)) WITHOUT ROWID;
"""
"""`counts` came later: older versions have none, and an older program leaves it alone."""


class Version(NamedTuple):
    """One import. `people`: how many rows it had when it came."""

    tenant: str
    list: str
    version: int
    at_ms: int
    by: str
    digest: bytes
    people: int


class Import(NamedTuple):
    """How a version comes; its number is greater than `known`."""

    digest: bytes
    by: str
    at_ms: int
    known: int = 0
    counts: Counts | None = None
    """Against the version before; None: not compared."""


class Past(NamedTuple):
    """A version and what it changed; None: that was not counted. `kept`: its people are still there."""

    version: Version
    counts: Counts | None
    kept: bool


class Applied(NamedTuple):
    """Up to where the live contacts were identified: by which versions, at which moment."""

    versions: Mapping[ListName, int]
    at_ms: int


class ListStore:
    """One owner, as of the vault. Calls block and may come from any thread."""

    def __init__(
        self, path: Path, master: MasterKey, *, patience_s: float = 0.0, accept_loss: bool = False
    ) -> None:
        """As of the vault. Raises VaultInUseError, VaultFormatError, VaultDamagedError, VaultError."""
        self._master = master
        self._file = PrivateFile(path, _SCHEMA, FORMAT, patience_s=patience_s, accept_loss=accept_loss)
        self._lock = Lock()

    def add(self, name: ListName, rows: Sequence[Row], brought: Import) -> tuple[Version, list[Row]]:
        """Keep a new version, synced when this returns: it, and its people with their opaque ids.

        Who is known by his identity keeps his id.

        Raises VaultWriteError.
        """
        with self._lock, self._file.transaction() as db:
            query = "SELECT coalesce(max(version), 0) FROM versions WHERE tenant = ? AND list = ?"
            (last,) = db.execute(query, name).fetchone()
            number = max(last, brought.known) + 1
            version = Version(*name, number, brought.at_ms, brought.by, brought.digest, len(rows))
            db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)", version)
            if brought.counts is not None:
                db.execute("INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?)", (*name, number, *brought.counts))
            known = [self._known(db, name[0], row) for row in rows]
            sealed = (
                (*name, version.version, row.line, self._seal(name, version.version, row)) for row in known
            )
            db.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", sealed)
            old = "DELETE FROM people WHERE tenant = ? AND list = ? AND version <= ?"
            db.execute(old, (*name, version.version - KEPT_VERSIONS))
            return version, known

    def newest(self) -> dict[ListName, Version]:
        """The last version of each list."""
        query = (
            "SELECT tenant, list, max(version), at_ms, by, digest, people FROM versions GROUP BY tenant, list"
        )
        with self._lock:
            found = map(Version._make, self._file.connection.execute(query))
            return {(one.tenant, one.list): one for one in found}

    def history(self, name: ListName) -> list[Past]:
        """Every version, the newest first."""
        query = (
            "SELECT v.*, c.added, c.removed, c.changed FROM versions v"
            " LEFT JOIN counts c USING (tenant, list, version)"
            " WHERE v.tenant = ? AND v.list = ? ORDER BY v.version DESC"
        )
        with self._lock:
            found = self._file.connection.execute(query, name).fetchall()
        last = max((row[2] for row in found), default=0)
        return [
            Past(
                Version._make(row[:7]),
                None if row[7] is None else Counts(*row[7:]),
                row[2] > last - KEPT_VERSIONS,
            )
            for row in found
        ]

    def rows(self, name: ListName, version: int, start: int = 0, most: int = -1) -> list[Row]:
        """The people of a version from the row `start` on, at most so many (-1: all) of them.

        None of one that is no longer kept. Raises VaultDamagedError.
        """
        query = (
            "SELECT line, sealed FROM people WHERE tenant = ? AND list = ? AND version = ?"
            " ORDER BY rowid LIMIT ? OFFSET ?"
        )
        with self._lock:
            found = self._file.connection.execute(query, (*name, version, most, start)).fetchall()
        return [self._open(name, version, line, sealed) for line, sealed in found]

    def erase(self, tenant: str | None, matches: Callable[[Row], bool]) -> set[ListName]:
        """Delete a person from every version, of one client or all; from which lists he went.

        Raises VaultBusyError (gone for us, repeat it), VaultWriteError.
        """
        with self._lock:
            found = [one for one in self._everybody(tenant) if matches(one[3])]
            with self._file.transaction() as db:
                db.executemany("DELETE FROM people WHERE rowid = ?", [(rowid,) for rowid, *_ in found])
                lookups = [
                    (self._lookup(name[0], row.identity),)
                    for _, name, _, row in found
                    if row.identity is not None
                ]
                db.executemany("DELETE FROM persons WHERE lookup = ?", lookups)
                if found:
                    db.execute("INSERT OR IGNORE INTO scrub_due VALUES (1)")
            self._file.scrub()
        return {name for _, name, _, _ in found}

    def applied(self) -> Applied | None:
        """Up to where live contacts are identified; None: never were."""
        with self._lock:
            moment = self._file.connection.execute("SELECT at_ms FROM applied_until").fetchone()
            found = self._file.connection.execute("SELECT tenant, list, version FROM applied").fetchall()
        return Applied({(tenant, name): held for tenant, name, held in found}, moment[0]) if moment else None

    def apply(self, applied: Applied) -> None:
        """Note it. Raises VaultWriteError."""
        with self._lock, self._file.transaction() as db:
            db.execute("DELETE FROM applied")
            rows = [(*name, version) for name, version in applied.versions.items()]
            db.executemany("INSERT INTO applied VALUES (?, ?, ?)", rows)
            db.execute("INSERT OR REPLACE INTO applied_until VALUES (1, ?)", (applied.at_ms,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _known(self, db: sqlite3.Connection, tenant: str, row: Row) -> Row:
        """With the person's opaque id."""
        if row.identity is None:
            return row
        lookup = self._lookup(tenant, row.identity)
        db.execute("INSERT OR IGNORE INTO persons VALUES (?, ?)", (lookup, os.urandom(16).hex()))
        (person,) = db.execute("SELECT person FROM persons WHERE lookup = ?", (lookup,)).fetchone()
        return replace(row, person=person)

    def _everybody(self, tenant: str | None) -> Iterator[tuple[int, ListName, int, Row]]:
        query = "SELECT rowid, tenant, list, version, line, sealed FROM people WHERE ? IN (tenant, '')"
        for rowid, client, name, version, line, sealed in self._file.connection.execute(
            query, (tenant or "",)
        ):
            yield rowid, (client, name), version, self._open((client, name), version, line, sealed)

    def _lookup(self, tenant: str, identity: Key) -> bytes:
        return self._master.lookup("person", tenant, *identity)

    def _seal(self, name: ListName, version: int, row: Row) -> bytes:
        sleep(0)  # lets the loop's thread go first: else calls wait 5 ms at each turn while a list is stored
        bound = context(*name, str(version), str(row.line))
        return self._master.lists.seal(msgspec.msgpack.encode(row), bound)

    def _open(self, name: ListName, version: int, line: int, sealed: bytes) -> Row:
        sleep(0)  # as in `_seal`
        try:
            clear = self._master.lists.open(sealed, context(*name, str(version), str(line)))
        except VaultDamagedError as error:
            raise VaultDamagedError(
                f"{self._file.path}: list {name[1]} of {name[0]}, version {version}: {error}: restore a "
                f"backup, or the key that it was stored with, if {self._master.source} has another one"
            ) from error
        return msgspec.msgpack.decode(clear, type=Row)
