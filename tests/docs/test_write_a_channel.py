"""docs/guides/write-a-channel.md: its channel is installed and served, and the server killed."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guides" / "write-a-channel.md"
BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOOKS = (("format", "--check"), ("check", "--ignore", "ARG002"))
PATIENCE_S = 60.0
"""Only what hangs needs longer."""


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(PAGE.read_text()) if kind == language]


def installed(folder: Path) -> Path:
    """A folder for PYTHONPATH that holds what an installation of the page's package would."""
    project = tomllib.loads(blocks("toml")[0])["project"]
    told = folder / f"{project['name']}-{project['version']}.dist-info"
    told.mkdir(parents=True)
    (folder / "ask.py").write_text("\n".join(blocks("python")))
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (told / "METADATA").write_text(about)
    ((group, points),) = project["entry-points"].items()
    rows = "".join(f"{name} = {target}\n" for name, target in points.items())
    (told / "entry_points.txt").write_text(f"[{group}]\n{rows}")
    return folder


def until(look: Callable[[], Any], what: str) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < give_up_s, f"never came: {what}"
        time.sleep(0.02)


class End:
    """A customer's or an agent's program."""

    def __init__(self, path: Path, first: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(path))
        self._heard = self._socket.makefile("r")
        self.says(first)

    def says(self, line: str) -> None:
        self._socket.sendall(f"{line}\n".encode())

    def hears(self) -> str:
        """The next line; empty when the connection is closed."""
        return self._heard.readline().strip()

    def close(self) -> None:
        self._heard.close()
        self._socket.close()


class Served:
    """The page's site, `acd serve`d."""

    def __init__(self, folder: Path, confirm: str, come_back: str) -> None:
        self._folder, self.site, self._url = folder, folder / "site.toml", folder / "var" / "api-url"
        self._ends: list[End] = []
        text = blocks("toml")[1].replace('"2s"', f'"{confirm}"').replace('"1m"', f'"{come_back}"')
        extra = '[server]\napi = { port = 0 }\n[desk]\ndevice_grace = "1m"\n'
        self.site.write_text(extra + text)
        self._env = {**os.environ, "PYTHONPATH": str(installed(folder / "packages"))}
        self._process: subprocess.Popen[bytes] | None = None

    def acd(self, *words: str) -> str:
        command = [sys.executable, "-m", "acd", *words]
        return subprocess.run(command, env=self._env, capture_output=True, text=True, check=True).stdout

    def start(self) -> None:
        self._url.unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "acd", "serve", str(self.site)]
            self._process = subprocess.Popen(command, env=self._env, stdout=log, stderr=log)
        until(self._up, "a server that listens")

    def _up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        with contextlib.suppress(OSError, httpx.HTTPError):
            health = httpx.get(f"{self._url.read_text().strip()}/api/v1/health", trust_env=False)
            return health.status_code == 200
        return False

    def meets(self, first: str) -> End:
        """Somebody connects."""
        self._ends.append(End(self._folder / "ask.sock", first))
        return self._ends[-1]

    def kill(self) -> None:
        """And nobody connected stays so."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for end in self._ends:
            end.close()
        self._ends.clear()

    def dies_and_is_back(self) -> None:
        self.kill()
        self.start()

    def status(self) -> Any:
        return json.loads(self.acd("status", "--json", "--site", str(self.site)))


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    found = Served(tmp_path, *request.param)
    try:
        found.start()
        yield found
    finally:
        found.kill()


@pytest.mark.parametrize("served", [("1m", "1m")], indirect=True)
def test_a_question_is_answered_though_the_server_dies_at_every_step(served: Served) -> None:
    anna = served.meets("desk anna")
    customer = served.meets("ask q1 kunde@kunde.example Wo ist mein Paket?")
    assert {customer.hears(), customer.hears()} == {"kept", "waiting"}
    served.dies_and_is_back()
    customer, anna = served.meets("back q1"), served.meets("desk anna")
    assert customer.hears() == "waiting"
    served.acd("agent", "anna", "ready", "--site", str(served.site))
    offer = anna.hears()
    assert re.fullmatch(r"offer 1 \S+", offer), "with the question's id, which a record has kept"
    served.dies_and_is_back()
    anna = served.meets("desk anna")
    assert anna.hears() == offer, "the same offer, under the same key"
    anna.says("seen 1")
    anna.says("accept 1")
    assert anna.hears() == "yours 1"
    served.dies_and_is_back()
    anna = served.meets("desk anna")
    assert anna.hears() == "yours 1"
    anna.says("answer 1 Es kommt morgen.")
    assert anna.hears() == "away 1", "the customer is not back yet"
    customer = served.meets("back q1")
    assert customer.hears() == "waiting"
    anna.says("answer 1 Es kommt morgen.")
    assert (customer.hears(), customer.hears()) == ("answer Es kommt morgen.", "over")
    assert anna.hears() == "over 1"
    served.dies_and_is_back()
    assert served.meets("back q1").hears() == "", "what is over is swept"
    assert served.status()["contacts"] == []
    facts = served.acd("contact", "1", "--site", str(served.site), "--json")
    kinds = [one["kind"] for one in json.loads(facts)["history"]]
    assert kinds == ["Arrived", "Queued", "Offered", "Answered", "Released"]
    everything = b"".join(path.read_bytes() for path in (served.site.parent / "var").rglob("*.db*"))
    assert b"Paket" not in everything, "no question lies anywhere in clear"
    assert b"kunde.example" not in everything


@pytest.mark.parametrize("served", [("200ms", "200ms")], indirect=True)
def test_whoever_says_nothing_is_not_waited_for_longer_than_the_page_says(served: Served) -> None:
    anna = served.meets("desk anna")
    served.acd("agent", "anna", "ready", "--site", str(served.site))
    customer = served.meets("ask q1 kunde@kunde.example Wo ist mein Paket?")
    assert anna.hears().startswith("offer 1")
    while anna.hears():  # does not confirm: the connection is closed
        pass
    (agent,) = served.status()["agents"]
    assert (agent["state"], agent["reachable"]) == ("ready", [])
    customer.close()
    until(lambda: served.status()["contacts"] == [], "the end of a contact whose customer stayed away")


@pytest.mark.parametrize("served", [("1m", "1m")], indirect=True)
def test_strangers_and_long_lines_are_cut_off(served: Served) -> None:
    for first in (
        "desk nobody",
        "back q9",
        "ask q/1 a@b.example hm",
        "hello",
        "x" * 5_000,
        "ask q1 a@b.example",
    ):
        assert served.meets(first).hears() == ""
    assert served.status()["contacts"] == []


def test_a_mistake_in_the_channels_table_is_named_with_file_key_and_reason(tmp_path: Path) -> None:
    site = Served(tmp_path, "2s", "1m")
    site.site.write_text(site.site.read_text().replace('entry = "parcels"', 'entry = "parcel"'))
    with pytest.raises(subprocess.CalledProcessError) as failure:
        site.acd("check", str(site.site))
    assert 'ask.entry: unknown entry for questions "parcel"' in failure.value.stderr + failure.value.stdout


@pytest.mark.parametrize("check", LOOKS)
def test_the_pages_code_is_written_as_all_code_of_the_project(tmp_path: Path, check: tuple[str, ...]) -> None:
    """Its blocks are parts of one class, which no formatter of pages can know: it is switched off there."""
    source = str(installed(tmp_path / "packages") / "ask.py")
    rules = "--no-cache", "--config", str(ROOT / "pyproject.toml")
    command = [sys.executable, "-m", "ruff", *check, *rules, source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
