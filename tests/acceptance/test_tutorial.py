"""The page "Your first call" does what it says: its commands are typed, its outputs are looked for."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.desk import free_udp_port, until
from tests.acceptance.phones import free_tcp_port
from tests.acceptance.sound import read_wav
from tests.acceptance.studio import windows
from tests.acceptance.terminal import Terminal

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "your-first-call.md"
_BLOCK = re.compile(r"^```(sh|keys|text) (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Reader:
    """Follows the page in four terminals, with free ports in place of those printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv").symlink_to(sys.prefix)
        ports = {old: str(free_udp_port()) for old in ("5060", "5070", "5080")}
        self._ports = {**ports, "8090": str(free_tcp_port())}
        shutil.copytree(ROOT / "config" / "demo", folder / "config" / "demo")
        site = folder / "config" / "demo" / "site.toml"
        site.write_text(self.put_ports(site.read_text()))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ACD_")}
        names = ("desk", "anna", "caller", "you")
        self.terminals = {name: Terminal(folder, environment) for name in names}

    def put_ports(self, text: str) -> str:
        for old, new in self._ports.items():
            text = re.sub(rf"\b{old}\b", new, text)
        return text

    def follow(self, kind: str, name: str, text: str) -> None:
        """One block: commands are typed, keys pressed, outputs looked for line by line."""
        terminal, text = self.terminals[name], self.put_ports(text)
        if kind == "text":
            for line in text.splitlines():
                terminal.until_shown(line)
            return
        if kind == "keys":
            terminal.type(text.strip())
        elif name == "you":
            terminal.run(text)
        else:
            terminal.type(text)

    def heard(self, name: str, hz: int) -> bool:
        """Whether this tone is in what the phone wrote down."""
        found = sorted((self.folder / "var" / "tutorial" / name).glob("dump-*-dec.wav"))
        return any(any(windows(read_wav(path), hz)) for path in found)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    made = Reader(tmp_path)
    yield made
    for terminal in made.terminals.values():
        terminal.end()


def test_a_newcomer_follows_the_page_to_the_end(reader: Reader) -> None:
    blocks = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) > 15
    for kind, name, text in blocks:
        if kind == "keys":
            until(lambda: reader.heard("anna", 600), "the caller's tone at Anna")
            until(lambda: reader.heard("caller", 440), "Anna's tone at the caller")
        reader.follow(kind, name, text)
    for name in ("anna", "caller"):
        reader.terminals[name].type("q")
    reader.terminals["desk"].type("\x03")
    until(lambda: '"stopped"' in reader.terminals["desk"].shown(), "the end of the desk")
    assert reader.terminals["desk"].leave() == 0
