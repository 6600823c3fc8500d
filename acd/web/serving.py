"""The web process's parts: the link to the server, the follower, the API; and how it goes on and ends."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import msgspec
import structlog

from acd.feed.consumer import Consumer, CursorGone
from acd.replay.divergence import RecoveryError
from acd.web import api
from acd.web.asking import LOOK_S
from acd.web.following import Following
from acd.web.link import Link, LinkError, NoAnswer
from acd.web.listener import Listener
from acd.web.protocol import Hello, Ping, Welcome
from config.api_tokens import ApiToken

_log = structlog.get_logger("acd.web")

BEAT_S = 1.0
"""How often the server is told that we live."""
ALONE_S = 120.0
"""Without a server for so long, nobody needs us: whoever starts the next one may want our address."""
AGAIN_S = 0.2
"""So often we look whether it is there."""
ANEW_S = 60.0
"""A copy is begun anew no more often."""
SERVER_GONE = "the server is gone"
CATCH_UP_S = 120.0
"""Clients wait until the copy is as new as the server was when we came; not longer than this."""


class CannotServe(Exception):
    """The server cannot be followed; the text is for the log."""


class Web:
    """Started once; `run` returns why it ended. Everything belongs to one loop."""

    def __init__(
        self, path: Path, listening: socket.socket, alone: Callable[[], None] = lambda: None
    ) -> None:
        """`path`: of the server's socket; `alone` is called when the server is gone."""
        self.following: Following
        self.tokens: tuple[ApiToken, ...]
        """Whom the API lets in."""
        self._path, self._alone = path, alone
        self._socket = listening
        self._exits = AsyncExitStack()
        self._serving = False
        self._anew_s = float("-inf")

    async def start(self) -> None:
        """Connect, catch up, serve. Raises CannotServe."""
        try:
            await self._start()
        except BaseException:
            await self._exits.aclose()
            raise

    async def run(self) -> str:
        """Serve until the server is gone for good, or cannot be followed any more; says why.

        One that comes back is followed on from our cursor; if that leads nowhere, from a snapshot.
        """
        why = ""
        while not why:
            ends = (self._link.lost, self._follow)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._link.lost.done():
                why = await self._meet_again()
            elif isinstance(_failure(self._follow), CursorGone) and self._may_begin_anew():
                self._begin_anew()
            else:
                why = _why(self._follow)
        return why

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
        self.tokens = welcome.tokens
        self.following = Following(self._link, welcome)
        self._follow_from("")
        self._exits.push_async_callback(lambda: _ended(self._follow))
        self._chore("beat", self._beat())
        self._chore("lag", self.following.lag.run())
        await self._catch_up(welcome.seq)
        listener = Listener(api.create(self.following, self.tokens), self._socket)
        listener.start()
        self._exits.push_async_callback(listener.stop)
        self._serving = True

    async def _catch_up(self, seq: int) -> None:
        caught_up = asyncio.ensure_future(self.following.follower.reached(seq, CATCH_UP_S))
        ends = (caught_up, self._follow, self._link.lost)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not caught_up.done():
            caught_up.cancel()
            raise CannotServe(SERVER_GONE if self._link.lost.done() else _why(self._follow))
        await self._look_back()

    async def _look_back(self) -> None:
        await self.following.has_begun.wait()
        with suppress(TimeoutError, CursorGone, msgspec.MsgspecError):  # facts of an older version, perhaps
            await self.following.look_back(self._path)

    def _follow_from(self, cursor: str) -> None:
        work = self.following.follower.run(Consumer(self._path, cursor))
        self._follow = asyncio.get_running_loop().create_task(work, name="follow")

    async def _meet_again(self) -> str:
        """Wait for the server and go on where we were; why that cannot be, or nothing."""
        await _ended(self._follow)
        await self._link.close()
        self._alone()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while (link := await self._connected()) is None:
            if loop.time() - began_s > ALONE_S:
                return SERVER_GONE
            await asyncio.sleep(AGAIN_S)
        self._link, welcome = link
        if welcome.tokens != self.tokens:
            return "the next server lets others in"
        self.following.met(self._link, welcome)
        away_s = round(loop.time() - began_s, 3)
        _log.info("the server is back", away_s=away_s, seq=welcome.seq, seen=self.following.follower.seq)
        self._follow_from(self.following.follower.cursor)
        await self._tell_we_live()
        return ""

    async def _connected(self) -> tuple[Link, Welcome] | None:
        """A link to the server that is there now, if one is."""
        link: Link | None = None
        try:
            link = await Link.connect(self._path)
            welcome = await link.ask(Hello(), LOOK_S)
        except (NoAnswer, LinkError):
            if link is not None:
                await link.close()
            return None
        assert isinstance(welcome, Welcome)
        return link, welcome

    def _may_begin_anew(self) -> bool:
        """A snapshot that leads nowhere either is for the server to see: it starts another process."""
        now_s = asyncio.get_running_loop().time()
        last_s, self._anew_s = self._anew_s, now_s
        return now_s - last_s > ANEW_S

    def _begin_anew(self) -> None:
        _log.warning("our cursor leads nowhere; beginning anew from a snapshot", why=_why(self._follow))
        self.following.begin_anew()
        self._follow_from("")
        self._chore("look back", self._look_back())

    def _chore(self, name: str, work: object) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work, name=name)  # type: ignore[arg-type]
        self._exits.push_async_callback(_ended, task)
        return task

    async def _beat(self) -> None:
        """A server that does not answer is left alone: clients are told so by `/health`."""
        while True:
            await self._tell_we_live()
            await asyncio.sleep(BEAT_S)

    async def _tell_we_live(self) -> None:
        with suppress(NoAnswer, LinkError):
            await self._link.ask(Ping(os.getpid(), self._serving), LOOK_S)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _failure(follow: "asyncio.Task[None]") -> BaseException | None:
    return None if follow.cancelled() else follow.exception()


def _why(follow: "asyncio.Task[None]") -> str:
    failure = _failure(follow)
    if isinstance(failure, RecoveryError | CursorGone):
        return f"the server cannot be followed: {failure}"
    return f"the follower failed: {failure!r}"
