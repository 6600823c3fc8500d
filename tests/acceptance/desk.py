"""`acd serve` as a process, seen through its API only."""

import contextlib
import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx

from acd.journal.codec import decode_facts
from acd.journal.reading import JournalReader
from acd.server.inherited import inherit
from tests.acceptance.corners import Corner, password, variable, write_site

LAST = frozenset({"Abandoned", "Deflected", "FlowedOut", "Released", "WrapUpDone"})
"""Of these facts one is the last of a contact. When the contact is gone its entry may not be written yet: the
history is asked for again until it is.
"""

PATIENCE_S = 60.0
"""Only a desk that hangs needs longer."""

Json = dict[str, Any]
Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str | Callable[[], str], patience_s: float = PATIENCE_S) -> Found:
    """The first true thing that `look` returns; fails when none comes, saying `what`."""
    give_up_s = time.monotonic() + patience_s
    while not (found := look()):
        late = time.monotonic() >= give_up_s
        assert not late, f"never came: {what if isinstance(what, str) else what()}"
        time.sleep(0.02)
    return found


_ports = itertools.count(secrets.randbelow(2500))


def free_udp_port() -> int:
    """Free now, as are the three after it; never given twice, and none that desks use for media."""
    for number in _ports:
        port = 10_000 + number % 2500 * 4
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


