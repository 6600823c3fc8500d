"""The UDP socket: read at once when it is quiet, at intervals when it is busy, and nothing is left lying."""

import asyncio
import socket
import time
from collections.abc import Sized

import pytest

from channels.sip.backlog import Backlog
from channels.sip.protocol.address import Endpoint
from channels.sip.transports import udp
from channels.sip.transports.udp import BUSY_PER_S, COUNT_S, REST_S, UdpTransport


async def settled(received: Sized, count: int) -> None:
    for _ in range(3_000):
        if len(received) >= count:
            return
        await asyncio.sleep(0.01)


def test_everything_arrives_in_order_while_it_turns_busy_and_quiet_again() -> None:
    """Three bursts, each above the rate, with a quiet moment between them."""

    async def story() -> None:
        received: list[bytes] = []
        transport = UdpTransport("127.0.0.1", 0, lambda data, _: received.append(data))
        sent: list[bytes] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            for burst in range(3):
                for number in range(int(BUSY_PER_S * COUNT_S * 2)):
                    sent.append(b"%d %d" % (burst, number))
                    peer.sendto(sent[-1], ("127.0.0.1", transport.port))
                await asyncio.sleep(1.5 * COUNT_S)
            peer.sendto(b"last", ("127.0.0.1", transport.port))
            await settled(received, len(sent) + 1)
        transport.close()
        assert received == [*sent, b"last"]

    asyncio.run(story())


def test_a_busy_socket_is_read_in_fewer_turns_than_datagrams() -> None:
    """That is the point of resting: what comes within REST_S is served together."""

    async def story() -> None:
        turns: list[int] = []
        turn = 0
        transport = UdpTransport("127.0.0.1", 0, lambda *_: turns.append(turn))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            for _ in range(600):
                peer.sendto(b"x", ("127.0.0.1", transport.port))
                await asyncio.sleep(REST_S / 8)
                turn += 1
            await settled(turns, 600)
        busy = turns[len(turns) // 2 :]
        transport.close()
        assert len(set(busy)) < len(busy) / 2

    asyncio.run(story())


def test_closing_a_busy_socket_leaves_nothing_behind() -> None:
    async def story() -> None:
        received: list[Endpoint] = []
        transport = UdpTransport("127.0.0.1", 0, lambda _, source: received.append(source))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            for _ in range(int(BUSY_PER_S * COUNT_S * 3)):
                peer.sendto(b"x", ("127.0.0.1", transport.port))
                await asyncio.sleep(0.001)
        transport.close()
        count = len(received)
        await asyncio.sleep(5 * REST_S)
        assert len(received) == count

    asyncio.run(story())


def test_where_nothing_can_be_sent_is_told_in_a_turn_of_its_own() -> None:
    """For who sends is in the midst of something."""

    async def story() -> None:
        told: list[Endpoint] = []
        transport = UdpTransport("127.0.0.1", 0, lambda *_: None, unreachable=told.append)
        nowhere, somewhere = Endpoint("255.255.255.255", 5060), Endpoint("127.0.0.1", 9)
        transport.send(b"x", somewhere)
        transport.send(b"x", nowhere)
        assert told == []
        await settled(told, 1)
        transport.close()
        assert (told, transport.unsent) == ([nowhere], 1)

    asyncio.run(story())


class Told(Backlog):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def read(self, waited_ms: float, now_ms: float) -> None:
        self.waits.append(waited_ms)
        self.since_ms = now_ms if waited_ms else None


def test_the_kernel_says_how_long_the_last_of_a_turn_has_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    """From when it took the packet, be that however long ago; nothing once all is read."""
    monkeypatch.setattr(udp, "READS_PER_TURN", 3)

    async def story() -> None:
        told = Told()
        transport = UdpTransport("127.0.0.1", 0, lambda *_: None, told)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            before = time.time_ns()
            for _ in range(4):
                peer.sendto(b"x", ("127.0.0.1", transport.port))
            sent = time.time_ns()
            since = (time.time_ns() - sent) / 1e6
            await settled(told.waits, 2)
            at_most = (time.time_ns() - before) / 1e6
        transport.close()
        assert since <= told.waits[0] <= at_most
        assert told.waits[1] == 0

    asyncio.run(story())
