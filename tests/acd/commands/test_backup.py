"""`acd backup`: complete and checked while the server writes, and a desk can be started from it."""

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from acd.commands.check import readable
from acd.content.errors import VaultKeyError
from acd.content.master import MasterKey
from acd.content.vault import Vault
from acd.core.events import ContactId
from acd.journal import copying
from acd.journal.reading import JournalReader
from acd.ports import ChannelRecord, JournalEntry, PartyKind, Snapshot
from acd.server.app import App
from acd.server.backup import BackupError, back_up
from acd.server.stores import open_journal
from acd.testing import NUMBER, ScriptedChannel, small_site
from tests.acd.commands.test_cli import acd
from tests.acd.commands.test_erase import CALLER, SITE
from tests.acd.journal.test_sqlite_files import entry, opened
from tests.acd.server.test_app import status, until


async def a_desk(folder: Path) -> tuple[App, ScriptedChannel, str]:
    channel = ScriptedChannel()
    app = App(small_site(folder), [channel], web=False)
    await app.start()
    party, _ = channel.host.identify(PartyKind.NUMBER, CALLER, NUMBER, "call-1")
    channel.arrive(records=[ChannelRecord("scripted", "call-1", b"dialog")])
    return app, channel, party


def site_of(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "site.toml").write_text(SITE)
    return folder / "site.toml"


def test_a_desk_is_restored_from_a_backup_made_while_it_ran(tmp_path: Path) -> None:
    """Another process saves; contacts come before, during and after it. The restored desk is cold."""

    async def story() -> None:
        app, channel, party = await a_desk(tmp_path / "desk")
        saving = asyncio.to_thread(
            acd, "backup", site_of(tmp_path / "desk"), tmp_path / "saved", "--with-key", "--json"
        )
        task = asyncio.ensure_future(saving)
        before = app.driver.seq
        while not task.done():
            channel.arrive()
            await asyncio.sleep(0.05)
        done = task.result()
        assert (done.returncode, done.stderr) == (0, "")
        said = json.loads(done.stdout)
        assert before <= said["last_entry"] <= app.driver.seq
        assert json.loads((tmp_path / "saved/backup.json").read_text()) == said
        assert said["site"] == str(tmp_path / "desk/site.toml")
        await app.stop()
        assert {path.name for path in tmp_path.iterdir()} == {"desk", "saved"}

        vault = Vault(tmp_path / "saved/vault.db", MasterKey.load(tmp_path / "saved/vault-key"))
        assert vault.party(party) == CALLER
        vault.close()
        again = ScriptedChannel()
        app = App(small_site(tmp_path / "saved"), [again], web=False)
        await app.start()
        assert (status(app).contacts, again.records, again.carried) == ((), {}, [])
        assert [type(one.fact).__name__ for one in await app.control.history(ContactId(1))][:2] == [
            "Arrived",
            "Queued",
        ]
        await app.stop()

    asyncio.run(story())


def test_without_the_key_the_backup_can_be_counted_but_not_read(tmp_path: Path) -> None:
    async def story() -> None:
        app, _, _ = await a_desk(tmp_path / "desk")
        await until(lambda: app.gate.synced == app.driver.seq)
        made = back_up(
            Path("site.toml"),
            small_site(tmp_path / "desk"),
            tmp_path / "saved",
            with_key=False,
            on_copied=_any,
        )
        assert made.last_entry == app.driver.seq
        await app.stop()

    asyncio.run(story())
    assert len(list(JournalReader(tmp_path / "saved/journal").entries())) == 2
    with pytest.raises(VaultKeyError, match=r"no master key: set ACD_VAULT_KEY, or provide .*vault-key"):
        open_journal(readable(site_of(tmp_path / "saved")))


def _any(size: int) -> None:
    pass


def test_what_moves_to_the_archive_meanwhile_is_in_the_copy_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each segment is copied, the writer goes on, and the keeper archives what it can."""
    journal, _ = opened(tmp_path / "journal")
    seq = 0

    def go_on() -> None:
        nonlocal seq
        for _ in range(5):
            seq += 1
            journal.append(entry(seq))
        journal.flush()
        journal.snapshot(Snapshot(seq, 1, b"state %d" % seq))

    for _ in range(4):
        go_on()
    true_copy = copying.copy_database

    def busy(source: Path, target: Path, on_copied: copying.OnCopied) -> None:
        go_on()
        go_on()
        go_on()
        true_copy(source, target, on_copied)

    monkeypatch.setattr(copying, "copy_database", busy)
    last = copying.copy_journal(tmp_path / "journal", tmp_path / "copy", _any)
    journal.close()
    found: list[JournalEntry] = list(JournalReader(tmp_path / "copy").entries())
    assert [one.seq for one in found] == list(range(1, last + 1))
    assert last >= 20
    again, recovered = opened(tmp_path / "copy")
    assert recovered.snapshot is not None
    again.close()


def test_damage_is_found_and_then_there_is_no_backup(tmp_path: Path) -> None:
    async def story() -> None:
        app, _, _ = await a_desk(tmp_path / "desk")
        await app.stop()

    asyncio.run(story())
    data = bytearray((tmp_path / "desk/vault.db").read_bytes())
    data[4096:4200] = bytes(104)
    (tmp_path / "desk/vault.db").write_bytes(data)
    done = acd("backup", site_of(tmp_path / "desk"), tmp_path / "saved")
    assert done.returncode == 1
    assert "vault.db" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["desk"]


def test_a_backup_never_goes_into_a_folder_that_is_there(tmp_path: Path) -> None:
    site = site_of(tmp_path / "desk")
    done = acd("backup", site, tmp_path / "saved")
    assert (done.returncode, done.stderr) == (1, f"acd: there is no journal in {tmp_path / 'desk'}\n")
    (tmp_path / "desk/journal").mkdir()
    (tmp_path / "desk/journal/archive.db").touch()
    with pytest.raises(BackupError, match="is there already: name a new folder"):
        back_up(site, readable(site), tmp_path / "desk", with_key=False, on_copied=_any)


def test_a_copy_is_one_moment_however_much_is_written_meanwhile(tmp_path: Path) -> None:
    """Each step would begin anew after a write; so many steps as the file has, and no more, are told."""
    source = sqlite3.connect(tmp_path / "source.db", isolation_level=None)
    source.execute("PRAGMA journal_mode=WAL")
    source.execute("CREATE TABLE t (x BLOB)")
    for _ in range(3000):
        source.execute("INSERT INTO t VALUES (zeroblob(4000))")
    told: list[int] = []

    def write_on(size: int) -> None:
        told.append(size)
        source.execute("INSERT INTO t VALUES (zeroblob(4000))")

    copying.copy_database(tmp_path / "source.db", tmp_path / "copy.db", write_on)
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("SELECT count(*) FROM t").fetchone() == (3000,)
    assert len(told) == len([size for size in told if size > 0]) >= 3
    copy.close()
    source.close()


def test_a_folder_for_reading_only_is_enough_for_a_report(tmp_path: Path) -> None:
    """`--journal COPY` changes nothing in it."""

    async def story() -> None:
        app, _, _ = await a_desk(tmp_path / "desk")
        await app.stop()

    asyncio.run(story())
    shutil.copytree(tmp_path / "desk/journal", tmp_path / "copy")
    before = {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()}
    done = acd("kpi", "--journal", tmp_path / "copy", "--client", "nordwind", "--day", "2026-11-30", "--json")
    assert done.returncode in (0, 1), done.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()} == before
