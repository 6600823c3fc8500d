"""What `acd check --data`, backups and histories say of damage that no start reads."""

import asyncio
import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.master import MasterKey
from acd.directory.rows import Row
from acd.directory.store import Import, ListStore
from acd.feed.consumer import Consumer, CursorGone
from acd.feed.cursor import Cursor
from acd.marks import note_durably
from acd.ports import ChannelRecord
from acd.server.app import App
from acd.server.backup import BackupError, back_up
from acd.server.checking import damages
from acd.testing import ScriptedChannel, small_site
from acd.web.protocol import socket_path
from tests.acd.commands.test_cli import acd
from tests.acd.commands.test_erase import SITE
from tests.acd.web.served import served

CALLER = "+493055501001"
RUNS = 4
CALLS = 40
SPOILT = 31
"""An entry that is archived, and that no start reads."""


class GoingOn(ScriptedChannel):
    """Its calls have other names than those of the runs before."""

    def __init__(self, run: int) -> None:
        super().__init__()
        self._calls = run * 1_000


async def one_run(folder: Path, run: int) -> None:
    channel = GoingOn(run)
    app = App(small_site(folder), [channel], web=False)
    await app.start()
    for number in range(CALLS):
        record = ChannelRecord("scripted", f"call-{run}-{number}", b"dialog")
        channel.arrive(records=[record], number=f"{CALLER}{number}")
        if not run + number:
            channel.leave(1)
    await app.stop()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    for run in range(RUNS):
        asyncio.run(one_run(folder, run))
    lists = ListStore(folder / "directory.db", MasterKey.load(folder / "vault-key"))
    lists.add(("nordwind", "vip"), [Row(2, (("number", CALLER),), "Anna")], Import(b"digest", "site", 1))
    lists.close()
    return folder


@pytest.fixture
def desk(once: Path, tmp_path: Path) -> Path:
    """The folder of a stopped desk with an archive, two snapshots and a segment."""
    return shutil.copytree(once, tmp_path / "desk")


def found(desk: Path) -> list[tuple[Path, str]]:
    return list(damages(small_site(desk), lambda done, total: None))


