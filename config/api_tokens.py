"""Named tokens of the API: `[[server.api.tokens]]`. Kept is a token's SHA-256."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from config.table import Table

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")

OPERATOR = "operator"
"""Name of the token that `server.api.token_env` or `token_file` give, or that the server makes itself."""


class Role(StrEnum):
    """What a token is for; `acd.web.rights` says what each may do."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    PLANNER = "planner"
    AGENT = "agent"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """`digest` is the SHA-256 of the token in hex; empty only from `check(…, secrets=False)`.

    A token has 256 random bits, so a fast hash is enough: nobody guesses it, as he would a password.
    """

    name: str
    role: Role
    digest: str
    client: str = ""
    """Of a tenant's token: whose lines and contacts it reads."""
    agent: str = ""
    """Of an agent's token: for whom it acts."""


def digest_of(token: str) -> str:
    """SHA-256 in hex."""
    return sha256(token.encode()).hexdigest()


def read_tokens(
    tables: Sequence[Table], clients: Collection[str], agents: Collection[str]
) -> tuple[ApiToken, ...]:
    """The tokens; names are unique, and clients and agents are those of the desk."""
    found: dict[str, ApiToken] = {}
    for table in tables:
        token = _read_token(table, clients, agents)
        if token.name == OPERATOR or token.name in found:
            table.error("name", f'"{token.name}" is taken')
        found[token.name] = token
    return tuple(found.values())


def _read_token(table: Table, clients: Collection[str], agents: Collection[str]) -> ApiToken:
    name, role = table.text("name"), table.choice("role", Role)
    if name and not _NAME.fullmatch(name):
        table.error("name", 'not a name: letters, digits, "-", "_" and "." only, 64 at most')
    client = _whose(table, "client", role is Role.TENANT, clients)
    agent = _whose(table, "agent", role is Role.AGENT, agents)
    return ApiToken(name, role, _read_digest(table), client, agent)


def _whose(table: Table, key: str, wanted: bool, among: Collection[str]) -> str:
    name = table.text(key, "")
    if wanted and not name:
        table.error(key, "missing key")
    elif name and not wanted:
        table.error(key, "not for this role")
    elif name:
        table.known(key, key, name, among)
    return name


def _read_digest(table: Table) -> str:
    digest = table.text("sha256", "")
    if digest and ("token_env" in table or "token_file" in table):
        table.error("sha256", "there is a token_env or token_file too, give one of them")
    elif digest and not _DIGEST.fullmatch(digest):
        table.error("sha256", "must be 64 hexadecimal digits, as `acd token new` prints them")
    secret = table.secret("token", required=not digest)
    return digest_of(secret.reveal()) if secret else digest
