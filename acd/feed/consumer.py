"""A consumer's end of the feed: reads, and after any break goes on where it was."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from acd.feed.frames import MAX_FRAME_BYTES, FrameError, FrameReader, framed
from acd.feed.messages import Base, Delivery, Entries, Follow, Gone, decode, encode
from acd.feed.source import BEAT_S

SILENCE_S = 5 * BEAT_S
"""A server that says nothing for so long hangs, or the connection is dead."""
PAUSE_S = 0.2
"""Before the second try to connect; it doubles up to MAX_PAUSE_S."""
MAX_PAUSE_S = 5.0


class CursorGone(Exception):
    """The feed cannot go on from there: begin without a cursor."""


class Consumer:
    """Follows the feed at a Unix socket; `cursor` is where it is, empty before the first delivery."""

    def __init__(self, path: Path, cursor: str = "") -> None:
        self._path = path
        self.cursor = cursor
        self.breaks = 0
        """How often it had to connect again."""

    async def deliveries(self) -> AsyncGenerator[Base | Entries, None]:
        """For ever: what comes, each entry once and in order. Raises CursorGone.

        What was yielded counts as seen: the next connection goes on after it. A snapshot that was not
        complete is begun again.
        """
        pause_s = PAUSE_S
        while True:
            try:
                async for delivery in self._connection():
                    pause_s = PAUSE_S
                    if isinstance(delivery, Gone):
                        raise CursorGone(delivery.reason)
                    yield delivery
                    if isinstance(delivery, Entries) or delivery.last:
                        self.cursor = delivery.cursor
            except (OSError, TimeoutError, FrameError):
                pass
            self.breaks += 1
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, MAX_PAUSE_S)

    async def _connection(self) -> AsyncIterator[Delivery]:
        async with asyncio.timeout(SILENCE_S):
            reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            writer.write(framed(encode(Follow(self.cursor))))
            frames = FrameReader(reader, MAX_FRAME_BYTES)
            while (body := await frames.next(SILENCE_S)) is not None:
                yield decode(body)
        finally:
            writer.close()
