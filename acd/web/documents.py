"""Documents over HTTP, handed on piece by piece: nothing here holds one as a whole, or the vault."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from acd.content.errors import VaultError
from acd.core.events import ContactId
from acd.core.facts import Arrived, Joined
from acd.ports import About, ContactRef, NewPiece, Told
from acd.web.control import MAX_LISTED, MAX_PIECE_BYTES, Control
from acd.web.errors import ApiError, unknown
from acd.web.limits import HEAD_ONLY
from acd.web.link import NoAnswer
from acd.web.rights import DRAFT, Caller
from acd.web.shapes import ContactPath, Document, Documents, Json, Kept, WhoAsks, failures, shows
from agents.skills import AgentId
from config.api_tokens import Role

_log = structlog.get_logger("acd.web")

TRANSPORT = "transport"
"""In a request's state: its connection."""
SLOW_S = 10.0
"""Who takes or sends nothing for so long is cut off."""
SLICE_BYTES = 64 * 1024
"""Few enough that other requests come between two of them."""
MAX_AT_ONCE = 32
MAX_AT_ONCE_EACH = 8
"""Documents under way, of everybody and of one token. Each costs two pieces of memory at most."""

KIND_HEADER = "ACD-Kind"
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Its bytes.", "content": {"application/octet-stream": {}}},
    **failures(),
}

DocumentPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class NewKind(StrEnum):
    """What may be brought over HTTP; recordings and the like come from channels alone."""

    DRAFT = DRAFT
    ATTACHMENT = "attachment"


class Slots:
    """How many documents are under way."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    @contextmanager
    def taken(self, by: str) -> Iterator[None]:
        """While one is under way. Raises ApiError: there are too many."""
        if self._of[by] >= MAX_AT_ONCE_EACH or self._of.total() >= MAX_AT_ONCE:
            raise ApiError(503, "busy", "too many documents are under way; try again")
        self._of[by] += 1
        try:
            yield
        finally:
            self._of[by] -= 1


class Streamed(Response):
    """A document as it comes from the server. Who is too slow, or whose rest does not come, is cut off."""

    def __init__(
        self, control: Control, document: str, about: About, slot: AbstractContextManager[None]
    ) -> None:
        self._control, self._document, self._slot = control, document, slot
        self._left = about.size
        self.background = None
        self.status_code = 200
        self.init_headers(
            {
                "content-type": "application/octet-stream",
                "content-length": str(about.size),
                "content-disposition": "attachment",
                "x-content-type-options": "nosniff",
                "cache-control": "no-store",
                KIND_HEADER: about.kind,
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._slot:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            transport = scope["state"][TRANSPORT]
            try:
                if not scope.get(HEAD_ONLY):
                    await self._send_all(send, transport)
                await _in_time(send({"type": "http.response.body", "body": b""}))
            except (TimeoutError, NoAnswer, VaultError) as why:
                _log.info("a document is cut off", reason=str(why) or "its reader is too slow")
                transport.abort()
                while (await receive())["type"] != "http.disconnect":
                    pass

    async def _send_all(self, send: Send, transport: asyncio.Transport) -> None:
        number = 0
        while self._left > 0:
            data = await self._control.piece(self._document, number)
            if data is None or transport.is_closing():
                raise VaultError("its rest is gone, or its reader is")
            for start in range(0, len(data), SLICE_BYTES):
                body = data[start : start + SLICE_BYTES]
                await _in_time(send({"type": "http.response.body", "body": body, "more_body": True}))
            self._left -= len(data)
            number += 1


def document_router(control: Control) -> APIRouter:
    """What belongs to a contact: recordings, texts, drafts, attachments."""
    router, slots = APIRouter(tags=["documents"]), Slots()

    @router.get("/contacts/{contact}/documents", **shows(Documents))
    async def documents(contact: ContactPath, caller: WhoAsks) -> Response:
        """The documents of the contact that he may read."""
        return Json(await _listed(control, caller, ContactId(contact)))

    @router.get("/contacts/{contact}/documents/{document}", response_class=Response, responses=BYTES)
    async def document(contact: ContactPath, document: DocumentPath, caller: WhoAsks) -> Response:
        """A document of the contact."""
        history = await control.history(ContactId(contact))
        about = await control.about(document)
        readable = _reader(control, caller, ContactId(contact), history)
        if about.contact not in _names(history) or not readable(about.kind):
            raise ApiError(404, "not_found", f"there is no document {document} of contact {contact}")
        if not about.whole:
            raise ApiError(409, "rejected", "the document is not whole, perhaps not yet")
        return Streamed(control, document, about, slots.taken(caller.name))

    @router.post("/contacts/{contact}/documents", **shows(Kept))
    async def bring(
        contact: ContactPath,
        request: Request,
        caller: WhoAsks,
        kind: NewKind,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Keep the body as a document of a contact that lives or is wrapped up."""
        if idempotency_key is not None:
            raise ApiError(422, "invalid", "Idempotency-Key: a document that is sent again is another one")
        _check_in_hand(control, caller, ContactId(contact))
        names = _names(await control.history(ContactId(contact)))
        if not names:
            raise unknown(control.unwritten(), f"there is no contact {contact}")
        with slots.taken(caller.name):
            return Json(Kept(await _received(control, request, names[0], kind)))

    return router


