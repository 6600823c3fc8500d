"""A mistake of ours costs what it was made with, and nothing else: no timer, no reader, no other message."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from channels.sip import faults
from channels.sip.b2bua import entrance, inbound
from channels.sip.channel import SipChannel
from channels.sip.faults import Faults
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request
from channels.sip.protocol.outputs import NewRequest, Output, SendTo, ServerKey
from channels.sip.transports.udp import BUSY_PER_S, COUNT_S
from tests.channels.sip.test_refused_by_udp import STRANGER, TRUNK, Peer, served
from tests.channels.sip.test_short_way import invite

OPTIONS = (
    b"OPTIONS sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%d;rport\r\n"
    b"From: <sip:a@h>;tag=1\r\nTo: <sip:1@h>\r\nCall-ID: %d\r\nCSeq: 1 OPTIONS\r\n\r\n"
)
KEEPALIVES = int(BUSY_PER_S * COUNT_S)


class Oops(Exception):
    """A mistake of ours."""


def raises(*_: Any, **__: Any) -> Any:
    raise Oops


def story(folder: Path, told: Callable[[SipChannel], Any]) -> None:
    async def run() -> None:
        async with served(folder) as channel:
            await told(channel)

    asyncio.run(run())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def test_the_log_gets_some_lines_a_minute_and_the_counter_all(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    class Log:
        def error(self, _: str, *, handling: str, **__: object) -> None:
            lines.append(handling)

    monkeypatch.setattr(faults, "_log", Log())
    ours = Faults()
    for _ in range(5 * faults.LINES_A_MINUTE):
        ours.guard("packet", raises, None)
        ours.note(Oops(), "timer")
    assert ours.counts == {"packet": 5 * faults.LINES_A_MINUTE, "timer": 5 * faults.LINES_A_MINUTE}
    assert Counter(lines) == {"packet": faults.LINES_A_MINUTE, "timer": faults.LINES_A_MINUTE}


def test_a_packet_that_cannot_be_handled_leaves_a_busy_port_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from a timer, it was never read again."""

    async def told(channel: SipChannel) -> None:
        transport, real = channel._transport, channel._received

        def received(data: bytes, source: Endpoint) -> None:
            if data == b"bad":
                raise Oops
            real(data, source)

        monkeypatch.setattr(transport, "_received", received)
        with Peer(STRANGER, transport.port) as stranger, Peer(TRUNK, transport.port) as trunk:
            async with asyncio.timeout(20):
                while transport._timer is None:  # until it is busy
                    for _ in range(KEEPALIVES):
                        stranger.send(b"\r\n\r\n")
                    await asyncio.sleep(COUNT_S / 4)
            stranger.send(b"bad")
            for number in range(3):
                trunk.send(OPTIONS % (number, number))
                assert await trunk.status() == 200
                await asyncio.sleep(2 * COUNT_S)
        assert channel.counts()["fault in packet"] == 1

    story(tmp_path, told)


def test_a_reader_that_is_gone_is_noticed_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(channel: SipChannel) -> None:
        transport = channel._transport
        asyncio.get_running_loop().remove_reader(transport._socket)
        heard: list[str] = []
        again = transport.watch._again

        def told_again() -> None:
            heard.append(channel.trouble())
            again()

        monkeypatch.setattr(transport.watch, "_again", told_again)
        with Peer(TRUNK, transport.port) as trunk:
            trunk.send(OPTIONS % (1, 1))
            assert await trunk.status() == 200
        assert heard == ["packets wait, and nobody reads them"]
        await until(lambda: not channel.trouble())
        assert channel.counts()["port read again"] == 1

    story(tmp_path, told)


def test_a_quiet_port_is_no_trouble(tmp_path: Path) -> None:
    async def told(channel: SipChannel) -> None:
        for _ in range(3):
            channel._transport.watch._look()
        with Peer(TRUNK, channel._transport.port) as trunk:
            trunk.send(OPTIONS % (1, 1))
            channel._transport.watch._look()
            assert await trunk.status() == 200
            channel._transport.watch._look()
        assert (channel.trouble(), channel.counts()["port read again"]) == ("", 0)

    story(tmp_path, told)


def test_a_request_that_cannot_be_handled_is_answered_500_and_the_next_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unanswered it would stay in the table of transactions for ever."""

    async def told(channel: SipChannel) -> None:
        with monkeypatch.context() as broken, Peer(TRUNK, channel._transport.port) as trunk:
            broken.setattr(inbound, "introduced", None)
            trunk.send(invite(1, trunk.port, channel._transport.port))
            assert await trunk.status() == 500
        with Peer(TRUNK, channel._transport.port) as trunk:
            trunk.send(invite(2, trunk.port, channel._transport.port))
            assert await trunk.status() == 100
        assert channel.counts()["fault in NewRequest"] == 1

    story(tmp_path, told)


def test_what_comes_after_something_that_cannot_be_handled_is_handled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(channel: SipChannel) -> None:
        with Peer(TRUNK, channel._transport.port) as trunk:
            request = Request(method="BYE", uri="sip:a@h", headers=())
            bad = NewRequest(ServerKey("b", "h", "BYE"), request, Endpoint(TRUNK, trunk.port), "")
            channel._timer = None
            channel._flush([bad, SendTo(b"next", Endpoint(TRUNK, trunk.port))])
            assert await trunk.answer() == b"next"

    story(tmp_path, told)


def test_timers_go_on_whatever_one_of_them_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def told(channel: SipChannel) -> None:
        due: list[str] = []

        def works(name: str, *_: object) -> Sequence[Output]:
            due.append(name)
            return []

        of = {"layer": channel._layer, "registrations": channel.registrations, "entrance": entrance}
        for broken in of:
            with monkeypatch.context() as now:
                for name, one in of.items():
                    now.setattr(one, "expire", raises if name == broken else partial(works, name))
                now.setattr(channel._layer, "next_deadline", lambda: channel.calls.now_ms + 50)
                channel._expire()
            assert due == [name for name in of if name != broken]
            assert channel._timer is not None
            due.clear()
        assert channel.counts()["fault in timer"] == len(of)

    story(tmp_path, told)


def test_media_are_sought_again_although_a_call_could_not_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(channel: SipChannel) -> None:
        begun: list[str] = []

        def begin(work: Coroutine[None, None, None]) -> None:
            work.close()
            begun.append("attaching")

        with monkeypatch.context() as broken:
            broken.setattr(channel, "_begin", begin)
            broken.setattr(inbound, "end_all", raises)
            channel._media_lost()
        assert (begun, channel.counts()["fault in end of all calls"]) == (["attaching"], 1)

    story(tmp_path, told)
