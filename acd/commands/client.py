"""The API's client: what the command line uses to find a running server and to talk to it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx

from acd.commands.check import looked_at
from acd.commands.shell import BAD_INPUT, NO, Failure, complain
from acd.web import PREFIX
from acd.web.token_file import TOKEN_FILE, read_token
from config.schema import Site

TIMEOUT_S = 15.0
"""The server answers a change when it is synced, or gives up on that after 10 s."""


class Target(NamedTuple):
    """Where a server is and the token it wants."""

    url: str
    token: str


class ClientError(Exception):
    """The server did not do it; the text is one line for people."""


class Unreachable(ClientError):
    """Nobody answered at that address."""


class RequestRefused(ClientError):
    """The server answered with an error."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code


class Client:
    """Blocking; a context manager. All methods raise ClientError."""

    def __init__(self, target: Target) -> None:
        self._url = target.url
        headers = {"Authorization": f"Bearer {target.token}"}
        # The environment's proxies are not for a server on this machine.
        self._http = httpx.Client(base_url=target.url, headers=headers, timeout=TIMEOUT_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """The JSON object at `path` (under /api/v1)."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any], within_s: float = TIMEOUT_S) -> dict[str, Any]:
        """What the server answered to `body`."""
        return self._send("POST", path, json=body, timeout=within_s)

    def _send(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, PREFIX + path, **content)
        except httpx.TransportError as failure:
            raise Unreachable(f"no server answers at {self._url}: {failure}") from failure
        except (httpx.InvalidURL, UnicodeError) as failure:
            raise Unreachable(f"{self._url} is not an address: {failure}") from failure
        if path != "/status" and response.headers.get("ACD-Unwritten", "0") != "0":  # that tells it itself
            complain("the journal cannot be written: what happened since is not shown", NO)
        return _object(response)


def client_of(path: Path | None, url: str) -> Client:
    """A client of the server that options and environment name. Raises Failure."""
    if path is None and not url:
        raise Failure(BAD_INPUT, "which server? give --site SITE or --url URL (or set ACD_SITE or ACD_URL)")
    return Client(_target(path, url, os.environ))


def _target(path: Path | None, url: str, environ: Mapping[str, str]) -> Target:
    token = environ.get("ACD_TOKEN", "")
    if path is None:
        return Target(url.rstrip("/"), token)
    site = looked_at(path)
    return Target(url.rstrip("/") or _url_of(site), token or _token_of(site))


def _url_of(site: Site) -> str:
    """What the running server wrote down, else what the site says."""
    try:
        return (site.server.data_dir / "api-url").read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return f"http://{site.server.api.host}:{site.server.api.port}"


def _token_of(site: Site) -> str:
    if site.server.api.token is not None:
        return site.server.api.token.reveal()
    try:
        return read_token(site.server.data_dir / TOKEN_FILE)
    except FileNotFoundError as error:
        reason = f"there is no {error.filename}: no server has run here yet, or token_env is not set"
        raise Failure(NO, reason) from error
    except (OSError, ValueError) as error:
        raise Failure(NO, f"the API token cannot be read: {error}") from error


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise RequestRefused(
            response.status_code, "not_json", f"unexpected answer (HTTP {response.status_code})"
        )
    if response.is_error:
        error = answer.get("error", {})
        raise RequestRefused(response.status_code, str(error.get("code")), str(error.get("reason")))
    return answer
