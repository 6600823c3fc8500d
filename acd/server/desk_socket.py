"""The server's socket: the feed and a few questions, for processes of the same user."""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from acd.content.errors import NotErasedYetError, VaultError, VaultUnknownError
from acd.core.errors import Rejected
from acd.feed import messages
from acd.feed.frames import MAX_REQUEST_BYTES, FrameError, FrameReader, framed
from acd.feed.messages import Delivery, Follow, Gone
from acd.feed.source import Source
from acd.journal.errors import JournalError
from acd.web import protocol
from acd.web.control import EscalationRefused, IncidentRefused, JournalUnreadable, KeyReused, NotDurable
from acd.web.protocol import Answer, Ask, Failed, Reply, Request

_log = structlog.get_logger("acd.socket")

MAX_CONNECTIONS = 64
AT_ONCE = 16
"""Connections that wait, and are accepted at once."""
MAX_OPEN = 256
"""Questions of one connection that wait for their answers."""
SEND_S = 10.0
"""A client that takes nothing for so long is cut; it may come again with its cursor."""
ANSWER_S = 30.0
"""For an answer; one that rewrites files has `protocol.STORE_S`."""

AnswerTo = Callable[[Ask], Awaitable[Answer]]


class DeskSocket:
    """Listens at a path, mode 0600. Answers are made by `answer`; the feed by `source`."""

    def __init__(self, path: Path, source: Source, answer: AnswerTo) -> None:
        self.followers = 0
        self.cut = 0
        self._path = path
        self.source = source
        self.answer = answer
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Raises OSError. What a server that died left there is replaced: the journal's lock is ours."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._accept, self._path, backlog=AT_ONCE)
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Close the socket and every connection."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No coroutine: asyncio would make a task of it that it cannot see cancelled (Python 3.11).
        if len(self._connections) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Connection(self, reader, writer).serve()
        except (OSError, FrameError, TimeoutError) as failure:
            _log.info("connection ended", error=str(failure) or type(failure).__name__)
        except (JournalError, sqlite3.Error) as failure:
            _log.error("the journal cannot be read; a follower comes again", error=str(failure))
        except Exception as failure:  # one connection must never end the server, nor be silent
            _log.error("connection failed", exc_info=failure)
        finally:
            # Not closed in order: what a slow client did not take must not stay in memory.
            writer.transport.abort()


class _Connection:
    """One client: either follows the feed or asks questions."""

    def __init__(self, desk: DeskSocket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._desk = desk
        self._frames = FrameReader(reader, MAX_REQUEST_BYTES)
        self._writer = writer
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until the client closes, breaks the rules, or is too slow."""
        try:
            while (body := await self._frames.next()) is not None:
                opening = protocol.decode_opening(body)
                if isinstance(opening, Follow):
                    await self._follow(opening)
                    return
                if len(self._open) >= MAX_OPEN:
                    raise FrameError(f"more than {MAX_OPEN} open questions")
                task = asyncio.get_running_loop().create_task(self._reply(opening))
                self._open.add(task)
                task.add_done_callback(self._open.discard)
        finally:
            for task in self._open:
                task.cancel()

    async def _follow(self, follow: Follow) -> None:
        self._desk.followers += 1
        serving = asyncio.ensure_future(self._desk.source.serve(follow, self._deliver))
        leaving = asyncio.ensure_future(self._frames.next())  # he has nothing to say: it ends when he goes
        try:
            await asyncio.wait((serving, leaving), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        except JournalError as damage:
            _log.error("a follower cannot be served from the journal", error=str(damage))
            await self._deliver(Gone(str(damage)))
        finally:
            self._desk.followers -= 1
            for task in (serving, leaving):
                task.cancel()
            await asyncio.gather(serving, leaving, return_exceptions=True)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._send(messages.encode(delivery))
        except TimeoutError:
            self._desk.cut += 1
            _log.warning("a follower is too slow and was cut; it may come again")
            raise

    async def _reply(self, request: Request) -> None:
        stores = isinstance(request.ask, protocol.Storing)
        patience_s = protocol.STORE_S if stores else ANSWER_S
        try:
            async with asyncio.timeout(patience_s):
                answer = await self._desk.answer(request.ask)
        except TimeoutError:
            answer = Failed("late", f"no answer within {patience_s:g} s")
        except _REFUSED as refusal:
            codes = (code for kind, code in _CODES.items() if isinstance(refusal, kind))
            answer = Failed(next(codes, "invalid"), str(refusal))
        except Exception as failure:  # a question must never end the server
            _log.error("question failed", ask=type(request.ask).__name__, exc_info=failure)
            answer = Failed("internal", "internal error; the server's log says more")
        try:
            await self._send(protocol.encode(Reply(request.number, answer)))
        except (OSError, TimeoutError, FrameError):
            self._writer.transport.abort()

    async def _send(self, body: bytes) -> None:
        self._writer.write(framed(body))
        async with asyncio.timeout(SEND_S):
            await self._writer.drain()


_CODES: dict[type[Exception], str] = {
    Rejected: "rejected",
    NotDurable: "not_durable",
    JournalUnreadable: "journal_unreadable",
    KeyReused: "key_reused",
    IncidentRefused: "incident_refused",
    EscalationRefused: "escalation_refused",
    VaultUnknownError: "unknown",
    NotErasedYetError: "not_erased_yet",
    VaultError: "not_stored",
}

_REFUSED: tuple[type[Exception], ...] = (*_CODES, ValueError, msgspec.MsgspecError)
