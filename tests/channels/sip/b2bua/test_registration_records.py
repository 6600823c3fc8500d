"""What a registration is worth after a restart, of the process, of the machine, and on another machine."""

import msgspec
import pytest

from acd.core.events import AgentReachable, AgentUnreachable, Event
from agents.skills import AgentId
from channels.sip.b2bua.absent import PhoneId, spread
from channels.sip.b2bua.guesses import MOST_WRONG
from channels.sip.b2bua.leg import Reach
from channels.sip.b2bua.registration import Boot, Registrations, Saved
from channels.sip.b2bua.strangers import CHALLENGE_BYTES
from channels.sip.b2bua.telling import Telling
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.digest import answer_challenge, parse_challenges
from channels.sip.protocol.message import Request, Response, make_headers, parse
from channels.sip.protocol.outputs import NewRequest, Refusal, SendTo
from config.schema import Nat, Phone
from config.secret import Secret
from tests.channels.sip.b2bua.world import DESK, PHONE, ScriptedHost, World

NOON_MS = 1_800_000_000_000
"""Unix time of the REGISTER; it is for ten minutes, on a machine that has been up for an hour."""
UP_MS = 3_600_000
FIRST = Boot("first", NOON_MS - UP_MS)
WRONG = 'Digest username="anna", realm="acd.invalid", nonce="1", uri="sip:192.0.2.1", response="0"'

ANNAS = Reach("sip:anna@192.0.2.9:5060;udp", "sip:anna@192.0.2.9", PHONE)
PHONES = {"anna": Phone("anna", AgentId("anna"), Secret("invented"))}


def registrations(world: World, boot: Boot, host: ScriptedHost) -> Registrations:
    return Registrations(
        world.calls.settings, PHONES, Telling(host), world.layer, secret=bytes(16), boot=boot
    )


def register(
    world: World,
    ours: Registrations,
    answer: int = 200,
    source: Endpoint = PHONE,
    *,
    first: int = 1,
    contact: str = "sip:anna@192.0.2.9",
) -> None:
    """Anna's phone: challenged once, then bound, or not. `first`: CSeq."""
    credentials = ""
    world.layer.screen = lambda request, source: ours.refusal(request, source, UP_MS)
    for cseq in (first, first + 1):
        headers = make_headers(
            ("Max-Forwards", "70"),
            ("From", "<sip:anna@acd.invalid>;tag=r1"),
            ("To", "<sip:anna@acd.invalid>"),
            ("Call-ID", "register-1"),
            ("CSeq", f"{cseq} REGISTER"),
            ("Contact", f"<{contact}>"),
            more=[("Authorization", credentials)] if credentials else [],
        )
        request = Request(method="REGISTER", uri="sip:192.0.2.1", headers=headers)
        world.phone.layer.send_request(request, DESK, UP_MS)
        for packet in world.phone.layer.take():
            assert isinstance(packet, SendTo)
            for out in world.layer.receive(parse(packet.data), source, UP_MS):
                if isinstance(out, NewRequest):
                    ours.register(out, UP_MS)
                else:
                    world.layer.out.append(out)
        world.run()
        if cseq == first:
            challenges = parse_challenges(world.phone.responses[-1].get_all("WWW-Authenticate"))
            found = answer_challenge(
                challenges,
                user="anna",
                password="invented",
                method="REGISTER",
                uri="sip:192.0.2.1",
                cnonce="c1",
            )
            credentials = str(found)
    assert world.phone.statuses[-2:] == [401, answer]


def told(records: dict[str, bytes], boot: Boot, now_ms: int) -> tuple[list[Event], Registrations]:
    """What the engine is told by the next process."""
    host = ScriptedHost()
    ours = registrations(World(), boot, host)
    ours.restore(records, now_ms)
    return host.events, ours


@pytest.fixture
def records(world: World) -> dict[str, bytes]:
    """As the journal keeps them after the REGISTER."""
    register(world, registrations(world, FIRST, world.host))
    return dict(world.host.records)


