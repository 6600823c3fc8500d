"""Who was not asked answers nothing: our requests have names that nobody can guess, and go to somebody."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from acd.core.events import CallFailed, OfferAccepted, OfferFailed, OfferRefused
from channels.media.commands import LegId
from channels.sip.b2bua.leg import LegStage
from channels.sip.b2bua.naming import BYTES, SECRET, Naming
from channels.sip.ids import kept_secret
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request, Response, parse
from channels.sip.protocol.outputs import NewRequest
from channels.sip.protocol.replies import response_to
from tests.channels.sip.b2bua.world import CALLER, PHONE, TRUNK, ScriptedHost, World

STRANGER = Endpoint("203.0.113.66", 5060)
OTHER_PHONE = Endpoint("192.0.2.99", 5060)


@pytest.fixture
def rung(world: World) -> World:
    """Anna's phone rings with offer 1."""
    world.invite()
    world.admit()
    world.offer()
    return world


def last(world: World, at: Endpoint, method: str = "INVITE") -> NewRequest:
    return [new for new in world.sides[at].requests if new.request.method == method][-1]


def answer(world: World, request: Request, source: Endpoint, status: int = 486) -> bool:
    """Whether the desk takes this answer for one."""
    strays = world.layer.strays
    reply = response_to(request, status, to_tag="evil")
    world._deliver(world.layer.receive(parse(reply.to_bytes()), source, world.now_ms), None)
    world.run()
    return world.layer.strays == strays


def outcomes(world: World) -> list[type[object]]:
    ends = OfferAccepted, OfferRefused, OfferFailed, CallFailed
    return [type(event) for event in world.host.events if isinstance(event, ends)]


def named_as_it_was(leg: str, status: str) -> Response:
    """What could be counted in earlier versions."""
    text = (
        f"SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-acd-{leg}\r\n"
        f"From: <sip:x@x>;tag={leg}\r\nTo: <sip:a@b>;tag=evil\r\nCall-ID: {leg}@acd\r\nCSeq: 1 INVITE\r\n"
        "Contact: <sip:+491701234567@203.0.113.66>\r\nContent-Length: 0\r\n\r\n"
    )
    message = parse(text.encode())
    assert isinstance(message, Response)
    return message


@pytest.mark.parametrize("status", ["200 OK", "302 Moved", "486 Busy", "603 Decline"])
def test_who_counts_our_offers_and_calls_answers_none_of_them(rung: World, status: str) -> None:
    rung.place()
    for number in range(20):
        for leg in (f"o{number}", f"c{number}"):
            assert rung.layer.receive(named_as_it_was(leg, status), STRANGER, 0) == []
    assert (rung.layer.strays, outcomes(rung)) == (40, [])


@pytest.mark.parametrize("leg", ["o1", "c7"])
def test_branch_tag_and_call_id_have_64_bits_that_come_of_the_secret_alone(world: World, leg: str) -> None:
    ours, same, other = (
        Naming(secret).tag(LegId(leg)) for secret in (b"ours" * 8, b"ours" * 8, b"other" * 8)
    )
    assert ours == same != other
    assert BYTES * 8 >= 64
    assert len(ours) == len(f"{leg}-") + 2 * BYTES
    world.calls.naming = Naming(b"ours" * 8)
    world.invite()
    world.admit()
    world.offer()
    world.place()
    invite = last(world, PHONE if leg == "o1" else TRUNK).request
    assert invite.from_.tag == ours
    assert ours in invite.call_id
    assert ours in invite.via.branch


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Call-ID", "other@acd"),
        ("From", "<sip:x@x>;tag=other"),
        ("From", "<sip:x@x>"),
        ("CSeq", "2 INVITE"),
    ],
)
def test_the_right_branch_alone_is_no_answer(rung: World, header: str, value: str) -> None:
    request = last(rung, PHONE).request
    assert not answer(rung, request.with_header(header, value), PHONE)
    assert outcomes(rung) == []
    assert answer(rung, request, PHONE)
    assert outcomes(rung) == [OfferRefused]


def test_an_answer_from_elsewhere_is_none_and_the_log_says_so(rung: World) -> None:
    told: list[tuple[str, str]] = []
    rung.telling.refused = lambda address, reason: told.append((address, reason))
    request = last(rung, PHONE).request
    for source in (STRANGER, CALLER):
        assert not answer(rung, request, source)
    assert told == [(one.host, "answer to INVITE from elsewhere") for one in (STRANGER, CALLER)]
    assert rung.telling.counts["answer from elsewhere"] == 2
    assert outcomes(rung) == []
    assert answer(rung, request, PHONE._replace(port=40_000)), "another port is the same phone"


def test_so_it_is_with_questions_with_bye_with_cancel_and_with_the_trunk(rung: World) -> None:
    rung.phone_answers()
    rung.connect()
    rung.deaf = {PHONE, TRUNK, CALLER}
    for leg in list(rung.calls.legs.values()):
        if leg.record.stage is LegStage.UP:
            rung.calls.bye(leg)
    rung.place()
    [bye, *_] = sent = list(requests(rung))
    assert [one.method for one in sent] == ["BYE", "BYE", "INVITE"]
    assert [answer(rung, one, STRANGER, 481) for one in sent] == [False] * 3
    assert answer(rung, bye, CALLER if bye.call_id == "call-1" else PHONE, 481)
    assert outcomes(rung) == [OfferAccepted]


def requests(world: World) -> Iterator[Request]:
    """Ours that have no answer."""
    for transaction in world.layer._running.clients.values():
        if transaction.request.method:
            message = parse(transaction.last)
            assert isinstance(message, Request)
            yield message


def test_a_phone_may_answer_from_where_it_has_registered_meanwhile(rung: World) -> None:
    request = last(rung, PHONE).request
    assert not answer(rung, request, OTHER_PHONE)
    rung.phones.append(OTHER_PHONE)
    assert answer(rung, request, OTHER_PHONE)


def test_a_trunk_may_answer_from_any_of_its_addresses() -> None:
    trunks = [{"name": "pbx", "addresses": ["192.0.2.7", "198.51.100.0/24"]}]
    world = World(trunks=trunks)
    world.invite()
    world.admit()
    leg = world.calls.caller_of(1)
    assert leg is not None
    world.deaf = {CALLER}
    world.calls.bye(leg)
    [bye] = requests(world)
    assert not answer(world, bye, STRANGER, 200)
    assert answer(world, bye, Endpoint("198.51.100.9", 5060), 200)


def test_a_process_that_was_killed_before_its_record_was_written_rings_by_the_same_names(rung: World) -> None:
    """And so the phone takes it for a repetition, and its CANCEL ends what rings."""
    first = last(rung, PHONE).request
    for key in [key for key in rung.host.records if key.startswith("o")]:
        del rung.host.records[key]
    rung.begin()
    rung.carry_out(replace(rung.offered(1), contact=rung.offered(1).contact))
    [again] = [one for one in requests(rung) if one.method == "INVITE"]
    assert (again.call_id, again.from_.tag) == (first.call_id, first.from_.tag)
    assert again.via.branch == first.via.branch


def test_the_secret_is_kept_and_a_copy_without_records_has_another() -> None:
    host, copy = ScriptedHost(), ScriptedHost()
    first = kept_secret(host, {})
    assert len(first) >= 16
    assert kept_secret(host, dict(host.records)) == first == host.records[SECRET]
    assert kept_secret(copy, {}) != first
