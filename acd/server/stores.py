"""Where journal and vault of a site are kept."""

from collections.abc import Callable

from acd.journal.memory import MemoryJournal
from acd.journal.sqlite import SqliteJournal
from acd.ports import Journal
from acd.server.parties import Parties
from acd.vault.master import MasterKey
from config.schema import JournalKind, Site

VAULT_FILE = "vault.db"
KEY_FILE = "vault-key"


def open_journal(site: Site) -> Journal:
    """The journal the site names, not opened yet."""
    if site.server.journal is JournalKind.MEMORY:
        return MemoryJournal()
    return SqliteJournal(site.server.data_dir / "journal")


def open_parties(site: Site, now_ms: Callable[[], int]) -> Parties:
    """The vault in the data directory. Raises VaultError."""
    data_dir = site.server.data_dir
    return Parties(data_dir / VAULT_FILE, MasterKey.load_or_create(data_dir / KEY_FILE), now_ms)
