"""The systemd unit fits the program: its exit codes, and what it may kill."""

import re
import shutil
import subprocess
from pathlib import Path

from acd.server.serving import Exit

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "packaging" / "acd.service"


def test_the_unit_does_not_restart_where_that_cannot_help() -> None:
    """Exit codes 2 (bad site) and 3 (journal), and no other."""
    (prevented,) = re.findall(r"^RestartPreventExitStatus=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert {int(code) for code in prevented.split()} == {2, int(Exit.JOURNAL_UNUSABLE)}


def test_the_unit_tries_again_for_as_long_as_it_takes() -> None:
    """Five failures in ten seconds, as on a full disk, would else be the end of it."""
    assert "\nStartLimitIntervalSec=0\n" in UNIT.read_text().partition("[Service]")[0]


def test_the_unit_leaves_the_media_process_alive() -> None:
    """Calls go on while the server is restarted, so only the main process is killed."""
    assert re.search(r"^KillMode=process$", UNIT.read_text(), re.MULTILINE)


def test_a_list_with_a_bad_row_keeps_no_desk_from_starting() -> None:
    """`acd check` says no to it, `acd serve` goes on with the last good version."""
    assert "ExecStartPre" not in UNIT.read_text()


def test_systemd_accepts_the_unit_where_there_is_one(tmp_path: Path) -> None:
    """Every line is a known setting (checked by name if systemd-analyze is not installed)."""
    text = UNIT.read_text()
    tool = shutil.which("systemd-analyze")
    if tool is not None:
        copy = tmp_path / "acd.service"
        copy.write_text(text.replace("/opt/acd/bin/acd", "/bin/true").replace("/etc/acd", str(tmp_path)))
        found = subprocess.run([tool, "verify", str(copy)], capture_output=True, text=True, check=False)
        assert "Unknown" not in found.stderr
    settings = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+=.*", line) for line in settings)
