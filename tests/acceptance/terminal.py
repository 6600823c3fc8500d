"""A terminal with a shell in it: what one types, and what appears."""

import contextlib
import os
import pty
import re
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.acceptance.desk import until

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\b]")
WIDTH = "150"


class Terminal:
    """One shell on a pseudo-terminal of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        env = {**environment, "PS1": "", "PS2": "", "TERM": "dumb", "COLUMNS": WIDTH}
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "bash", "--norc", "--noediting"],
            cwd=folder,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self._shown = bytearray()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        # No job control, so that all it starts is in one process group.
        self.type("stty -echo; set +m; echo rea''dy\n")
        until(lambda: "ready" in self.shown(), "a shell")

    def type(self, keys: str) -> None:
        """Type these keys; a line ends with a line break."""
        os.write(self._master, keys.encode())

    def run(self, commands: str) -> None:
        """Run commands to their end; fails when the last one fails."""
        before = len(self.shown())
        self.type(f"{commands}\necho done: $?\n")
        ended = re.compile(r"done: (\d+)")
        found = until(lambda: ended.search(self.shown(), before), lambda: f"the end of:\n{self.shown()}")
        assert found is not None
        assert found[1] == "0", self.shown()

    def until_shown(self, words: str) -> None:
        """Wait for a line with these words in this order, perhaps with others between them."""
        pattern = re.compile(r"[^\n]*?".join(re.escape(word) for word in words.split()))
        until(lambda: pattern.search(self.shown()), lambda: f"{words!r} in:\n{self.shown()}")

    def shown(self) -> str:
        """All that appeared, without control sequences."""
        return _ESCAPES.sub("", self._shown.decode(errors="replace"))

    def leave(self) -> int:
        """End the shell; its exit code is that of the last command."""
        self.type("exit\n")
        return self._process.wait(20)

    def end(self) -> None:
        """End whatever still runs in it."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()
        self._thread.join(5)
        os.close(self._master)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65_536):
                self._shown += data
