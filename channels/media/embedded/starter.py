"""Attach to the media process, or start it."""

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from channels.media.embedded.client import LEASED_AHEAD, MediaClient
from channels.media.errors import MediaGoneError, MediaHangsError
from channels.media.latch import Latch
from channels.media.sound.speaking import bare_environment

START_LIMIT_S: Final = 30
_ATTEMPTS: Final = 3
KILL_LOOKS: Final = 100
KILL_LOOK_S: Final = 0.05
"""A killed process lets go of its lock within milliseconds; one that waits for a dead disk never does."""


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """How to start the process; not applied to one that runs already (see `MediaClient.welcome`)."""

    socket: Path
    sounds: Path
    ip: str = "127.0.0.1"
    ports: tuple[int, int] = (10_000, 19_999)
    """First and last UDP port; every leg takes an even one."""
    orphan_s: int = 300
    log: Path | None = None
    latch: Latch = Latch.NEVER
    """Whose packets are taken for those of a leg whose `Offer` or `Answer` does not say."""
    silent_s: int = 0
    """Tell of a leg each time that nothing has come from it for so long; 0: never."""
    leased_ahead: int = LEASED_AHEAD


async def attach_or_start(
    settings: MediaSettings,
    on_ready: Callable[[], None],
    on_lost: Callable[[], None] = lambda: None,
) -> MediaClient:
    """A client of the process at `settings.socket`, started in a session of its own if none listens there.

    Raises `MediaGoneError` with the process's own words when it cannot start.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return await MediaClient.attach(
                settings.socket,
                on_ready,
                on_lost,
                leased_ahead=settings.leased_ahead,
                latch=settings.latch,
                silent_s=settings.silent_s,
            )
        except MediaGoneError as error:
            if attempt == _ATTEMPTS - 1:
                raise
            if isinstance(error, MediaHangsError):
                await _kill_hung(settings.socket)
        await _start(settings)
    raise AssertionError


async def _kill_hung(path: Path) -> None:
    """The file of its lock says who it is; a process that let go of the lock is not there any more."""
    with suppress(OSError, ValueError), Path(f"{path}.lock").open() as lock:
        for attempt in range(KILL_LOOKS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not attempt:
                    os.kill(int(lock.read()), signal.SIGKILL)
                await asyncio.sleep(KILL_LOOK_S)
            else:
                return


async def _start(settings: MediaSettings) -> None:
    """Run the starter process; it returns when the detached one listens."""
    process = await asyncio.create_subprocess_exec(
        *_command(settings),
        env=bare_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(START_LIMIT_S):
            _, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise MediaGoneError(f"the media process was not ready after {START_LIMIT_S} s") from None
    if process.returncode:
        raise MediaGoneError(errors.decode(errors="replace").strip() or f"exit status {process.returncode}")


def _command(settings: MediaSettings) -> list[str]:
    first, last = settings.ports
    command = [sys.executable, "-m", "channels.media.embedded", "--detach"]
    command += ["--socket", str(settings.socket), "--sounds", str(settings.sounds)]
    command += ["--ip", settings.ip, "--ports", f"{first}-{last}", "--orphan-seconds", str(settings.orphan_s)]
    if settings.log is not None:
        command += ["--log", str(settings.log)]
    return command
