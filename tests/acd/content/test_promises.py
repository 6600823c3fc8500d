"""What was reported as synced is there after the death of the process, and was synced before the report."""

import random
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from acd.content.master import MasterKey
from acd.content.vault import Vault

CHILD = Path(__file__).with_name("keeping_child.py")
SEED = 20_261_130
REPORT = re.compile(r"kept (\d+) ([0-9a-f]{32})")


def kill_after(directory: Path, reports: int) -> dict[str, int]:
    """Kill the child after so many reports, then read the rest of them: document → number."""
    child = subprocess.Popen([sys.executable, str(CHILD), str(directory), "0"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    found = {}
    for line in child.stdout:
        report = REPORT.match(line.decode())
        assert report is not None
        found[report[2]] = int(report[1])
        if len(found) == reports:
            child.kill()
    child.stdout.close()
    assert child.wait() == -9
    return found


def kill_again_and_again(directory: Path, times: int) -> None:
    chance, kept = random.Random(SEED), dict[str, int]()
    for _ in range(times):
        kept |= kill_after(directory, chance.randint(1, 40))
        with closing(Vault(directory / "vault.db", MasterKey(bytes(range(32))))) as vault:
            for document, number in kept.items():
                assert list(vault.read(document)) == [b"%d " % number * 500, b"end of %d" % number]
        with closing(sqlite3.connect(directory / "vault.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_five_kills_while_storing_lose_no_document_that_was_promised(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 5)


@pytest.mark.long
def test_a_hundred_kills_while_storing_lose_no_document_that_was_promised(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 100)


def test_every_promise_follows_an_fsync_that_follows_the_last_write_of_the_vault(tmp_path: Path) -> None:
    """As the system calls say, so this holds for the death of the machine, too."""
    trace = tmp_path / "trace.txt"
    command = ["strace", "-f", "-y", "-s", "64", "-o", str(trace)]
    command += ["-e", "trace=pwrite64,write,fsync,fdatasync", sys.executable, str(CHILD), str(tmp_path), "20"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=200)
    unsynced, promised = False, 0
    for line in trace.read_text(errors="replace").splitlines():
        if "pwrite64(" in line and "vault.db-wal>" in line:
            unsynced = True
        elif re.search(r"(fsync|fdatasync)\(\d+<[^>]*vault\.db-wal>", line) and "unfinished" not in line:
            assert line.endswith("= 0")
            unsynced = False
        elif REPORT.search(line):
            promised += 1
            assert not unsynced, line
    assert promised == 20
