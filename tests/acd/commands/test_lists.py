"""`acd vip` and `acd users`: a list is compared before it is replaced, and every failure says what stands."""

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acd.files import replace_file
from tests.acd.commands.test_cli import CLEAN, SITE, Server, acd

HEADING = "number;mail;name;class;head_start;valid_from;valid_until"
ANNA = "030 5550101;;Anna Beispiel;1;;;"
BERT = "030 5550102;;Bert Beispiel;;10m;;2025-12-31"


def write(path: Path, *rows: str, heading: str = HEADING) -> Path:
    path.write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose client has both lists; `later` has none."""
    path = tmp_path / "site.toml"
    lists = 'name = "Nordwind"\nregion = "DE"\nvip_list = "vip.csv"\nuser_list = "users.csv"'
    path.write_text(SITE.replace('name = "Nordwind"', lists) + '\n[tenants.later]\nname = "Later"\n')
    write(tmp_path / "vip.csv", ANNA, BERT)
    write(tmp_path / "users.csv", "030 5550104;Dora", heading="number;name")
    return path


@pytest.fixture
def server(site: Path) -> Iterator[Server]:
    running = Server(site)
    try:
        yield running
    finally:
        assert running.stop() == 0


def shown(result: subprocess.CompletedProcess[str]) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_list_is_compared_then_replaced_then_in_force_and_in_its_history(
    site: Path, server: Server
) -> None:
    file, new = site.parent / "vip.csv", site.parent / "new.csv"
    file.chmod(0o640)
    before = file.read_bytes()
    write(new, "030 5550101;anna@board.example;Anna Beispiel;2;;;", "030 5550103;;Carla;;5m;2099-01-01;")
    command = ("vip", "import", new, "--client", "nordwind", "--site", site)

    looked = acd(*command, "--dry-run")
    assert looked.returncode == 0
    for part in ("+1 −1 ~1", "+49305550103", "Bert Beispiel", "class 1 → 2", "+ anna@board.example"):
        assert part in looked.stdout, looked.stdout
    assert looked.stdout.endswith("nothing was changed\n")
    assert file.read_bytes() == before

    done = shown(acd(*command, "--yes", "--json"))
    assert (done["state"], done["version_before"], done["version"], done["rows"]) == ("in_force", 1, 2, 2)
    assert [len(done[key]) for key in ("added", "removed", "changed")] == [1, 1, 1]
    assert file.read_bytes() == new.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [one.name for one in site.parent.iterdir() if one.name.startswith(".vip")] == []

    again = acd(*command, "--yes")
    assert again.stdout.endswith("nothing to do: this is what holds\n")

    where = ("--client", "nordwind", "--site", site)
    held = shown(acd("vip", "list", *where, "--json"))
    assert held["version"] == 2
    assert [(row["name"], row["state"]) for row in held["rows"]] == [
        ("Anna Beispiel", "valid"),
        ("Carla", "not yet valid"),
    ]
    past = shown(acd("vip", "history", *where, "--json"))["versions"]
    assert [(one["version"], one["by"], one["added"], one["removed"], one["changed"]) for one in past] == [
        (2, "api:operator", 1, 1, 1),
        (1, "site", 2, 0, 0),
    ]
    change = acd("vip", "history", *where, "--version", "2")
    assert "+1 −1 ~1" in change.stdout
    assert "class 1 → 2" in change.stdout
    first = shown(acd("vip", "history", *where, "--version", "1", "--json"))
    assert (first["before"], len(first["added"])) == (0, 2)
    assert acd("vip", "history", *where, "--version", "9").returncode == 1
    assert "Dora" in acd("users", "list", *where).stdout


def test_an_expired_row_is_marked_in_the_file_and_in_what_holds(site: Path) -> None:
    """`--file` needs no server."""
    found = acd("vip", "list", "--client", "nordwind", "--site", site, "--file", env={"COLUMNS": "120"})
    assert found.returncode == 0
    (bert,) = [line for line in found.stdout.splitlines() if "Bert" in line]
    assert "… 2025-12-31" in bert
    assert bert.rstrip().endswith("expired")
    (anna,) = [line for line in found.stdout.splitlines() if "Anna" in line]
    assert "expired" not in anna


def test_without_a_server_the_file_is_replaced_and_said_to_be_taken_in_later(site: Path) -> None:
    new = write(site.parent / "new.csv", ANNA)
    result = acd("vip", "import", new, "--client", "nordwind", "--site", site, "--yes")
    file = site.parent / "vip.csv"
    assert result.returncode == 1
    assert "+0 −1 ~0" in result.stdout
    assert result.stderr.splitlines()[-1] == (
        f"acd: {file} is replaced; the server takes it in at its next start, or by `acd lists`"
    )
    assert file.read_bytes() == new.read_bytes()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (['="0301234";;;1;;;'], 'row 2, number: "="0301234"" is a formula of a spreadsheet: write the value'),
        (
            ["4.930555E+11;;;1;;;"],
            'row 2, number: "4.930555E+11" was a number that a spreadsheet has rounded',
        ),
        ([ANNA, ";;;1;;;"], "row 3: names nobody"),
    ],
)
def test_a_file_that_the_server_would_refuse_changes_nothing(
    site: Path, rows: list[str], reason: str
) -> None:
    file = site.parent / "vip.csv"
    before = file.read_bytes()
    new = write(site.parent / "new.csv", *rows)
    result = acd("vip", "import", new, "--client", "nordwind", "--site", site, "--yes")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{new}: {reason}" in result.stderr
    assert file.read_bytes() == before


def test_who_stands_twice_is_a_warning(site: Path) -> None:
    new = write(site.parent / "new.csv", ANNA, "+49 30 5550101;;Anna;;5m;;")
    result = acd("vip", "import", new, "--client", "nordwind", "--site", site, "--dry-run")
    assert result.returncode == 0
    assert f'{new}: row 3: "+49305550101" stands in row 2, too' in result.stderr


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        (
            "later",
            'client later has no vip_list: write vip_list = "FILE.csv" into [tenants.later], put a file',
        ),
        ("nordwnd", "there is no client 'nordwnd', did you mean \"nordwind\"?"),
    ],
)
def test_a_client_without_a_list_is_told_how_to_get_one(site: Path, client: str, reason: str) -> None:
    new = write(site.parent / "new.csv", ANNA)
    result = acd("vip", "import", new, "--client", client, "--site", site, "--yes")
    assert (result.returncode, result.stdout) == (2, "")
    assert reason in result.stderr


def test_a_script_must_say_yes_and_who_says_no_changes_nothing(site: Path) -> None:
    new, file = write(site.parent / "new.csv", ANNA), site.parent / "vip.csv"
    before = file.read_bytes()
    command = ("vip", "import", str(new), "--client", "nordwind", "--site", str(site))
    silent = acd(*command)
    assert (silent.returncode, silent.stderr) == (
        2,
        "acd: nobody can be asked here: give --yes or --dry-run\n",
    )
    leader, follower = pty.openpty()
    with os.fdopen(leader, "wb", buffering=0) as keys:
        keys.write(b"n\n")
        asked = subprocess.run(
            [sys.executable, "-m", "acd", *command],
            stdin=follower, capture_output=True, text=True, env=CLEAN, timeout=120, check=False,
        )  # fmt: skip
        os.close(follower)
    assert asked.returncode == 1
    assert "Put this in force?" in asked.stdout
    assert asked.stdout.endswith("nothing was changed\n")
    assert file.read_bytes() == before


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a symbolic link, too; what was half written is gone."""
    file, link = tmp_path / "vip.csv", tmp_path / "link.csv"
    file.write_bytes(b"old")
    file.chmod(0o604)
    link.symlink_to(file)
    replace_file(link, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode), link.is_symlink()) == (b"new", 0o604, True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(file, b"newer")
    assert file.read_bytes() == b"new"
    assert sorted(tmp_path.iterdir()) == [link, file]
