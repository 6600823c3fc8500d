"""Texts to speech in a process of its own: the engine holds the interpreter meanwhile, and may hang.

`python -m channels.media.sound.speaking` is that process: a JSON line `[voice, text]` in, four octets of
length and so many of PCM out (16 kHz, 16 bit); a negative length says that so many octets of a reason follow.
It ends with its input.
"""

import json
import os
import select
import struct
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final

import channels
from config.secret import handed_on

PATIENCE_S: Final = 30.0
"""For one text. The longest takes some 1.3 s of CPU."""

_LENGTH: Final = struct.Struct("!i")


class SpeechError(Exception):
    """The speech engine has failed, or has said nothing in time."""


class Speaker:
    """Starts the process when it is needed; one after a fault. Not for several threads at a time. Blocks."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._spoken = 0

    def __enter__(self) -> "Speaker":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def speak(self, voice: str, text: str) -> bytes:
        """PCM of 16 kHz and 16 bit. Raises SpeechError.

        What fails after other texts is tried once more by itself: the engine was seen to fail, and to hang,
        at texts that follow others.
        """
        alone = not self._spoken
        try:
            return self._ask(voice, text)
        except SpeechError:
            self.close()
            if alone:
                raise
        return self.speak(voice, text)

    def close(self) -> None:
        """End the process."""
        child, self._child, self._spoken = self._child, None, 0
        if child is not None:
            child.kill()
            child.communicate()

    def _ask(self, voice: str, text: str) -> bytes:
        child = self._child = self._child or _started()
        assert child.stdin is not None
        assert child.stdout is not None
        self._spoken += 1
        try:
            child.stdin.write(json.dumps([voice, text]).encode() + b"\n")
            child.stdin.flush()
            (length,) = _LENGTH.unpack(_read(child.stdout.fileno(), _LENGTH.size))
            found = _read(child.stdout.fileno(), abs(length))
        except OSError as error:
            raise SpeechError(f"the speech engine has died: {error}") from error
        if length < 0:
            raise SpeechError(f"the speech engine cannot say it: {found.decode(errors='replace')}")
        return found


def bare_environment() -> dict[str, str]:
    """For a process of ours: without secrets, and with this very installation first on the module path."""
    root = str(Path(next(iter(channels.__path__))).parent)
    found = handed_on(os.environ)
    return found | {"PYTHONPATH": os.pathsep.join(filter(None, (root, found.get("PYTHONPATH"))))}


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "channels.media.sound.speaking"]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=bare_environment()
    )


def _read(fd: int, size: int) -> bytes:
    """Raises SpeechError."""
    found = bytearray()
    while len(found) < size:
        if not select.select([fd], [], [], PATIENCE_S)[0]:
            raise SpeechError(f"the speech engine has said nothing for {PATIENCE_S:g} s")
        part = os.read(fd, size - len(found))
        if not part:
            raise SpeechError("the speech engine has died")
        found += part
    return bytes(found)


def main() -> None:
    """Speak line by line."""
    from py_nanotts import NanoTTS  # noqa: PLC0415 (only this process loads it)

    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        voice, text = json.loads(line)
        try:
            spoken = NanoTTS().speak(text, voice=voice)
        except Exception as error:  # whatever it says is told
            reason = repr(error).encode()[:1000]
            out.write(_LENGTH.pack(-len(reason)) + reason)
        else:
            out.write(_LENGTH.pack(len(spoken)) + spoken)
        out.flush()


if __name__ == "__main__":
    main()
