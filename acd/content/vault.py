"""The vault: put, read and erase the personal data of contacts. Blocks; `disk` gives it a thread."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from acd.content.errors import VaultBusyError, VaultDamagedError, VaultKeyError, VaultUnknownError
from acd.content.file import PrivateFile
from acd.content.intake import Item
from acd.content.master import KEY_BYTES, SEAL_BYTES, Cipher, MasterKey, context
from acd.content.parties import IDENTIFYING, comparable
from acd.ports import About, ContactRef, ContentId, Listed, NewParty, NewPiece, PartyKind

FORMAT = 2
CHECK = b"acd vault"
"""Sealed with the master key, to know it again."""

# `documents` of format 1 was never written by anything but tests, so it is dropped and made anew.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS master_check (sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (
  contact INTEGER PRIMARY KEY, tenant TEXT NOT NULL, ref TEXT NOT NULL, created_ms INTEGER NOT NULL,
  wrapped_key BLOB NOT NULL, UNIQUE (tenant, ref));
CREATE INDEX IF NOT EXISTS contacts_by_age ON contacts (tenant, created_ms);
CREATE TABLE IF NOT EXISTS links (lookup BLOB PRIMARY KEY, party TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parties (
  party TEXT NOT NULL, contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
  sealed BLOB NOT NULL, PRIMARY KEY (party, contact)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS parties_by_contact ON parties (contact);
DROP TABLE IF EXISTS documents;
CREATE TABLE IF NOT EXISTS pieces (
  document TEXT NOT NULL, number INTEGER NOT NULL,
  contact INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
  kind TEXT NOT NULL, last INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE (document, number));
CREATE INDEX IF NOT EXISTS pieces_by_contact ON pieces (contact);
"""

_LISTED = (
    "SELECT document, tenant, ref, kind, sum(length(sealed)) - count(*) * ?, max(last) "
    "FROM pieces JOIN contacts USING (contact) "
)


