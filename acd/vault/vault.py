"""The vault: put, read and erase the personal data of contacts."""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from acd.vault.errors import VaultBusyError, VaultDamagedError, VaultKeyError, VaultUnknownError
from acd.vault.file import VaultFile
from acd.vault.master import KEY_BYTES, Cipher, MasterKey
from acd.vault.parties import IDENTIFYING, ContactRef, DocumentId, PartyId, PartyKind, comparable

_CHECK = b"acd vault"


class NewParty(NamedTuple):
    """A party to be stored; `id` is taken if the value has none yet."""

    contact: ContactRef
    kind: PartyKind
    value: str
    id: PartyId
    at_ms: int


class Vault:
    """Parties and documents in one file, encrypted with a random key per contact, wrapped by the master key.

    Calls may come from any thread; each blocks for its own disk work (what is put is synced on return), so
    the server makes them off its loop.

    The opaque id of a party is random. While the person is known, a keyed digest of the number links the two,
    so that the next call gets the same id; erasing removes that link. An id derived from the number would let
    anybody with the master key tie old facts to the person for ever, by computing it again.
    """

    def __init__(self, path: Path, master: MasterKey) -> None:
        """Open or make the vault. Raises VaultKeyError (wrong key), VaultFormatError, VaultError."""
        self._master = master
        self._file = VaultFile(path)
        self._lock = Lock()
        try:
            self._check_master()
            with suppress(VaultBusyError):
                self._file.scrub()
        except BaseException:
            self._file.close()
            raise

    def put_party(self, contact: ContactRef, kind: PartyKind, value: str, *, at_ms: int) -> PartyId:
        """Store a number, address or name under the contact's key. `at_ms`: now, for retention.

        Inside one tenant an equal value (as `comparable` sees it) gives the same id.
        """
        with self._lock, self._file.transaction() as db:
            return self._put(db, NewParty(contact, kind, value, new_party_id(), at_ms))

    def put_parties(self, parties: Iterable[NewParty]) -> None:
        """The same for several, in one transaction; a value that is known already keeps its id."""
        with self._lock, self._file.transaction() as db:
            for party in parties:
                self._put(db, party)

    def _put(self, db: sqlite3.Connection, new: NewParty) -> PartyId:
        lookup = self._lookup(new.contact.tenant, new.kind, new.value)
        row, cipher = self._contact_key(db, new.contact, new.at_ms)
        db.execute("INSERT OR IGNORE INTO links VALUES (?, ?)", (lookup, new.id))
        (party,) = db.execute("SELECT party FROM links WHERE lookup = ?", (lookup,)).fetchone()
        sealed = cipher.seal(new.value.encode(), _context("party", party))
        db.execute("INSERT OR REPLACE INTO parties VALUES (?, ?, ?)", (party, row, sealed))
        return PartyId(party)

    def put_document(self, contact: ContactRef, kind: str, content: bytes, *, at_ms: int) -> DocumentId:
        """Store a document under the contact's key; `kind` (such as "mail", "fax") is kept in clear."""
        document = DocumentId(_opaque())
        with self._lock, self._file.transaction() as db:
            row, cipher = self._contact_key(db, contact, at_ms)
            sealed = cipher.seal(content, _context(kind, document))
            db.execute("INSERT INTO documents VALUES (?, ?, ?, ?)", (document, row, kind, sealed))
        return document

    def read_party(self, party: PartyId) -> str:
        """The value, as spelt in the newest contact that has it. Raises VaultUnknownError once erased."""
        query = "SELECT contact, sealed FROM parties WHERE party = ? ORDER BY contact DESC LIMIT 1"
        with self._lock:
            found = self._file.connection.execute(query, (party,)).fetchone()
            if found is None:
                raise VaultUnknownError(f"no party {party}: never stored, or erased")
            return self._cipher(found[0]).open(found[1], _context("party", party)).decode()

    def read_document(self, document: DocumentId) -> bytes:
        """The content. Raises VaultUnknownError once erased, VaultDamagedError."""
        query = "SELECT contact, kind, sealed FROM documents WHERE document = ?"
        with self._lock:
            found = self._file.connection.execute(query, (document,)).fetchone()
            if found is None:
                raise VaultUnknownError(f"no document {document}: never stored, or erased")
            return self._cipher(found[0]).open(found[2], _context(found[1], document))

    def find_party(self, tenant: str, kind: PartyKind, value: str) -> PartyId | None:
        """The id that this value has in the tenant now; None if it was never stored, or is erased."""
        with self._lock:
            query = "SELECT party FROM links WHERE lookup = ?"
            found = self._file.connection.execute(query, (self._lookup(tenant, kind, value),)).fetchone()
        return PartyId(found[0]) if found else None

    def erase_contact(self, contact: ContactRef) -> bool:
        """Erase a contact's key, parties and documents; False if it has none. Raises VaultBusyError."""
        query = "SELECT contact FROM contacts WHERE tenant = ? AND ref = ?"
        return self._erase(query, [tuple(contact)]) > 0

    def erase_person(self, value: str, *, tenant: str | None = None) -> int:
        """Erase every contact in which this number or address is a party, of one tenant or of all.

        Returns how many contacts were erased; other parties of those contacts go with them. A person who
        is known by a number and an address needs one call for each. Raises VaultBusyError, VaultError.
        """
        query = "SELECT contact FROM parties WHERE party = (SELECT party FROM links WHERE lookup = ?)"
        tenants = [tenant] if tenant is not None else self._tenants()
        lookups = [(self._lookup(name, kind, value),) for name in tenants for kind in IDENTIFYING]
        return self._erase(query, lookups)

    def erase_before(self, tenant: str, before_ms: int) -> int:
        """Retention: erase the tenant's contacts begun before `before_ms`; returns how many."""
        query = "SELECT contact FROM contacts WHERE tenant = ? AND created_ms < ?"
        return self._erase(query, [(tenant, before_ms)])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _erase(self, query: str, arguments: Iterable[tuple[object, ...]]) -> int:
        """Delete the contacts that the query finds, then every link that no contact holds up any more."""
        with self._lock:
            with self._file.transaction() as db:
                rows = {row for each in arguments for (row,) in db.execute(query, each)}
                db.executemany("DELETE FROM contacts WHERE contact = ?", [(row,) for row in rows])
                if rows:
                    db.execute("INSERT OR IGNORE INTO scrub_due VALUES (1)")
                db.execute("DELETE FROM links WHERE party NOT IN (SELECT party FROM parties)")
            self._file.scrub()
        return len(rows)

    def _tenants(self) -> list[str]:
        with self._lock:
            return [name for (name,) in self._file.connection.execute("SELECT DISTINCT tenant FROM contacts")]

    def _contact_key(self, db: sqlite3.Connection, contact: ContactRef, at_ms: int) -> tuple[int, Cipher]:
        """The contact's row and cipher; a new contact gets a random key."""
        query = "SELECT contact FROM contacts WHERE tenant = ? AND ref = ?"
        found = db.execute(query, contact).fetchone()
        if found is not None:
            return found[0], self._cipher(found[0])
        key = os.urandom(KEY_BYTES)
        wrapped = self._master.wrapping.seal(key, _context(*contact))
        insert = "INSERT INTO contacts (tenant, ref, created_ms, wrapped_key) VALUES (?, ?, ?, ?)"
        row = db.execute(insert, (*contact, at_ms, wrapped)).lastrowid
        assert row is not None
        return row, Cipher(key)

    def _cipher(self, row: int) -> Cipher:
        query = "SELECT tenant, ref, wrapped_key FROM contacts WHERE contact = ?"
        tenant, ref, wrapped = self._file.connection.execute(query, (row,)).fetchone()
        return Cipher(self._master.wrapping.open(wrapped, _context(tenant, ref)))

    def _lookup(self, tenant: str, kind: PartyKind, value: str) -> bytes:
        return self._master.lookup(tenant, kind, comparable(kind, value))

    def _check_master(self) -> None:
        with self._file.transaction() as db:
            found = db.execute("SELECT sealed FROM master_check").fetchone()
            if found is None:
                sealed = self._master.wrapping.seal(_CHECK, _CHECK)
                db.execute("INSERT INTO master_check VALUES (?)", (sealed,))
                return
        try:
            self._master.wrapping.open(found[0], _CHECK)
        except VaultDamagedError as error:
            raise VaultKeyError(
                f"the master key is not the one {self._file.path} was made with: restore that key; "
                "without it nothing in the vault can be read"
            ) from error


def new_party_id() -> PartyId:
    """An id that nobody has."""
    return PartyId(_opaque())


def _opaque() -> str:
    return os.urandom(16).hex()


def _context(*parts: str) -> bytes:
    return "\0".join(parts).encode()
