"""Softphones as processes: pjsua2 by our script beside it, and Debian's baresip by its control port."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from channels.media.sound.g711 import Samples
from tests.acceptance.desk import PATIENCE_S, until
from tests.acceptance.sound import read_wav


class Pjsua:
    """A pjsua2 phone. Its events are read from its output file as they come."""

    def __init__(self, folder: Path, name: str, port: int) -> None:
        self.port, self._events = port, folder / f"{name}.events"
        script = Path(__file__).with_name("softphone.py")
        with self._events.open("wb") as out, (folder / f"{name}.errors").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(script), str(port)], stdin=subprocess.PIPE, stdout=out, stderr=errors
            )
        self.until("started")

    def tell(self, command: str, *words: object) -> None:
        """Give a command; see softphone.py."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, (command, *words))).encode() + b"\n")
        self._process.stdin.flush()

    def events(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Events of this kind with these fields, oldest first."""
        lines = self._events.read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [one for one in found if {**fields, "event": event}.items() <= one.items()]

    def until(self, event: str, **fields: object) -> dict[str, Any]:
        """The first such event, waited for."""
        return until(lambda: self.events(event, **fields), f"{event} {fields} of {self._events}")[0]

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.stdin.close()  # type: ignore[union-attr]
            try:
                self._process.wait(PATIENCE_S / 10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


_CONFIG = """sip_listen 127.0.0.1:{port}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module account.so
module menu.so
module ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
audio_source aufile,{says}
audio_player aubridge,nil
audio_alert aubridge,nil
snd_path {folder}
"""


class Baresip:
    """Debian's baresip with an account; plays a tone and records what it sends and hears."""

    def __init__(self, folder: Path, account: str, says: Path, port: int) -> None:
        """`account`: the line for its accounts file."""
        folder.mkdir()
        self.folder, self.port, self._control = folder, port, free_tcp_port()
        text = _CONFIG.format(port=port, control=self._control, says=says, folder=folder)
        (folder / "config").write_text(text)
        (folder / "accounts").write_text(account + "\n")
        (folder / "contacts").touch()
        with (folder / "out").open("wb") as out:
            command = ["baresip", "-f", str(folder)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self._socket: socket.socket = until(
            self._connected, f"baresip's control port; {(folder / 'out').read_text()}"
        )

    def _connected(self) -> Any:
        try:
            return socket.create_connection(("127.0.0.1", self._control))
        except OSError:
            return None

    def tell(self, command: str, parameters: str = "") -> None:
        """A command of its menu, such as `dial`, as a netstring (ctrl_tcp)."""
        octets = json.dumps({"command": command, "params": parameters}).encode()
        self._socket.sendall(b"%d:%s," % (len(octets), octets))

    def heard(self) -> Samples:
        """What it has decoded until now."""
        found = sorted(self.folder.glob("dump-*-dec.wav"))
        return read_wav(found[-1]) if found else np.zeros(0, np.int16)

    def end(self) -> None:
        """It would try for seconds to sign off."""
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


def free_tcp_port() -> int:
    """Free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
