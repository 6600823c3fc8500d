"""A cap on request bodies, before anything reads them."""

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
