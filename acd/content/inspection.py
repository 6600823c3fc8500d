"""Whether all that is sealed in the vault, or in the directory, can be opened. Reads, beside the owner."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from acd.content.errors import VaultDamagedError, VaultKeyError
from acd.content.master import RESTORE, Cipher, MasterKey, context
from acd.content.vault import CHECK, piece_context
from acd.files import open_to_read

_CHUNK = 100
"""Contacts per look: whoever reads for long keeps the owner from emptying the WAL, and so from erasing."""

_CONTACTS = (
    "SELECT contact, tenant, ref, wrapped_key FROM contacts WHERE contact > ? ORDER BY contact LIMIT ?"
)
_PEOPLE = (
    "SELECT rowid, tenant, list, version, line, sealed FROM people WHERE rowid > ? ORDER BY rowid LIMIT ?"
)

OnRead = Callable[[int, int], None]
"""Told how many rows of how many were looked at."""


def vault_flaws(path: Path, master: MasterKey, on_read: OnRead) -> Iterator[str]:
    """What of the vault cannot be opened with this key, kind by kind. Raises sqlite3.Error."""
    with closing(open_to_read(path)) as db:
        if not _knows(db, master):
            yield f"the master key in {master.source} is not the one that it was made with: {RESTORE}"
            return
        (total,) = db.execute("SELECT count(*) FROM contacts").fetchone()
        seen, unreadable, last = 0, 0, 0
        while rows := db.execute(_CONTACTS, (last, _CHUNK)).fetchall():
            unreadable += sum(not _contact_opens(db, master, row) for row in rows)
            last, seen = rows[-1][0], seen + len(rows)
            on_read(seen, total)
        if unreadable:
            yield f"of {unreadable} contacts numbers or documents do not pass their authentication"


def check_key(path: Path, master: MasterKey) -> None:
    """Raise VaultKeyError if the vault was made with another key; one that cannot be read says nothing."""
    with suppress(sqlite3.Error), closing(open_to_read(path)) as db:
        if not _knows(db, master):
            raise VaultKeyError(f"the master key in {master.source} is not the one of {path}: {RESTORE}")


def _knows(db: sqlite3.Connection, master: MasterKey) -> bool:
    """Whether the vault was made with this key; so, too, if it was never told one. Raises sqlite3.Error."""
    (sealed,) = db.execute("SELECT sealed FROM master_check").fetchone() or (None,)
    return sealed is None or _opens(master.wrapping, sealed, CHECK)


def directory_flaws(path: Path, master: MasterKey, on_read: OnRead) -> Iterator[str]:
    """As `vault_flaws`, of the people in lists."""
    with closing(open_to_read(path)) as db:
        (total,) = db.execute("SELECT count(*) FROM people").fetchone()
        seen, unreadable, last = 0, 0, 0
        while rows := db.execute(_PEOPLE, (last, 10 * _CHUNK)).fetchall():
            for last, tenant, name, version, line, sealed in rows:  # noqa: B007
                bound = context(tenant, name, str(version), str(line))
                unreadable += not _opens(master.lists, sealed, bound)
            seen += len(rows)
            on_read(seen, total)
        if unreadable:
            yield f"{unreadable} of {total} people do not pass their authentication"


def _contact_opens(db: sqlite3.Connection, master: MasterKey, row: tuple[int, str, str, bytes]) -> bool:
    contact, tenant, ref, wrapped = row
    try:
        cipher = Cipher(master.wrapping.open(wrapped, context(tenant, ref)))
    except (VaultDamagedError, ValueError):
        return False
    parties = db.execute("SELECT party, sealed FROM parties WHERE contact = ?", (contact,))
    if not all(_opens(cipher, sealed, context("party", party)) for party, sealed in parties):
        return False
    pieces = db.execute(
        "SELECT document, number, kind, last, sealed FROM pieces WHERE contact = ?", (contact,)
    )
    return all(
        _opens(cipher, sealed, piece_context(kind, document, number, bool(last)))
        for document, number, kind, last, sealed in pieces
    )


def _opens(cipher: Cipher, sealed: bytes, bound: bytes) -> bool:
    try:
        cipher.open(sealed, bound)
    except VaultDamagedError:
        return False
    return True
