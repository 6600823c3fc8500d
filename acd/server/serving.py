"""The life of the server process: start, wait for a signal, drain, stop; the exit code says how it went."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Any

import structlog

from acd.content.errors import VaultDamagedError, VaultError, VaultFormatError, VaultKeyError
from acd.descriptors import Scarce, all_there_are
from acd.journal.errors import JournalError, JournalLockedError, JournalOpenError, JournalWriteError
from acd.ports import Channel
from acd.replay.divergence import RecoveryError
from acd.server.allowed import NOTHING, Allowed
from acd.server.app import BY_SITE, App, StartGivenUp
from config.schema import Site

_log = structlog.get_logger("acd.serving")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Exit(IntEnum):
    """Exit codes of the server, for supervisors."""

    CLEAN = 0
    FAILED = 1
    """It could not start, or could not save everything when it stopped."""
    JOURNAL_UNUSABLE = 3
    """Starting again will not help: an operator must act."""
    BROKEN = 70
    """A bug stopped the engine; starting again replays the journal without the event that did it."""


_PASSING = (JournalOpenError, JournalWriteError, JournalLockedError)
"""A full disk may have room again in a minute, and the server before this one, or `acd upgrade`, will end."""


class CannotStart(Exception):
    """Why the server did not start; `code` is the exit code."""

    def __init__(self, reason: str, code: Exit) -> None:
        super().__init__(reason)
        self.code = code


def serve(
    site: Site,
    channels: Sequence[Channel],
    read: Callable[[], Site] | None = None,
    allowed: Allowed = NOTHING,
) -> Exit:
    """Run the desk until SIGTERM or SIGINT; SIGHUP lets it `read` its site again. Raises CannotStart."""
    again = asyncio.Event()
    all_there_are()
    with _on_hangup(again):
        return asyncio.run(_serve(lambda: App(site, channels, read=read, allowed=allowed), again))


@contextmanager
def _on_hangup(again: asyncio.Event) -> Iterator[None]:
    """SIGHUP asks for a reload from now on, and after the loop's end for nothing: it must end no server."""

    def ask(*_: object) -> None:
        with suppress(RuntimeError):  # there is no loop
            asyncio.get_running_loop().call_soon_threadsafe(again.set)

    signal.signal(signal.SIGHUP, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


async def _serve(make: Callable[[], App], again: asyncio.Event) -> Exit:
    asyncio.get_running_loop().set_exception_handler(Scarce())
    stop = _stop_signals()
    stopping = asyncio.ensure_future(stop.get())
    try:
        app = await _started(make, stopping)
    except StartGivenUp as where:
        _log.info("stopped before it served", signal=stopping.result(), reason=str(where))
        return Exit.CLEAN
    notify("READY=1")
    reading = asyncio.ensure_future(_read_again(app, again))
    ends: list[asyncio.Future[Any]] = [stopping, app.broken]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    notify("STOPPING=1")
    reading.cancel()
    if not app.broken.done():
        _log.info("stopping", signal=stopping.result())
        await _drain_unless_urged(app, stop)
    stopping.cancel()
    try:
        await app.stop()
    except JournalError as failure:
        _log.critical("not everything is saved", error=str(failure))
        return Exit.FAILED
    return Exit.BROKEN if app.broken.done() else Exit.CLEAN


async def _read_again(app: App, again: asyncio.Event) -> None:
    """At each SIGHUP, also one that came while it started; the log says what came of it."""
    while True:
        await again.wait()
        again.clear()
        await app.site_file.apply(BY_SITE)


async def _started(make: Callable[[], App], stopping: "asyncio.Future[str]") -> App:
    try:
        app = make()
        try:
            await app.start(stopping)
        except Exception as failure:
            if app.broken.done():
                reason = f"a bug stopped the engine: {app.broken.result()}"
                raise CannotStart(reason, Exit.BROKEN) from failure
            raise
    except _PASSING as failure:
        raise CannotStart(str(failure), Exit.FAILED) from failure
    except (RecoveryError, JournalError, VaultDamagedError, VaultKeyError, VaultFormatError) as failure:
        raise CannotStart(str(failure), Exit.JOURNAL_UNUSABLE) from failure
    except (OSError, ValueError, VaultError) as failure:
        raise CannotStart(str(failure), Exit.FAILED) from failure
    return app


async def _drain_unless_urged(app: App, stop: "asyncio.Queue[str]") -> None:
    """Drain; a second signal ends it."""
    drain = asyncio.ensure_future(app.drain())
    urged = asyncio.ensure_future(stop.get())
    ends: list[asyncio.Future[Any]] = [drain, urged]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if urged.done():
        _log.warning("stopping without draining", signal=urged.result())
    for end in ends:
        end.cancel()
    await asyncio.gather(*ends, return_exceptions=True)


def _stop_signals() -> "asyncio.Queue[str]":
    names: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, names.put_nowait, number.name)
    return names


def notify(state: str) -> None:
    """Tell systemd (sd_notify(3)), if it started us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    path = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(state.encode(), path)
        except OSError as failure:
            _log.warning("systemd could not be told", error=str(failure))
