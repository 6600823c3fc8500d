"""The processes of the demonstration: the desk, agents' phones, callers; started, listened to, ended."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from acd.commands.client import Client, ClientError, Target
from channels.demo.supervisor import RUSH
from config.load import DEMO_SITE

AGENTS = ("anna", "bert", "clara", "david", "emine")
PYVOIP_AGENT = "fritz"
ENTRIES = ("+49305550101", "+49305550101", "+49305550100", "+49895550201", "+49895550202", "2000")
"""What is dialled; the first one twice as often."""
VIP_ENTRY = "+49305550100"
RUSH_CALLS = 8
"""More than there are agents."""

START_S = 30
STOP_S = 20

Report = Mapping[str, Any]

SITE = """\
include = [{clients}, {agents}]

[server]
data_dir = "data"
journal = "sqlite"
drain = "5s"
timezone = "Europe/Berlin"

[server.api]
host = "127.0.0.1"
port = {api_port}
token_env = "ACD_DEMO_TOKEN"

[desk]
languages = ["de", "en"]
pause_reasons = ["break", "lunch", "meeting", "training"]

[sip]
listen = "127.0.0.1:{sip_port}"
media_ports = "{media_ports}"
sign_in = "register"

[[sip.trunks]]
name = "callers"
addresses = ["127.0.0.1"]
outbound = "127.0.0.1:{callers_port}"
caller_id = "+49305550100"

[[outbound]]
purpose = "callback"
classes = ["local"]

[[outbound]]
purpose = "all_clear"
classes = ["local"]
"""

CALLED_BACK = 2
"""Callers: one who was promised it, and one who is told that the network is up again."""


class DemoError(Exception):
    """A part of the demonstration did not start."""


class Show:
    """A context manager: whatever was started is ended on the way out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = _environment()
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._reports: list[Report] = []
        self._readers: list[threading.Thread] = []
        sip_port, api_port = _free_port(socket.SOCK_DGRAM), _free_port(socket.SOCK_STREAM)
        self._server = f"127.0.0.1:{sip_port}"
        self._callers_port = _free_port(socket.SOCK_DGRAM)
        self.target = Target(f"http://127.0.0.1:{api_port}", self._environment["ACD_DEMO_TOKEN"])
        self._site = folder / "site.toml"
        demo = DEMO_SITE.parent.absolute()
        clients, agents = (json.dumps(str(demo / name)) for name in ("clients.toml", "agents.toml"))
        ports = {"sip_port": sip_port, "api_port": api_port, "media_ports": _media_ports()}
        ports["callers_port"] = self._callers_port
        self._site.write_text(SITE.format(clients=clients, agents=agents, **ports))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, calling_s: int) -> None:
        """The desk, then the phones, then the callers. Raises DemoError with the desk's own words."""
        self._start("desk", "acd", "serve", str(self._site), pipe=False)
        self._wait_for(self._desk_ready, "the desk")
        phones = ("--server", self._server)
        self._start("agents", "channels.demo.agents", *phones, *AGENTS)
        extra = (
            "--port",
            str(_free_port(socket.SOCK_DGRAM)),
            "--rtp-port",
            str(_free_port(socket.SOCK_DGRAM)),
        )
        self._start("pyvoip", "channels.demo.pyvoip_agent", *phones, *extra, PYVOIP_AGENT)
        self._wait_for(self._phones_ready, "the agents' phones")
        self._start("callers", "channels.demo.callers", *phones, *self._calls(calling_s), *ENTRIES)

    def _calls(self, calling_s: int) -> tuple[str, ...]:
        """How callers call."""
        rush = "--rush", str(RUSH_CALLS), "--rush-at-s", str(RUSH * calling_s), "--vip-entry", VIP_ENTRY
        back = "--port", str(self._callers_port), "--called-back", str(CALLED_BACK)
        return "--seconds", str(calling_s), *rush, *back

    def calling(self) -> bool:
        """Whether calls are still made or under way."""
        return self._processes["callers"].poll() is None

    def reports(self) -> list[Report]:
        """What the phones said so far."""
        return list(self._reports)

    def end_calls(self) -> list[str]:
        """Give the callers' last calls their time; returns what is wrong with how they ended."""
        try:
            code = self._processes["callers"].wait(STOP_S)
        except subprocess.TimeoutExpired:
            return ["some calls did not end in time"]
        time.sleep(1)  # agents hear the end of their calls a little later
        return [f"the callers ended with {code}, see callers.log"] if code else []

    def stop(self) -> list[str]:
        """End everything that was started; returns what did not end as it should."""
        errors = []
        for name in ("callers", "agents", "pyvoip", "desk"):
            process = self._processes.pop(name, None)
            if process is None:
                continue
            process.terminate()
            try:
                code = process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            if name == "desk" and code != 0:
                errors.append(f"the desk ended with {code}: {self._last_words()}")
        for reader in self._readers:
            reader.join(STOP_S)
        return errors

    def _start(self, name: str, module: str, *arguments: str, pipe: bool = True) -> None:
        with (self._folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipe else log,
                stderr=log,
                text=True,
            )
        self._processes[name] = process
        if pipe:
            reader = threading.Thread(target=self._read, args=(process,), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with contextlib.suppress(ValueError):
                self._reports.append(json.loads(line))

    def _wait_for(self, ready: Callable[[], bool], what: str) -> None:
        end_s = time.monotonic() + START_S
        while not ready():
            if self._processes["desk"].poll() is not None or time.monotonic() > end_s:
                raise DemoError(f"{what} did not start: {self._last_words()}")
            time.sleep(0.1)

    def _desk_ready(self) -> bool:
        try:
            with Client(self.target) as client:
                client.get("/health")
        except ClientError:
            return False
        return True

    def _phones_ready(self) -> bool:
        registered = {report["agent"] for report in self._reports if report.get("registered")}
        left_out = {report["agent"] for report in self._reports if report.get("left_out")}
        return registered | left_out >= {*AGENTS, PYVOIP_AGENT}

    def _last_words(self) -> str:
        lines = (self._folder / "desk.log").read_text().splitlines()
        return lines[-1] if lines else "(it said nothing)"


def _environment() -> dict[str, str]:
    names = [*AGENTS, PYVOIP_AGENT, "token"]
    made = {f"ACD_DEMO_{name.upper()}": secrets.token_urlsafe(16) for name in names}
    return {**os.environ, **made}


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _media_ports() -> str:
    first = 20_000 + 500 * secrets.randbelow(20)
    return f"{first}-{first + 499}"
