"""A registrar: which phones ring for a user, until when, and where they really are (RFC 3261 §10.3)."""

from collections import Counter
from enum import StrEnum

import msgspec
from msgspec import Struct

from channels.sip.protocol.address import Endpoint, NameAddr
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Header, Request
from channels.sip.protocol.timers import Timers

User = str
"""The user part of an address-of-record: one agent's SIP name."""


class Limits(Struct, frozen=True):
    """What registrations may ask for, in seconds and bindings per user."""

    min_expires_s: int = 60
    default_expires_s: int = 600
    max_expires_s: int = 3600
    max_bindings: int = 5


class Binding(Struct, frozen=True):
    """One phone of a user."""

    key: str
    """What tells this phone from the user's others: its instance id (RFC 5626), else its contact."""
    contact: str
    """URI that the phone gave, for the Request-URI."""
    source: Endpoint
    """Where its REGISTER came from: where requests are sent to (NAT)."""
    call_id: str
    cseq: int
    expires_ms: int


class ChangeKind(StrEnum):
    """What happened to a binding."""

    ADDED = "added"
    REFRESHED = "refreshed"
    REMOVED = "removed"
    EXPIRED = "expired"


class Change(Struct, frozen=True):
    """One binding of one user changed."""

    kind: ChangeKind
    user: User
    binding: Binding
    former: Endpoint | None = None
    """Of a refreshed one: where it was until now."""


class Answer(Struct, frozen=True):
    """The response to a REGISTER and what it changed; nothing changed unless `status` is 200."""

    status: int
    headers: tuple[Header, ...] = ()
    changes: tuple[Change, ...] = ()


