"""`python -m acd.web.process SOCKET DESCRIPTOR LOG_LEVEL`: the web process; the server starts and ends it."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

import structlog

from acd.observe import logs
from acd.web.serving import CannotServe, Web

_log = structlog.get_logger("acd.web")

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """0: told to end, or the server is gone; 1: it cannot serve."""
    path, descriptor, level = sys.argv[1:]
    _die_with_the_server()
    logs.configure(level)
    return asyncio.run(_serve(Path(path), socket.socket(fileno=int(descriptor))))


def _die_with_the_server() -> None:
    """The kernel ends us when the server dies, even while we are stopped: the next one needs the address."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:
        sys.exit(0)  # it died before we asked


async def _serve(path: Path, listening: socket.socket) -> int:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    web = Web(path, listening)
    try:
        await web.start()
    except CannotServe as failure:
        _log.critical("the web process cannot serve", error=str(failure))
        return 1
    run, end = loop.create_task(web.run()), loop.create_task(told.wait())
    await asyncio.wait((run, end), return_when=asyncio.FIRST_COMPLETED)
    failed = run.done() and not run.result().endswith("gone")
    if failed:
        _log.critical("the web process ends", error=run.result())
    for task in (run, end):
        task.cancel()
    await web.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
