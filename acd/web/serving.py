"""The web process's parts: the link to the server, the follower, the API; and how it ends."""

import asyncio
import os
import socket
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import msgspec
import structlog

from acd.feed.consumer import Consumer, CursorGone
from acd.replay.divergence import RecoveryError
from acd.web import api
from acd.web.following import LOOK_S, Following
from acd.web.link import Link, LinkError, NoAnswer
from acd.web.listener import Listener
from acd.web.protocol import Hello, Ping, Welcome

_log = structlog.get_logger("acd.web")

BEAT_S = 1.0
"""How often the server is told that we live."""
CATCH_UP_S = 120.0
"""Clients wait until the copy is as new as the server was when we came; not longer than this."""


class CannotServe(Exception):
    """The server cannot be followed; the text is for the log."""


class Web:
    """Started once; `run` returns why it ended. Everything belongs to one loop."""

    def __init__(self, path: Path, listening: socket.socket) -> None:
        """`path`: of the server's socket."""
        self.following: Following
        self._path = path
        self._socket = listening
        self._exits = AsyncExitStack()
        self._serving = False

    async def start(self) -> None:
        """Connect, catch up, serve. Raises CannotServe."""
        try:
            await self._start()
        except BaseException:
            await self._exits.aclose()
            raise

    async def run(self) -> str:
        """Serve until the server is gone, or cannot be followed any more; says why."""
        ends = (self._link.lost, self._follow)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return "the server is gone" if self._link.lost.done() else _why(self._follow)

    async def stop(self) -> None:
        """Let requests in progress end, then close."""
        await self._exits.aclose()

    async def _start(self) -> None:
        try:
            self._link = await Link.connect(self._path)
            self._exits.push_async_callback(self._link.close)
            welcome = await self._link.ask(Hello(), LOOK_S * 5)
        except (NoAnswer, LinkError) as failure:
            raise CannotServe(str(failure)) from failure
        assert isinstance(welcome, Welcome)
        self.following = Following(self._link, welcome)
        follower = self.following.follower
        self._follow = self._chore("follow", follower.run(Consumer(self._path)))
        self._chore("beat", self._beat())
        self._chore("lag", self.following.lag.run())
        caught_up = asyncio.ensure_future(follower.reached(welcome.seq, CATCH_UP_S))
        await asyncio.wait((caught_up, self._follow), return_when=asyncio.FIRST_COMPLETED)
        if self._follow.done():
            caught_up.cancel()
            raise CannotServe(_why(self._follow))
        with suppress(TimeoutError, CursorGone, msgspec.MsgspecError):  # facts of an older version, perhaps
            await self.following.look_back(self._path)
        listener = Listener(api.create(self.following, welcome.tokens), self._socket)
        listener.start()
        self._exits.push_async_callback(listener.stop)
        self._serving = True

    def _chore(self, name: str, work: object) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work, name=name)  # type: ignore[arg-type]
        self._exits.push_async_callback(_ended, task)
        return task

    async def _beat(self) -> None:
        """A server that does not answer is left alone: clients are told so by `/health`."""
        while True:
            with suppress(NoAnswer, LinkError):
                await self._link.ask(Ping(os.getpid(), self._serving), LOOK_S)
            await asyncio.sleep(BEAT_S)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _why(follow: "asyncio.Task[None]") -> str:
    failure = None if follow.cancelled() else follow.exception()
    if isinstance(failure, RecoveryError | CursorGone):
        return f"the server cannot be followed: {failure}"
    return f"the follower failed: {failure!r}"