@pytest.mark.parametrize(
    ("boot", "now_ms"),
    [
        (FIRST, UP_MS + 599_000),
        (Boot("first", NOON_MS), UP_MS + 599_000),  # the clock was set meanwhile: of no consequence
        (Boot("second", NOON_MS + 570_000), 29_000),  # rebooted, up for 29 s
        (Boot("other machine", NOON_MS - 90 * UP_MS), 90 * UP_MS + 599_000),  # up for four days
    ],
)
def test_a_registration_ends_ten_minutes_after_it_came_whoever_reads_it(
    records: dict[str, bytes], boot: Boot, now_ms: int
) -> None:
    events, ours = told(records, boot, now_ms)
    assert [type(event) for event in events] == [AgentReachable]
    assert ours.where("anna") == [ANNAS]
    assert ours.next_deadline() == now_ms + 1_000
    events, _ = told(records, boot, now_ms + 1_000)
    assert [type(event) for event in events] == [AgentUnreachable]


def test_after_many_wrong_passwords_the_right_one_is_not_looked_at_and_the_log_says_so(world: World) -> None:
    ours = registrations(world, FIRST, world.host)
    told: list[tuple[str, str]] = []
    ours._telling.refused = lambda address, reason: told.append((address, reason))
    for _ in range(MOST_WRONG):
        ours.guesses.note(PHONE.host, "anna", UP_MS)
    register(world, ours, answer=403)
    assert told == [(PHONE.host, "REGISTER 'anna': too many wrong")]
    assert ours.where("anna") == []


def test_nobody_is_bound_who_is_no_user(world: World) -> None:
    """If ever a REGISTER gets past the screen; it was a KeyError."""
    ours = registrations(world, FIRST, world.host)
    headers = make_headers(
        ("From", "<sip:nobody@acd.invalid>;tag=r1"),
        ("To", "<sip:nobody@acd.invalid>"),
        ("Call-ID", "register-1"),
        ("CSeq", "1 REGISTER"),
        ("Contact", "<sip:nobody@192.0.2.9>"),
    )
    world.phone.layer.send_request(Request(method="REGISTER", uri="sip:h", headers=headers), DESK, UP_MS)
    [packet] = [out for out in world.phone.layer.take() if isinstance(out, SendTo)]
    world.layer.screen = lambda request, source: None
    [new] = world.layer.receive(parse(packet.data), PHONE, UP_MS)
    assert isinstance(new, NewRequest)
    ours.register(new, UP_MS)
    world.run()
    assert (world.phone.statuses, ours._registrar.users(), world.host.records) == ([404], [], {})


def test_of_another_site_the_phones_that_are_none_any_more_are_gone(world: World) -> None:
    """One that stays keeps its registration, also with another password."""
    ours = registrations(world, FIRST, world.host)
    register(world, ours)
    world.host.events.clear()
    other = Phone("bert", AgentId("bert"), Secret("other"))
    ours.take({"bert": other, "anna": Phone("anna", AgentId("anna"), Secret("changed"))}, UP_MS)
    assert (ours.where("anna"), world.host.events) == ([ANNAS], [])
    assert ours.user_of("bert") == "bert"
    ours.take({"bert": other}, UP_MS)
    assert [type(event) for event in world.host.events] == [AgentUnreachable]
    assert (ours.where("anna"), ours.next_deadline(), ours.user_of("anna")) == ([], None, "")
    assert "phone anna" not in world.host.records


def test_a_phone_that_is_another_agent_s_now_must_register_anew(world: World) -> None:
    ours = registrations(world, FIRST, world.host)
    register(world, ours)
    ours.take({"anna": Phone("anna", AgentId("zoe"), Secret("invented"))}, UP_MS)
    assert (ours.where("zoe"), ours.where("anna")) == ([], [])
    assert ours.user_of("zoe") == "anna"


