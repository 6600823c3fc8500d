"""`acd erase`: a person who called is gone from every file, what others said and all counts stay."""

import asyncio
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from acd.core.events import ContactArrived
from acd.ports import Record
from acd.server.app import App
from acd.testing import NUMBER, ScriptedChannel, small_site
from queues.desk import Medium

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
    app = App(small_site(folder), [channel])
    await app.start()
    parties = {}
    for number in (CALLER, OTHER):
        ref = f"call-{number[-2:]}"
        parties[number] = channel.host.vault_party("number", number, NUMBER, ref)
        record = Record(channel.name, ref, f"INVITE from {number}".encode())
        channel.host.submit(ContactArrived(ref, NUMBER, Medium.VOICE, parties[number]), [record])
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


def test_a_person_is_erased_and_stands_in_no_file_before_and_after(tmp_path: Path) -> None:
    parties = asyncio.run(take_calls(tmp_path))
    assert not files_with(tmp_path, CALLER)
    done = erase(tmp_path, CALLER)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"contacts": 1}), done.stderr
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
