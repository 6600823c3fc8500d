"""Digest authentication, both sides, MD5 and SHA-256 (RFC 7616, RFC 8760): challenges, answers, checks."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from channels.sip.protocol.address import parse_uri, quoted, unquoted
from channels.sip.protocol.errors import BadMessage, UnsafeTextError

_PARAM = re.compile(r'\s*+([A-Za-z0-9_-]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^\s,"]*+)\s*+(?:,|$)', re.DOTALL)
"""Nothing is given back: 8,000 blanks after a "=" took the better part of a second."""
_SCHEME = re.compile(r"\s*Digest\s+", re.IGNORECASE)
_NEXT_CHALLENGE = re.compile(r",\s*(?=Digest\s)", re.IGNORECASE)
_COUNT = re.compile(r"[0-9A-Fa-f]{1,8}")
_MAC_BYTES = 16
MOST_CREDENTIALS, MOST_PARAMS = 8, 32
"""Of one request, and in one of them: whoever sends them has not shown yet that he knows a password."""
"""128 of its bits: nobody guesses them within a nonce's life, and headers stay short."""
_DUMMY = "0" * 64


class Algorithm(StrEnum):
    """What we can compute, weakest first."""

    MD5 = "MD5"
    SHA256 = "SHA-256"

    def hash(self, text: str) -> str:
        """Lower-case hex digest."""
        data = text.encode("utf-8", "surrogateescape")
        if self is Algorithm.MD5:
            return hashlib.md5(data, usedforsecurity=False).hexdigest()
        return hashlib.sha256(data).hexdigest()


_STRENGTH = {Algorithm.SHA256: 2, Algorithm.MD5: 1}
_BY_NAME = {name.value: name for name in Algorithm}


class Secret(Struct, frozen=True):
    """What is stored of a user: the password, or HA1 values made for our realm."""

    password: str | None = None
    ha1_md5: str | None = None
    ha1_sha256: str | None = None

    def ha1(self, algorithm: Algorithm, user: str, realm: str) -> str | None:
        """H(user:realm:password), or None when it was not stored for this algorithm."""
        if self.password is not None:
            return ha1(algorithm, user, realm, self.password)
        return self.ha1_md5 if algorithm is Algorithm.MD5 else self.ha1_sha256


_NOBODY = Secret(password="")


class Challenge(Struct, frozen=True):
    """One challenge; `qop` is False for servers that know only RFC 2069."""

    realm: str
    nonce: str
    algorithm: Algorithm = Algorithm.MD5
    qop: bool = True
    opaque: str | None = None
    stale: bool = False

    def __str__(self) -> str:
        """The value of WWW-Authenticate or Proxy-Authenticate."""
        parts = [f"Digest realm={quoted(self.realm)}", f"nonce={quoted(self.nonce)}"]
        parts += [f"algorithm={self.algorithm}"] + (['qop="auth"'] if self.qop else [])
        parts += [f"opaque={quoted(self.opaque)}"] if self.opaque is not None else []
        return ", ".join(parts + (["stale=true"] if self.stale else []))


class Credentials(Struct, frozen=True):
    """The parameters of an Authorization header; `qop` empty is the legacy form."""

    user: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm = Algorithm.MD5
    qop: str = ""
    cnonce: str = ""
    nc: str = ""
    opaque: str | None = None

    def __str__(self) -> str:
        """The value of Authorization or Proxy-Authorization."""
        parts = [f"Digest username={quoted(self.user)}", f"realm={quoted(self.realm)}"]
        parts += [f"nonce={quoted(self.nonce)}", f"uri={quoted(self.uri)}"]
        parts += [f"response={quoted(self.response)}", f"algorithm={self.algorithm}"]
        if self.qop:
            parts += [f"qop={self.qop}", f"nc={self.nc}", f"cnonce={quoted(self.cnonce)}"]
        return ", ".join(parts + ([f"opaque={quoted(self.opaque)}"] if self.opaque is not None else []))


class Verdict(StrEnum):
    """What a request's credentials are worth."""

    RIGHT = "right"
    MISSING = "none for our realm, or of a kind that we do not take: challenge"
    STALE = "right, but the nonce is too old or was used before: challenge with stale"
    WRONG = "not right: challenge or refuse, and count"


def ha1(algorithm: Algorithm, user: str, realm: str, password: str) -> str:
    """H(user:realm:password): what may be stored in place of a password."""
    return algorithm.hash(f"{user}:{realm}:{password}")


