"""The web process's end of the server's socket: questions with a deadline each."""

import asyncio
from pathlib import Path

from acd.feed.frames import MAX_FRAME_BYTES, MAX_REQUEST_BYTES, FrameError, FrameReader, framed
from acd.web.protocol import Answer, Ask, Failed, Request, decode_reply, encode

CONNECT_S = 5.0


class NoAnswer(Exception):
    """The server did not answer in time, or is gone."""


class LinkError(Exception):
    """The server refused; `code` as in `acd.web.protocol.Failed`."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.reason)
        self.code = failed.code


class Link:
    """One connection, any number of open questions. When it is lost it stays lost: `lost` is done then."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._frames = FrameReader(reader, MAX_FRAME_BYTES)
        self._writer = writer
        self._number = 0
        self._open: dict[int, asyncio.Future[Answer]] = {}
        self.lost: asyncio.Task[None] = asyncio.get_running_loop().create_task(self._listen(), name="link")

    @classmethod
    async def connect(cls, path: Path) -> "Link":
        """Raises NoAnswer."""
        try:
            async with asyncio.timeout(CONNECT_S):
                return cls(*await asyncio.open_unix_connection(path))
        except (OSError, TimeoutError) as failure:
            raise NoAnswer(f"nobody serves {path}") from failure

    async def ask(self, ask: Ask, patience_s: float) -> Answer:
        """The answer. Raises LinkError (the server refused), NoAnswer."""
        if self.lost.done():
            raise NoAnswer("the connection to the server is lost")
        self._number += 1
        number = self._number
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(framed(encode(Request(number, ask)), MAX_REQUEST_BYTES))
            async with asyncio.timeout(patience_s):
                found: Answer = await answer
        except (TimeoutError, OSError) as late:
            raise NoAnswer(f"the server did not answer within {patience_s:g} s") from late
        finally:
            del self._open[number]
        if isinstance(found, Failed):
            raise LinkError(found)
        return found

    async def close(self) -> None:
        """Open questions get NoAnswer."""
        self.lost.cancel()
        await asyncio.gather(self.lost, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            while (body := await self._frames.next()) is not None:
                reply = decode_reply(body)
                waiting = self._open.get(reply.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(reply.answer)
        except (OSError, FrameError):
            pass
        finally:
            self._writer.close()
            for waiting in self._open.values():
                if not waiting.done():
                    waiting.set_exception(NoAnswer("the connection to the server is lost"))