async def _listed(control: Control, caller: Caller, contact: ContactId) -> Documents:
    history = await control.history(contact)
    readable = _reader(control, caller, contact, history)
    if not history or not readable(""):
        raise unknown(control.unwritten(), f"there is no contact {contact}")
    found = await control.documents(_names(history)[:MAX_LISTED], MAX_LISTED)
    shown = [
        Document(document, about.kind, about.size, about.whole)
        for document, about in found
        if readable(about.kind)
    ]
    return Documents(shown, len(found) == MAX_LISTED)


def _reader(
    control: Control, caller: Caller, contact: ContactId, history: Sequence[Told]
) -> Callable[[str], bool]:
    """Whether documents of a kind of this contact are for him."""
    at_work = AgentId(caller.agent) in control.agents_with(contact)
    now_ms = control.now_ms()
    return lambda kind: caller.may_read(kind, history, now_ms, at_work=at_work)


def _names(history: Sequence[Told]) -> list[ContactRef]:
    """What names the contact in the vault: by its arrival, and by what joined it."""
    tenant = next((told.fact.tenant for told in history if isinstance(told.fact, Arrived)), "")
    came = (told.fact for told in history)
    return [ContactRef(tenant, fact.ref) for fact in came if isinstance(fact, Arrived | Joined)]


def _check_in_hand(control: Control, caller: Caller, contact: ContactId) -> None:
    at_work = control.agents_with(contact)
    mine = caller.agent in at_work if caller.role is Role.AGENT else at_work or control.contact(contact)
    if not mine:
        raise unknown(control.unwritten(), f"contact {contact} is not live")


async def _received(control: Control, request: Request, contact: ContactRef, kind: NewKind) -> str:
    """The body, kept piece by piece as it comes: its document, once all is synced."""
    document, held, body = "", bytearray(), request.stream()
    try:
        while chunk := await _next(body):
            held += chunk
            while len(held) > MAX_PIECE_BYTES:
                piece = NewPiece(contact, kind.value, bytes(held[:MAX_PIECE_BYTES]), document, False)
                document = await control.append(piece)
                del held[:MAX_PIECE_BYTES]
        if not held:
            raise ApiError(422, "invalid", "body: it is empty")
        return await control.append(NewPiece(contact, kind.value, bytes(held), document, True))
    except BaseException:
        if document:
            await control.abandon(document)
        raise


async def _next(body: AsyncGenerator[bytes, None]) -> bytes:
    try:
        async with asyncio.timeout(SLOW_S):
            return await anext(body)
    except StopAsyncIteration:
        return b""
    except TimeoutError as late:
        raise ApiError(408, "too_slow", f"nothing came for {SLOW_S:g} s") from late
    except ClientDisconnect as gone:
        raise ApiError(400, "invalid", "body: its sender is gone") from gone


async def _in_time(sent: Awaitable[None]) -> None:
    """Returns when the connection has room again. Raises TimeoutError."""
    async with asyncio.timeout(SLOW_S):
        await sent
