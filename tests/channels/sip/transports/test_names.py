"""Host names that peers choose: the loop never waits for a name server, and nothing grows without bound."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from channels.sip.protocol.address import Endpoint
from channels.sip.transports import names, udp
from channels.sip.transports.names import MOST, NOWHERE, PORT, Found, Names
from channels.sip.transports.udp import UdpTransport


class Server:
    """A name server that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.found: dict[str, str] = {"peer.example": "127.0.0.1"}

    def look(self, host: str, port: int, _: int) -> Found:
        self.asked.append(host)
        self.answers.wait(20)
        if host not in self.found:
            raise OSError("unknown")
        return Found(self.found[host], port)


def story(told: Callable[[Server, Names, list[Found]], Awaitable[None]]) -> None:
    async def run() -> None:
        server, heard = Server(), list[Found]()
        try:
            await told(server, Names(socket.AF_INET, server.look), heard)
        finally:
            server.answers.set()

    asyncio.run(run())


async def until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def test_who_asks_twice_asks_once_and_both_hear() -> None:
    async def told(server: Server, ours: Names, heard: list[Found]) -> None:
        ours.ask(("peer.example", PORT), heard.append)
        ours.ask(("peer.example", PORT), heard.append)
        assert heard == []
        server.answers.set()
        await until(lambda: heard == [Found("127.0.0.1", PORT)] * 2)
        assert server.asked == ["peer.example"]

    story(told)


def test_a_silent_name_server_is_given_up_and_not_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "PATIENCE_S", 0.05)

    async def told(server: Server, ours: Names, heard: list[Found]) -> None:
        ours.ask(("peer.example", PORT), heard.append)
        await until(lambda: heard == [NOWHERE])
        ours.ask(("peer.example", PORT), heard.append)
        assert (heard, server.asked, ours.refused) == ([NOWHERE, NOWHERE], ["peer.example"], 1)
        server.answers.set()
        await asyncio.sleep(0.1)
        assert heard == [NOWHERE, NOWHERE], "an answer that comes too late is nobody's"

    story(told)


def test_a_name_that_the_system_chokes_on_gives_its_thread_back() -> None:
    """With a NUL in it, say; after so many of them no name at all was looked up."""

    async def told(server: Server, ours: Names, heard: list[Found]) -> None:
        def is_longer(number: int) -> bool:
            return len(heard) > number

        def chokes(*_: object) -> Found:
            raise ValueError("embedded null byte")

        ours._look = chokes
        for number in range(2 * MOST):
            ours.ask((f"bad{number}.example", PORT), heard.append)
            await until(partial(is_longer, number))
        assert (ours.refused, ours._threads) == (0, 0)

    story(told)


def test_without_a_thread_a_name_is_given_up_in_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "PATIENCE_S", 0.05)

    async def told(server: Server, ours: Names, heard: list[Found]) -> None:
        def none(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as crowded:
            crowded.setattr(threading.Thread, "start", none)
            ours.ask(("peer.example", PORT), heard.append)
        await until(lambda: heard == [NOWHERE])
        assert ours._threads == 0

    story(told)


def test_names_that_nobody_has_are_asked_for_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "UNKNOWN_S", 0.05)

    async def told(server: Server, ours: Names, heard: list[Found]) -> None:
        server.answers.set()
        ours.ask(("nobody.example", PORT), heard.append)
        await until(lambda: heard == [NOWHERE])
        await asyncio.sleep(0.1)
        server.found["nobody.example"] = "192.0.2.1"
        ours.ask(("nobody.example", PORT), heard.append)
        await until(lambda: heard == [NOWHERE, Found("192.0.2.1", PORT)])

    story(told)


def test_a_flood_of_names_does_not_fill_the_machine_with_threads() -> None:
    async def told(server: Server, ours: Names, heard: list[Found]) -> None:
        before = threading.active_count()
        for number in range(1_000):
            ours.ask((f"host{number}.example", PORT), heard.append)
        assert threading.active_count() - before <= MOST
        assert heard == [NOWHERE] * (1_000 - MOST)
        assert ours.refused == 1_000 - MOST

    story(told)


def test_while_a_name_is_looked_up_everybody_else_is_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was to be sent there is, once the name is known; the next at once."""
    server = Server()
    monkeypatch.setattr(names, "look_up", server.look)
    monkeypatch.setattr(Names.__init__, "__defaults__", (server.look,))

    async def run() -> None:
        transport = UdpTransport("127.0.0.1", 0, lambda data, source: None)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            peer.setblocking(False)
            port = peer.getsockname()[1]
            transport.send(b"by name", Endpoint("peer.example", port))
            transport.send(b"to nobody", Endpoint("nobody.example", port))
            transport.send(b"by number", Endpoint("127.0.0.1", port))
            assert peer.recv(100) == b"by number"
            server.answers.set()
            await until(lambda: transport.unsent == 1)
            assert peer.recv(100) == b"by name"
            transport.send(b"again", Endpoint("peer.example", port))
            assert peer.recv(100) == b"again"
        transport.close()

    try:
        asyncio.run(run())
    finally:
        server.answers.set()


def test_it_is_known_where_a_name_has_led_also_when_that_holds_no_longer() -> None:
    """Whoever answers later than that is still whom we have asked."""

    async def run() -> None:
        transport = UdpTransport("127.0.0.1", 0, lambda *_: None)
        peer = Endpoint("peer.example", 5060)
        for host in ("127.0.0.1", "127.0.0.2"):
            transport._found(peer, Found(host, 9, 0.01), b"x")
            await until(lambda: peer not in transport._addresses)
        asked = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        assert [transport.is_at(peer, host) for host in asked] == [True, True, False]
        assert not transport.is_at(Endpoint("other.example", 5060), "127.0.0.1")
        assert transport.is_at(Endpoint("2001:DB8:0::1", 5060), "2001:db8::1")
        for number in range(udp.KNOWN_SOURCES + 5):
            transport._found(Endpoint(f"n{number}.example", 5060), Found("127.0.0.1", 9, 0.01), b"x")
        assert len(transport._led) == udp.KNOWN_SOURCES
        transport.close()

    asyncio.run(run())
