"""Strangers and overload before a whole server, by real datagrams: what the parts promise, wired together."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acd.server.app import App
from bench.calls import desk as bench
from channels.sip import backlog
from channels.sip.channel import SipChannel
from config.load import load
from tests.channels.sip.test_short_way import invite

SHORT = (
    b"INVITE sip:1@h SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK\r\nf: <sip:a@h>;tag=1\r\n"
    b"t: <sip:1@h>\r\ni: 1\r\nCSeq: 1 INVITE\r\n\r\n"
)
STRANGER, TRUNK = "127.9.9.9", "127.0.0.1"


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[SipChannel]:
    """The whole server; one address is its trunk."""
    site = bench.Desk(folder / "desk", 1)._write()
    site.write_text(site.read_text().replace("127.0.0.0/8", TRUNK))
    channel = SipChannel(load(site, os.environ))
    app = App(load(site, os.environ), [channel])
    await app.start()
    try:
        yield channel
    finally:
        await app.stop()
        with contextlib.suppress(ProcessLookupError):  # with calls it would play on
            os.kill(channel._media.welcome.pid, signal.SIGTERM)


class Peer:
    """A socket of this address; a context manager."""

    def __init__(self, host: str, desk: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self._desk = ("127.0.0.1", desk)
        self.port = self._socket.getsockname()[1]

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> bytes:
        self._socket.sendto(data, self._desk)
        return data

    async def answer(self) -> bytes:
        async with asyncio.timeout(20):
            return await asyncio.get_running_loop().sock_recv(self._socket, 65_535)

    async def status(self) -> int:
        return int((await self.answer()).split(b" ")[1])

    def more(self) -> list[bytes]:
        """What has come besides."""
        found = list[bytes]()
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self._socket.recv(65_535))
        return found


def _calls(channel: SipChannel) -> set[str]:
    """Call-IDs of the callers."""
    legs = [leg for leg in channel.calls.legs.values() if leg.is_caller]
    dialogs = [leg.record.dialog.call_id for leg in legs if leg.record.dialog is not None]
    return {*dialogs, *(leg.request.call_id for leg in legs if leg.request is not None)}


def test_a_stranger_gets_less_than_he_sends_and_too_many_calls_are_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with served(tmp_path) as channel:
            port = channel._transport.port
            with Peer(STRANGER, port) as stranger, Peer(TRUNK, port) as trunk:
                stranger.send(SHORT)
                sent = stranger.send(invite(1, stranger.port, port))
                answer = await stranger.answer()
                assert (answer.split(b" ")[1], len(answer) < len(sent)) == (b"403", True)
                assert len(channel._layer) == 0

                trunk.send(invite(2, trunk.port, port))
                assert [await trunk.status(), await trunk.status()] == [100, 200]

                monkeypatch.setattr(backlog, "TARGET_MS", -1_000)  # whatever comes has waited too long
                monkeypatch.setattr(backlog, "INTERVAL_MS", 0)
                channel.calls.backlog.since_ms = 0.0
                for number in range(3, 9):
                    trunk.send(invite(number, trunk.port, port))
                    while (status := await trunk.status()) == 200:  # of a call that nobody acknowledges here
                        continue
                    if status == 503:
                        break
                assert (status, f"short-{number}" in _calls(channel)) == (503, False)
                assert "short-2" in _calls(channel)
                assert stranger.more() == []

    asyncio.run(story())
