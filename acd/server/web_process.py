"""The web process as the server keeps it: taken over or started, watched by its beats, ended at the stop."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from acd.server.inherited import Inherited
from config.secret import handed_on

_log = structlog.get_logger("acd.web_process")

SILENCE_S = 10.0
"""A web process that sends no beat for so long hangs, and is killed."""
START_S = 120.0
"""For the first beat: a large desk's copy takes a while."""
PAUSE_S = 0.2
MAX_PAUSE_S = 30.0
STEADY_S = 60.0
"""Who lived so long may come again at once."""
END_S = 4.0
"""Below the patience of a service manager, which kills the server too."""
LOOK_S = 0.5

Process = asyncio.subprocess.Process | Inherited


class WebProcess:
    """Nothing of it is waited for by calls: whatever becomes of it costs the loop a few callbacks."""

    def __init__(
        self, path: Path, listening: socket.socket, log_level: str, ended: Callable[[], None]
    ) -> None:
        """`path`: of the server's socket; `ended` is called when a process is over."""
        self.pid = 0
        """0: there is none at present."""
        self.starts = 0
        self.serving = asyncio.Event()
        self._command = (
            sys.executable,
            "-m",
            "acd.web.process",
            str(path),
            str(listening.fileno()),
            log_level,
        )
        self._listening = listening
        self._ended = ended
        self._silent_s = 0.0

    def beat(self, pid: int, *, serving: bool) -> None:
        """The process with this number lives. A beat of another one is no sign of ours."""
        if pid == self.pid:
            self._silent_s = 0.0
            if serving:
                self.serving.set()

    async def run(self, inherited: Inherited | None = None) -> None:
        """Keep one running, until cancelled; then it is ended. The first is `inherited`, if that is given."""
        pause_s, loop = PAUSE_S, asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                first, inherited = inherited, None
                code: object = await self._one_life(first or await self._started())
            except OSError as failure:
                code = str(failure)
            pause_s = PAUSE_S if loop.time() - began_s >= STEADY_S else min(2 * pause_s, MAX_PAUSE_S)
            _log.error("the web process ended; calls go on", exit=code, again_in_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _started(self) -> Process:
        self.starts += 1
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            pass_fds=[self._listening.fileno()],
            env=handed_on(os.environ),
        )

    async def _one_life(self, process: Process) -> int:
        self.pid = process.pid
        self._silent_s = 0.0 if isinstance(process, Inherited) else SILENCE_S - START_S
        watch = asyncio.ensure_future(self._kill_when_silent(process))
        try:
            return await process.wait()
        finally:
            watch.cancel()
            self.pid = 0
            self.serving.clear()
            self._ended()
            await _end(process)

    async def _kill_when_silent(self, process: Process) -> None:
        # By our own looks and not by the clock: if it was us who stood still, its beats wait in the socket.
        while self._silent_s < SILENCE_S:
            await asyncio.sleep(LOOK_S)
            self._silent_s += LOOK_S
        _log.error("the web process hangs and is killed", pid=process.pid)
        process.kill()


async def _end(process: Process) -> None:
    """Ask, wait, insist."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(END_S):
            await asyncio.shield(process.wait())
    except TimeoutError:
        process.kill()
        await process.wait()
