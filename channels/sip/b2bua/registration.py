"""Phones of agents: who registers, with which password, and what the engine is told of it."""

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from acd.core.events import AgentReachable, AgentSignedIn, AgentUnreachable
from acd.ports import ChannelRecord
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from channels.sip.b2bua.absent import Absent, PhoneId, spread
from channels.sip.b2bua.calls import NAME
from channels.sip.b2bua.guesses import Guesses
from channels.sip.b2bua.leg import Reach
from channels.sip.b2bua.targets import by_source
from channels.sip.b2bua.telling import Telling
from channels.sip.protocol.address import Endpoint, endpoint_of, is_reachable, parse_uri
from channels.sip.protocol.digest import Authenticator, Nonces, Secret, Verdict
from channels.sip.protocol.errors import BadMessage
from channels.sip.protocol.message import Request
from channels.sip.protocol.outputs import NewRequest, Refusal
from channels.sip.protocol.registrar import Binding, Change, ChangeKind, Limits, Registrar
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.settings import SignIn, SipSettings
from config.schema import Nat, Phone

LONGEST_SHOWN = 40
"""Of a name that a stranger chose, so much stands in the log."""

SAME_MS = 10_000
"""A repeated REGISTER gets the same challenge, as if it had been kept (RFC 3261 §8.2.7)."""

PREFIX = "phone "
"""Keys of our records among those of the channel."""


class Boot(NamedTuple):
    """Whose monotonic clock our times are of: each boot of each machine has its own."""

    id: str
    began_ms: int
    """Its zero, in Unix milliseconds as the machine knows them now."""


class Saved(Struct):
    """The bindings of a user, and by which clock their expiries are meant.

    Within a boot that is the monotonic clock, which nobody sets; only across boots Unix time must do.
    """

    at_ms: int
    bindings: bytes
    boot: str = ""
    """Empty in records from before it was said: taken as of this boot."""
    began_ms: int = 0

    def bindings_in(self, boot: Boot, now_ms: int) -> bytes:
        """The bindings with expiries by the clock of `boot`. Raises msgspec.MsgspecError.

        None gains time by a Unix clock that was set back meanwhile.
        """
        if self.boot in ("", boot.id):
            return self.bindings
        shift_ms = min(self.began_ms - boot.began_ms, now_ms - self.at_ms)
        found = msgspec.msgpack.decode(self.bindings, type=list[Binding])
        moved = [replace(one, expires_ms=one.expires_ms + shift_ms) for one in found]
        return msgspec.msgpack.encode(moved)


def _rung_at(nat: Nat, contact: str, source: Endpoint) -> Endpoint:
    """Where a phone is rung, by its Contact and where it registered from.

    One whose Contact is a name is rung where it is: the name's owner could make it a trunk's later.
    """
    at = by_source(nat, contact, source)
    if at is not None:
        return at
    said = endpoint_of(parse_uri(contact))
    try:
        ip_address(said.host.strip("[]"))
    except ValueError:
        return source
    return said


def _agent_of(phones: Mapping[str, Phone], user: str) -> AgentId | None:
    phone = phones.get(user)
    return None if phone is None else phone.agent