def expected_response(credentials: Credentials, ha1_hex: str, method: str) -> str:
    """The response that fits these parameters (RFC 7616 §3.4.1; RFC 2069 without qop)."""
    algorithm = credentials.algorithm
    ha2 = algorithm.hash(f"{method}:{credentials.uri}")
    if not credentials.qop:
        return algorithm.hash(f"{ha1_hex}:{credentials.nonce}:{ha2}")
    middle = f"{credentials.nonce}:{credentials.nc}:{credentials.cnonce}:{credentials.qop}"
    return algorithm.hash(f"{ha1_hex}:{middle}:{ha2}")


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """The Digest challenges of all header lines; other schemes and unknown algorithms are left out.

    Raises BadMessage(400) for a malformed Digest challenge.
    """
    found: list[Challenge] = []
    for line in values:
        for value in _NEXT_CHALLENGE.split(line):
            params = _params(value)
            if params is None or (algorithm := _BY_NAME.get(params.get("algorithm", "MD5").upper())) is None:
                continue
            offered = [word.strip().lower() for word in params.get("qop", "").split(",")]
            if offered != [""] and "auth" not in offered:
                continue
            found.append(
                Challenge(
                    realm=params.get("realm", ""),
                    nonce=params.get("nonce", ""),
                    algorithm=algorithm,
                    qop="auth" in offered,
                    opaque=params.get("opaque"),
                    stale=params.get("stale", "").lower() == "true",
                )
            )
    return found


def parse_credentials(value: str) -> Credentials | None:
    """The credentials of one Authorization line; None when they are of a kind that we do not know.

    Raises BadMessage(400) for malformed ones.
    """
    params = _params(value)
    if params is None or (algorithm := _BY_NAME.get(params.get("algorithm", "MD5").upper())) is None:
        return None
    if any(name not in params for name in ("username", "realm", "nonce", "uri", "response")):
        raise BadMessage(400, "Incomplete credentials")
    return Credentials(
        user=params["username"],
        realm=params["realm"],
        nonce=params["nonce"],
        uri=params["uri"],
        response=params["response"].lower(),
        algorithm=algorithm,
        qop=params.get("qop", "").lower(),
        cnonce=params.get("cnonce", ""),
        nc=params.get("nc", ""),
        opaque=params.get("opaque"),
    )


def answer_challenge(
    challenges: Sequence[Challenge],
    *,
    user: str,
    password: str,
    method: str,
    uri: str,
    cnonce: str,
    count: int = 1,
) -> Credentials | None:
    """Our credentials for the strongest of the challenges, None when there is none that we can answer.

    `count` is how often this nonce has been used, from 1; `cnonce` a fresh id.
    """
    if not challenges:
        return None
    chosen = max(challenges, key=lambda challenge: _STRENGTH[challenge.algorithm])
    blank = Credentials(
        user=user,
        realm=chosen.realm,
        nonce=chosen.nonce,
        uri=uri,
        response="",
        algorithm=chosen.algorithm,
        qop="auth" if chosen.qop else "",
        cnonce=cnonce if chosen.qop else "",
        nc=f"{count:08x}" if chosen.qop else "",
        opaque=chosen.opaque,
    )
    digest = expected_response(blank, ha1(chosen.algorithm, user, chosen.realm, password), method)
    return replace(blank, response=digest)


class Nonces:
    """Signed nonces that carry their time, so none is stored; only use counts are, at most `most`.

    Counts die with the process: take a new random `secret` at every start.
    """

    def __init__(self, secret: bytes, lifetime_ms: int = 300_000, most: int = 20_000) -> None:
        if len(secret) < 16:
            raise UnsafeTextError("the secret must have at least 16 bytes")
        self._secret = secret
        self._lifetime_ms = lifetime_ms
        self._most = most
        self._used: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._floor_ms = -1
        """Nonces made up to here count as used: their counts were forgotten for lack of room."""

    def __len__(self) -> int:
        return len(self._used)

    def make(self, now_ms: int, salt: str, peer: str = "") -> str:
        """A nonce of `now_ms` for `peer` (an address); `salt` (an id) makes it unlike all others."""
        stamp = f"{now_ms:x}.{hashlib.sha256(salt.encode()).hexdigest()[:12]}"
        return f"{stamp}.{self._sign(stamp, peer)}"

    def made_at(self, nonce: str, peer: str = "") -> int | None:
        """When we made this nonce for that peer; None when we did not."""
        stamp, _, signature = nonce.rpartition(".")
        ours = self._sign(stamp, peer)
        genuine = hmac.compare_digest(ours.encode(), signature.encode("utf-8", "replace"))
        return int(stamp.partition(".")[0], 16) if genuine else None

    def fresh(self, made_at_ms: int, now_ms: int) -> bool:
        """Whether a genuine nonce is young enough and not in the forgotten range."""
        return self._floor_ms < made_at_ms <= now_ms < made_at_ms + self._lifetime_ms

    def use(self, nonce: str, made_at_ms: int, count: int) -> bool:
        """Count a use of a fresh nonce; False when this count, or a later one, was used already."""
        last, _ = self._used.get(nonce, (0, 0))
        if count <= last:
            return False
        self._used[nonce] = (count, made_at_ms)
        while len(self._used) > self._most:
            _, (_, forgotten_ms) = self._used.popitem(last=False)
            self._floor_ms = max(self._floor_ms, forgotten_ms)
        return True

    def _sign(self, stamp: str, peer: str) -> str:
        mac = hmac.digest(self._secret, f"{stamp} {peer}".encode("utf-8", "replace"), "sha256")
        return urlsafe_b64encode(mac[:_MAC_BYTES]).rstrip(b"=").decode()


