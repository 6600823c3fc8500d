"""What every request meets before any route: a cap on its body; and HEAD, which is GET without the body."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acd.web.errors import answer

MAX_BODY_BYTES = 64 * 1024


class BodyCap:
    """ASGI middleware: 413 for a body over `limit` bytes, whether its length is announced or not."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limit:
            await answer(413, "too_large", self._reason())(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _reason(self) -> str:
        return f"the body may have {self._limit} bytes at most"

    def _counted(self, receive: Receive) -> Receive:
        total = 0

        async def counted() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self._limit:
                raise HTTPException(413, self._reason())
            return message

        return counted


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

        await self._app({**scope, "method": "GET"}, receive, headless)
