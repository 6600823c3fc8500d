"""Who is not known costs nothing that is kept, and gets no more than he has sent."""

import pytest

from channels.sip.b2bua.strangers import CHALLENGE_BYTES, MOST_A_MINUTE, Strangers
from channels.sip.per_minute import WINDOW_MS
from channels.sip.protocol import message
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request, parse
from channels.sip.protocol.outputs import Refusal, SendTo
from tests.channels.sip.b2bua.world import CALLER, PHONE, TRUNK, World

STRANGER = Endpoint("203.0.113.66", 5060)


def packet(method: str = "INVITE", *, call: int = 1, more: str = "", to_tag: str = "") -> bytes:
    """As short as RFC 3261 §8.1.1 lets a request be, without `more`."""
    tag = f";tag={to_tag}" if to_tag else ""
    return (
        f"{method} sip:1@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{call}\r\n"
        f"From: <sip:a@h>;tag=1\r\nTo: <sip:1@h>{tag}\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n"
        f"{more}\r\n"
    ).encode()


LONG = f"User-Agent: {'x' * 200}\r\n"


def came(world: World, data: bytes, source: Endpoint = STRANGER) -> list[SendTo]:
    """What is answered to this datagram, at once and in the next minute."""
    out = world.layer.receive(parse(data), source, world.now_ms, len(data))
    out += world.layer.expire(world.now_ms + WINDOW_MS)
    assert all(isinstance(one, SendTo) for one in out), "it was taken"
    return [one for one in out if isinstance(one, SendTo)]


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "BYE", "SUBSCRIBE", "MESSAGE", "CANCEL"])
@pytest.mark.parametrize(("more", "tag"), [("", ""), (LONG, ""), (LONG, "x"), ("Require: foo\r\n", "")])
def test_a_stranger_gets_at_most_one_packet_that_is_no_longer_than_his(
    world: World, method: str, more: str, tag: str
) -> None:
    data = packet(method, more=more, to_tag=tag)
    answers = came(world, data)
    assert len(answers) == (1 if more == LONG else 0)
    assert all(len(one.data) <= len(data) and one.destination.host == STRANGER.host for one in answers)
    assert (len(world.layer), world.layer.next_deadline()) == (0, None)


def test_a_broken_request_of_a_stranger_draws_no_more_either(world: World) -> None:
    for more, count in (("broken\r\n", 0), (f"{LONG}broken\r\n", 1)):
        data = packet(more=more)
        with pytest.raises(Exception, match="Bad header") as caught:
            parse(data)
        world.layer.reject(caught.value, STRANGER, len(data))  # type: ignore[arg-type]
        assert len(world.layer.take()) == count


def test_strangers_leave_the_table_to_the_trunk(world: World) -> None:
    world.layer._most = 20
    for call in range(100):
        came(world, packet(call=call, more=LONG))
    world.invite()
    assert world.caller.statuses == [100]


def test_an_unanswered_trunk_would_call_again_and_again(world: World) -> None:
    """A trunk, ours for calls outside, and a phone of ours are told what is wrong in any case."""
    for source in (CALLER, TRUNK, PHONE):
        data = packet("SUBSCRIBE", call=source.port)
        [answer] = came(world, data, source)
        assert len(answer.data) > len(data)


def test_one_address_gets_so_many_answers_a_minute_and_then_silence(world: World) -> None:
    ours = Strangers(world.calls)
    given = [ours.may_answer(STRANGER.host, 403, -1) for _ in range(MOST_A_MINUTE + 5)]
    assert (given.count(True), given[-5:]) == (MOST_A_MINUTE, [False] * 5)
    assert ours.may_answer("203.0.113.67", 403, -1)
    assert ours.may_answer(PHONE.host, 403, -1)
    world.calls.now_ms += WINDOW_MS
    assert ours.may_answer(STRANGER.host, 403, -1)


