"""A desk to be measured: a site file, `acd serve` as a process, and what its processes cost."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from acd.web import PREFIX

START_LIMIT_S = 30.0
PASSWORD = "bench-secret-0001"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

SITE = """
[server]
data_dir = "data"
journal = "sqlite"
drain = "1s"
[server.api]
port = 0
token_file = "secret"
[desk]
languages = ["en"]
[sip]
phone_qualify = "0s"
listen = "127.0.0.1:0"
media_ports = "{media_ports}"
sign_in = "register"
[[sip.trunks]]
name = "load"
addresses = ["127.0.0.0/8"]
[tenants.nordwind]
[groups.everybody]
members = [{members}]
[lines.helpdesk]
tenant = "nordwind"
groups = ["everybody"]
ring = "10s"
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time of all our processes, and the clock, at one moment; memory in bytes."""

    server_ms: float
    media_ms: float
    at_s: float
    rss: int
    busy_s: float
    """CPU time that the whole machine has spent working."""

    @property
    def total_ms(self) -> float:
        return self.server_ms + self.media_ms


@dataclass
class Desk:
    """`agents` agents with one line; `entries`: (number, class). A context manager; a folder each."""

    folder: Path
    agents: int
    entries: tuple[tuple[str, int], ...] = (("100", 5),)
    port: int = 0
    server: int = 0
    media: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def users(self) -> list[str]:
        return [f"agent{number}" for number in range(self.agents)]

    def __enter__(self) -> "Desk":
        site = self._write()
        log = self.folder / "log"
        with log.open("wb") as stderr:
            command = [sys.executable, "-c", "from acd.commands.cli import main; main()", "serve", str(site)]
            self._process = subprocess.Popen(command, stdout=stderr, stderr=stderr, cwd=self.folder)
        self.server = self._process.pid
        try:
            self.port = self._listening(log)
            self.media = self._find_media()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Stop the server and the media process."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._end_media()

    def _write(self) -> Path:
        self.folder.mkdir()
        secret = self.folder / "secret"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        text = SITE.format(media_ports="20000-39999", members=", ".join(f'"{user}"' for user in self.users()))
        text += "".join(
            f'[agents.{user}]\nphone = "{user}"\npassword_file = "secret"\n' for user in self.users()
        )
        text += "".join(
            f'[entries.voice."{number}"]\nline = "helpdesk"\nclass = {rank}\n'
            for number, rank in self.entries
        )
        site = self.folder / "site.toml"
        site.write_text(text)
        return site

    def _listening(self, log: Path) -> int:
        assert self._process is not None
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end and self._process.poll() is None:
            lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
            known = {line.get("message"): line for line in lines}
            if "serving" in known and "sip listens" in known:
                return int(known["sip listens"]["address"].rpartition(":")[2])
            time.sleep(0.05)
        raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")

    def _find_media(self) -> int:
        """The process that holds the socket of our data directory."""
        wanted = str(self.folder / "data").encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.server:
                words = _words(entry)
                if b"channels.media.embedded" in words and any(word.startswith(wanted) for word in words):
                    return int(entry.name)
        raise RuntimeError("no media process")

    def _end_media(self) -> None:
        """A server that still had calls has left it running."""
        if self.media and b"channels.media.embedded" in _words(Path(f"/proc/{self.media}")):
            os.kill(self.media, 15)

    def cost(self) -> Cost:
        """What our processes have used so far."""
        rss = _rss(self.server) + _rss(self.media)
        return Cost(_cpu_ms(self.server), _cpu_ms(self.media), time.monotonic(), rss, _busy_s())

    def metrics(self) -> dict[str, float]:
        """The server's own counters."""
        lines = self._get("/metrics").decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def await_signed_in(self, limit_s: float = 30.0) -> None:
        """Return when all agents are signed in. Raises RuntimeError."""
        end = time.monotonic() + limit_s
        while missing := self._signed_out():
            if time.monotonic() > end:
                raise RuntimeError(f"{missing} of {self.agents} agents are not signed in")
            time.sleep(0.1)

    def _signed_out(self) -> int:
        agents = json.loads(self._get("/agents"))["agents"]
        return sum(agent["state"] == "signed_out" for agent in agents)

    def _get(self, path: str) -> bytes:
        url = (self.folder / "data" / "api-url").read_text().strip() + PREFIX + path
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {PASSWORD}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: bytes = answer.read()
        return body


def _words(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _cpu_ms(pid: int) -> float:
    """User and system time of all threads; the kernel scales it to the exact run time, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _busy_s() -> float:
    numbers = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / TICKS_PER_S


def free_udp_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])
