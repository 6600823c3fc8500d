"""Errors of the API: one shape for all, `{"error": {"code", "reason"}}`, and never a traceback."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from acd.content.errors import NotErasedYetError, VaultError, VaultUnknownError
from acd.core.errors import Rejected
from acd.feed.consumer import CursorGone
from acd.feed.ring import Unwritten
from acd.web.control import (
    EscalationRefused,
    IncidentRefused,
    JournalUnreadable,
    KeyReused,
    NotDurable,
)
from acd.web.link import NoAnswer

_log = structlog.get_logger("acd.web")

_CODES = {400: "invalid", 404: "not_found", 405: "method_not_allowed", 408: "too_slow", 413: "too_large"}

_KNOWN: Mapping[type[Exception], tuple[int, str]] = {
    Rejected: (409, "rejected"),
    NoAnswer: (503, "no_answer"),
    NotDurable: (503, "not_durable"),
    JournalUnreadable: (503, "journal_unreadable"),
    KeyReused: (422, "key_reused"),
    IncidentRefused: (422, "invalid"),
    EscalationRefused: (422, "invalid"),
    CursorGone: (410, "cursor_gone"),
    VaultUnknownError: (404, "not_found"),
    NotErasedYetError: (503, "not_erased_yet"),
    VaultError: (503, "not_stored"),
}
"""What routes need not catch: status and code; the reason is the error's own text."""


class ApiError(Exception):
    """Answered with `status`; `code` is for programs, `reason` for people."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason


def unknown(late: Unwritten, reason: str) -> ApiError:
    """What is asked for is not in the copy. 404; but 503 while entries are late that may have brought it."""
    if not late.entries:
        return ApiError(404, "not_found", reason)
    return ApiError(503, "not_shown", f"{reason}, as far as is known: {not_written(*late)}")


def not_written(entries: int, since_ms: int) -> str:
    """For people: so many entries are not shown, and since when."""
    since = datetime.fromtimestamp(since_ms / 1000, UTC)
    return (
        f"what happened since {since:%Y-%m-%d %H:%M:%S} UTC is not written and not shown ({entries} entries)"
    )


class TooManyConnections(Exception):
    """The text says whose."""


class Repeated(Exception):
    """The request was answered before and is answered the same again: nothing is left to do."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"became entry {seq}")
        self.seq = seq


def install(app: FastAPI) -> None:
    """Answer every error in the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(Repeated, _repeated)
    app.add_exception_handler(TooManyConnections, _too_many)
    for kind in _KNOWN:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def answer(status: int, code: str, reason: str) -> JSONResponse:
    """The one shape."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": {"code": code, "reason": reason}}, status, headers)


def too_many(reason: str) -> JSONResponse:
    """Busy, with connections: this one is closed, so that another gets its place."""
    refused = answer(503, "busy", reason)
    refused.headers["Connection"] = "close"
    return refused


async def _too_many(_request: Request, refusal: Exception) -> Response:
    return too_many(str(refusal))


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return answer(error.status, error.code, error.reason)


async def _repeated(_request: Request, found: Exception) -> Response:
    assert isinstance(found, Repeated)
    return JSONResponse({"seq": found.seq})


async def _known(_request: Request, error: Exception) -> Response:
    status, code = next(found for kind, found in _KNOWN.items() if isinstance(error, kind))
    return answer(status, code, str(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Values are not repeated: they may be personal, and they came from the caller anyway.
    reasons = (f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {_why(one)}" for one in error.errors())
    return answer(422, "invalid", "; ".join(dict.fromkeys(reasons)))  # a header may be asked for twice


def _why(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "model_attributes_type":
        return "must be a JSON object, sent with Content-Type: application/json"
    return str(fault["msg"]).removeprefix("Value error, ")


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer(error.status_code, _CODES.get(error.status_code, "http_error"), str(error.detail))


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return answer(500, "internal", "internal error; the server's log says more")
