"""Digest: known answers of the standard, both sides agree, and no nonce works twice."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sip.protocol.digest import (
    Algorithm,
    Authenticator,
    Challenge,
    Credentials,
    Nonces,
    Secret,
    Verdict,
    answer_challenge,
    expected_response,
    ha1,
    parse_challenges,
    parse_credentials,
)
from channels.sip.protocol.errors import BadMessage, UnsafeTextError

REALM = "acd.example"
SECRETS = {
    "anna": Secret(password="invented-1"),
    "bert": Secret(ha1_md5=ha1(Algorithm.MD5, "bert", REALM, "invented-2")),
}


URI = "sip:acd.example"


@pytest.fixture
def nonces() -> Nonces:
    return Nonces(b"a secret of the test", lifetime_ms=60_000, most=3)


@pytest.fixture
def server(nonces: Nonces) -> Authenticator:
    return Authenticator(REALM, nonces)


def verify(
    server: Authenticator, value: object, now_ms: int = 1000, method: str = "REGISTER", uri: str = URI
) -> Verdict:
    return server.verify([str(value)], method, now_ms, SECRETS.get, uri=uri)[0]


def login(
    challenges: list[Challenge], user: str = "anna", password: str = "invented-1", uses: int = 1
) -> Credentials:
    found = answer_challenge(
        challenges,
        user=user,
        password=password,
        method="REGISTER",
        uri=URI,
        cnonce="c1",
        count=uses,
    )
    assert found is not None
    return found


def challenged(server: Authenticator, now_ms: int = 0, salt: str = "s1") -> list[Challenge]:
    return parse_challenges(server.challenges(now_ms, salt))


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        (Algorithm.MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm.SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_example_of_the_standard(algorithm: Algorithm, response: str) -> None:
    """RFC 7616 §3.9.1's two answers come out."""
    credentials = Credentials(
        user="Mufasa",
        realm="http-auth@example.org",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        uri="/dir/index.html",
        response="",
        algorithm=algorithm,
        qop="auth",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        nc="00000001",
    )
    secret = ha1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
    assert expected_response(credentials, secret, "GET") == response


def test_legacy_example() -> None:
    """Without qop the older formula holds (checked by hand: MD5(HA1:nonce:HA2))."""
    credentials = login([Challenge(REALM, "n1", qop=False)])
    secret = ha1(Algorithm.MD5, "anna", REALM, "invented-1")
    ha2 = Algorithm.MD5.hash("REGISTER:sip:acd.example")
    assert credentials.response == Algorithm.MD5.hash(f"{secret}:n1:{ha2}")
    assert "qop" not in str(credentials)


def test_strongest_challenge_is_answered(server: Authenticator) -> None:
    """Both algorithms are offered, SHA-256 first; a client that knows both takes it."""
    challenges = challenged(server)
    assert [challenge.algorithm for challenge in challenges] == [Algorithm.SHA256, Algorithm.MD5]
    assert login(challenges).algorithm is Algorithm.SHA256
    assert verify(server, login(challenges)) is Verdict.RIGHT


def test_both_algorithms_are_taken(server: Authenticator) -> None:
    """A phone that knows only MD5 gets in, also against a stored HA1."""
    assert verify(server, login(challenged(server)[1:])) is Verdict.RIGHT
    bert = login(challenged(server, salt="s2")[1:], "bert", "invented-2")
    assert verify(server, bert) is Verdict.RIGHT


def test_hash_that_is_not_stored(server: Authenticator) -> None:
    """With only an MD5 HA1 stored, SHA-256 credentials cannot be right."""
    assert verify(server, login(challenged(server), "bert", "invented-2")) is Verdict.WRONG


@pytest.mark.parametrize(("user", "password"), [("anna", "wrong"), ("nobody", "invented-1"), ("nobody", "")])
def test_wrong_password_or_user(server: Authenticator, user: str, password: str) -> None:
    """Neither a wrong password nor an unknown user gets in."""
    assert verify(server, login(challenged(server), user, password)) is Verdict.WRONG


def test_other_method_does_not_fit(server: Authenticator) -> None:
    """Credentials of a REGISTER are worth nothing for an INVITE."""
    assert verify(server, login(challenged(server)), method="INVITE") is Verdict.WRONG


def test_none_or_foreign_credentials(server: Authenticator) -> None:
    """Nothing, another scheme, realm, algorithm or quality of protection mean: challenge."""
    assert server.verify([], "REGISTER", 0, SECRETS.get, uri=URI) == (Verdict.MISSING, "")
    assert verify(server, "Basic YW5uYTp4") is Verdict.MISSING
    foreign = [Challenge("elsewhere.example", "n1")]
    assert verify(server, login(foreign)) is Verdict.MISSING
    sess = str(login(challenged(server))).replace("algorithm=SHA-256", "algorithm=SHA-256-sess")
    assert verify(server, sess) is Verdict.MISSING
    integrity = str(login(challenged(server))).replace("qop=auth", "qop=auth-int")
    assert verify(server, integrity) is Verdict.MISSING


def test_nonce_count_is_used_once(server: Authenticator) -> None:
    """The same count twice is stale, a higher one passes, a lower one after it is stale."""
    challenges = challenged(server)
    uses = [1, 1, 3, 2, 4]
    verdicts = [verify(server, login(challenges, uses=use)) for use in uses]
    right, stale = Verdict.RIGHT, Verdict.STALE
    assert verdicts == [right, stale, right, stale, right]


