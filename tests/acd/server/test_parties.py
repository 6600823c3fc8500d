"""Parties get their id at once; the vault's disk is a thread's concern."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from acd.server.parties import Parties
from acd.vault.errors import VaultError
from acd.vault.master import MasterKey
from acd.vault.parties import PartyId
from acd.vault.vault import NewParty, Vault

NUMBER = "+49 30 555 0101"


@pytest.fixture
def master(tmp_path: Path) -> MasterKey:
    return MasterKey.load_or_create(tmp_path / "key")


@pytest.fixture
def parties(tmp_path: Path, master: MasterKey) -> Iterator[Parties]:
    found = Parties(tmp_path / "vault.db", master, lambda: 1)
    yield found
    found.close()


def test_a_number_has_one_id_before_and_after_it_is_stored(
    tmp_path: Path, master: MasterKey, parties: Parties
) -> None:
    """Spelt in two ways, twice in a row, and once more by the next process."""
    first = parties.put("number", NUMBER, "nordwind", "c1")
    assert parties.put("number", "+49305550101", "nordwind", "c2") == first
    parties.close()
    later = Parties(tmp_path / "vault.db", master, lambda: 2)
    assert later.put("number", NUMBER, "nordwind", "c3") == first
    later.close()


def test_what_was_given_an_id_can_be_read_after_closing(
    tmp_path: Path, master: MasterKey, parties: Parties
) -> None:
    """Closing stores what is queued."""
    given = [parties.put("number", f"+49 30 555 {n:04d}", "nordwind", f"c{n}") for n in range(50)]
    parties.close()
    with closing(Vault(tmp_path / "vault.db", master)) as vault:
        assert [vault.read_party(PartyId(party)) for party in given] == [
            f"+49 30 555 {n:04d}" for n in range(50)
        ]


def test_the_caller_of_put_never_writes(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for a number that was never seen before: a disk that hangs must not stop the loop."""
    monkeypatch.setattr(parties._reader, "put_parties", _forbidden)
    monkeypatch.setattr(parties._reader, "put_party", _forbidden)
    with closing(sqlite3.connect(parties._writer._file.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write now
        assert parties.put("number", NUMBER, "nordwind", "c1")
        other.execute("ROLLBACK")


def test_what_is_stored_is_no_longer_kept_in_memory(parties: Parties) -> None:
    """Otherwise an erased person would get the old id back as long as the process lives."""
    parties.put("number", NUMBER, "nordwind", "c1")
    parties._inbox.put(None)
    parties._thread.join()
    assert not parties._fresh


def test_a_vault_that_fails_is_counted_and_calls_go_on(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id then names nothing, and the next try stores the number."""

    def fails(_: list[NewParty]) -> None:
        raise VaultError("disk full")

    monkeypatch.setattr(parties._writer, "put_parties", fails)
    assert parties.put("number", NUMBER, "nordwind", "c1")
    parties._inbox.put(None)
    parties._thread.join()
    assert parties.failed == 1
    assert not parties._fresh


def _forbidden(*_: object, **__: object) -> None:
    raise AssertionError("written on the caller's thread")