def test_a_challenge_may_be_a_little_longer(world: World) -> None:
    ours = Strangers(world.calls)
    assert ours.may_answer(STRANGER.host, 401, CHALLENGE_BYTES)
    assert not ours.may_answer(STRANGER.host, 401, CHALLENGE_BYTES + 1)
    assert not ours.may_answer(STRANGER.host, 403, 1)


def test_a_register_is_of_no_call_whatever_its_tags_say(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With those of a caller's dialog nobody asked for a password."""
    world.invite()
    world.admit()
    [dialog] = world.calls.by_dialog
    call_id, ours, theirs = dialog
    asked: list[str] = []

    def refusal(request: Request, source: Endpoint, now_ms: int) -> Refusal:
        asked.append(source.host)
        return Refusal(401)

    monkeypatch.setattr(world, "refusal", refusal)
    data = (
        f"REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKr\r\n"
        f"From: <sip:a@h>;tag={theirs}\r\nTo: <sip:anna@h>;tag={ours}\r\nCall-ID: {call_id}\r\n"
        f"CSeq: 50 REGISTER\r\nContact: <sip:evil@203.0.113.66>\r\n\r\n"
    ).encode()
    [answer] = world.layer.receive(parse(data), STRANGER, world.now_ms, len(data))
    assert isinstance(answer, SendTo)
    assert (asked, answer.data.split(b" ")[1]) == ([STRANGER.host], b"401")


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "BYE", "SUBSCRIBE", "MESSAGE", "REFER", "PUBLISH"])
def test_no_other_request_with_a_tag_is_taken_but_within_a_call(world: World, method: str) -> None:
    """One that knows a call by two of its three names, too."""
    world.invite()
    world.admit()
    [(call_id, ours, theirs)] = world.calls.by_dialog
    kept = len(world.layer)
    for wrong in (("x", ours, theirs), (call_id, "x", theirs), (call_id, ours, "x")):
        data = packet(method, more=LONG, to_tag=wrong[1])
        data = data.replace(b"Call-ID: 1", f"Call-ID: {wrong[0]}".encode())
        data = data.replace(b"tag=1", f"tag={wrong[2]}".encode())
        out = world.layer.receive(parse(data), STRANGER, world.now_ms, len(data))
        assert [one.data.split(b" ")[1] for one in out if isinstance(one, SendTo)] == [b"481"]
    assert (len(out), len(world.layer)) == (1, kept)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "MESSAGE", "BYE", "ACK", "REGISTER"])
@pytest.mark.parametrize("tag", ["", "x"])
def test_nobody_looks_through_the_body_of_a_stranger(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str, tag: str
) -> None:
    """Parts and session descriptions are work; who sends them is asked first."""
    looked: list[bytes] = []

    def looks(kind: str, body: bytes) -> bytes:
        looked.append(body)
        return b""

    def refuses(sdp: bytes) -> str:
        looked.append(sdp)
        return ""

    monkeypatch.setattr(message, "session_in", looks)
    monkeypatch.setattr(world.media, "refuses", refuses)
    monkeypatch.setattr(world, "refusal", lambda *_: Refusal(401))
    for kind in ("multipart/mixed;boundary=b", "application/sdp"):
        data = packet(method, more=f"Content-Type: {kind}\r\n", to_tag=tag) + b"--b\r\n" * 1_000
        world.layer.receive(parse(data), STRANGER, world.now_ms, len(data))
        answer = data.replace(method.encode() + b" sip:1@192.0.2.1 SIP/2.0", b"SIP/2.0 200 OK")
        world.layer.receive(parse(answer), STRANGER, world.now_ms, len(answer))
    assert looked == []
    more = "Content-Type: multipart/mixed;boundary=b\r\nContact: <sip:c@h>\r\n"
    trunk = packet("INVITE", more=more) + b"--b"
    world.layer.receive(parse(trunk), CALLER, world.now_ms, len(trunk))
    assert looked == [b"--b"]
