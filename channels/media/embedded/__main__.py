"""`python -m channels.media.embedded`: start the media process."""

import argparse
import contextlib
import fcntl
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from channels.media.embedded.process import MediaProcess, ProcessSettings

DEFAULT_ORPHAN_S = 300
"""Longer than a restart of the server takes, also by hand."""


def main() -> int:
    """Exit status 0: ended as told, 2: could not start (one line on stderr says why)."""
    options = _options()
    settings = ProcessSettings(
        socket=options.socket,
        ip=options.ip,
        first_port=options.ports[0],
        last_port=options.ports[1],
        sounds=options.sounds,
        orphan_s=options.orphan_seconds,
    )
    try:
        with _only_one(settings.socket) as lock:
            process = MediaProcess(settings, _listen(settings))
            if options.detach:
                _detach(options.log)
            os.pwrite(lock, f"{os.getpid():<20}\n".encode(), 0)  # who hangs must be found to be killed
            _prepare(process)
            process.run()
            settings.socket.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"acd media: {error}\n")
        return 2
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m channels.media.embedded", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket for the server")
    parser.add_argument("--ip", default="127.0.0.1", help="address of the RTP sockets")
    parser.add_argument(
        "--ports", type=_range, required=True, metavar="A-B", help="UDP ports, even ones are used"
    )
    parser.add_argument("--sounds", type=Path, required=True, help="folder of prompts and music")
    parser.add_argument(
        "--orphan-seconds",
        type=int,
        default=DEFAULT_ORPHAN_S,
        help="end after so long without a server; 0: never",
    )
    parser.add_argument("--detach", action="store_true", help="return when ready, go on in the background")
    parser.add_argument("--log", type=Path, default=Path(os.devnull), help="with --detach: where errors go")
    return parser.parse_args()


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last)


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[int]:
    """Hold the lock beside the socket while serving. Raises `OSError` when another process serves it."""
    lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError(f"{path}: another media process serves this socket") from None
        yield lock
    finally:
        os.close(lock)


def _listen(settings: ProcessSettings) -> socket.socket:
    """The Unix socket, for this user only. Raises `OSError`."""
    _check_address(settings.ip)
    settings.socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o177)
    try:
        listener.bind(str(settings.socket))
    finally:
        os.umask(old)
    listener.listen(8)
    return listener


def _check_address(ip: str) -> None:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((ip, 0))
        except OSError as error:
            raise OSError(f"--ip {ip}: {error.strerror or error}") from error


def _detach(log: Path) -> None:
    """Go on in a child with its own session; the end of the parent tells that all is ready."""
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (nothing, 1), (errors, 2)):
        os.dup2(source, target)


def _prepare(process: MediaProcess) -> None:
    """Room for many sockets, and few garbage collections: the loop makes no garbage cycles per packet."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for number in (signal.SIGINT, signal.SIGHUP):  # Ctrl-C in a terminal, a reload: meant for the server
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.stop())
    gc.freeze()
    gc.set_threshold(50_000, 20, 1000)


if __name__ == "__main__":
    sys.exit(main())
