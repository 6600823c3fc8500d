"""The vault keeps personal data readable to us, unreadable in its files, and gone once erased."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from acd.vault.errors import (
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultFormatError,
    VaultKeyError,
    VaultUnknownError,
)
from acd.vault.master import MasterKey
from acd.vault.parties import ContactRef, DocumentId, PartyId, PartyKind
from acd.vault.vault import Vault

NUMBER, ADDRESS, NAME = PartyKind.NUMBER, PartyKind.ADDRESS, PartyKind.NAME
ANNA, ANNA_AGAIN, BERT = ContactRef("north", "c1"), ContactRef("north", "c2"), ContactRef("north", "c3")
ELSEWHERE = ContactRef("south", "c1")
DOCUMENT = b"The printer of anna on floor 47 has caught fire. " * 200


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with closing(Vault(tmp_path / "vault.db", MasterKey(bytes(range(32))))) as made:
        yield made


def test_what_was_put_is_read_back_even_by_the_next_run(tmp_path: Path, vault: Vault) -> None:
    number = vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=1)
    name = vault.put_party(ANNA, NAME, "Anna Beispiel", at_ms=1)
    document = vault.put_document(ANNA, "mail", DOCUMENT, at_ms=1)
    with closing(Vault(tmp_path / "vault.db", MasterKey(bytes(range(32))))) as reopened:
        assert reopened.read_party(number) == "+49 30 555 0101"
        assert reopened.read_party(name) == "Anna Beispiel"
        assert reopened.read_document(document) == DOCUMENT


def test_the_same_number_has_the_same_opaque_id_inside_a_tenant_and_another_outside(vault: Vault) -> None:
    first = vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=1)
    assert vault.put_party(ANNA_AGAIN, NUMBER, "+49305550101", at_ms=2) == first
    assert vault.find_party("north", NUMBER, "+49 (30) 555-0101") == first
    assert vault.put_party(BERT, NUMBER, "+49 30 555 0102", at_ms=2) != first
    assert vault.put_party(ELSEWHERE, NUMBER, "+49 30 555 0101", at_ms=2) != first


def test_what_was_never_put_is_unknown(vault: Vault) -> None:
    with pytest.raises(VaultUnknownError, match="no party 00: never stored, or erased"):
        vault.read_party(PartyId("00"))
    with pytest.raises(VaultUnknownError, match="no document 00: never stored, or erased"):
        vault.read_document(DocumentId("00"))
    assert vault.find_party("north", NUMBER, "+49 30 555 0101") is None
    assert not vault.erase_contact(ANNA)


def test_erasing_a_contact_leaves_the_person_s_other_contacts(vault: Vault) -> None:
    party = vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=1)
    vault.put_party(ANNA_AGAIN, NUMBER, "+49 30 555 0101", at_ms=2)
    document = vault.put_document(ANNA, "mail", DOCUMENT, at_ms=1)
    kept = vault.put_document(ANNA_AGAIN, "mail", b"kept", at_ms=2)
    assert vault.erase_contact(ANNA)
    assert vault.read_party(party) == "+49 30 555 0101"
    assert vault.read_document(kept) == b"kept"
    with pytest.raises(VaultUnknownError):
        vault.read_document(document)


def test_erasing_a_person_takes_every_contact_of_hers_and_leaves_all_others(vault: Vault) -> None:
    party = vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=1)
    vault.put_party(ANNA_AGAIN, NUMBER, "+49 30 555 0101", at_ms=2)
    documents = [vault.put_document(contact, "mail", DOCUMENT, at_ms=3) for contact in (ANNA, ANNA_AGAIN)]
    bert = vault.put_party(BERT, NUMBER, "+49 30 555 0102", at_ms=2)
    berts = vault.put_document(BERT, "mail", b"bert's", at_ms=2)
    assert vault.erase_person("+49-30-5550101") == 2
    with pytest.raises(VaultUnknownError):
        vault.read_party(party)
    for document in documents:
        with pytest.raises(VaultUnknownError):
            vault.read_document(document)
    assert vault.read_party(bert) == "+49 30 555 0102"
    assert vault.read_document(berts) == b"bert's"


def test_after_erasure_the_same_number_gets_another_id_so_old_facts_stay_unlinked(vault: Vault) -> None:
    before = vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=1)
    vault.erase_person("+49 30 555 0101")
    assert vault.find_party("north", NUMBER, "+49 30 555 0101") is None
    assert vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=2) != before


def test_a_person_is_erased_by_address_too_and_in_one_tenant_only_if_asked(vault: Vault) -> None:
    vault.put_party(ANNA, ADDRESS, "anna@example.org", at_ms=1)
    there = vault.put_party(ELSEWHERE, ADDRESS, "anna@example.org", at_ms=1)
    assert vault.erase_person("Anna@Example.org ", tenant="north") == 1
    assert vault.read_party(there) == "anna@example.org"
    assert vault.erase_person("anna@example.org") == 1


def test_people_who_share_a_name_are_not_erased_by_it(vault: Vault) -> None:
    party = vault.put_party(ANNA, NAME, "Anna Beispiel", at_ms=1)
    assert vault.erase_person("Anna Beispiel") == 0
    assert vault.read_party(party) == "Anna Beispiel"


def test_retention_erases_what_is_older_in_one_tenant(vault: Vault) -> None:
    old = vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=999)
    new = vault.put_party(BERT, NUMBER, "+49 30 555 0102", at_ms=1_000)
    other = vault.put_party(ELSEWHERE, NUMBER, "+49 30 555 0103", at_ms=1)
    assert vault.erase_before("north", 1_000) == 1
    with pytest.raises(VaultUnknownError):
        vault.read_party(old)
    assert vault.read_party(new) == "+49 30 555 0102"
    assert vault.read_party(other) == "+49 30 555 0103"


def test_bytes_changed_or_swapped_in_the_file_are_not_passed_off_as_data(
    tmp_path: Path, vault: Vault
) -> None:
    first = vault.put_document(ANNA, "mail", b"first", at_ms=1)
    second = vault.put_document(ANNA, "mail", b"second", at_ms=1)
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        db.execute(
            "UPDATE documents SET sealed = (SELECT sealed FROM documents WHERE document = ?)", (first,)
        )
        db.commit()
    assert vault.read_document(first) == b"first"
    with pytest.raises(VaultDamagedError):
        vault.read_document(second)


def test_an_erasure_held_up_by_a_reader_says_so_and_is_finished_later(tmp_path: Path, vault: Vault) -> None:
    vault.put_party(ANNA, NUMBER, "+49 30 555 0101", at_ms=1)
    reader = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM contacts").fetchall()
    vault._file.connection.execute("PRAGMA busy_timeout=10")
    with pytest.raises(VaultBusyError, match="the keys are deleted, repeat the erasure"):
        vault.erase_person("+49 30 555 0101")
    assert vault.find_party("north", NUMBER, "+49 30 555 0101") is None
    assert (tmp_path / "vault.db-wal").stat().st_size > 0
    reader.execute("COMMIT")
    reader.close()
    assert vault.erase_person("+49 30 555 0101") == 0
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        assert db.execute("SELECT count(*) FROM scrub_due").fetchone() == (0,)


def test_another_master_key_is_refused_clearly(tmp_path: Path, vault: Vault) -> None:
    vault.close()
    with pytest.raises(VaultKeyError, match="the master key is not the one .*vault.db was made with"):  # noqa: RUF043
        Vault(tmp_path / "vault.db", MasterKey(bytes(32)))


def test_a_vault_of_a_newer_format_is_refused(tmp_path: Path, vault: Vault) -> None:
    vault.close()
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        db.execute("PRAGMA user_version=2")
    with pytest.raises(VaultFormatError, match="has vault format 2, but this program reads formats up to 1"):
        Vault(tmp_path / "vault.db", MasterKey(bytes(range(32))))


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VaultError, match="cannot use .*file/vault.db for the vault"):  # noqa: RUF043
        Vault(tmp_path / "file" / "vault.db", MasterKey(bytes(32)))
