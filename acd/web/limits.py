"""What every request meets before any route: a cap on its body; and HEAD, which is GET without the body."""

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acd.web import PREFIX
from acd.web.errors import answer, too_many

MAX_BODY_BYTES = 64 * 1024
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
DOCUMENTS = "/documents"
"""What is posted there is handed on as it comes, and never in memory as a whole."""


BODY_S = 30.0
"""So long a body may take, but that of a document, which has its own rule."""


class NotTooMany:
    """ASGI middleware: 503 beyond so many connections; for `/health` there is always room."""

    def __init__(self, app: ASGIApp, connections: Callable[[], int], most: int) -> None:
        self._app, self._connections, self._most = app, connections, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._connections() > self._most and scope["path"] != f"{PREFIX}/health":
            await too_many(f"more than {self._most} connections")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class BodyCap:
    """ASGI middleware: 413 for a body that is too large, its length announced or not; 408 if it is late."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        long = scope["path"].endswith(DOCUMENTS)
        limit = MAX_DOCUMENT_BYTES if long else MAX_BODY_BYTES
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            await answer(413, "too_large", _reason(limit))(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive, limit, None if long else BODY_S), send)

    def _counted(self, receive: Receive, limit: int, within_s: float | None) -> Receive:
        total, whole = 0, False
        until_s = None if within_s is None else asyncio.get_running_loop().time() + within_s

        async def counted() -> Message:
            nonlocal total, whole
            try:
                async with asyncio.timeout_at(None if whole else until_s):
                    message = await receive()
            except TimeoutError as late:
                raise HTTPException(408, f"the body did not come within {within_s:g} s") from late
            whole = not message.get("more_body", False)
            total += len(message.get("body", b""))
            if total > limit:
                raise HTTPException(413, _reason(limit))
            return message

        return counted


def _reason(limit: int) -> str:
    return f"the body may have {limit} bytes at most"


HEAD_ONLY = "acd.head_only"
"""In the scope of a request whose answer's body goes nowhere: a long one need not be fetched."""


class HeadAsGet:
    """ASGI middleware: HEAD is answered wherever GET is, with the same head (RFC 9110 §9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def headless(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET", HEAD_ONLY: True}, receive, headless)
