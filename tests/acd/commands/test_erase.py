"""`acd erase`: a person who called is gone from every file, what others said and all counts stay."""

import asyncio
import base64
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.errors import VaultUnknownError
from acd.content.master import MasterKey
from acd.content.vault import Vault
from acd.core.events import ContactArrived
from acd.ports import ChannelRecord, PartyKind
from acd.server.app import App
from acd.testing import NUMBER, ScriptedChannel, small_site
from agents.capacity import VOICE

CHILD = Path(__file__).parents[1] / "content" / "serving_child.py"
CALLER = "+4930555019955577"
OTHER = "+4930555019955588"
SITE = """
[server]
data_dir = "."
journal = "sqlite"
[server.api]
host = "127.0.0.1"
port = 0
[skills]
german = "Deutsch"
[tenants.nordwind]
name = "Nordwind"
[lines.helpdesk]
tenant = "nordwind"
skills = { german = 1 }
[entries.voice."+49 30 555 0101"]
line = "helpdesk"
[agents.anna]
name = "Anna"
skills = { german = 9 }
"""


async def take_calls(folder: Path) -> dict[str, str]:
    """Two calls whose records name the caller, as a SIP dialog does; then the server stops."""
    channel = ScriptedChannel()
    app = App(small_site(folder), [channel], web=False)
    await app.start()
    parties = {}
    for number in (CALLER, OTHER):
        ref = f"call-{number[-2:]}"
        parties[number] = channel.host.identify(PartyKind.NUMBER, number, NUMBER, ref)[0]
        record = ChannelRecord(channel.name, ref, f"INVITE from {number}".encode())
        channel.host.submit(ContactArrived(ref, NUMBER, VOICE, parties[number]), [record])
    await app.stop()
    return parties


def files_with(folder: Path, text: str) -> list[Path]:
    """Files that hold it as UTF-8, UTF-16, hex or base64."""
    raw = text.encode()
    shapes = (raw, text.encode("utf-16-le"), raw.hex().encode(), base64.b64encode(raw)[:-4])
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(shape in path.read_bytes() for shape in shapes)]