class Registrations:
    """The registrar with its users; tells the engine who can be rung. One AOR per agent."""

    def __init__(
        self,
        settings: SipSettings,
        phones: Mapping[str, Phone],
        telling: Telling,
        layer: TransactionLayer,
        *,
        secret: bytes,
        boot: Boot,
    ) -> None:
        """`secret`: at least 16 random bytes, for nonces."""
        limits = Limits(
            min_expires_s=settings.min_expires_s,
            default_expires_s=max(settings.min_expires_s, min(600, settings.max_expires_s)),
            max_expires_s=settings.max_expires_s,
        )
        self._settings, self._phones, self._telling, self._layer = settings, phones, telling, layer
        self._boot = boot
        self._users = {phone.agent: user for user, phone in phones.items()}
        self._registrar = Registrar(limits)
        self._authenticator = Authenticator(settings.realm, Nonces(secret), settings.digests)
        self.absent = Absent()
        self.moved: Callable[[str, Endpoint, Endpoint], None] = lambda agent, old, new: None  # noqa: ARG005
        """Told of an agent's phone that registers from another address."""
        self.guesses = Guesses()
        self.refused = 0

    # Phones of the calls

    def where(self, agent: str) -> list[Reach]:
        """See channels.sip.b2bua.calls.Phones."""
        found, absent = self.all_of(agent), self.absent
        if not absent.away:
            return found
        return [one for one in found if not absent.is_away(PhoneId(agent, one.key))]

    def all_of(self, agent: str) -> list[Reach]:
        """See channels.sip.b2bua.calls.Phones."""
        nat, found = self.nat_of(agent), []
        for one in self._registrar.bindings(self._users.get(AgentId(agent), "")):
            at = _rung_at(nat, one.contact, one.source)
            found.append(Reach(one.key, one.contact, at))
        return found

    def user_of(self, agent: str) -> str:
        return self._users.get(AgentId(agent), "")

    def is_at(self, host: str) -> bool:
        """See channels.sip.b2bua.calls.Phones."""
        return host in self._registrar.hosts

    def nat_of(self, agent: str) -> Nat:
        phone = self._phones.get(self._users.get(AgentId(agent), ""))
        return Nat.ALWAYS if phone is None else phone.nat

    # Registration

    def refusal(self, request: Request, source: Endpoint, now_ms: int) -> Refusal | None:
        """401 until the digest is right: nothing is kept of who has no password (RFC 3261 §8.2.7)."""
        try:
            aor = request.to.uri.user or ""
            verdict, user = self._verify(request, source, now_ms)
        except BadMessage as error:
            return Refusal(error.status, reason=error.reason)
        guessed = self.guesses.too_many(source.host, aor, now_ms) and not self._is_bound(aor, source)
        if verdict is Verdict.RIGHT and user == aor and not guessed:
            return None
        if verdict in (Verdict.MISSING, Verdict.STALE):
            return self._challenge(request, source, now_ms, stale=verdict is Verdict.STALE)
        self.guesses.note(source.host, aor, now_ms)
        self.refused += 1
        reason = f"REGISTER {aor[:LONGEST_SHOWN]!r}{': too many wrong' if guessed else ''}"
        self._telling.refused(source.host, reason)
        return Refusal(403)

    def register(self, out: NewRequest, now_ms: int) -> None:
        """Bind, or take a binding away. It was not refused, so its digest is right."""
        user = out.request.to.uri.user or ""
        if user not in self._phones:  # a second look, where a mistake would let anybody be an agent
            self._layer.reply(out.key, 404, now_ms)
            return
        if self._leads_elsewhere(user, out.request, out.source):
            self._telling.refused(out.source.host, f"REGISTER {user[:LONGEST_SHOWN]!r}: Contact is no phone")
            self._layer.reply(out.key, 403, now_ms)
            return
        answer = self._registrar.register(user, out.request, out.source, now_ms)
        self._layer.reply(out.key, answer.status, now_ms, headers=answer.headers)
        self._changed(answer.changes, now_ms)

    def _is_bound(self, user: str, source: Endpoint) -> bool:
        """Whether a phone of his is there: he is not shut out by who guesses beside him, behind one NAT."""
        return any(one.source == source for one in self._registrar.bindings(user))

    def _leads_elsewhere(self, user: str, request: Request, source: Endpoint) -> bool:
        """Whether a Contact would make us call by a trunk whom no rule allows, or call ourselves.

        Who has a phone's password may not choose what else we ring (RFC 3261 §10.3).
        """
        nat, settings = self.nat_of(self._phones[user].agent), self._settings
        outbound = None if settings.outbound is None else settings.outbound.trunk
        for contact in request.contacts:
            if by_source(nat, contact.uri.text, source) is None and not is_reachable(contact.uri):
                return True
            at = _rung_at(nat, contact.uri.text, source)
            ours = at.host in (settings.host, settings.advertise) and at.port == settings.port
            if ours or at == outbound or (at.host != source.host and self._is_trunk(at.host)):
                return True
        return False

    def _is_trunk(self, host: str) -> bool:
        outbound = self._settings.outbound
        return self._settings.trunk_of(host) is not None or (
            outbound is not None and outbound.trunk.host == host
        )

    def _verify(self, request: Request, source: Endpoint, now_ms: int) -> tuple[Verdict, str]:
        values, lookup = request.get_all("Authorization"), self._secret_of
        return self._authenticator.verify(
            values, request.method, now_ms, lookup, uri=request.uri, peer=source.host
        )

    def _secret_of(self, user: str) -> Secret | None:
        phone = self._phones.get(user)
        return Secret(phone.password.reveal()) if phone is not None and phone.password is not None else None

    def _challenge(self, request: Request, source: Endpoint, now_ms: int, *, stale: bool) -> Refusal:
        salt = f"{request.call_id} {request.cseq.number} {request.from_.tag}"
        values = self._authenticator.challenges(
            now_ms - now_ms % SAME_MS, salt, stale=stale, peer=source.host
        )
        return Refusal(401, tuple(("WWW-Authenticate", value) for value in values))

    def next_deadline(self) -> int | None:
        return self._registrar.next_deadline()

    def expire(self, now_ms: int) -> None:
        self._changed(self._registrar.expire(now_ms), now_ms)

    def _changed(self, changes: Sequence[Change], now_ms: int) -> None:
        for change in changes:
            phone = PhoneId(self._phones[change.user].agent, change.binding.key)
            if change.kind in (ChangeKind.REMOVED, ChangeKind.EXPIRED):
                self.absent.forget([phone])
                continue
            self._is_there(phone, now_ms)
            if change.former not in (None, change.binding.source):
                self.moved(phone.agent, change.former, change.binding.source)
        for user in dict.fromkeys(change.user for change in changes):
            self._telling.host.remember([self._record(user, now_ms)])
            self._tell(user, new=True)

    def _is_there(self, phone: PhoneId, now_ms: int) -> None:
        """It registers: a sign as good as an answer, but it may be of one that answers no questions."""
        self.absent.found(phone)
        if every_ms := self._settings.phone_qualify_ms:
            self.absent.ask(phone, now_ms + spread(phone, every_ms))

    def _tell(self, user: str, *, new: bool) -> None:
        """Say whether the agent can be rung; what the engine knows already, it rejects."""
        agent = self._phones[user].agent
        self.absent.wake(agent)
        if not self.where(agent):
            self._telling.tell(AgentUnreachable(agent, VOICE, Carrier(NAME, user)))
            return
        came = self._telling.tell(AgentReachable(agent, VOICE, Carrier(NAME, user)))
        if came and new and self._settings.sign_in is SignIn.REGISTER:
            self._telling.tell(AgentSignedIn(agent))

    # Another site

    def take(self, phones: Mapping[str, Phone], now_ms: int) -> None:
        """These are the phones from now on. Who is none any more, or another agent's, is no longer there."""
        gone = [user for user, one in self._phones.items() if _agent_of(phones, user) != one.agent]
        for user in gone:
            self._changed(self._registrar.remove(user), now_ms)
        self._phones = phones
        self._users = {phone.agent: user for user, phone in phones.items()}

    # Restart

    def owns(self, key: str) -> bool:
        """Whether a record of the channel is one of ours."""
        return key.startswith(PREFIX)

    def _record(self, user: str, now_ms: int) -> ChannelRecord:
        bindings = self._registrar.to_record(user)
        value = None if bindings is None else msgspec.msgpack.encode(Saved(now_ms, bindings, *self._boot))
        return ChannelRecord(NAME, PREFIX + user, value)

    def restore(self, records: Mapping[str, bytes], now_ms: int) -> None:
        """Bindings from our records; then the engine is told of every phone that is or is not there.

        A phone that went away while the machine was down is found out by its first offer.
        """
        for key, value in records.items():
            user = key.removeprefix(PREFIX)
            try:
                saved = msgspec.msgpack.decode(value, type=Saved)
                if user in self._phones:
                    self._registrar.from_record(user, saved.bindings_in(self._boot, now_ms))
            except (msgspec.MsgspecError, BadMessage):
                continue
        self._registrar.expire(now_ms)
        for user in self._registrar.users():
            for one in self._registrar.bindings(user):
                self._is_there(PhoneId(self._phones[user].agent, one.key), now_ms)
        for user in self._phones:
            self._tell(user, new=False)
