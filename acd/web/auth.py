"""The bearer token: who may use the API."""

import os
import secrets
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from pathlib import Path

from fastapi import Header

from acd.web.errors import ApiError

TOKEN_FILE = "api-token"
TOKEN_BYTES = 32

Check = Callable[[str], Awaitable[None]]


def bearer(token: str) -> Check:
    """A FastAPI dependency: requests with this bearer token pass (RFC 6750 §2.1), others get 401.

    The comparison takes as long for a wrong token as for the right one.
    """
    expected = token.encode()

    async def check(authorization: str = Header(default="")) -> None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), expected):
            raise ApiError(401, "unauthorized", "a bearer token is required")

    return check


def own_token(data_dir: Path) -> str:
    """The token in `data_dir`, made (mode 0600) if there is none yet.

    Raises OSError when it can neither be read nor made, ValueError when others may read it or it is empty.
    """
    path = data_dir / TOKEN_FILE
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return read_token(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
    return read_token(path)


def read_token(path: Path) -> str:
    """The token in a file that only its owner (and group) may read. Raises OSError and ValueError."""
    if path.stat().st_mode & 0o007:
        raise ValueError(f"{path} may be read by everybody (chmod o-rwx {path})")
    token = path.read_text(encoding="utf-8").strip()
    if not token:
        raise ValueError(f"{path} is empty")
    return token