class Desk:
    """One site and the process that serves it; may be killed and started again."""

    def __init__(self, folder: Path, corners: Sequence[Corner], sip: Mapping[str, object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.corners = folder, {corner.name: corner for corner in corners}
        self.port, self.token = free_udp_port(), secrets.token_urlsafe(24)
        media = 20_000 + secrets.randbelow(12) * 1000
        defaults = {"listen": f"127.0.0.1:{self.port}", "media_ports": f"{media}-{media + 999}"}
        self._sip = defaults | dict(sip)
        self.site = write_site(folder, corners, self._sip)
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "log"
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {self.token}"}, timeout=PATIENCE_S, trust_env=False
        )
        self._over: dict[int, Json] = {}

    def environment(self) -> dict[str, str]:
        """With every secret that the site names."""
        agents = [agent for corner in self.corners.values() for agent in corner.all_agents]
        phones = {variable(agent): password(agent) for agent in agents}
        return {**os.environ, "ACD_TEST_TOKEN": self.token, **phones}

    def rewrite(self, *corners: Corner) -> None:
        """Another site file in its place, with the same table of SIP; nobody is told."""
        write_site(self.folder, corners, self._sip)

    def start(self, *options: str) -> None:
        """Start the server and wait until it takes calls."""
        command = [sys.executable, "-m", "acd", "serve", str(self.site), *options]
        (self.folder / "var" / "api-url").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment(), stderr=log, stdout=log)
        until(self._healthy, lambda: f"a healthy desk; its log:\n{self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Kill the server, and nothing else, at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def media_pid(self) -> int | None:
        """The media process of this desk: the one that was started with its socket."""
        wanted = str(self.folder / "var" / "media.sock").encode()
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes().split(b"\0")
                if b"channels.media.embedded" in words and wanted in words:
                    return int(path.parent.name)
        return None

    def faults(self) -> str:
        """What it did not expect: nothing that is done to a desk from outside may bring this up."""
        log = self.log.read_text() if self.log.exists() else ""
        return log[max(0, log.find("Traceback") - 200) :][:3000] if "Traceback" in log else ""

    def clear_away(self) -> None:
        """End whatever still runs."""
        self._http.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        media = self.media_pid()
        if media is not None:
            os.kill(media, signal.SIGKILL)
        inherit(self.folder / "var", "127.0.0.1", 0, b"none that a web process has: it is ended")

    def get(self, path: str, **query: int) -> Json:
        """What the API answers; raises httpx.HTTPError."""
        answer = self._http.get(self._url(path), params=query)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def health(self) -> Json:
        """How it is, also when that is not well; raises httpx.HTTPError."""
        found: Json = self._http.get(self._url("/health")).json()
        return found

    def metric(self, name: str) -> float:
        """A metric without labels; raises httpx.HTTPError."""
        text = self._http.get(self._url("/metrics")).raise_for_status().text
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))

    def post(self, path: str, **body: object) -> None:
        """Raises httpx.HTTPError."""
        answer = self._http.post(self._url(path), json=body)
        answer.raise_for_status()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What `acd` says to this server's operator."""
        command = [sys.executable, "-m", "acd", *words, "--site", str(self.site)]
        environment = self.environment()
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def _url(self, path: str) -> str:
        return (self.folder / "var" / "api-url").read_text().strip() + "/api/v1" + path

    def _healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            return bool(self.get("/health")["status"] == "ok")
        except (OSError, httpx.HTTPError):
            return False

    # What the tests ask

    def live(self, line: str) -> list[Json]:
        """Contacts of the line that are not over, oldest first."""
        return [one for one in self.get("/status", contacts=10_000)["contacts"] if one["line"] == line]

    def waiting(self, line: str) -> list[int]:
        """Numbers of the contacts that wait, best first."""
        found = [one for one in self.live(line) if one["position"]]
        return [one["id"] for one in sorted(found, key=lambda one: int(one["position"]))]

    def agent(self, name: str) -> Json:
        """How the agent stands."""
        return next(one for one in self.get("/agents")["agents"] if one["id"] == name)

    def ready(self, *agents: str) -> None:
        for agent in agents:
            self.post(f"/agents/{agent}/state", state="ready")

    def pause(self, *agents: str) -> None:
        for agent in agents:
            self.post(f"/agents/{agent}/state", state="paused", reason="break")

    def until_idle(self, line: str) -> None:
        """Wait until no contact of the line is left."""
        until(lambda: not self.live(line), f"the end of all contacts of {line}")

    def histories(self, line: str) -> dict[int, list[Json]]:
        """Contact → its facts, of all contacts that ever came to the line, live or over."""
        for number in itertools.count(1):
            known = self._over.get(number)
            if known is not None and known["contact"] is None and known["history"][-1]["kind"] in LAST:
                continue
            answer = self._http.get(self._url(f"/contacts/{number}"))
            if answer.status_code != 200:
                break
            found: Json = answer.json()
            if found["history"]:
                self._over[number] = found
        return {
            number: found["history"]
            for number, found in sorted(self._over.items())
            if found["history"][0]["fact"]["line"] == line
        }

    def stories(self, line: str) -> dict[int, list[str]]:
        """As `histories`, kinds of facts only."""
        return {n: [one["kind"] for one in facts] for n, facts in self.histories(line).items()}

    def recorded(self, line: str) -> dict[int, list[str]]:
        """As `stories`, of contacts that came to no other line, read from the journal: in one go."""
        found: dict[int, list[str]] = {}
        for entry in JournalReader(self.folder / "var" / "journal").entries():
            for fact in decode_facts(entry.facts):
                number = int(getattr(fact, "contact", 0) or 0)
                if number in found or getattr(fact, "line", None) == line:
                    found.setdefault(number, []).append(type(fact).__name__)
        found.pop(0, None)
        return found

    def story(self, line: str) -> list[str]:
        """The kinds of facts of the line's only contact, once it is over."""
        self.until_idle(line)
        stories = self.stories(line)
        assert len(stories) == 1, stories
        return next(iter(stories.values()))

    def fact(self, line: str, kind: str) -> Json:
        """The fields of the only fact of this kind in the line."""
        found = [
            one["fact"] for facts in self.histories(line).values() for one in facts if one["kind"] == kind
        ]
        assert len(found) == 1, found
        return dict(found[0])


@contextlib.contextmanager
def another(desk: Desk, folder: Path, *options: str) -> Iterator[Desk]:
    """A desk with a copy of the first one's data, at another port, started with these options."""
    copy = Desk(folder, tuple(desk.corners.values()), {})
    shutil.copytree(desk.folder / "var", folder / "var", ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    try:
        copy.start(*options)
        yield copy
        assert copy.stop() == 0
        assert not copy.faults()
    finally:
        copy.clear_away()


OpenDesk = Callable[..., Desk]
"""Starts a desk with these corners, and these keys in its `[sip]` table."""


@contextlib.contextmanager
def running(folder: Path, corners: Sequence[Corner], **sip: object) -> Iterator[Desk]:
    """A desk that must stop cleanly at the end and leave nothing running."""
    desk = Desk(folder, corners, sip)
    try:
        desk.start()
        yield desk
        assert desk.stop() == 0
        until(lambda: desk.media_pid() is None, "the end of the media process")
        assert not desk.faults()
    finally:
        desk.clear_away()
