"""The header Idempotency-Key: a change that is sent twice is made once."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request

from acd.web.auth import caller_of
from acd.web.control import Control, WriteKey
from acd.web.errors import Repeated

KeyHeader = Annotated[str, Header(max_length=200, pattern=r"^[\x21-\x7e]+$", alias="Idempotency-Key")]


async def key_of(request: Request, idempotency_key: KeyHeader = "") -> WriteKey | None:
    """The key of this request with what it asks for; None: it has none."""
    if not idempotency_key:
        return None
    asked = sha256(f"{request.method} {request.url.path}\n".encode() + await request.body())
    return WriteKey(caller_of(request).name, idempotency_key, asked.digest())


def once(control: Control) -> Callable[[Request, str], Awaitable[None]]:
    """A FastAPI dependency: a repetition ends here, with the first answer, whatever has changed since."""

    async def check(request: Request, idempotency_key: KeyHeader = "") -> None:
        key = await key_of(request, idempotency_key)
        seq = None if key is None else await control.repeated(key)
        if seq is not None:
            raise Repeated(seq)

    return check