class Registrar:
    """All bindings by user. Pure; authentication and the list of users are the caller's."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008  (frozen)
        self._limits = limits
        self._users: dict[User, dict[str, Binding]] = {}
        self._deadlines: Timers[tuple[User, str]] = Timers()
        self.hosts = Counter[str]()
        """Where live bindings came from: IP address → how many."""

    def bindings(self, user: User) -> list[Binding]:
        """The live bindings of a user, the latest registered last."""
        return list(self._users.get(user, {}).values())

    def users(self) -> list[User]:
        """All users with at least one binding."""
        return list(self._users)

    def next_deadline(self) -> int | None:
        """When the next binding expires (ms), or None."""
        return self._deadlines.next()

    def expire(self, now_ms: int) -> list[Change]:
        """Remove what has expired."""
        gone: list[Change] = []
        while (due := self._deadlines.pop_due(now_ms)) is not None:
            user, key = due
            gone.append(Change(ChangeKind.EXPIRED, user, self._take(user, key)))
        return gone

    def register(self, user: User, request: Request, source: Endpoint, now_ms: int) -> Answer:
        """Carry out an authenticated REGISTER for `user`: all of it or nothing (§10.3 step 7)."""
        try:
            wanted = self._wanted(request)
        except BadMessage as error:
            return Answer(error.status)
        if any(0 < seconds < self._limits.min_expires_s for _, seconds in wanted):
            return Answer(423, (("Min-Expires", str(self._limits.min_expires_s)),))
        current = self._users.get(user, {})
        touched = list(current) if request.contact_is_star else [_key(contact) for contact, _ in wanted]
        if any(self._outdated(current.get(key), request) for key in touched):
            return Answer(500)
        if sum(seconds > 0 for _, seconds in wanted) > self._limits.max_bindings:
            return Answer(403)
        changes = self._remove_all(user) if request.contact_is_star else []
        for contact, seconds in wanted:
            expires_ms = now_ms + 1000 * seconds if seconds else 0
            key, cseq = _key(contact), request.cseq.number
            changes += self._bind(
                user, Binding(key, contact.uri.text, source, request.call_id, cseq, expires_ms)
            )
        return Answer(200, self._contacts(user, now_ms), tuple(changes))

    def remove(self, user: User) -> list[Change]:
        """Remove all bindings of a user (the agent signs out, or is deleted)."""
        return self._remove_all(user)

    def _wanted(self, request: Request) -> list[tuple[NameAddr, int]]:
        """(contact, seconds) pairs. Raises BadMessage(400)."""
        if request.contact_is_star:
            if request.expires != 0:
                raise BadMessage(400, "Contact * without Expires 0")
            return []
        if any(contact.uri.scheme not in ("sip", "sips") for contact in request.contacts):
            raise BadMessage(400, "Contact cannot be rung")
        return [(contact, self._seconds(contact, request.expires)) for contact in request.contacts]

    def _seconds(self, contact: NameAddr, header: int | None) -> int:
        """A malformed value counts as the default (§10.2.1.1)."""
        said = contact.params.get("expires") or ""
        if said.isascii() and said.isdigit() and len(said) <= 10:
            return min(int(said), self._limits.max_expires_s)
        default = self._limits.default_expires_s
        return min(default if header is None else header, self._limits.max_expires_s)

    def _outdated(self, binding: Binding | None, request: Request) -> bool:
        if binding is None or binding.call_id != request.call_id:
            return False
        return request.cseq.number <= binding.cseq

    def _bind(self, user: User, binding: Binding) -> list[Change]:
        """Put or remove one binding; the oldest of the others goes when there are too many.

        Phones that restart with another port each time would otherwise lock themselves out.
        """
        known = self._take(user, binding.key) if binding.key in self._users.get(user, {}) else None
        if not binding.expires_ms:
            return [Change(ChangeKind.REMOVED, user, known)] if known else []
        kind = ChangeKind.REFRESHED if known else ChangeKind.ADDED
        changes = [Change(kind, user, binding, known.source if known else None)]
        others = self._users.get(user, {})
        if len(others) >= self._limits.max_bindings:
            changes.insert(0, Change(ChangeKind.REMOVED, user, self._take(user, next(iter(others)))))
        self._put(user, binding)
        return changes

    def _put(self, user: User, binding: Binding) -> None:
        self._users.setdefault(user, {})[binding.key] = binding
        self._deadlines.set((user, binding.key), binding.expires_ms)
        self.hosts[binding.source.host] += 1

    def _take(self, user: User, key: str) -> Binding:
        bindings = self._users[user]
        binding = bindings.pop(key)
        if not bindings:
            del self._users[user]
        self._deadlines.cancel((user, key))
        host = binding.source.host
        self.hosts[host] -= 1
        if not self.hosts[host]:
            del self.hosts[host]
        return binding

    def _remove_all(self, user: User) -> list[Change]:
        keys = list(self._users.get(user, {}))
        return [Change(ChangeKind.REMOVED, user, self._take(user, key)) for key in keys]

    def _contacts(self, user: User, now_ms: int) -> tuple[Header, ...]:
        return tuple(
            ("Contact", f"<{binding.contact}>;expires={max(0, binding.expires_ms - now_ms) // 1000}")
            for binding in self.bindings(user)
        )

    def to_record(self, user: User) -> bytes | None:
        """The bindings of one user as bytes, None when there are none (delete the record)."""
        found = self.bindings(user)
        return msgspec.msgpack.encode(found) if found else None

    def from_record(self, user: User, record: bytes) -> None:
        """Put the bindings of a record back. Raises msgspec.DecodeError."""
        for binding in msgspec.msgpack.decode(record, type=list[Binding]):
            self._put(user, binding)


def _key(contact: NameAddr) -> str:
    """The instance id, else what RFC 3261 §19.1.4 compares: scheme, user, host, port and transport."""
    instance = contact.params.get("+sip.instance")
    if instance:
        return f"{instance};{contact.params.get('reg-id') or ''}"
    uri = contact.uri
    transport = (uri.params.get("transport") or "udp").lower()
    return f"{uri.scheme}:{uri.user}@{uri.host}:{uri.port or 5060};{transport}"
