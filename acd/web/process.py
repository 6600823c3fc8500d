"""`python -m acd.web.process SOCKET DESCRIPTOR LOG_LEVEL`: the web process; the server starts and ends it."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

import structlog

from acd.descriptors import Scarce, all_there_are
from acd.observe import logs
from acd.web.handover import Handover, log_nowhere
from acd.web.serving import SERVER_GONE, CannotServe, Web

_log = structlog.get_logger("acd.web")

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """0: told to end, or the server is gone; 1: it cannot serve."""
    path, descriptor, level = sys.argv[1:]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a reload: meant for the server
    _die_with_the_server(signal.SIGKILL)
    if os.getppid() == 1:
        return 0  # it died before we asked
    logs.configure(level)
    all_there_are()
    return asyncio.run(_serve(Path(path), socket.socket(fileno=int(descriptor))))


def _die_with_the_server(number: int) -> None:
    """The kernel sends us this when the server dies, even while we are stopped; 0: nothing.

    Until we can hand the address to the next server we must not keep it from it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


async def _serve(path: Path, listening: socket.socket) -> int:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(Scarce())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    web = Web(path, listening, log_nowhere)
    try:
        await web.start()
    except CannotServe as failure:
        _log.critical("the web process cannot serve", error=str(failure))
        return 1
    handover = Handover(path.parent, listening, web.tokens)
    handover.start()
    _die_with_the_server(0)
    run, end = loop.create_task(web.run()), loop.create_task(told.wait())
    await asyncio.wait((run, end), return_when=asyncio.FIRST_COMPLETED)
    failed = run.done() and run.result() != SERVER_GONE
    if failed:
        _log.critical("the web process ends", error=run.result())
    handover.stop()
    for task in (run, end):
        task.cancel()
    await web.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