def test_a_clock_that_was_set_back_lengthens_no_registration(records: dict[str, bytes]) -> None:
    _, ours = told(records, Boot("second", NOON_MS - 100 * UP_MS), 5_000)
    assert ours.next_deadline() == 605_000


def test_a_record_from_before_the_boot_was_said_is_taken_as_of_this_one(records: dict[str, bytes]) -> None:
    saved = msgspec.msgpack.decode(records["phone anna"], type=Saved)
    old = {"phone anna": msgspec.msgpack.encode({"at_ms": saved.at_ms, "bindings": saved.bindings})}
    assert [type(event) for event in told(old, FIRST, UP_MS + 1)[0]] == [AgentReachable]


@pytest.mark.parametrize("value", [b"what?", msgspec.msgpack.encode(Saved(1, b"what?", "second", 1))])
def test_an_unreadable_record_is_a_phone_that_is_not_there(value: bytes) -> None:
    assert [type(event) for event in told({"phone anna": value}, FIRST, 1)[0]] == [AgentUnreachable]


def test_whoever_has_no_password_occupies_nothing(world: World) -> None:
    """401 and 403 need no transaction (RFC 3261 §8.2.7), and draw hardly more than came."""
    ours = registrations(world, FIRST, world.host)
    world.layer.screen = lambda request, source: ours.refusal(request, source, UP_MS)
    statuses, longer = [], []
    for user, credentials in (
        ("anna", ""),
        ("nobody", ""),
        ("anna", f"Authorization: {WRONG}\r\n"),
    ):
        data = (
            f"REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n"
            f"From: <sip:{user}@acd.invalid>;tag=1\r\nTo: <sip:{user}@acd.invalid>\r\nCall-ID: 1\r\n"
            f"CSeq: 1 REGISTER\r\n{credentials}\r\n"
        ).encode()
        [answer] = world.layer.receive(parse(data), PHONE, UP_MS, len(data))
        assert isinstance(answer, SendTo)
        response = parse(answer.data)
        assert isinstance(response, Response)
        statuses.append(response.status)
        longer.append(len(answer.data) - len(data))
    assert statuses == [401, 401, 401], "whoever answers what we never asked is asked"
    assert max(longer) <= CHALLENGE_BYTES
    assert (len(world.layer), world.layer.next_deadline()) == (0, None)


def refused(ours: Registrations, source: Endpoint, credentials: str = "", call: str = "1") -> Refusal | None:
    """What becomes of a REGISTER of anna from there; None: its digest is right."""
    data = (
        "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n"
        "From: <sip:anna@acd.invalid>;tag=1\r\nTo: <sip:anna@acd.invalid>\r\n"
        f"Call-ID: {call}\r\nCSeq: 1 REGISTER\r\n"
        + (f"Authorization: {credentials}\r\n" if credentials else "")
        + "\r\n"
    )
    request = parse(data.encode())
    assert isinstance(request, Request)
    return ours.refusal(request, source, UP_MS)


def asked(ours: Registrations, source: Endpoint, credentials: str) -> int:
    refusal = refused(ours, source, credentials)
    return 200 if refusal is None else refusal.status


def answered(ours: Registrations, source: Endpoint, password: str) -> str:
    """Credentials for a challenge that was made for that address."""
    challenge = refused(ours, source, call=f"{source} {password}")
    assert challenge is not None
    found = answer_challenge(
        parse_challenges([value for _, value in challenge.headers]),
        user="anna",
        password=password,
        method="REGISTER",
        uri="sip:192.0.2.1",
        cnonce="c1",
    )
    return str(found)


OTHER = Endpoint("192.0.2.66", 5060)


