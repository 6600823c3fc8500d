"""Whether all that a site has stored is there and whole: for `acd check --data`, and for backups."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from acd.content.errors import VaultError
from acd.content.file import mark_of
from acd.content.inspection import OnRead, directory_flaws, vault_flaws
from acd.content.master import MasterKey
from acd.content.sealed import opened
from acd.journal import mark
from acd.journal.database import ARCHIVE, flaws
from acd.journal.errors import JournalError
from acd.journal.losses import losses as accepted
from acd.journal.reading import JournalReader, has_contacts
from acd.journal.snapshots import damaged_snapshots
from acd.marks import is_damaged
from acd.server.stores import DIRECTORY_FILE, JOURNAL, KEY_FILE, VAULT_FILE, has_data, losses
from config.schema import Site

Damage = tuple[Path, str]
"""A file, and what is wrong with it."""

_TOLD_EVERY = 1_000
_MARK_GONE = "is missing: nothing tells how far the journal was synced; a start makes it anew"


def damages(site: Site, on_read: OnRead) -> Iterator[Damage]:
    """What is damaged or missing in the data directory, and how. May run beside the server.

    Everything is read: each SQLite file as a whole, each entry with its checksum and number, all that is
    sealed with its key. Through SQLite and for reading only: nothing is changed, and no lock is dropped.
    """
    data_dir = site.server.data_dir
    if not data_dir.is_dir():
        yield data_dir, "there is no such folder: no server has run here, or data_dir names another one"
        return
    for path in sorted(data_dir.rglob("*.db")):
        if found := _flaws(path):
            yield path, found
    master: MasterKey | None = None
    try:
        if has_data(data_dir):
            master = MasterKey.load(data_dir / KEY_FILE)
    except VaultError as error:
        yield data_dir / KEY_FILE, str(error)
    gone = dict(losses(data_dir, had_contacts=has_contacts(data_dir / JOURNAL)))
    yield from gone.items()
    if (data_dir / JOURNAL).is_dir():
        yield from journal_damages(data_dir / JOURNAL, master, on_read)
    if master is not None:
        sealed = sealed_damages(data_dir, master, on_read)
        yield from (damage for damage in sealed if damage[0] not in gone)


def journal_damages(folder: Path, master: MasterKey | None, on_read: OnRead) -> Iterator[Damage]:
    """Of a journal. What channels noted is opened if there is a key."""
    if not (folder / ARCHIVE).exists():
        yield folder / ARCHIVE, "is missing: bring it back from a backup"
    if _lacks_its_mark(folder):
        yield folder / mark.FILE, _MARK_GONE
    if is_damaged(folder / mark.FILE):
        yield folder / mark.FILE, "is damaged: nothing tells how far the journal was synced"
    try:
        accepted(folder)
        _read_all(folder, on_read)
    except JournalError as damage:
        yield _placed(folder, str(damage))
    except sqlite3.Error as error:
        yield folder, str(error)
    yield from kept_damages(folder, master)


def kept_damages(folder: Path, master: MasterKey | None) -> Iterator[Damage]:
    """Of what a journal has beside its entries."""
    for path in damaged_snapshots(folder):
        yield path, "is damaged: a start goes on from another one, if that is good"
    try:
        if master is not None:
            opened(JournalReader(folder).records(), master)
    except VaultError as damage:
        yield folder, str(damage)
    except JournalError as damage:
        yield _placed(folder, str(damage))


def sealed_damages(data_dir: Path, master: MasterKey, on_read: OnRead) -> Iterator[Damage]:
    """Of vault and directory."""
    for name, found in ((VAULT_FILE, vault_flaws), (DIRECTORY_FILE, directory_flaws)):
        path = data_dir / name
        if not path.exists():
            continue
        try:
            for flaw in found(path, master, on_read):
                yield path, flaw
        except sqlite3.Error as error:
            yield path, str(error)


def _lacks_its_mark(folder: Path) -> bool:
    """A program that made the others' marks made this one before; an older one made none."""
    others = any(mark_of(folder.parent / name).exists() for name in (VAULT_FILE, DIRECTORY_FILE))
    return others and not (folder / mark.FILE).exists()


def _flaws(path: Path) -> str:
    try:
        return flaws(path, "mode=ro")
    except sqlite3.Error as error:
        return str(error)


def _read_all(folder: Path, on_read: OnRead) -> None:
    """Raises JournalError."""
    reader = JournalReader(folder)
    total = mark.last_stored(folder).seq
    for entry in reader.entries():
        if entry.seq % _TOLD_EVERY == 0:
            on_read(entry.seq, max(total, entry.seq))


def _placed(folder: Path, text: str) -> Damage:
    """Apart, as the journal's errors begin with the file where there is one."""
    for after in (": ", " is "):
        name, _, reason = text.partition(after)
        if reason and Path(name).exists():
            return Path(name), f"{after.strip(': ')} {reason}".strip()
    return folder, text