def test_legacy_nonce_works_once(server: Authenticator, nonces: Nonces) -> None:
    """Without a count a nonce is good for one request."""
    legacy = login([Challenge(REALM, nonces.make(0, "x"), qop=False)])
    assert [verify(server, legacy), verify(server, legacy)] == [Verdict.RIGHT, Verdict.STALE]


@pytest.mark.parametrize(
    ("now_ms", "verdict"), [(0, Verdict.RIGHT), (59_999, Verdict.RIGHT), (60_000, Verdict.STALE)]
)
def test_nonce_ages(server: Authenticator, now_ms: int, verdict: Verdict) -> None:
    """A nonce lives exactly its lifetime."""
    assert verify(server, login(challenged(server)), now_ms) is verdict


def test_nonce_of_another_run_is_stale(server: Authenticator) -> None:
    """Right credentials with a nonce that another secret signed: a new challenge, not a refusal."""
    other = Authenticator(REALM, Nonces(b"the secret of an earlier run"))
    assert verify(server, login(challenged(other))) is Verdict.STALE
    assert "stale=true" in server.challenges(0, "s", stale=True)[0]


def test_forged_nonce_never_passes(server: Authenticator) -> None:
    """A nonce with a changed time is not ours."""
    [challenge, _] = challenged(server)
    time, rest = challenge.nonce.split(".", 1)
    forged = Challenge(REALM, f"{int(time, 16) + 1:x}.{rest}", Algorithm.SHA256)
    assert verify(server, login([forged])) is Verdict.STALE


def test_memory_is_bounded_and_replay_stays_closed(server: Authenticator, nonces: Nonces) -> None:
    """When counts are forgotten for lack of room, their nonces count as used."""
    logins = [login(challenged(server, now_ms=at, salt=f"s{at}")) for at in range(5)]
    assert [verify(server, value) for value in logins] == [Verdict.RIGHT] * 5
    assert len(nonces) == 3
    assert [verify(server, value) for value in logins] == [Verdict.STALE] * 5


@pytest.mark.parametrize("nc", ["", "x", "-1", "+1", "0x1", "1_0", "000000001", "00000000"])
def test_odd_counts(server: Authenticator, nc: str) -> None:
    """A count that is no positive hex number of up to eight digits is never accepted."""
    good = login(challenged(server))
    odd = Credentials(good.user, good.realm, good.nonce, good.uri, "", good.algorithm, "auth", "c1", nc)
    secret = ha1(odd.algorithm, "anna", REALM, "invented-1")
    fitting = str(odd).replace('response=""', f'response="{expected_response(odd, secret, "REGISTER")}"')
    assert verify(server, fitting) is Verdict.STALE


def test_challenges_of_other_servers() -> None:
    """Several challenges in one line, unknown algorithms, legacy ones, lists of qop."""
    line = (
        'Digest realm="a, b", nonce="n1", algorithm=SHA-512-256, qop="auth", '
        'Digest realm="c", nonce="n2", qop="auth,auth-int", opaque="o\\"1"'
    )
    found = parse_challenges([line, "Basic realm=x", 'Digest realm="d",nonce="n3",stale=TRUE'])
    assert [(c.realm, c.nonce, c.qop, c.opaque, c.stale) for c in found] == [
        ("c", "n2", True, 'o"1', False),
        ("d", "n3", False, None, True),
    ]
    only_integrity = parse_challenges(['Digest realm="c", nonce="n2", qop="auth-int"'])
    assert only_integrity == []
    assert answer_challenge([], user="a", password="b", method="INVITE", uri="sip:a", cnonce="c") is None


@pytest.mark.parametrize(
    "value", ['Digest username="a"', 'Digest realm="x', "Digest a=1, a=2", "Digest =", 'Digest realm="x" y']
)
def test_malformed_credentials(value: str) -> None:
    """Malformed Digest credentials are a 400."""
    with pytest.raises(BadMessage):
        parse_credentials(value)


def test_short_secret() -> None:
    """A secret that could be guessed is refused."""
    with pytest.raises(UnsafeTextError):
        Nonces(b"short")


@given(
    user=st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), password=st.text()
)
def test_both_ends_agree(user: str, password: str) -> None:
    """Whatever the name and the password, what one side computes the other accepts."""
    server = Authenticator(REALM, Nonces(b"a secret of the test"))
    challenge = parse_challenges(server.challenges(0, "s"))
    value = str(login(challenge, user, password))
    verdict, who = server.verify([value], "REGISTER", 0, lambda _: Secret(password=password), uri=URI)
    assert (verdict, who) == (Verdict.RIGHT, user)


def test_salts_make_nonces_differ(nonces: Nonces) -> None:
    """Nonces of one millisecond differ by their salt."""
    numbers = count()
    assert len({nonces.make(5, f"id{next(numbers)}") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("uri", "right"),
    [
        (URI, True),
        ("sip:acd.example:5060;transport=udp", True),
        ("SIP:ACD.example", True),
        ("sip:other.example", False),
        ("sip:boss@acd.example", False),
        ("tel:+49305550101", False),
    ],
)
def test_credentials_are_of_use_for_the_uri_alone_for_which_they_were_made(
    server: Authenticator, uri: str, *, right: bool
) -> None:
    """Whoever has overheard them could use them for something else (RFC 7616 §3.4.6)."""
    credentials = login(challenged(server))
    if right:
        assert verify(server, credentials, uri=uri) is Verdict.RIGHT
        return
    with pytest.raises(BadMessage, match="another URI"):
        verify(server, credentials, uri=uri)
    assert verify(server, credentials) is Verdict.RIGHT  # nothing was used up
