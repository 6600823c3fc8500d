"""What was synced in the vault and is gone is told, whatever SQLite makes of it, without false alarms."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.errors import VaultDamagedError, VaultUnknownError
from acd.content.file import commits, lost, mark_of
from acd.content.intake import Intake
from acd.content.master import MasterKey
from acd.content.vault import Vault
from acd.ports import ContactRef, NewParty, PartyKind

MASTER = MasterKey(bytes(range(32)))
CALLS = 30


def keep(vault: Vault, number: int) -> str:
    party = NewParty(ContactRef("nord", f"call-{number}"), PartyKind.NUMBER, f"+4930555{number:04d}")
    (item,) = Intake().take([party], 1)
    vault.put([item])
    return item.id


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, list[str]]:
    """The files as a kill leaves them, and the parties in them."""
    (tmp_path / "live").mkdir()
    vault = Vault(tmp_path / "live/vault.db", MASTER)
    parties = [keep(vault, number) for number in range(CALLS)]
    assert lost(tmp_path / "live/vault.db") == "", "beside its owner"
    shutil.copytree(tmp_path / "live", tmp_path / "killed")
    vault.close()
    return tmp_path / "killed/vault.db", parties


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def flip(path: Path) -> None:
    wal = bytearray(wal_of(path).read_bytes())
    wal[len(wal) // 2] ^= 0x40
    wal_of(path).write_bytes(wal)


def cut(path: Path) -> None:
    wal = wal_of(path).read_bytes()
    wal_of(path).write_bytes(wal[: len(wal) * 9 // 10])


def drop_the_wal(path: Path) -> None:
    wal_of(path).unlink()


def empty(path: Path) -> None:
    wal_of(path).unlink()
    path.write_bytes(b"")


def drop(path: Path) -> None:
    for one in path.parent.glob("vault.db*"):
        one.unlink()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (flip, rf"has \d+ changes, and {CALLS + 1} were synced: the rest is gone"),
        (cut, rf"has \d+ changes, and {CALLS + 1} were synced: the rest is gone"),
        (drop_the_wal, rf"has 0 changes, and {CALLS + 1} were synced: the rest is gone"),
        (empty, "is empty"),
        (drop, "is missing"),
    ],
)
def test_what_is_gone_is_refused_each_time_and_left_as_it_is(
    killed: tuple[Path, list[str]], harm: Callable[[Path], None], said: str
) -> None:
    path, parties = killed
    harm(path)
    before = {one.name: one.read_bytes() for one in path.parent.glob("vault.db*") if "shm" not in one.name}
    for _ in range(2):
        with pytest.raises(VaultDamagedError, match=rf"vault\.db: {said}\. Restore .* --accept-loss"):
            Vault(path, MASTER)
        kept = {one.name: one.read_bytes() for one in path.parent.glob("vault.db*") if "shm" not in one.name}
        assert kept == before
    with closing(Vault(path, MASTER, accept_loss=True)) as vault:
        with pytest.raises(VaultUnknownError):
            vault.party(parties[-1])
        new = keep(vault, 99)
    with closing(Vault(path, MASTER)) as vault:  # it is told once
        assert vault.party(new) == "+49305550099"


def test_a_whole_file_is_never_refused(killed: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Killed, stopped, rebuilt, with a mark that was torn, and a file from before there were marks."""
    path, parties = killed
    for _ in range(3):
        with closing(Vault(path, MASTER)) as vault:
            assert vault.party(parties[-1])
            vault.erase_contact(ContactRef("nord", "call-0"))
            vault.scrub()
        assert commits(path) > CALLS
    assert lost(tmp_path / "live/vault.db") == ""
    mark_of(path).write_bytes(b"ACDSYNC\n" + b"\xff" * 12)
    Vault(path, MASTER).close()
    mark_of(path).unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE commits")
    assert commits(path) == 0
    with closing(Vault(path, MASTER)) as vault:
        assert vault.party(parties[-1])
    assert commits(path) > 0


def test_a_failed_transaction_counts_nothing(killed: tuple[Path, list[str]]) -> None:
    path, _ = killed
    with closing(Vault(path, MASTER)) as vault:
        before = commits(path)
        vault._file.connection.execute("PRAGMA query_only=ON")
        with pytest.raises(Exception, match="readonly"):
            keep(vault, 1_000)
        vault._file.connection.execute("PRAGMA query_only=OFF")
        assert (commits(path), lost(path)) == (before, "")
        keep(vault, 1_001)
        assert commits(path) == before + 1
