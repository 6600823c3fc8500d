"""Where journal and content of a site are kept."""

from collections.abc import Callable
from contextlib import closing

import structlog

from acd.content.disk import PATIENCE_S, DiskContent
from acd.content.master import MasterKey
from acd.content.sealed import SealedJournal
from acd.content.vault import Vault
from acd.directory.directory import ListDirectory
from acd.journal.mark import lost
from acd.journal.memory import MemoryJournal
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
    if accept_loss and (gone := lost(folder)):
        _log.error("synced entries are gone, and that is accepted", first=gone.first, last=gone.last)
    journal = SqliteJournal(folder, accept_loss=accept_loss)
    return SealedJournal(journal, master_key(site).records)


def open_content(site: Site, now_ms: Callable[[], int]) -> DiskContent:
    """The vault in the data directory. Raises VaultError."""
    return DiskContent(site.server.data_dir / VAULT_FILE, master_key(site), now_ms)


def open_directory(site: Site) -> ListDirectory:
    """The directory in the data directory. Raises VaultError."""
    path = site.server.data_dir / DIRECTORY_FILE
    return ListDirectory(path, master_key(site), site, patience_s=PATIENCE_S)


def master_key(site: Site) -> MasterKey:
    """From the environment, or the key file, which is made at the first start. Raises VaultKeyError.

    A vault whose key is lost is not given another one: nothing in it could be read.
    """
    data_dir = site.server.data_dir
    load = MasterKey.load if (data_dir / VAULT_FILE).exists() else MasterKey.load_or_create
    return load(data_dir / KEY_FILE)


def erase_person(site: Site, value: str, tenant: str | None) -> tuple[int, int]:
    """Erase a number or address from vault and lists while no server runs: from how many contacts, and lists.

    Raises VaultInUseError (a server runs: ask it), VaultError.
    """
    data_dir = site.server.data_dir
    vault = Vault(data_dir / VAULT_FILE, MasterKey.load(data_dir / KEY_FILE))
    try:
        with closing(open_directory(site)) as directory:
            spellings = sorted(directory.spellings(value, tenant))
            contacts = sum(vault.erase_person(one, tenant)[0] for one in spellings)
            vault.scrub()
            return contacts, len(directory.erase(value, tenant))
    finally:
        vault.close()