def changed(path: Path, query: str, *arguments: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(query, arguments).rowcount > 0


def spoil_an_archived_entry(desk: Path) -> None:
    changed(desk / "journal/archive.db", "UPDATE entries SET t_ms = t_ms + 1 WHERE seq = ?", SPOILT)


def test_a_whole_desk_is_whole_and_its_reading_is_told(desk: Path) -> None:
    assert found(desk) == []
    told: list[tuple[int, int]] = []
    list(damages(small_site(desk), lambda done, total: told.append((done, total))))
    assert (CALLS * RUNS, CALLS * RUNS) in told, "the contacts of the vault"


def spoil_a_record(desk: Path) -> None:
    changed(desk / "journal/archive.db", "UPDATE records SET value = zeroblob(60)")


def spoil_packed_records(desk: Path) -> None:
    (path, *_) = sorted((desk / "journal").glob("segment-*.db"))
    changed(path, "UPDATE entries SET records = x'c1' WHERE records IS NOT NULL")


def empty(desk: Path) -> None:
    (desk / "journal/archive.db").write_bytes(b"")


def gone(desk: Path) -> None:
    (desk / "journal/archive.db").unlink()


def spoil_a_snapshot(desk: Path) -> None:
    path = min((desk / "journal").glob("snapshot-*"))
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def spoil_the_mark(desk: Path) -> None:
    (desk / "journal/synced").write_bytes(b"ACDSYNC\n" + b"\xff" * 12)


def drop_the_mark(desk: Path) -> None:
    (desk / "journal/synced").unlink()


def spoil_the_losses(desk: Path) -> None:
    (desk / "journal/losses").write_text("what?")


def spoil_a_number(desk: Path) -> None:
    changed(desk / "vault.db", "UPDATE parties SET sealed = zeroblob(40) WHERE contact = 7")


def spoil_a_contacts_key(desk: Path) -> None:
    changed(desk / "vault.db", "UPDATE contacts SET wrapped_key = zeroblob(60) WHERE contact = 150")


def spoil_a_person(desk: Path) -> None:
    changed(desk / "directory.db", "UPDATE people SET sealed = zeroblob(40)")


def another_key(desk: Path) -> None:
    (desk / "vault-key").unlink()
    MasterKey.load_or_create(desk / "vault-key", {})


Harm = Callable[[Path], None]

ALL: list[tuple[Harm, str, str]] = [
    (spoil_an_archived_entry, "journal/archive.db", f"entry {SPOILT} is damaged"),
    (empty, "journal/archive.db", "is not a journal file"),
    (gone, "journal/archive.db", "is missing"),
    (spoil_a_record, "journal", "noted in the journal does not pass"),
    (spoil_packed_records, "journal/segment-", "what a channel noted is damaged"),
    (spoil_a_snapshot, "journal/snapshot-", "is damaged"),
    (spoil_the_mark, "journal/synced", "is damaged: nothing tells how far"),
    (drop_the_mark, "journal/synced", "is missing: nothing tells how far"),
    (spoil_the_losses, "journal/losses", "restore it"),
    (spoil_a_number, "vault.db", "of 1 contacts numbers or documents do not pass"),
    (spoil_a_contacts_key, "vault.db", "of 1 contacts numbers or documents do not pass"),
    (spoil_a_person, "directory.db", "1 of 1 people do not pass"),
    (another_key, "vault.db", "is not the one that it was made with: bring back"),
]


@pytest.mark.parametrize(("harm", "file", "said"), ALL, ids=[harm.__name__ for harm, *_ in ALL])
def test_every_damage_is_found_with_its_file(desk: Path, harm: Harm, file: str, said: str) -> None:
    harm(desk)
    assert any(str(path).startswith(str(desk / file)) and said in why for path, why in found(desk)), found(
        desk
    )


@pytest.mark.parametrize(
    "harm",
    [one for one, *_ in ALL if one not in {gone, spoil_the_mark, drop_the_mark}],
    ids=lambda harm: harm.__name__,
)
def test_no_backup_has_it(desk: Path, tmp_path: Path, harm: Harm) -> None:
    """Each entry is read in the copy, and all that is sealed is opened."""
    harm(desk)
    with pytest.raises(BackupError, match=str(desk)):
        saved(desk, tmp_path / "saved")
    assert [path.name for path in tmp_path.iterdir()] == ["desk"]


def saved(desk: Path, target: Path) -> bool:
    made = back_up(Path("site.toml"), small_site(desk), target, with_key=False, on_copied=lambda size: None)
    return made.opened


def test_a_backup_says_what_it_could_not_open(desk: Path, tmp_path: Path) -> None:
    assert saved(desk, tmp_path / "one") is True
    (desk / "vault-key").unlink()
    assert saved(desk, tmp_path / "two") is False
    (desk / "site.toml").write_text(SITE)
    done = acd("backup", desk / "site.toml", tmp_path / "three")
    assert "checked (numbers, documents and lists not: no key)" in done.stdout, done.stderr
    assert json.loads((tmp_path / "three/backup.json").read_text())["opened"] is False


def test_the_command_finds_it_too(desk: Path) -> None:
    spoil_an_archived_entry(desk)
    (desk / "site.toml").write_text(SITE)
    done = acd("check", desk / "site.toml", "--data")
    assert done.returncode == 1
    assert f"acd: {desk}/journal/archive.db: entry {SPOILT} is damaged" in done.stderr


def test_what_is_gone_is_told_once(desk: Path) -> None:
    note_durably(desk / "journal/synced", 9_999)
    (desk / "site.toml").write_text(SITE)
    done = acd("check", desk / "site.toml", "--data")
    assert done.returncode == 1
    assert done.stderr.count("to 9999 were synced, and are gone") == 1


def spoil_a_page(desk: Path) -> None:
    """What SQLite itself cannot read."""
    path = desk / "journal/archive.db"
    with closing(sqlite3.connect(path)) as db:
        (facts,) = db.execute("SELECT facts FROM entries WHERE seq = ?", (SPOILT,)).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    begin = data.index(facts) // size * size
    data[begin : begin + size] = b"\xff" * size
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "said"),
    [(spoil_an_archived_entry, f"entry {SPOILT} is damaged"), (spoil_a_page, "malformed")],
)
def test_a_history_behind_damage_is_a_clear_answer_and_no_traceback(
    desk: Path,
    harm: Harm,
    said: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    harm(desk)

    async def story() -> None:
        channel = GoingOn(RUNS)
        async with served(small_site(desk), channel) as client:
            first = await client.request("GET", "/contacts/1")
            assert first.status_code == 200 or harm is spoil_a_page
            for contact in (25, 30, 150):
                answer = await client.request("GET", f"/contacts/{contact}")
                assert answer.status_code == 503
                error = answer.json()["error"]
                assert error["code"] == "journal_unreadable"
                assert error["reason"].startswith(f"{desk}/journal/archive.db: ")
                assert said in error["reason"]
            consumer = Consumer(socket_path(desk), _cursor(client.app, 5))
            with pytest.raises(CursorGone, match=said):
                await asyncio.wait_for(_all(consumer), 10)
            channel.arrive()

    with caplog.at_level(logging.ERROR):
        asyncio.run(story())
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err + caplog.text


def _cursor(app: App, seq: int) -> str:
    source = app.followers.socket.source
    return str(Cursor(source.head.epoch, seq))


async def _all(consumer: Consumer) -> None:
    async for _ in consumer.deliveries():
        pass
