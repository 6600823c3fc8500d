"""The vault's file: unreadable without its key, owned by one, refused when it is not ours."""

import base64
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.errors import (
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultFormatError,
    VaultInUseError,
    VaultKeyError,
    VaultUnknownError,
)
from acd.content.intake import Intake
from acd.content.master import MasterKey
from acd.content.vault import FORMAT, Vault
from acd.ports import ContactRef, ContentId, NewParty, NewPiece, PartyKind

ANNA = ContactRef("north", "c1")
MASTER = MasterKey(bytes(range(32)))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with closing(Vault(tmp_path / "vault.db", MASTER)) as made:
        yield made


def put(vault: Vault, *batch: NewParty | NewPiece) -> list[ContentId]:
    items = Intake().take(batch, 1)
    vault.put(items)
    return [item.id for item in items]


def document(data: bytes, *, last: bool = True) -> NewPiece:
    return NewPiece(ANNA, "mail", data, "", last)


def test_what_was_put_is_read_back_by_the_next_owner(tmp_path: Path, vault: Vault) -> None:
    party, letter = put(vault, NewParty(ANNA, PartyKind.NUMBER, "+49 30 555 0101"), document(b"x" * 9_000))
    vault.close()
    with closing(Vault(tmp_path / "vault.db", MASTER)) as again:
        assert again.party(party) == "+49 30 555 0101"
        assert list(again.read(letter)) == [b"x" * 9_000]


def test_a_second_owner_is_refused_and_told_who_has_it(tmp_path: Path, vault: Vault) -> None:
    """In this process and in another: either would drop the locks that keep the WAL alive."""
    with pytest.raises(VaultInUseError, match=r"is in use by process \d+"):
        Vault(tmp_path / "vault.db", MASTER)
    code = f"from pathlib import Path; from acd.content.master import MasterKey; from acd.content.vault import Vault; Vault(Path({str(tmp_path / 'vault.db')!r}), MasterKey(bytes(range(32))))"  # noqa: E501
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert other.returncode != 0
    assert "VaultInUseError" in other.stderr


def test_bytes_changed_or_swapped_in_the_file_are_not_passed_off_as_data(
    tmp_path: Path, vault: Vault
) -> None:
    first, second = put(vault, document(b"first"), document(b"second"))
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        db.execute("UPDATE pieces SET sealed = (SELECT sealed FROM pieces WHERE document = ?)", (first,))
        db.commit()
    assert list(vault.read(first)) == [b"first"]
    with pytest.raises(VaultDamagedError):
        list(vault.read(second))


def test_a_document_cut_in_the_file_is_not_passed_off_as_whole(tmp_path: Path, vault: Vault) -> None:
    intake = Intake()
    begun = intake.take([document(b"one ", last=False)], 1)
    vault.put([*begun, *intake.take([NewPiece(ANNA, "mail", b"two", begun[0].id)], 1)])
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        db.execute("DELETE FROM pieces WHERE number = 1")
        db.execute("UPDATE pieces SET last = 1")
        db.commit()
    with pytest.raises(VaultDamagedError):
        list(vault.read(begun[0].id))


def test_a_person_who_was_erased_while_he_called_again_is_not_tied_to_his_old_facts(vault: Vault) -> None:
    """The call had the old id already; storing the number under it would undo the erasure."""
    (party,) = put(vault, NewParty(ANNA, PartyKind.NUMBER, "+49 30 555 0101"))
    (again,) = Intake().take([NewParty(ContactRef("north", "c2"), PartyKind.NUMBER, "+49305550101")], 2)
    vault.erase_person("+49 30 555 0101", None)
    vault.put([again._replace(id=party, known=True)])
    with pytest.raises(VaultUnknownError):
        vault.party(party)


def test_an_erasure_held_up_by_a_reader_says_so_and_is_finished_later(tmp_path: Path, vault: Vault) -> None:
    put(vault, NewParty(ANNA, PartyKind.NUMBER, "+49 30 555 0101"))
    reader = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM contacts").fetchall()
    vault._file.connection.execute("PRAGMA busy_timeout=10")
    assert vault.erase_person("+49 30 555 0101", None)[0] == 1
    with pytest.raises(VaultBusyError, match="the keys are deleted, repeat the erasure"):
        vault.scrub()
    assert vault.links() == {}
    assert (tmp_path / "vault.db-wal").stat().st_size > 0
    reader.execute("COMMIT")
    reader.close()
    vault.scrub()
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        assert db.execute("SELECT count(*) FROM scrub_due").fetchone() == (0,)


def test_another_master_key_is_refused_clearly(tmp_path: Path, vault: Vault) -> None:
    vault.close()
    with pytest.raises(VaultKeyError, match=r"the master key is not the one .*vault\.db was made with"):
        Vault(tmp_path / "vault.db", MasterKey(bytes(32)))


def test_a_vault_of_a_newer_format_is_refused(tmp_path: Path, vault: Vault) -> None:
    vault.close()
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        db.execute(f"PRAGMA user_version={FORMAT + 1}")
    with pytest.raises(VaultFormatError, match=f"has format {FORMAT + 1}, but this program reads formats up"):
        Vault(tmp_path / "vault.db", MASTER)


def test_a_vault_of_format_1_is_taken_over_with_its_parties(tmp_path: Path, vault: Vault) -> None:
    """Format 1 had documents in one piece; no release stored any."""
    (party,) = put(vault, NewParty(ANNA, PartyKind.NUMBER, "+49 30 555 0101"))
    vault.close()
    with closing(sqlite3.connect(tmp_path / "vault.db")) as db:
        db.executescript(
            "DROP TABLE pieces; CREATE TABLE documents (document TEXT PRIMARY KEY); PRAGMA user_version=1;"
        )
    with closing(Vault(tmp_path / "vault.db", MASTER)) as again:
        assert again.party(party) == "+49 30 555 0101"
        (letter,) = put(again, document(b"new"))
        assert list(again.read(letter)) == [b"new"]


def test_what_is_no_database_is_named_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_bytes(base64.b64encode(bytes(range(256))) * 40)
    with pytest.raises(VaultDamagedError, match=r"vault\.db: .*: restore it from a backup"):
        Vault(tmp_path / "vault.db", MASTER)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VaultError, match=r"cannot use .*file/vault\.db"):
        Vault(tmp_path / "file" / "vault.db", MASTER)


def test_closing_twice_closes_nobody_else_s_file(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.db", MASTER)
    vault.close()
    with (tmp_path / "other").open("wb") as other:  # gets the lock's descriptor
        vault.close()
        other.write(b"still open")
    assert (tmp_path / "other").read_bytes() == b"still open"
