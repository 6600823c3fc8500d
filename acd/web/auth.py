"""Bearer tokens: who may use the API."""

from collections.abc import Awaitable, Callable, Sequence
from hmac import compare_digest

from fastapi import Header, Request

from acd.web import PREFIX
from acd.web.errors import ApiError, TooManyConnections
from acd.web.rights import RIGHTS, Caller
from config.api_tokens import ApiToken, digest_of

PROVED = "proved"
"""In a request's state: to be called with the name of its token; False: that one has too many connections."""

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
        if not request.scope["state"][PROVED](caller.name):
            raise TooManyConnections("this token has too many connections; those of others are served")
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
