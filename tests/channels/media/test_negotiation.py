"""Offer and answer of the audio stream: codecs, digits, hold, late offer, refused lines, versions."""

import msgspec
import pytest

from channels.media.errors import BadSdpError, NotAcceptableError, OutOfTurnError
from channels.media.negotiation import AudioSession, refusal
from channels.media.rtp import EVENTS, Codec
from channels.media.sdp import Direction, parse_sdp


def remote_of(session: AudioSession) -> tuple[str, int] | None:
    return None if session.remote is None else (session.remote.host, session.remote.port)


def ours(port: int = 40000, host: str = "192.0.2.1") -> AudioSession:
    return AudioSession(session_id=17, host=host, port=port)


def theirs(formats: str = "8 0 101", *more: str, host: str = "192.0.2.7", port: int = 30000) -> bytes:
    """An offer of the caller."""
    lines = [
        "v=0", f"o=- 1 1 IN IP4 {host}", "s=call", f"c=IN IP4 {host}", "t=0 0",
        f"m=audio {port} RTP/AVP {formats}", *more,
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n").encode()


EVENTS_96 = "a=rtpmap:96 telephone-event/8000"


def test_answer_picks_our_preference_and_their_event_number() -> None:
    """One codec of ours that they have; telephone-event keeps the offerer's number."""
    leg = ours()
    answer = parse_sdp(leg.answer(theirs("0 8 96", EVENTS_96)))
    assert answer.media[0].formats == ("8", "96")
    assert answer.media[0].rtpmap == {"8": "PCMA/8000", "96": "telephone-event/8000"}
    assert (leg.codec, leg.send_payload_type, leg.local_dtmf) == (Codec.PCMA, 8, 96)
    assert leg.remote is not None
    assert leg.remote.dtmf == 96
    assert remote_of(leg) == ("192.0.2.7", 30000)
    assert not leg.held_by_peer


def test_remapped_codec() -> None:
    """PCMA under a dynamic number is sent with that number."""
    leg = ours()
    leg.answer(theirs("98", "a=rtpmap:98 pcma/8000/1"))
    assert (leg.codec, leg.send_payload_type) == (Codec.PCMA, 98)


def test_offer_and_accept() -> None:
    """Our offer has both codecs and digits; the answer's first codec counts; each side has its number."""
    leg = ours()
    offer = parse_sdp(leg.offer())
    assert offer.media[0].formats == ("8", "0", "101")
    leg.accept(theirs("0 97", "a=rtpmap:97 telephone-event/8000"))
    assert not leg.pending
    assert leg.remote is not None
    assert (leg.codec, leg.local_dtmf, leg.remote.dtmf) == (Codec.PCMU, 101, 97)


def test_two_sessions_agree() -> None:
    """What one side offers the other can answer, over IPv6 too, and both know the other's address."""
    one, two = ours(40000, "2001:db8::1"), ours(50000, "2001:db8::2")
    one.accept(two.answer(one.offer()))
    assert one.codec is two.codec is Codec.PCMA
    assert remote_of(one) == ("2001:db8::2", 50000)
    assert remote_of(two) == ("2001:db8::1", 40000)
    assert not one.held_by_peer
    assert not two.held_by_peer


@pytest.mark.parametrize(
    ("said", "host", "answered"),
    [
        ("a=sendrecv", "192.0.2.7", Direction.SENDRECV),
        ("a=sendonly", "192.0.2.7", Direction.RECVONLY),
        ("a=recvonly", "192.0.2.7", Direction.SENDONLY),
        ("a=inactive", "192.0.2.7", Direction.INACTIVE),
        ("a=ptime:20", "0.0.0.0", Direction.RECVONLY),
    ],
)
def test_hold(said: str, host: str, answered: Direction) -> None:
    """Every way to hold is answered with the mirror; we are held exactly when the peer does not receive."""
    leg = ours()
    answer = parse_sdp(leg.answer(theirs("8", said, host=host)))
    assert answer.media[0].direction is answered
    assert leg.held_by_peer is not answered.sends


def test_direction_of_the_session_counts_for_its_lines() -> None:
    """A direction above the m= line holds for all of them."""
    body = theirs("8").replace(b"t=0 0\r\n", b"t=0 0\r\na=sendonly\r\n")
    assert parse_sdp(ours().answer(body)).media[0].direction is Direction.RECVONLY


def test_versions_count_up() -> None:
    """Each changed description has the next version, an unchanged one the same; the session id stays."""
    leg = ours()
    versions = [parse_sdp(leg.answer(theirs("8"))).version]
    versions.append(parse_sdp(leg.answer(theirs("8"))).version)
    one = parse_sdp(leg.offer((Codec.PCMA,)))
    leg.accept(theirs("8"))
    both = parse_sdp(leg.offer())
    leg.accept(theirs("8"))
    assert [*versions, one.version, both.version] == ["1", "1", "2", "3"]
    assert {one.session_id, both.session_id} == {"17"}


def test_answer_counts_on_our_line_only() -> None:
    """In a session of two lines the answer is read where our audio is."""
    leg = ours()
    leg.answer(theirs("8").replace(b"m=audio", b"m=video 4000 RTP/AVP 96\r\nm=audio"))
    leg.offer()
    leg.accept(theirs("8", "m=audio 7000 RTP/AVP 0", port=6000))
    assert remote_of(leg) == ("192.0.2.7", 7000)
    assert leg.codec is Codec.PCMU


def test_refused_offer_leaves_what_was_agreed() -> None:
    """After a 488 or 491 to our re-INVITE the old agreement is in force and we may offer again."""
    leg = ours()
    leg.answer(theirs("8"))
    agreed = (leg.codec, leg.remote)
    leg.offer()
    leg.withdraw()
    assert (leg.codec, leg.remote) == agreed
    assert leg.offer()


@pytest.mark.parametrize("number", [10, 80, 127])
def test_keys_have_the_number_that_they_are_offered_with(number: int) -> None:
    """RFC 3551 §6 wants 96 and more; PBXs in the field offer others."""
    leg = ours()
    answer = leg.answer(theirs(f"8 {number}", f"a=rtpmap:{number} telephone-event/8000"))
    assert parse_sdp(answer).media[0].formats == ("8", str(number))
    assert leg.heard_types[number] == EVENTS


@pytest.mark.parametrize("number", ["0", "8"])
def test_keys_under_the_number_of_a_codec_are_left_out(number: str) -> None:
    leg = ours()
    answer = leg.answer(theirs("8 0", f"a=rtpmap:{number} telephone-event/8000"))
    assert len(parse_sdp(answer).media[0].formats) == 1
    assert EVENTS not in leg.heard_types.values()


def test_what_the_peer_may_send_has_our_numbers_and_its_own() -> None:
    leg = ours()
    leg.offer()
    leg.accept(theirs("97 96", "a=rtpmap:97 PCMA/8000", EVENTS_96))
    assert leg.send_payload_type == 97
    assert leg.heard_types == {0: 0, 8: 8, 97: 8, 96: EVENTS, 101: EVENTS}


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost", "bad-address"),
        ("pbx.example", "bad-address"),
        ("2001:db8::7", "bad-address"),
        ("255.255.255.255", "bad-address"),
        ("224.2.1.1/127", "multicast"),
        ("ff02::1", "multicast"),
    ],
)
def test_an_address_to_which_no_sound_can_go_is_no_address(host: str, code: str) -> None:
    """And the next line, if it has one, is taken instead."""
    leg, bad = ours(), theirs("8", host=host)
    before = leg.to_record()
    with pytest.raises(NotAcceptableError) as refused:
        leg.answer(bad)
    assert (refused.value.code, refusal(bad, leg.host), leg.to_record()) == (code, code, before)
    leg.offer()
    with pytest.raises(NotAcceptableError):
        leg.accept(bad)
    leg.withdraw()
    leg.answer(theirs("8", "m=audio 7000 RTP/AVP 8", "c=IN IP4 192.0.2.9", host=host))
    assert remote_of(leg) == ("192.0.2.9", 7000)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_address_that_is_nobody_s_holds_whatever_its_family(host: str) -> None:
    leg = ours()
    leg.answer(theirs("8", host=host))
    assert leg.held_by_peer