class Authenticator:
    """The server's side: challenges for one realm, and the check of what comes back."""

    def __init__(
        self, realm: str, nonces: Nonces, algorithms: Sequence[Algorithm] = (Algorithm.SHA256, Algorithm.MD5)
    ) -> None:
        self.realm = realm
        self._nonces = nonces
        self.algorithms = tuple(algorithms)

    def challenges(self, now_ms: int, salt: str, *, stale: bool = False, peer: str = "") -> list[str]:
        """One header value per algorithm, strongest first (RFC 8760 §2.4), all with one nonce for `peer`."""
        nonce = self._nonces.make(now_ms, salt, peer)
        return [str(Challenge(self.realm, nonce, algorithm, stale=stale)) for algorithm in self.algorithms]

    def verify(
        self,
        values: Iterable[str],
        method: str,
        now_ms: int,
        lookup: Callable[[str], Secret | None],
        *,
        uri: str,
        peer: str = "",
    ) -> tuple[Verdict, str]:
        """Verdict and user name for the Authorization lines of a request to `uri` from `peer`.

        An unknown user costs the same time as a known one. A right answer uses up its nonce count. Only who
        answers a nonce that is fresh and his can be wrong: what somebody made up is stale, and no guess.
        Raises BadMessage(400), also for credentials that were made for another URI (RFC 7616 §3.4.6).
        """
        parsed = (parse_credentials(value) for value in islice(values, MOST_CREDENTIALS))
        ours = [found for found in parsed if found and found.realm == self.realm]
        usable = [found for found in ours if found.algorithm in self.algorithms and found.qop in ("", "auth")]
        if not usable:
            return Verdict.MISSING, ""
        credentials = max(usable, key=lambda found: _STRENGTH[found.algorithm])
        if credentials.uri != uri and not _same_resource(credentials.uri, uri):
            raise BadMessage(400, "Digest for another URI")
        made_at_ms = self._nonces.made_at(credentials.nonce, peer)
        if made_at_ms is None or not self._nonces.fresh(made_at_ms, now_ms):
            # The secret is new after a restart: no attack, the phone just needs a new nonce.
            return Verdict.STALE, credentials.user
        return self._judge(credentials, method, made_at_ms, lookup(credentials.user)), credentials.user

    def _judge(
        self, credentials: Credentials, method: str, made_at_ms: int, secret: Secret | None
    ) -> Verdict:
        stored = (secret or _NOBODY).ha1(credentials.algorithm, credentials.user, self.realm)
        expected = expected_response(credentials, stored or _DUMMY, method)
        same = hmac.compare_digest(expected.encode(), credentials.response.encode("utf-8", "replace"))
        if not same or secret is None or stored is None:
            return Verdict.WRONG
        count = _count(credentials)
        if count is None or not self._nonces.use(credentials.nonce, made_at_ms, count):
            return Verdict.STALE
        return Verdict.RIGHT


def _same_resource(one: str, other: str) -> bool:
    """A proxy on the way may have added a port or parameters (RFC 3261 §22.4). Raises BadMessage."""
    ours, theirs = parse_uri(one), parse_uri(other)
    return (ours.scheme, ours.user, ours.host) == (theirs.scheme, theirs.user, theirs.host)


def _count(credentials: Credentials) -> int | None:
    """The nonce count; the legacy form without qop may use a nonce once."""
    if not credentials.qop:
        return 1
    return int(credentials.nc, 16) if _COUNT.fullmatch(credentials.nc) else None


def _params(value: str) -> dict[str, str] | None:
    """Parameters after `Digest`, lower-case names; None for another scheme. Raises BadMessage(400)."""
    scheme = _SCHEME.match(value)
    if scheme is None:
        return None
    params: dict[str, str] = {}
    position = scheme.end()
    while position < len(value):
        found = _PARAM.match(value, position)
        if found is None or found[1].lower() in params or len(params) >= MOST_PARAMS:
            raise BadMessage(400, "Bad authentication parameters")
        params[found[1].lower()] = unquoted(found[2])
        position = found.end()
    return params
