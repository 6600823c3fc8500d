"""Documents for whoever asks at the server's socket: this process alone opens the vault."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from acd.content.errors import TooLargeError
from acd.ports import About, ContactRef, Content, ContentId, Listed, NewPiece
from acd.web.control import MAX_LISTED

MAX_OPEN = 64
"""Documents that are being received at a time."""
IDLE_S = 60.0
"""A document of which nothing came for so long is given up when the next one begins."""
SYNC_EVERY = 16
"""So many pieces of a document may wait for the disk before its sender does."""

MAX_NUMBER = 2**31
"""Of a piece; no document has so many."""

T = TypeVar("T")


class Documents:
    """All on the loop, but for what blocks; that has a thread of its own, so nothing else waits behind it."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._thread = ThreadPoolExecutor(1, "documents")
        self._open: dict[ContentId, tuple[int, float]] = {}
        """Document → its pieces so far, and when the last came."""

    def stop(self) -> None:
        """Whoever waits is told no more."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def about(self, document: str) -> About:
        """Raises VaultUnknownError."""
        return await self._off_the_loop(lambda: self._content.about(document))

    async def of(self, contacts: Sequence[ContactRef], most: int) -> list[Listed]:
        """What these have, at most so many of them together."""
        return await self._off_the_loop(lambda: self._listed(contacts, max(0, min(most, MAX_LISTED))))

    async def piece(self, document: str, number: int) -> bytes | None:
        """None behind the last one. Raises VaultUnknownError, VaultDamagedError, ValueError."""
        if not 0 <= number <= MAX_NUMBER:
            raise ValueError(f"no piece has the number {number}")
        return await self._off_the_loop(lambda: next(self._content.read(document, number), None))

    async def append(self, piece: NewPiece) -> ContentId:
        """Its document's id; with the last piece, and now and then, once all until then is synced.

        Raises TooLargeError (also: too many are being received), VaultError; then the document is over.
        """
        if not piece.of:
            self._make_room()
        document = ContentId(piece.of)
        try:
            appended = self._content.append([piece])
            (document,) = appended.ids
            count, _ = self._open.get(document, (0, 0.0))
            self._open[document] = count + 1, time.monotonic()
            if piece.last or (count + 1) % SYNC_EVERY == 0:
                await asyncio.wrap_future(appended.synced)
        except BaseException:
            self.abandon(document)
            raise
        if piece.last:
            del self._open[document]
        return document

    def abandon(self, document: str) -> None:
        """Its sender is gone."""
        self._content.abandon(document)
        self._open.pop(ContentId(document), None)

    def _listed(self, contacts: Sequence[ContactRef], most: int) -> list[Listed]:
        found: list[Listed] = []
        for contact in contacts:
            if len(found) < most:
                found += self._content.documents(contact, most - len(found))
        return found

    def _make_room(self) -> None:
        late_s = time.monotonic() - IDLE_S
        for document in [document for document, (_, at_s) in self._open.items() if at_s < late_s]:
            self.abandon(document)
        if len(self._open) >= MAX_OPEN:
            raise TooLargeError(f"{MAX_OPEN} documents are being received already")

    async def _off_the_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
