"""A desk that has had contacts does not go on with an empty vault or directory as if nothing were gone."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.errors import VaultDamagedError
from acd.content.file import commits
from acd.journal.reading import JournalReader
from acd.marks import note_durably, noted
from acd.server.allowed import NOTHING, Allowed
from acd.server.app import App
from acd.server.backup import BackupError, back_up
from acd.server.checking import damages
from acd.server.serving import CannotStart, Exit, serve
from acd.server.stores import erase_person
from acd.testing import ScriptedChannel, small_site

CALLER = "+493055501001"


async def one_run(folder: Path, calls: int, allowed: Allowed = NOTHING) -> None:
    channel = ScriptedChannel()
    app = App(small_site(folder), [channel], web=False, allowed=allowed)
    await app.start()
    for number in range(calls):
        channel.arrive(number=f"{CALLER}{number}")
    await app.stop()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    asyncio.run(one_run(tmp_path / "desk", 3))
    return tmp_path / "desk"


def drop(path: Path) -> None:
    """With the mark: nothing of it is left."""
    for one in path.parent.glob(path.stem + ".*"):
        one.unlink()


def empty(path: Path) -> None:
    drop(path)
    path.write_bytes(b"")


def older(path: Path) -> None:
    """As from a backup of before."""
    note_durably(path.with_suffix(".synced"), 1_000)


HARMS = [
    (drop, "is missing"),
    (empty, "is empty"),
    (older, r"has \d+ changes, and 1000 were synced"),
]


@pytest.mark.parametrize("file", ["vault.db", "directory.db"])
@pytest.mark.parametrize(("harm", "said"), HARMS)
def test_a_loss_is_refused_found_and_can_be_accepted(
    desk: Path, tmp_path: Path, file: str, harm: Callable[[Path], None], said: str
) -> None:
    harm(desk / file)
    entries = list(JournalReader(desk / "journal").entries())
    files = {path.name for path in desk.iterdir()}
    for _ in range(2):
        with pytest.raises(CannotStart, match=rf"{file}: {said}.*--accept-loss") as refused:
            serve(small_site(desk), [ScriptedChannel()])
        assert refused.value.code == Exit.JOURNAL_UNUSABLE
    assert list(JournalReader(desk / "journal").entries()) == entries, "a refused start decides nothing"
    assert {path.name for path in desk.iterdir()} == files
    assert [path.name for path, _ in damages(small_site(desk), lambda done, total: None)] == [file]
    with pytest.raises(VaultDamagedError, match=said):
        erase_person(small_site(desk), CALLER, None)
    with pytest.raises(BackupError, match=said):
        saved(desk, tmp_path / "saved")
    asyncio.run(one_run(desk, 0, Allowed(accept_loss=True)))
    assert list(damages(small_site(desk), lambda done, total: None)) == []
    asyncio.run(one_run(desk, 0))


def test_a_desk_without_contacts_may_be_without_both(desk: Path, tmp_path: Path) -> None:
    """Its first start was killed before they were made."""
    asyncio.run(one_run(tmp_path / "new", 0))
    for file in ("vault.db", "directory.db"):
        drop(tmp_path / "new" / file)
    asyncio.run(one_run(tmp_path / "new", 0))
    shutil.rmtree(desk / "journal")  # the remedy for a wrong clock: an empty journal, vault and lists stay
    asyncio.run(one_run(desk, 0))


def saved(desk: Path, target: Path) -> None:
    back_up(Path("site.toml"), small_site(desk), target, with_key=True, on_copied=lambda size: None)


def test_a_backup_says_itself_what_its_vault_has(desk: Path, tmp_path: Path) -> None:
    saved(desk, tmp_path / "saved")
    for name in ("vault", "directory"):
        path = tmp_path / "saved" / f"{name}.db"
        assert noted(path.with_suffix(".synced")) == commits(path)
    assert noted(tmp_path / "saved/vault.synced") > 0
    with closing(sqlite3.connect(tmp_path / "saved/vault.db")) as db, db:
        db.execute("UPDATE commits SET number = 1")
    with pytest.raises(CannotStart, match=r"vault\.db: has 1 changes, and"):
        serve(small_site(tmp_path / "saved"), [ScriptedChannel()])