def erase(folder: Path, number: str) -> "subprocess.CompletedProcess[str]":
    (folder / "site.toml").write_text(SITE)
    command = [sys.executable, "-m", "acd", "erase", str(folder / "site.toml"), number, "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


class Desk:
    """The server as a process; `call` returns when the caller's number is promised."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, str(CHILD), str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._answer() == "serving"

    def call(self, number: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(number + "\n")
        self.process.stdin.flush()
        word, _, party = self._answer().partition(" ")
        assert word == "kept"
        return party

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        assert self.process.returncode == (-9 if number is signal.SIGKILL else 0)

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


def look_into(folder: Path) -> None:
    """A second process opens every SQLite file, reads, and closes it: an operator's shell, a backup."""
    code = (
        "import sqlite3, sys\n"
        "for name in sys.argv[1:]:\n"
        "    db = sqlite3.connect(name)\n"
        "    db.execute('SELECT count(*) FROM sqlite_schema').fetchone()\n"
        "    db.close()\n"
    )
    files = [str(path) for path in folder.rglob("*.db")]
    subprocess.run([sys.executable, "-c", code, *files], check=True, timeout=60)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_erasing_beside_the_running_server_harms_nothing(tmp_path: Path, end: signal.Signals) -> None:
    """However it ends then: every number promised before and after is there, and only one person is gone."""
    (tmp_path / "site.toml").write_text(SITE)
    with Desk(tmp_path) as desk:
        before = {f"+493055501{n:02}": desk.call(f"+493055501{n:02}") for n in range(5)}
        gone = desk.call(CALLER)
        look_into(tmp_path)
        done = erase(tmp_path, CALLER)
        assert (done.returncode, done.stdout) == (0, '{"contacts": 1, "lists": 0}\n'), done.stderr
        look_into(tmp_path)
        after = {f"+493055502{n:02}": desk.call(f"+493055502{n:02}") for n in range(24)}
        again = desk.call(CALLER)
        desk.end(end)
    checked = subprocess.run(
        [sys.executable, "-m", "acd", "check", str(tmp_path / "site.toml"), "--data"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
    with closing(Vault(tmp_path / "vault.db", MasterKey.load(tmp_path / "vault-key"))) as vault:
        for number, party in (before | after | {CALLER: again}).items():
            assert vault.party(party) == number
        with pytest.raises(VaultUnknownError):
            vault.party(gone)
    asyncio.run(starts_again(tmp_path, contacts=31))


async def starts_again(folder: Path, contacts: int) -> None:
    app = App(small_site(folder), [ScriptedChannel()], web=False)
    await app.start()
    assert len(app.driver.engine.state.contacts) == contacts
    await app.stop()


def test_erasing_beside_a_server_that_does_not_answer_is_refused(tmp_path: Path) -> None:
    """It owns the vault; nobody else touches the file."""
    (tmp_path / "site.toml").write_text(SITE)
    with Desk(tmp_path) as desk:
        desk.call(CALLER)
        (tmp_path / "api-url").write_text("http://127.0.0.1:9\n")
        done = erase(tmp_path, CALLER)
        assert done.returncode == 1
        assert f"in use by process {desk.process.pid}" in done.stderr
        assert "no server answers at http://127.0.0.1:9" in done.stderr
        desk.end(signal.SIGTERM)


@pytest.mark.parametrize("what", ["vault.db", "journal/archive.db"])
def test_a_damaged_file_is_found_by_the_check_of_the_data(tmp_path: Path, what: str) -> None:
    asyncio.run(take_calls(tmp_path))
    (tmp_path / "site.toml").write_text(SITE)
    damaged = tmp_path / what
    content = bytearray(damaged.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    damaged.write_bytes(content)
    command = [sys.executable, "-m", "acd", "check", str(tmp_path / "site.toml"), "--data"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert str(damaged) in done.stderr


def test_a_person_is_erased_and_stands_in_no_file_before_and_after(tmp_path: Path) -> None:
    parties = asyncio.run(take_calls(tmp_path))
    assert not files_with(tmp_path, CALLER)
    done = erase(tmp_path, CALLER)
    assert (done.returncode, done.stdout) == (0, '{"contacts": 1, "lists": 0}\n'), done.stderr
    assert not files_with(tmp_path, CALLER)
    vault = (tmp_path / "vault.db").read_bytes()
    assert parties[CALLER].encode() not in vault
    assert parties[OTHER].encode() in vault
    facts = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert parties[CALLER].encode() in facts, "the history keeps the opaque id, so that counts stay"


def test_erasing_twice_says_that_nobody_is_known(tmp_path: Path) -> None:
    asyncio.run(take_calls(tmp_path))
    erase(tmp_path, CALLER)
    assert erase(tmp_path, CALLER).returncode == 1


@pytest.mark.parametrize("number", ["+49305550000", "nobody@example.invalid"])
def test_a_stranger_is_the_answer_no(tmp_path: Path, number: str) -> None:
    asyncio.run(take_calls(tmp_path))
    assert erase(tmp_path, number).returncode == 1


def test_data_that_no_server_could_start_with_are_not_called_ok(tmp_path: Path) -> None:
    """No folder, as by a mistyped name; or a vault whose key is not there."""
    site, data_dir = tmp_path / "site.toml", tmp_path / "var"
    site.write_text(SITE.replace('data_dir = "."', 'data_dir = "var"'))
    command = [sys.executable, "-m", "acd", "check", str(site), "--data"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.count(f"{data_dir}: there is no such folder")) == (1, 1), done.stderr
    data_dir.mkdir()
    with closing(sqlite3.connect(data_dir / "vault.db")) as vault:
        vault.execute("CREATE TABLE empty (one)")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert str(data_dir / "vault-key") in done.stderr
