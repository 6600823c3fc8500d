"""Numbers and addresses go into the vault; the loop never waits for its disk."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import sleep

import structlog

from acd.vault.errors import VaultError
from acd.vault.master import MasterKey
from acd.vault.parties import ContactRef, PartyId, PartyKind, comparable
from acd.vault.vault import NewParty, Vault, new_party_id

_log = structlog.get_logger("acd.parties")

PACE_S = 0.05
"""Parties that come within this time are stored, and synced, together."""

Key = tuple[str, PartyKind, str]
"""Tenant, kind and comparable value."""


class Parties:
    """Gives the opaque id of a party at once; a thread stores it.

    A caller must not wait for the vault's disk. So a value that is new gets its id here, and is remembered
    until it is stored. A process that dies in those milliseconds loses the number, never the contact.
    Reading has a connection of its own, so that it never waits for a write that is being synced.
    """

    def __init__(self, path: Path, master: MasterKey, now_ms: Callable[[], int]) -> None:
        """Raises VaultError."""
        self._reader = Vault(path, master)
        self._writer = Vault(path, master)
        self._now_ms = now_ms
        self._fresh: dict[Key, PartyId] = {}
        """Given but not stored yet. The loop adds, the thread removes after its commit."""
        self._inbox: SimpleQueue[NewParty | None] = SimpleQueue()
        self._thread = Thread(target=self._store_all, name="vault")
        self._thread.start()
        self.failed = 0

    def put(self, kind: str, value: str, tenant: str, ref: str) -> str:
        """The opaque id. If the vault fails it names nothing (calls go on). Raises ValueError: bad `kind`."""
        party_kind = PartyKind(kind)
        key = (tenant, party_kind, comparable(party_kind, value))
        party = self._fresh.get(key) or self._find(tenant, party_kind, value)
        if party is None:
            party = self._fresh[key] = new_party_id()
        contact = ContactRef(tenant, ref)
        self._inbox.put(NewParty(contact, party_kind, value, party, self._now_ms()))
        return party

    def close(self) -> None:
        """Store what is queued and close the files."""
        self._inbox.put(None)
        self._thread.join()
        self._writer.close()
        self._reader.close()

    def _find(self, tenant: str, kind: PartyKind, value: str) -> PartyId | None:
        try:
            return self._reader.find_party(tenant, kind, value)
        except (VaultError, OSError, sqlite3.Error):
            return None

    def _store_all(self) -> None:
        more = True
        while more:
            group = [self._inbox.get()]
            sleep(PACE_S)
            try:
                while True:
                    group.append(self._inbox.get_nowait())
            except Empty:
                pass
            more = None not in group
            self._store([party for party in group if party is not None])

    def _store(self, group: list[NewParty]) -> None:
        try:
            self._writer.put_parties(group)
        except (VaultError, OSError, sqlite3.Error) as failure:
            self.failed += len(group)
            _log.error("vault failed", error=str(failure))
        for party in group:
            self._fresh.pop((party.contact.tenant, party.kind, comparable(party.kind, party.value)), None)
