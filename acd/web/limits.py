"""What every request meets before any route: a cap on its body; and HEAD, which is GET without the body."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acd.web.errors import answer

MAX_BODY_BYTES = 64 * 1024
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
DOCUMENTS = "/documents"
"""What is posted there is handed on as it comes, and never in memory as a whole."""


class BodyCap:
    """ASGI middleware: 413 for a body that is too large, whether its length is announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_DOCUMENT_BYTES if scope["path"].endswith(DOCUMENTS) else MAX_BODY_BYTES
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            await answer(413, "too_large", _reason(limit))(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive, limit), send)

    def _counted(self, receive: Receive, limit: int) -> Receive:
        total = 0

        async def counted() -> Message:
            nonlocal total
            message = await receive()
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
