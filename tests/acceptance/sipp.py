"""sipp as a process: a scenario in, what went over the wire out."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance import scenario
from tests.acceptance.corners import password
from tests.acceptance.desk import PATIENCE_S, Desk, free_udp_port

_BLOCK = re.compile(r"^-{20,} .*\n(?:UDP message (sent|received).*|.*)\n", re.MULTILINE)


@dataclass
class Run:
    """One sipp process. `service` is whom it calls, or who it is."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    def ended(self, patience_s: float = PATIENCE_S) -> int:
        """Its exit code: 0 when every call went as the scenario says."""
        return self.process.wait(patience_s)

    def succeeds(self, patience_s: float = PATIENCE_S) -> "Run":
        """Wait for its end; fails with its own words when a call went otherwise."""
        code = self.ended(patience_s)
        assert code == 0, f"sipp ended with {code}:\n{self.errors()}\n{self.trace()[-3000:]}"
        return self

    def errors(self) -> str:
        path = self.folder / "errors"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def trace(self) -> str:
        path = self.folder / "messages"
        return path.read_text(errors="replace") if path.exists() else ""

    def messages(self, direction: str) -> list[str]:
        """All messages `sent` or `received`, oldest first."""
        parts = _BLOCK.split(self.trace())
        return [text.strip() for way, text in zip(parts[1::2], parts[2::2], strict=True) if way == direction]

    def sent(self, start: str) -> list[str]:
        """Messages sent whose first line begins so."""
        return [message for message in self.messages("sent") if message.startswith(start)]

    def received(self, start: str, cseq: str = "") -> list[str]:
        """Messages received whose first line begins so; `cseq`: only with this method in CSeq."""
        found = [message for message in self.messages("received") if message.startswith(start)]
        return [one for one in found if not cseq or re.search(rf"^CSeq: *\d+ {cseq}\b", one, re.MULTILINE)]


@dataclass
class Sipp:
    """Starts sipp processes in folders of their own below `folder`."""

    folder: Path
    runs: list[Run] = field(default_factory=list)

    def run(
        self,
        desk: Desk,
        text: str,
        service: str,
        *extra: str,
        calls: int = 1,
        port: int = 0,
        host: str = "127.0.0.1",
        via: int = 0,
    ) -> Run:
        """Start a scenario against the desk; `via`: the port to send to in place of the desk's."""
        folder = self.folder / f"sipp{len(self.runs)}"
        folder.mkdir()
        (folder / "scenario.xml").write_text(text, encoding="latin-1")
        port = port or free_udp_port()
        command = ["sipp", f"127.0.0.1:{via or desk.port}", "-sf", "scenario.xml", "-s", service]
        command += ["-i", host, "-p", str(port), "-mi", host, "-mp", str(free_udp_port())]
        command += [
            "-m",
            str(calls),
            "-nostdin",
            "-timeout",
            f"{60 + calls}s",
            "-timeout_error",
            "-deadcall_wait",
            "0",
        ]
        command += ["-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors", *extra]
        out = (folder / "out").open("wb")
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        out.close()
        run = Run(process, folder, port)
        self.runs.append(run)
        return run

    def call(self, desk: Desk, corner: str, text: str, *extra: str, calls: int = 1, via: int = 0) -> Run:
        """Callers of the corner's number."""
        return self.run(desk, text, desk.corners[corner].number, *extra, calls=calls, via=via)

    def phone(self, desk: Desk, agent: str, text: str, *extra: str, calls: int = 1, via: int = 0) -> Run:
        """Register the agent's phone (which makes him ready), then let it behave so."""
        port = free_udp_port()
        self.run(
            desk, scenario.register(agent, password(agent), expires=3600), agent, port=port, via=via
        ).succeeds()
        return self.run(desk, text, agent, *extra, calls=calls, port=port, via=via)

    def end_all(self) -> None:
        for run in self.runs:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()
