"""Callers and agents: sipp processes with the scenarios beside this file."""

import csv
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.calls.desk import PASSWORD, Desk, free_udp_port

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sipp process counted."""

    successful: int
    failed: int
    retransmissions: int
    refused: int = 0
    """Callers who were told 503: no failure of theirs, and no call."""


class Sipp:
    """One sipp process; its files lie in `folder` under `name`."""

    def __init__(self, folder: Path, name: str, scenario: str, *options: str, trace: bool = False) -> None:
        self._stats = folder / f"{name}.csv"
        self.messages = folder / f"{name}.messages"
        command = ["sipp", "-sf", str(HERE / scenario), "-nostdin", "-timer_resol", "1", "-skip_rlimit"]
        command += ["-trace_stat", "-stf", str(self._stats), "-fd", "1", "-trace_err"]
        command += ["-error_file", str(folder / f"{name}.errors"), *options]
        if trace:
            command += ["-trace_msg", "-message_file", str(self.messages)]
        self._out = folder / f"{name}.out"
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)

    def wait(self, limit_s: float) -> Outcome:
        """Until it ends by itself, at most `limit_s`."""
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.end()
        return self.outcome()

    def end(self) -> None:
        """End it now (SIGTERM makes sipp write its last counts)."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def outcome(self) -> Outcome:
        """The counts so far."""
        try:
            rows = list(csv.DictReader(self._stats.read_text().splitlines(), delimiter=";"))
        except OSError:
            rows = []
        if not rows:
            return Outcome(0, 0, 0)
        last = rows[-1]
        refused = int(last.get("GenericCounter1(C)") or 0)
        ended, failed = int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])
        return Outcome(ended - refused, failed, int(last["Retransmissions(C)"]), refused)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls which entry, and where he listens."""

    number: str
    entry: str
    rtp_port: int


class Agents:
    """All agents' phones: each has an IP address and so a socket of its own (127.1.x.y)."""

    def __init__(self, desk: Desk, folder: Path, *, talk_ms: int, rtp_port: int, trace: bool = False) -> None:
        self._desk, self._folder = desk, folder
        self._addresses = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(desk.agents)]
        self._port = free_udp_port("0.0.0.0")
        self._file = folder / "agents.inf"
        lines = ["SEQUENTIAL"]
        for user, address in zip(desk.users(), self._addresses, strict=True):
            lines.append(f"{user};{address};[authentication username={user} password={PASSWORD}]")
        self._file.write_text("\n".join(lines) + "\n")
        self.phones: Sipp | None = None
        self._talk = (str(talk_ms), str(rtp_port))
        self._trace = trace

    def _sockets(self) -> list[str]:
        return [
            "-t",
            "ui",
            "-inf",
            str(self._file),
            "-ip_field",
            "1",
            "-p",
            str(self._port),
            "-i",
            "127.0.0.1",
        ]

    def sign_in(self, rate: int = 100) -> None:
        """Register all phones, then start answering. Raises RuntimeError."""
        target, count = f"127.0.0.1:{self._desk.port}", self._desk.agents
        options = [target, *self._sockets(), "-m", str(count), "-r", str(rate)]
        outcome = Sipp(self._folder, "register", "register.xml", *options).wait(count / rate + 20)
        if outcome.successful != count:
            raise RuntimeError(f"registered {outcome}; see {self._folder}")
        self.answer()
        self._desk.await_signed_in()

    def answer(self) -> None:
        """Start the phones that answer."""
        talk_ms, rtp_port = self._talk
        options = [*self._sockets(), "-d", talk_ms, "-key", "rtp_port", rtp_port]
        self.phones = Sipp(self._folder, "agents", "agent.xml", *options, trace=self._trace)
        time.sleep(0.5)

    def end(self) -> None:
        if self.phones is not None:
            self.phones.end()


def call(desk: Desk, folder: Path, callers: Sequence[Caller], *, rate: float, trace: bool = False) -> Sipp:
    """Start these callers at an even rate (calls a second)."""
    file = folder / "callers.inf"
    file.write_text("SEQUENTIAL\n" + "".join(_lines(callers)))
    whole, period_ms = (rate, 1000) if rate == int(rate) else (rate * 10, 10_000)
    options = [f"127.0.0.1:{desk.port}", "-inf", str(file), "-i", "127.0.0.1", "-m", str(len(callers))]
    options += ["-r", str(int(whole)), "-rp", str(period_ms), "-l", "50000"]
    return Sipp(folder, "callers", "caller.xml", *options, trace=trace)


def _lines(callers: Iterable[Caller]) -> list[str]:
    return [f"{caller.number};{caller.entry};{caller.rtp_port}\n" for caller in callers]