class Vault:
    """Parties and documents in one file, encrypted with a random key per contact, wrapped by the master key.

    Calls may come from any thread; each blocks for its own disk work (what is put is synced on return), so
    the server makes them off its loop. It is the file's only owner: a second Vault on the file is refused.

    The opaque id of a party is random. While the person is known, a keyed digest of the number links the two,
    so that the next call gets the same id; erasing removes that link. An id derived from the number would let
    anybody with the master key tie old facts to the person for ever, by computing it again.
    """

    def __init__(
        self, path: Path, master: MasterKey, *, patience_s: float = 0.0, accept_loss: bool = False
    ) -> None:
        """Open or make the vault, waiting `patience_s` for another owner; `accept_loss` as of the file.

        Raises VaultInUseError, VaultKeyError (wrong key), VaultFormatError, VaultDamagedError, VaultError.
        """
        self._master = master
        self._file = PrivateFile(path, _SCHEMA, FORMAT, patience_s=patience_s, accept_loss=accept_loss)
        self._lock = Lock()
        try:
            self._check_master()
            with suppress(VaultBusyError):
                self._file.scrub()
        except BaseException:
            self._file.close()
            raise

    def put(self, items: Iterable[Item]) -> None:
        """Store the items in one transaction. A party whose value is known already keeps its id.

        Raises VaultUnknownError (a later piece of a document that was erased meanwhile), VaultWriteError.
        """
        with self._lock, self._file.transaction() as db:
            for item in items:
                if isinstance(item.new, NewParty):
                    self._put_party(db, item, item.new)
                else:
                    self._put_piece(db, item, item.new)

    def party(self, party: str) -> str:
        """The value, as spelt in the newest contact that has it. Raises VaultUnknownError once erased."""
        query = "SELECT contact, sealed FROM parties WHERE party = ? ORDER BY contact DESC LIMIT 1"
        with self._lock:
            found = self._file.connection.execute(query, (party,)).fetchone()
            if found is None:
                raise VaultUnknownError(f"no party {party}: never stored, or erased")
            return self._cipher(found[0]).open(found[1], context("party", party)).decode()

    def about(self, document: str) -> About:
        """Whose it is, and how much, without reading it. Raises VaultUnknownError."""
        query = _LISTED + "WHERE document = ? GROUP BY document"
        with self._lock:
            found = self._file.connection.execute(query, (SEAL_BYTES, document)).fetchone()
        if found is None:
            raise VaultUnknownError(f"no document {document}: never stored, or erased")
        return _listed(found).about

    def documents(self, contact: ContactRef, most: int) -> list[Listed]:
        """What the contact has, without reading it, in the order in which it was begun."""
        query = _LISTED + "WHERE tenant = ? AND ref = ? GROUP BY document ORDER BY min(pieces.rowid) LIMIT ?"
        with self._lock:
            found = self._file.connection.execute(query, (SEAL_BYTES, *contact, most)).fetchall()
        return [_listed(row) for row in found]

    def read(self, document: str, first: int = 0) -> Iterator[bytes]:
        """From piece `first` on. Raises VaultUnknownError (also in the middle: erased), VaultDamagedError."""
        number, last = first, False
        while not last:
            piece = self._piece(document, number)
            if piece is None:
                return
            data, last = piece
            number += 1
            yield data

    def links(self) -> dict[bytes, ContentId]:
        """Look-up (see `lookup`) → id of every value that is known now."""
        with self._lock:
            found = self._file.connection.execute("SELECT lookup, party FROM links")
            return {lookup: ContentId(party) for lookup, party in found}

    def lookup(self, tenant: str, kind: PartyKind, value: str) -> bytes:
        """What a value is found by: a keyed digest, meaningless without the master key."""
        return self._master.lookup(tenant, kind, comparable(kind, value))

    def lookups_of_person(self, value: str, tenant: str | None) -> list[bytes]:
        """The look-ups that a number or address may have, in one tenant or all that are known."""
        with self._lock:
            known = self._file.connection.execute("SELECT DISTINCT tenant FROM contacts").fetchall()
        tenants = [name for (name,) in known] if tenant is None else [tenant]
        return [self.lookup(name, kind, value) for name in tenants for kind in IDENTIFYING]

    def erase_contact(self, contact: ContactRef) -> tuple[int, list[bytes]]:
        """Erase its key, parties and documents: how many contacts, and the look-ups that lead nowhere now.

        Raises VaultWriteError. As with the other two, old bytes may stay in the file until `scrub`.
        """
        return self._erase("SELECT contact FROM contacts WHERE tenant = ? AND ref = ?", [tuple(contact)])

    def erase_person(self, value: str, tenant: str | None) -> tuple[int, list[bytes]]:
        """Erase every contact in which this number or address is a party."""
        query = "SELECT contact FROM parties WHERE party = (SELECT party FROM links WHERE lookup = ?)"
        return self._erase(query, [(lookup,) for lookup in self.lookups_of_person(value, tenant)])

    def erase_before(self, tenant: str, before_ms: int) -> tuple[int, list[bytes]]:
        """Retention: erase the tenant's contacts begun before `before_ms`."""
        query = "SELECT contact FROM contacts WHERE tenant = ? AND created_ms < ?"
        return self._erase(query, [(tenant, before_ms)])

    def scrub(self) -> None:
        """Leave nothing erased in the file or its WAL. Raises VaultBusyError, VaultWriteError."""
        with self._lock:
            self._file.scrub()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _put_party(self, db: sqlite3.Connection, item: Item, new: NewParty) -> None:
        lookup = self.lookup(new.contact.tenant, new.kind, new.value)
        if not item.known:
            db.execute("INSERT OR IGNORE INTO links VALUES (?, ?)", (lookup, item.id))
        found = db.execute("SELECT party FROM links WHERE lookup = ?", (lookup,)).fetchone()
        if found is None:
            # The person was erased while this was on its way. Storing it would tie the id, which stands in
            # old facts, to the person again.
            return
        row, cipher = self._contact_key(db, new.contact, item.at_ms)
        sealed = cipher.seal(new.value.encode(), context("party", found[0]))
        db.execute("INSERT OR REPLACE INTO parties VALUES (?, ?, ?)", (found[0], row, sealed))

    def _put_piece(self, db: sqlite3.Connection, item: Item, new: NewPiece) -> None:
        if item.number:
            before = "SELECT contact FROM pieces WHERE document = ? AND number = ?"
            if db.execute(before, (item.id, item.number - 1)).fetchone() is None:
                raise VaultUnknownError(f"no document {item.id}: never stored, or erased")
        row, cipher = self._contact_key(db, new.contact, item.at_ms)
        sealed = cipher.seal(new.data, piece_context(new.kind, item.id, item.number, new.last))
        insert = "INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?)"
        db.execute(insert, (item.id, item.number, row, new.kind, new.last, sealed))

    def _piece(self, document: str, number: int) -> tuple[bytes, bool] | None:
        """Its bytes and whether it is the last; None: it has not come."""
        query = "SELECT contact, kind, last, sealed FROM pieces WHERE document = ? AND number = ?"
        with self._lock:
            found = self._file.connection.execute(query, (document, number)).fetchone()
            if found is None:
                whole = "SELECT 1 FROM pieces WHERE document = ? LIMIT 1"
                if self._file.connection.execute(whole, (document,)).fetchone() is None:
                    raise VaultUnknownError(f"no document {document}: never stored, or erased")
                return None
            row, kind, last, sealed = found
            context = piece_context(kind, document, number, bool(last))
            return self._cipher(row).open(sealed, context), bool(last)

    def _erase(self, query: str, arguments: Iterable[tuple[object, ...]]) -> tuple[int, list[bytes]]:
        """Delete the contacts that the query finds, then every link that no contact holds up any more."""
        unlink = "DELETE FROM links WHERE party NOT IN (SELECT party FROM parties) RETURNING lookup"
        with self._lock, self._file.transaction() as db:
            rows = {row for each in arguments for (row,) in db.execute(query, each)}
            if not rows:
                return 0, []
            db.executemany("DELETE FROM contacts WHERE contact = ?", [(row,) for row in rows])
            db.execute("INSERT OR IGNORE INTO scrub_due VALUES (1)")
            return len(rows), [lookup for (lookup,) in db.execute(unlink)]

    def _contact_key(self, db: sqlite3.Connection, contact: ContactRef, at_ms: int) -> tuple[int, Cipher]:
        """The contact's row and cipher; a new contact gets a random key."""
        query = "SELECT contact FROM contacts WHERE tenant = ? AND ref = ?"
        found = db.execute(query, contact).fetchone()
        if found is not None:
            return found[0], self._cipher(found[0])
        key = os.urandom(KEY_BYTES)
        wrapped = self._master.wrapping.seal(key, context(*contact))
        insert = "INSERT INTO contacts (tenant, ref, created_ms, wrapped_key) VALUES (?, ?, ?, ?)"
        row = db.execute(insert, (*contact, at_ms, wrapped)).lastrowid
        assert row is not None
        return row, Cipher(key)

    def _cipher(self, row: int) -> Cipher:
        query = "SELECT tenant, ref, wrapped_key FROM contacts WHERE contact = ?"
        tenant, ref, wrapped = self._file.connection.execute(query, (row,)).fetchone()
        return Cipher(self._master.wrapping.open(wrapped, context(tenant, ref)))

    def _check_master(self) -> None:
        with self._file.transaction() as db:
            found = db.execute("SELECT sealed FROM master_check").fetchone()
            if found is None:
                sealed = self._master.wrapping.seal(CHECK, CHECK)
                db.execute("INSERT INTO master_check VALUES (?)", (sealed,))
                return
        try:
            self._master.wrapping.open(found[0], CHECK)
        except VaultDamagedError as error:
            raise VaultKeyError(
                f"the master key is not the one {self._file.path} was made with: restore that key; "
                "without it nothing in the vault can be read"
            ) from error


def _listed(row: tuple[str, str, str, str, int, int]) -> Listed:
    document, tenant, ref, kind, size, whole = row
    return Listed(ContentId(document), About(ContactRef(tenant, ref), kind, size, bool(whole)))


def piece_context(kind: str, document: str, number: int, last: bool) -> bytes:
    """A piece opens only in its place, and the last one only as the last: no cut, no swap passes."""
    return context(kind, document, str(number), "last" if last else "more")
