"""The relay fed packet by packet, without a network."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.media import rtp
from channels.media.commands import LegId
from channels.media.embedded.leg import Leg
from channels.media.embedded.relay import Relay
from channels.media.rtp import Address, Codec
from channels.media.sound.companding import ALAW_TO_ULAW

ADDRESS = Address("127.0.0.1", 4000)


class Line:
    """A caller's leg whose socket is a list, bridged to a listener's leg whose socket is a list."""

    def __init__(self, codec: Codec, listener: Codec, listener_dtmf: int | None) -> None:
        self.socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self.leg, self.out = (
            Leg(LegId(name), s, ADDRESS, 0) for name, s in zip("ab", self.socks, strict=True)
        )
        self.leg.types, self.out.dtmf = {0: 0, 8: 8, 101: rtp.EVENTS}, listener_dtmf
        self.leg.codec = self.leg.payload_type = int(codec)
        self.out.codec = self.out.payload_type = int(listener)
        self.leg.relay_to = self.out
        self.leg.receive_into = self._next  # type: ignore[assignment]
        self.out.send = self._keep
        self.digits: list[str] = []
        self.sent: list[rtp.Packet] = []
        self.relay = Relay(lambda _, digit, __: self.digits.append(digit), lambda *_: None, lambda *_: None)
        self._datagram = b""

    def _next(self, buffer: bytearray) -> int:
        size = min(len(buffer), len(self._datagram))
        buffer[:size] = self._datagram[:size]
        return size

    def _keep(self, data: bytearray | memoryview) -> int:
        self.sent.append(rtp.parse(bytes(data)))
        return len(data)

    def feed(self, datagram: bytes | rtp.Packet, now_ms: int = 0) -> None:
        """Let the caller's leg receive one datagram."""
        self._datagram = rtp.build(datagram) if isinstance(datagram, rtp.Packet) else datagram
        self.relay.receive(self.leg, now_ms)

    def close(self) -> None:
        """Close both unused sockets."""
        for sock in self.socks:
            sock.close()


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line(Codec.PCMA, Codec.PCMU, 96)
    yield made
    made.close()


def audio(sequence: int, timestamp: int, payload: bytes = b"\x01" * 160, source: int = 7) -> rtp.Packet:
    return rtp.Packet(8, False, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, source, payload)


def test_loss_and_order_of_the_senders_packets_stay_visible(line: Line) -> None:
    numbers = [65_534, 65_535, 1, 0, 2]
    for number in numbers:
        line.feed(audio(number, 160 * (number if number > 9 else number + 65_536)))
    first = line.sent[0]
    assert [(p.sequence - first.sequence) & 0xFFFF for p in line.sent] == [0, 1, 3, 2, 4]
    assert [(p.timestamp - first.timestamp) & 0xFFFF_FFFF for p in line.sent] == [0, 160, 480, 320, 640]
    assert [p.marker for p in line.sent] == [True] + [False] * 4
    assert {p.payload for p in line.sent} == {(b"\x01" * 160).translate(ALAW_TO_ULAW)}
    assert {p.payload_type for p in line.sent} == {0}


def test_a_new_source_of_the_sender_is_the_same_stream_to_the_listener(line: Line) -> None:
    line.feed(audio(10, 1000), 0)
    line.feed(audio(40_000, 9_000_000, source=8), 100)
    one, two = line.sent
    assert two.source == one.source == line.out.stream
    assert two.sequence == (one.sequence + 1) & 0xFFFF
    assert two.timestamp == (one.timestamp + 800) & 0xFFFF_FFFF
    assert two.marker


def test_extension_and_padding_are_stripped_before_companding(line: Line) -> None:
    head = rtp.build(audio(1, 160, b""))
    line.feed(b"\xb1" + head[1:] + bytes(4) + b"\xbe\xde\0\1abcd" + b"\x55" * 160 + b"\0\0\3")
    [packet] = line.sent
    assert packet.payload == (b"\x55" * 160).translate(ALAW_TO_ULAW)


def test_a_sender_may_change_to_the_other_codec(line: Line) -> None:
    line.feed(audio(1, 160)._replace(payload_type=0))
    assert line.sent[0].payload == b"\x01" * 160


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.binary(max_size=1600), st.sampled_from([None, 0, 8, 101])), max_size=30))
def test_whatever_comes_only_agreed_rtp_goes_out_and_all_is_counted(
    datagrams: list[tuple[bytes, int | None]],
) -> None:
    """Some datagrams get a proper start, so that the paths behind the first check are met too."""
    line = Line(Codec.PCMA, Codec.PCMU, 96)
    try:
        for number, (datagram, payload_type) in enumerate(datagrams):
            made = datagram
            if payload_type is not None:
                made = bytes([0x80 | (datagram[0] & 0x3F if datagram else 0), payload_type]) + datagram[2:]
            line.feed(made, number)
        stats = line.leg.stats(len(datagrams))
        assert {packet.payload_type for packet in line.sent} <= {0, 96}
        assert len({packet.source for packet in line.sent}) <= 1
        assert len(line.sent) == line.out.stats(0).packets_out <= stats.packets_in
        assert len(line.sent) + stats.ignored == len(datagrams)
    finally:
        line.close()
