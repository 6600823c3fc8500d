"""What every kind of Content does with a batch before it is stored: ids, order, caps."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import urandom
from threading import Lock
from typing import NamedTuple

from acd.content.errors import TooLargeError, VaultUnknownError
from acd.ports import ContactRef, ContentId, NewParty, NewPiece

MAX_PIECE_BYTES = 1024 * 1024
"""A piece is sealed and written in one go, and what comes after it waits for so long."""
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""Four hours of a recorded call (8 kHz, 16 bit) would be more: it is two documents then."""

MAX_VALUE_CHARACTERS = 1000
"""Of a party; the longest mail address has 254 (RFC 5321 §4.5.3.1.3)."""


class Item(NamedTuple):
    """An item with its id, and when it came."""

    new: NewParty | NewPiece
    id: ContentId
    at_ms: int
    number: int = 0
    """Which piece of its document this is, from 0."""
    known: bool = False
    """The party's value had this id before."""


@dataclass(slots=True)
class _Open:
    """A document whose last piece has not come."""

    contact: ContactRef
    pieces: int = 0
    size: int = 0


class Intake:
    """Checks batches. May be used from any thread."""

    def __init__(self) -> None:
        self._open: dict[ContentId, _Open] = {}
        self._lock = Lock()

    def take(self, batch: Sequence[NewParty | NewPiece], at_ms: int) -> list[Item]:
        """The batch with ids; a party's is a proposal, which counts if its value has none yet.

        Raises TooLargeError, VaultUnknownError; then no item counts.
        """
        with self._lock:
            saved = {key: _Open(one.contact, one.pieces, one.size) for key, one in self._touched(batch)}
            begun: list[ContentId] = []
            try:
                return [self._item(new, at_ms, begun) for new in batch]
            except BaseException:
                for document in begun:
                    self._open.pop(document, None)
                self._open.update(saved)
                raise

    def end(self, document: str) -> None:
        """No more of it will come."""
        with self._lock:
            self._open.pop(ContentId(document), None)

    def drop(self, contact: ContactRef) -> None:
        """The contact is erased: its unfinished documents end."""
        with self._lock:
            self._open = {key: one for key, one in self._open.items() if one.contact != contact}

    def _touched(self, batch: Sequence[NewParty | NewPiece]) -> list[tuple[ContentId, _Open]]:
        named = {ContentId(new.of) for new in batch if isinstance(new, NewPiece)}
        return [(key, self._open[key]) for key in named if key in self._open]

    def _item(self, new: NewParty | NewPiece, at_ms: int, begun: list[ContentId]) -> Item:
        if isinstance(new, NewParty):
            if len(new.value) > MAX_VALUE_CHARACTERS:
                raise TooLargeError(f"a party of {len(new.value)} characters; {MAX_VALUE_CHARACTERS} at most")
            return Item(new, opaque_id(), at_ms)
        document, number = self._continue(new, begun)
        return Item(new, document, at_ms, number)

    def _continue(self, new: NewPiece, begun: list[ContentId]) -> tuple[ContentId, int]:
        document = ContentId(new.of) or opaque_id()
        one = self._open.get(document)
        if new.of and (one is None or one.contact != new.contact):
            raise VaultUnknownError(f"no unfinished document {document} of this contact")
        if one is None:
            one = self._open[document] = _Open(new.contact)
            begun.append(document)
        if len(new.data) > MAX_PIECE_BYTES or one.size + len(new.data) > MAX_DOCUMENT_BYTES:
            raise TooLargeError(
                f"a piece may have {MAX_PIECE_BYTES} bytes at most, a document {MAX_DOCUMENT_BYTES}"
            )
        number, one.pieces, one.size = one.pieces, one.pieces + 1, one.size + len(new.data)
        if new.last:
            del self._open[document]
        return document, number


def opaque_id() -> ContentId:
    """An id that nobody has."""
    return ContentId(urandom(16).hex())
