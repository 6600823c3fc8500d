"""The RTP and telephone-event parsers against known packets and against anything at all."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.media import rtp

PACKETS = st.builds(
    rtp.Packet,
    payload_type=st.integers(0, 127),
    marker=st.booleans(),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFF_FFFF),
    source=st.integers(0, 0xFFFF_FFFF),
    payload=st.binary(max_size=400),
)


@given(PACKETS)
def test_what_is_built_is_parsed_to_the_same(packet: rtp.Packet) -> None:
    assert rtp.parse(rtp.build(packet)) == packet


@given(st.binary(max_size=1600))
@example(b"\xbf\x08" + bytes(10))
@example(b"\x90\x08" + bytes(12))
@example(b"\xa0\x08" + bytes(10) + b"\xff")
def test_any_datagram_is_a_packet_or_not_rtp_and_nothing_else(datagram: bytes) -> None:
    try:
        packet = rtp.parse(datagram)
    except rtp.NotRtpError:
        pass
    else:
        assert datagram[0] >> 6 == 2
        assert packet.payload in datagram[rtp.HEADER :]


@given(PACKETS, st.integers(0, 15), st.none() | st.integers(0, 20), st.integers(0, 60))
def test_contributing_sources_extension_and_padding_are_not_payload(
    packet: rtp.Packet, sources: int, extension: int | None, padding: int
) -> None:
    plain = rtp.build(packet)
    first = 0x80 | sources | (0 if extension is None else 0x10) | (0x20 if padding else 0)
    middle = bytes(4 * sources)
    if extension is not None:
        middle += b"\xbe\xde" + extension.to_bytes(2, "big") + bytes(4 * extension)
    end = bytes(padding - 1) + bytes([padding]) if padding else b""
    assert rtp.parse(bytes([first]) + plain[1:12] + middle + plain[12:] + end) == packet


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "0 octets"),
        (b"\x80" * 11, "11 octets"),
        (b"\x80" * 1501, "1501 octets"),
        (b"\x40" * 12, "version 1"),
        (b"\x90\x08" + bytes(10), "header extension cut off"),
        (b"\xa0\x08" + bytes(10) + b"\x00", "padding of no octets"),
        (b"\xa0\x08" + bytes(10) + b"\x05", "longer than the packet"),
    ],
)
def test_what_is_not_rtp_is_refused_with_its_reason(datagram: bytes, reason: str) -> None:
    with pytest.raises(rtp.NotRtpError, match=reason):
        rtp.parse(datagram)


def event(code: int, duration: int, *, end: bool = False) -> bytes:
    return bytes([code, 0x8A if end else 0x0A]) + duration.to_bytes(2, "big")


def test_the_packets_of_one_press_are_one_digit_even_when_the_first_are_lost() -> None:
    presses = rtp.KeyPresses()
    packets = [(1000, event(5, 480)), (1000, event(5, 640)), *[(1000, event(5, 800, end=True))] * 3]
    assert [presses.feed(*packet) for packet in packets] == ["5", None, None, None, None]


def test_the_same_key_pressed_again_is_a_second_digit() -> None:
    presses = rtp.KeyPresses()
    assert presses.feed(1000, event(5, 800, end=True)) == "5"
    assert presses.feed(4000, event(5, 160)) == "5"


def test_a_press_longer_than_a_segment_is_one_digit() -> None:
    presses = rtp.KeyPresses()
    assert presses.feed(0xFFFF_0000, event(11, 0xFFFF)) == "#"
    assert presses.feed(0xFFFF_FFFF, event(11, 160)) is None


def test_a_late_packet_of_an_older_press_is_no_digit() -> None:
    presses = rtp.KeyPresses()
    assert presses.feed(9000, event(1, 160)) == "1"
    assert presses.feed(12_000, event(2, 160)) == "2"
    assert presses.feed(9000, event(1, 160)) is None


def test_every_event_code_has_the_digit_of_the_standard() -> None:
    codes = [rtp.KeyPresses().feed(1, event(code, 160)) for code in range(18)]
    assert codes == [*"0123456789*#ABCD", None, None]


@given(st.lists(st.tuples(st.integers(0, 0xFFFF_FFFF), st.binary(max_size=8)), max_size=30))
def test_any_event_payload_gives_a_digit_or_nothing(packets: list[tuple[int, bytes]]) -> None:
    presses = rtp.KeyPresses()
    for timestamp, payload in packets:
        digit = presses.feed(timestamp, payload)
        assert digit is None or (len(payload) >= 4 and digit == rtp.DIGITS[payload[0]])
