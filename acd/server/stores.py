"""Where journal and content of a site are kept."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import structlog

from acd.content.disk import PATIENCE_S, DiskContent
from acd.content.errors import VaultDamagedError
from acd.content.file import REMEDY, lost, mark_of
from acd.content.inspection import check_key
from acd.content.master import MasterKey
from acd.content.sealed import SealedJournal
from acd.content.vault import Vault
from acd.directory.directory import ListDirectory
from acd.journal.database import ARCHIVE
from acd.journal.mark import lost as lost_entries
from acd.journal.memory import MemoryJournal
from acd.journal.reading import has_contacts
from acd.journal.segment import stored_paths
from acd.journal.sqlite import SqliteJournal
from acd.ports import Journal
from config.schema import JournalKind, Site

_log = structlog.get_logger("acd.stores")

VAULT_FILE = "vault.db"
DIRECTORY_FILE = "directory.db"
KEY_FILE = "vault-key"
JOURNAL = "journal"


def open_journal(site: Site, *, accept_loss: bool = False) -> Journal:
    """The journal the site names, not opened yet; its records are sealed. Raises VaultError."""
    if site.server.journal is JournalKind.MEMORY:
        return MemoryJournal()
    folder = site.server.data_dir / JOURNAL
    if accept_loss and (gone := lost_entries(folder)):
        _log.error("synced entries are gone, and that is accepted", first=gone.first, last=gone.last)
    master = master_key(site)
    check_key(site.server.data_dir / VAULT_FILE, master)
    return SealedJournal(SqliteJournal(folder, accept_loss=accept_loss), master)


def open_content(site: Site, now_ms: Callable[[], int], *, accept_loss: bool = False) -> DiskContent:
    """The vault in the data directory. Raises VaultError."""
    path = site.server.data_dir / VAULT_FILE
    return DiskContent(path, master_key(site), now_ms, accept_loss=accept_loss)


def open_directory(site: Site, *, accept_loss: bool = False) -> ListDirectory:
    """The directory in the data directory. Raises VaultError."""
    path = site.server.data_dir / DIRECTORY_FILE
    return ListDirectory(path, master_key(site), site, patience_s=PATIENCE_S, accept_loss=accept_loss)


def check_kept(site: Site, *, had_contacts: bool, accept_loss: bool) -> None:
    """Before anything new is written: vault and directory have what was synced. Raises VaultDamagedError."""
    for path, reason in losses(site.server.data_dir, had_contacts=had_contacts):
        if not accept_loss:
            raise VaultDamagedError(f"{path}: {reason}{REMEDY}")
        _log.error("what was stored is gone, and that is accepted", file=path.name, how=reason)


def losses(data_dir: Path, *, had_contacts: bool) -> Iterator[tuple[Path, str]]:
    """Of vault and directory, what is gone. A desk that has had contacts has both, from before the first.

    That of release 0.1.0 had no directory, and its vault has no mark yet.
    """
    is_old = not mark_of(data_dir / VAULT_FILE).exists()
    for name in (VAULT_FILE, DIRECTORY_FILE):
        path = data_dir / name
        if reason := lost(path):
            yield path, reason
        elif is_old and name == DIRECTORY_FILE:
            continue
        elif had_contacts and not path.exists():
            yield path, "is missing"
        elif had_contacts and not path.stat().st_size:
            yield path, "is empty"


def master_key(site: Site) -> MasterKey:
    """From the environment, or the key file, which is made at the first start. Raises VaultKeyError.

    Data whose key is lost are not given another one: nothing in them could be read.
    """
    data_dir = site.server.data_dir
    load = MasterKey.load if has_data(data_dir) else MasterKey.load_or_create
    return load(data_dir / KEY_FILE)


def has_data(data_dir: Path) -> bool:
    """Whether something is stored there that needs the key, or did before it was lost."""
    kept = (data_dir / VAULT_FILE, data_dir / DIRECTORY_FILE, data_dir / JOURNAL / ARCHIVE)
    marks = (mark_of(kept[0]), mark_of(kept[1]))
    return any(path.exists() for path in (*kept, *marks)) or bool(stored_paths(data_dir / JOURNAL))


def erase_person(site: Site, value: str, tenant: str | None) -> tuple[int, int]:
    """Erase a number or address from vault and lists while no server runs: from how many contacts, and lists.

    Raises VaultInUseError (a server runs: ask it), VaultDamagedError (nobody would be found), VaultError.
    """
    data_dir = site.server.data_dir
    check_kept(site, had_contacts=has_contacts(data_dir / JOURNAL), accept_loss=False)
    vault = Vault(data_dir / VAULT_FILE, MasterKey.load(data_dir / KEY_FILE))
    try:
        with closing(open_directory(site)) as directory:
            spellings = sorted(directory.spellings(value, tenant))
            contacts = sum(vault.erase_person(one, tenant)[0] for one in spellings)
            vault.scrub()
            return contacts, len(directory.erase(value, tenant))
    finally:
        vault.close()
