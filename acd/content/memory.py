"""Content that ends with the process: for tests."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from acd.content.errors import VaultUnknownError
from acd.content.intake import Intake, Item
from acd.content.parties import IDENTIFYING, comparable
from acd.ports import About, Appended, ContactRef, ContentId, Listed, NewParty, NewPiece, PartyKind

Result = TypeVar("Result")

_Key = tuple[str, PartyKind, str]


@dataclass(slots=True)
class _Kept:
    """What one contact has."""

    created_ms: int
    parties: dict[ContentId, str] = field(default_factory=dict)
    documents: dict[ContentId, list[NewPiece]] = field(default_factory=dict)


class MemoryContent:
    """See the port. What is appended is as safe as it ever gets when `append` returns."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._intake = Intake()
        self._contacts: dict[ContactRef, _Kept] = {}
        self._links: dict[_Key, ContentId] = {}
        self._lock = Lock()
        self.trouble = ""

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        """As the port says."""
        items = self._intake.take(batch, self._now_ms())
        with self._lock:
            ids = tuple(self._keep(item) for item in items)
        return Appended(ids, _done(None))

    def party(self, party: str) -> str:
        """As the port says."""
        with self._lock:
            for kept in reversed(self._contacts.values()):
                if (value := kept.parties.get(ContentId(party))) is not None:
                    return value
        raise VaultUnknownError(f"no party {party}: never stored, or erased")

    def abandon(self, document: str) -> None:
        """As the port says."""
        self._intake.end(document)

    def about(self, document: str) -> About:
        """As the port says."""
        with self._lock:
            return _about(*self._document(document))

    def documents(self, contact: ContactRef, most: int) -> list[Listed]:
        """As the port says."""
        with self._lock:
            kept = self._contacts.get(contact)
            found = list(kept.documents.items())[:most] if kept else []
            return [Listed(document, _about(contact, pieces)) for document, pieces in found]

    def read(self, document: str, first: int = 0) -> Iterator[bytes]:
        """As the port says."""
        with self._lock:
            _, pieces = self._document(document)
            return iter([piece.data for piece in pieces[first:]])

    def erase_contact(self, contact: ContactRef) -> "Future[int]":
        """As the port says."""
        return self._erase([contact] if contact in self._contacts else [])

    def erase_person(self, value: str, tenant: str | None = None) -> "Future[int]":
        """As the port says."""
        parties = {
            party
            for (name, kind, known), party in self._links.items()
            if tenant in (None, name) and kind in IDENTIFYING and known == comparable(kind, value)
        }
        return self._erase([ref for ref, kept in self._contacts.items() if parties & kept.parties.keys()])

    def erase_before(self, tenant: str, before_ms: int) -> "Future[int]":
        """As the port says."""
        found = [
            ref
            for ref, kept in self._contacts.items()
            if ref.tenant == tenant and kept.created_ms < before_ms
        ]
        return self._erase(found)

    def close(self) -> None:
        """Nothing to store."""

    def _document(self, document: str) -> tuple[ContactRef, list[NewPiece]]:
        for contact, kept in self._contacts.items():
            if (pieces := kept.documents.get(ContentId(document))) is not None:
                return contact, pieces
        raise VaultUnknownError(f"no document {document}: never stored, or erased")

    def _keep(self, item: Item) -> ContentId:
        new = item.new
        kept = self._contacts.setdefault(new.contact, _Kept(item.at_ms))
        if isinstance(new, NewPiece):
            kept.documents.setdefault(item.id, []).append(new)
            return item.id
        key = new.contact.tenant, new.kind, comparable(new.kind, new.value)
        party = self._links.setdefault(key, item.id)
        kept.parties[party] = new.value
        return party

    def _erase(self, contacts: Sequence[ContactRef]) -> "Future[int]":
        with self._lock:
            for contact in contacts:
                self._intake.drop(contact)
                del self._contacts[contact]
            held = {party for kept in self._contacts.values() for party in kept.parties}
            self._links = {key: party for key, party in self._links.items() if party in held}
        return _done(len(contacts))


def _about(contact: ContactRef, pieces: Sequence[NewPiece]) -> About:
    return About(contact, pieces[-1].kind, sum(len(piece.data) for piece in pieces), pieces[-1].last)


def _done(result: Result) -> "Future[Result]":
    future: Future[Result] = Future()
    future.set_result(result)
    return future