def test_packets_with_a_forged_address_do_not_lock_the_phone_out(world: World) -> None:
    """Who sees no challenge of ours for that address has guessed nothing, however often he says so."""
    ours = registrations(world, FIRST, world.host)
    for number in range(2 * MOST_WRONG):
        assert asked(ours, PHONE, answered(ours, OTHER, f"wrong {number}")) == 401
        assert asked(ours, PHONE, WRONG) == 401
    assert asked(ours, PHONE, answered(ours, PHONE, "invented")) == 200


def test_a_phone_that_is_registered_is_not_shut_out_by_who_guesses_beside_it(world: World) -> None:
    """Behind the same NAT: another port, and the same address."""
    ours = registrations(world, FIRST, world.host)
    register(world, ours)
    beside = Endpoint(PHONE.host, 40_000)
    for number in range(MOST_WRONG):
        assert asked(ours, beside, answered(ours, beside, f"wrong {number}")) == 403
    assert asked(ours, beside, answered(ours, beside, "invented")) == 403
    assert asked(ours, PHONE, answered(ours, PHONE, "invented")) == 200


@pytest.mark.parametrize("contact", ["sip:+4990012345678@192.0.2.70:5060;user=phone", "sip:a@192.0.2.1:5060"])
def test_nobody_registers_a_trunk_or_ourselves_as_his_phone(contact: str) -> None:
    """Whoever has a phone's password would ring whom he likes at our cost, past every rule."""
    world = World(trunks=[{"name": "t", "addresses": ["192.0.2.70"]}])
    phones = {"anna": Phone("anna", AgentId("anna"), Secret("invented"), nat=Nat.NEVER)}
    ours = Registrations(
        world.calls.settings, phones, Telling(world.host), world.layer, secret=bytes(16), boot=FIRST
    )
    register(world, ours, answer=403, contact=contact)
    assert ours.where("anna") == []


def test_a_name_in_a_contact_is_not_asked_for_since_its_owner_could_make_it_a_trunk_s(world: World) -> None:
    phones = {"anna": Phone("anna", AgentId("anna"), Secret("invented"), nat=Nat.NEVER)}
    ours = Registrations(
        world.calls.settings, phones, Telling(world.host), world.layer, secret=bytes(16), boot=FIRST
    )
    register(world, ours, contact="sip:+4990012345678@dear.invalid")
    assert [reach.at for reach in ours.where("anna")] == [PHONE]


def test_a_phone_is_known_where_it_is_registered_and_only_as_long(world: World) -> None:
    ours = registrations(world, FIRST, world.host)
    register(world, ours)
    assert (ours.is_at(PHONE.host), ours.is_at("192.0.2.10")) == (True, False)
    ours.expire(UP_MS + 3_600_000)
    assert not ours.is_at(PHONE.host)


def test_a_phone_that_registers_from_another_address_has_moved(world: World) -> None:
    moved: list[tuple[str, Endpoint, Endpoint]] = []
    ours = registrations(world, FIRST, world.host)
    ours.moved = lambda agent, old, new: moved.append((agent, old, new))
    register(world, ours)
    register(world, ours, first=3)
    assert moved == []
    elsewhere = Endpoint("192.0.2.9", 50_000)
    world.sides[elsewhere] = world.phone
    register(world, ours, source=elsewhere, first=5)
    assert moved == [("anna", PHONE, elsewhere)]
    assert [reach.at for reach in ours.where("anna")] == [elsewhere]


def test_a_phone_that_was_away_is_there_when_it_registers(world: World) -> None:
    ours = registrations(world, FIRST, world.host)
    register(world, ours)
    ours.absent.lose(PhoneId("anna", ANNAS.key))
    assert (ours.where("anna"), ours.all_of("anna")) == ([], [ANNAS])
    register(world, ours, first=3)
    assert ours.where("anna") == [ANNAS]


def test_registered_phones_are_asked_in_turn_not_all_at_once(world: World) -> None:
    moments = {spread(PhoneId(f"agent{number}", "sip:phone"), 60_000) for number in range(1000)}
    assert all(30_000 <= moment < 60_000 for moment in moments)
    assert len(moments) > 900