def test_other_lines_are_refused_with_port_0_and_kept() -> None:
    """Video and a secure audio line get port 0 in the answer, and again in every offer of ours, in order."""
    body = theirs("8").replace(b"m=audio", b"m=video 4000 RTP/AVP 96\r\nm=audio 4002 RTP/SAVP 8\r\nm=audio")
    leg = ours()
    answer = parse_sdp(leg.answer(body))
    shape = [(media.kind, media.port, media.proto) for media in answer.media]
    assert shape == [("video", 0, "RTP/AVP"), ("audio", 0, "RTP/SAVP"), ("audio", 40000, "RTP/AVP")]
    again = parse_sdp(leg.offer())
    assert [(media.kind, media.port, media.proto) for media in again.media] == shape


@pytest.mark.parametrize(
    "body",
    [
        theirs("18 101", "a=rtpmap:101 telephone-event/8000"),
        theirs("8", port=0),
        theirs("8").replace(b"RTP/AVP", b"RTP/SAVP"),
        theirs("8").replace(b"m=audio", b"m=video"),
        theirs("8", "a=rtpmap:8 G729/8000"),
        theirs("96", "a=rtpmap:96 PCMA/16000"),
    ],
)
def test_nothing_in_common(body: bytes) -> None:
    """An offer without a codec, port or line of ours is not acceptable and changes nothing."""
    leg = ours()
    before = leg.to_record()
    with pytest.raises(NotAcceptableError):
        leg.answer(body)
    assert leg.to_record() == before


def test_answers_that_do_not_fit() -> None:
    """An answer without our line, or with codecs that we did not offer, is refused and changes nothing."""
    leg = ours()
    leg.offer(codecs=(Codec.PCMA,))
    before = leg.to_record()
    with pytest.raises(BadSdpError):
        leg.accept(theirs("8", "m=audio 9 RTP/AVP 8"))
    with pytest.raises(BadSdpError):
        leg.accept(theirs("8", port=0))
    with pytest.raises(NotAcceptableError):
        leg.accept(theirs("0"))
    assert leg.to_record() == before
    leg.accept(theirs("8"))


def test_order_of_calls() -> None:
    """No second offer, no answer and no acceptance out of turn."""
    leg = ours()
    with pytest.raises(OutOfTurnError):
        leg.accept(theirs("8"))
    leg.offer()
    with pytest.raises(OutOfTurnError):
        leg.offer()
    with pytest.raises(OutOfTurnError):
        leg.answer(theirs("8"))


def test_record_round_trip() -> None:
    """A session read back from its record continues: same agreement, next version."""
    leg = ours()
    leg.answer(theirs("8 96", EVENTS_96))
    again = AudioSession.from_record(leg.to_record())
    assert again == leg
    assert again.offer() == leg.offer()


def test_a_record_with_fields_that_are_no_more_is_read() -> None:
    """The media process may keep sessions of an older server."""
    leg = ours()
    leg.answer(theirs("8"))
    older = {"direction": "sendrecv", "offered_direction": "sendrecv"}
    record = msgspec.msgpack.encode(msgspec.msgpack.decode(leg.to_record()) | older)
    assert AudioSession.from_record(record) == leg
