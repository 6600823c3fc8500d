"""Where journal and vault of a site are kept."""

from collections.abc import Callable

from acd.journal.memory import MemoryJournal
from acd.journal.sqlite import SqliteJournal
from acd.ports import Journal
from acd.server.parties import Parties
from acd.vault.master import MasterKey
from acd.vault.sealed import SealedJournal
from acd.vault.vault import Vault
from config.schema import JournalKind, Site

VAULT_FILE = "vault.db"
KEY_FILE = "vault-key"


def open_journal(site: Site) -> Journal:
    """The journal the site names, not opened yet; its records are sealed. Raises VaultError."""
    if site.server.journal is JournalKind.MEMORY:
        return MemoryJournal()
    return SealedJournal(SqliteJournal(site.server.data_dir / "journal"), master_key(site).records)


def open_parties(site: Site, now_ms: Callable[[], int]) -> Parties:
    """The vault in the data directory. Raises VaultError."""
    return Parties(site.server.data_dir / VAULT_FILE, master_key(site), now_ms)


def master_key(site: Site) -> MasterKey:
    """From the environment, or the key file, which is made at the first start. Raises VaultKeyError."""
    return MasterKey.load_or_create(site.server.data_dir / KEY_FILE)


def erase_person(site: Site, value: str, tenant: str | None) -> int:
    """Erase a number or address from the vault, for one tenant or all; returns how many contacts it had.

    May run beside the server. Raises VaultError.
    """
    data_dir = site.server.data_dir
    vault = Vault(data_dir / VAULT_FILE, MasterKey.load(data_dir / KEY_FILE))
    try:
        return vault.erase_person(value, tenant=tenant)
    finally:
        vault.close()
