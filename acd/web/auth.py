"""Bearer tokens: who may use the API, and the operator's own token in its file."""

import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from hmac import compare_digest
from pathlib import Path

from fastapi import Header, Request

from acd.web import PREFIX
from acd.web.errors import ApiError
from acd.web.rights import RIGHTS, Caller
from config.api_tokens import ApiToken, digest_of

TOKEN_FILE = "api-token"
TOKEN_BYTES = 32

Check = Callable[[Request, str], Awaitable[None]]


def guard(tokens: Sequence[ApiToken]) -> Check:
    """A FastAPI dependency: bearer tokens (RFC 6750 §2.1) of a role that may use the route pass.

    401: no token, or none that is known; 403: its role has no business there. `caller_of` tells whose it is.
    """
    known = [
        (token.digest.encode(), Caller(token.name, token.role, token.client, token.agent)) for token in tokens
    ]

    async def check(request: Request, authorization: str = Header(default="")) -> None:
        scheme, _, given = authorization.partition(" ")
        caller = _find(known, given.strip()) if scheme.lower() == "bearer" else None
        if caller is None:
            raise ApiError(401, "unauthorized", "a bearer token is required")
        path = request.scope["route"].path.removeprefix(PREFIX)
        if caller.role not in RIGHTS.get((request.method, path), ()):
            raise ApiError(403, "forbidden", f"a token of role {caller.role} may not do that")
        request.state.caller = caller

    return check


def caller_of(request: Request) -> Caller:
    """Who asks; there once `guard` has let him pass."""
    found: Caller = request.state.caller
    return found


def _find(known: Sequence[tuple[bytes, Caller]], token: str) -> Caller | None:
    """All are compared, as hashes: a wrong token takes as long as a right one."""
    digest = digest_of(token).encode()
    matches = [caller for expected, caller in known if compare_digest(expected, digest)]
    return matches[0] if matches else None


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
