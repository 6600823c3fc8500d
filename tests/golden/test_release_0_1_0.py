"""Data folders of release 0.1.0, one stopped and one killed: after `acd upgrade` they tell the same."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "0.1.0"
FOLDERS = ("stopped", "killed")
SITE = """
server = { data_dir = "var", drain = "0s", api.port = 0 }
desk = { pause_reasons = ["break"], interrupts.voice = ["mail"] }
tenants = { nordwind = {}, suedlicht = {} }
skills = { help = "Help", expert = "Expert", vpn = "VPN" }
agents.anna = { skills.help = 3, capacity = { voice = 1, mail = 1 } }
agents.bert = { skills.help = 1, capacity = { voice = 1, mail = 1 } }
agents.carla = { skills = { help = 1, expert = 5 }, capacity = { voice = 1, mail = 1 } }
agents.dora = { skills.vpn = 2, capacity = { voice = 1, mail = 1 } }
lines.help = { tenant = "nordwind", skills.help = 1 }
lines.expert = { tenant = "nordwind", skills.expert = 1, level = 2 }
lines.vpn = { tenant = "suedlicht", skills.vpn = 1 }
lines.closed = { tenant = "suedlicht", skills.vpn = 1 }
entries.voice.help.line = "help"
entries.voice.vpn.line = "vpn"
entries.voice.closed.line = "closed"
entries.mail."help@nordwind.example".line = "help"
"""
"""The desk of the recording as a site of today: site files may change with a version, journals must last."""


@pytest.fixture(params=FOLDERS, scope="module")
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Name and site of a folder that `acd upgrade` has seen."""
    name: str = request.param
    unpacked = tmp_path_factory.mktemp(name)
    with tarfile.open(FOLDER / f"{name}.tar.xz") as tar:
        tar.extractall(unpacked, filter="data")
    site = unpacked / "site.toml"
    site.write_text(SITE)
    acd("upgrade", str(site))
    return name, site


@pytest.mark.parametrize("client", ["nordwind", "suedlicht"])
def test_kpis_are_the_same_figures(upgraded: tuple[str, Path], client: str) -> None:
    name, site = upgraded
    asked = ("--client", client, "--day", "2025-11-12", "--interval", "day", "--threshold", "5s")
    found = shown("kpi", *asked, "--site", str(site))
    was = without(expected(f"{name}-kpi-{client}"), NOT_RIPE)
    assert was["total"]["counts"]["arrived"] > 2
    assert told_then(was, found) == was


def test_a_contact_has_the_same_history(upgraded: tuple[str, Path]) -> None:
    """Of a call that was handed to the second level, and of a mail that a call interrupted."""
    name, site = upgraded
    with serving(site):
        for number in ("5", "6"):
            found = shown("contact", number, "--site", str(site))
            was = expected(f"{name}-contact-{number}")
            assert len(was["history"]) > 8
            assert told_then(was, found) == was


NOT_RIPE = ("resolvable", "recontacted", "resolved_first", "first_contact_resolution", "recontact_rate")
"""Whether somebody comes again is known a week later. 0.1.0 went by the reader's clock."""


def without(found: Any, keys: tuple[str, ...]) -> Any:
    """The same, with these keys nowhere in it."""
    if isinstance(found, dict):
        return {key: without(value, keys) for key, value in found.items() if key not in keys}
    return [without(one, keys) for one in found] if isinstance(found, list) else found


def told_then(was: Any, found: Any) -> Any:
    """`found` without the keys that were not told then: later versions may say more, never less."""
    if isinstance(was, dict) and isinstance(found, dict):
        return {key: told_then(was[key], found[key]) for key in was if key in found}
    if isinstance(was, list) and isinstance(found, list) and len(was) == len(found):
        return [told_then(*both) for both in zip(was, found, strict=True)]
    return found


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ACD_")}


def acd(*words: str) -> str:
    command = [sys.executable, "-m", "acd", *words]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(acd(*words, "--json"))
    return found


SOON_AFTER = """
import time
began_ns = time.monotonic_ns()
time.time_ns = lambda: 1_762_992_060_000_000_000 + time.monotonic_ns() - began_ns
from acd.commands.cli import main
main()
"""
"""`acd` on 13 November 2025, 0:01 UTC: a year later, a year of deadlines would be made up for, one by one."""


@contextmanager
def serving(site: Path) -> Iterator[None]:
    """`acd serve` until the end of the block; it must stop cleanly."""
    command = [sys.executable, "-c", SOON_AFTER, "serve", str(site)]
    with subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert any(json.loads(line)["message"] == "serving" for line in process.stderr)
            yield
            process.terminate()
            said = process.stderr.read()
            assert process.wait(60) == 0, said
        finally:
            process.kill()
