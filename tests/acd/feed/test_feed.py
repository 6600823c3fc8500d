"""The feed over the real socket: every written entry once and in order, whoever is slow, late or gone."""

import asyncio
import gc
import os
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from acd.feed.consumer import Consumer, CursorGone
from acd.feed.frames import MAX_REQUEST_BYTES, framed
from acd.feed.messages import Base, Entries, Follow, encode
from acd.ports import JournalEntry
from acd.server import desk_socket
from acd.server.app import App
from acd.testing import ScriptedChannel, small_site
from acd.web.protocol import socket_path

PATIENCE_S = 30.0


class Seen:
    """A consumer and what it saw."""

    def __init__(self, path: Path, cursor: str = "") -> None:
        self.consumer = Consumer(path, cursor)
        self.entries: list[JournalEntry] = []
        self.bases = 0
        self.delay_s = 0.0
        """It takes so long over each delivery."""
        self.task = asyncio.ensure_future(self._follow())

    async def _follow(self) -> None:
        async for delivery in self.consumer.deliveries():
            if isinstance(delivery, Entries):
                self.entries += delivery.entries
            else:
                assert isinstance(delivery, Base)
                self.bases += 1
            await asyncio.sleep(self.delay_s)

    async def until(self, seq: int) -> list[int]:
        async with asyncio.timeout(PATIENCE_S):
            while not self.entries or self.entries[-1].seq < seq:
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.01)
        return [entry.seq for entry in self.entries]

    async def stop(self) -> str:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        return self.consumer.cursor


class Desk:
    """A running server, its channel, and consumers."""

    def __init__(self, app: App, channel: ScriptedChannel, path: Path) -> None:
        self.app, self.channel, self.path = app, channel, path

    def call(self, count: int = 1) -> int:
        """Calls come and go; returns the last entry."""
        for _ in range(count):
            ref = self.channel.arrive()
            number = next(
                one.id for one in self.app.driver.engine.state.contacts.values() if one.carrier.ref == ref
            )
            self.channel.leave(number)
        return self.app.driver.seq

    def follow(self, cursor: str = "") -> Seen:
        return Seen(self.path, cursor)


def with_desk(directory: Path, *stories: Callable[[Desk], Awaitable[None]]) -> None:
    """One start of the server for each story, on the same data."""

    async def run(story: Callable[[Desk], Awaitable[None]]) -> None:
        channel = ScriptedChannel()
        app = App(small_site(directory), [channel], web=False)
        await app.start()
        try:
            await story(Desk(app, channel, socket_path(directory)))
        finally:
            await app.stop()

    for story in stories:
        asyncio.run(run(story))


def test_a_new_consumer_gets_a_snapshot_and_all_that_follows(tmp_path: Path) -> None:
    """Exactly the entries of the journal, with who asked for them."""

    async def story(desk: Desk) -> None:
        last = desk.call(20)
        seen = desk.follow()
        assert await seen.until(last) == list(range(1, last + 1))
        assert seen.bases == 1
        last = desk.call(20)
        await seen.until(last)
        assert seen.entries == list(desk.app.journal.facts())
        await seen.stop()

    with_desk(tmp_path, story)


def test_a_consumer_goes_on_at_its_cursor_also_at_the_next_server(tmp_path: Path) -> None:
    """No gap, nothing twice, no snapshot, although the server's next start is another epoch."""
    kept: dict[str, str] = {}

    async def first(desk: Desk) -> None:
        seen = desk.follow()
        await seen.until(desk.call(5))
        kept["cursor"], kept["seq"] = await seen.stop(), str(desk.app.driver.seq)
        desk.call(5)

    async def second(desk: Desk) -> None:
        last = desk.call(5)
        seen = desk.follow(kept["cursor"])
        assert await seen.until(last) == list(range(int(kept["seq"]) + 1, last + 1))
        assert seen.bases == 0
        assert (await seen.stop()).partition(".")[0] != kept["cursor"].partition(".")[0]

    with_desk(tmp_path, first, second)


def test_a_consumer_far_behind_is_served_from_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What memory keeps is bounded; what it has forgotten is read from the disk, beside the voice loop."""
    monkeypatch.setattr("acd.feed.source.BATCH_OF_JOURNAL", 7)

    async def story(desk: Desk) -> None:
        desk.app.followers.ring.capacity = 10
        last = desk.call(50)
        async with asyncio.timeout(PATIENCE_S):
            while desk.app.followers.ring.written < last:
                await asyncio.sleep(0.01)
        assert desk.app.followers.ring.after(last - 11, 20) is None
        seen = desk.follow()
        assert await seen.until(last) == list(range(1, last + 1))
        await seen.stop()

    with_desk(tmp_path, story)


def test_nothing_leaves_before_it_is_written(tmp_path: Path) -> None:
    """While the journal reports nothing, a consumer sees nothing."""

    async def story(desk: Desk) -> None:
        seen = desk.follow()
        last = await seen.until(desk.call())
        ring = desk.app.followers.ring
        report = ring.on_written
        ring.on_written = lambda seq: None  # type: ignore[method-assign]
        held = desk.call()
        async with asyncio.timeout(PATIENCE_S):
            while desk.app.gate.written < held:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert [entry.seq for entry in seen.entries] == last
        report(held)
        await seen.until(held)
        await seen.stop()

    with_desk(tmp_path, story)


def test_a_consumer_that_takes_nothing_is_cut_and_resumes_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls and the other consumer never notice; the server keeps no more for it than a socket holds."""
    monkeypatch.setattr(desk_socket, "SEND_S", 0.3)

    async def story(desk: Desk) -> None:
        await desk.follow().until(desk.call())
        slow_reader, slow_writer = await asyncio.open_unix_connection(desk.path, limit=1)
        slow_writer.write(framed(encode(Follow())))
        quick = desk.follow()
        async with asyncio.timeout(PATIENCE_S):
            while desk.app.followers.socket.cut == 0:
                await quick.until(desk.call(100))
        del slow_reader
        slow_writer.close()
        assert await quick.until(desk.app.driver.seq) == list(range(1, desk.app.driver.seq + 1))
        again = desk.follow()
        assert await again.until(desk.app.driver.seq) == list(range(1, desk.app.driver.seq + 1))

    with_desk(tmp_path, story)


@pytest.mark.parametrize("cursor", ["nonsense", "0123456789abcdef.3"])
def test_a_cursor_that_is_not_ours_is_told_so(tmp_path: Path, cursor: str) -> None:
    """Its holder begins anew; it is not given entries that would not fit."""

    async def story(desk: Desk) -> None:
        desk.call()
        with pytest.raises(CursorGone):
            await desk.follow(cursor).until(1)

    with_desk(tmp_path, story)


def test_only_the_server_s_own_user_may_open_the_socket(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask; and a socket that a killed server left is replaced."""
    before = os.umask(0)
    try:

        async def story(desk: Desk) -> None:
            assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600

        with_desk(tmp_path, story)
        socket_path(tmp_path).touch()
        with_desk(tmp_path, story)
        assert not socket_path(tmp_path).exists()
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    "rubbish", [b"GET / HTTP/1.1\r\n\r\n", framed(b"\xc1"), (MAX_REQUEST_BYTES + 1).to_bytes(4, "big")]
)
def test_rubbish_costs_its_sender_the_connection_and_nobody_else(tmp_path: Path, rubbish: bytes) -> None:
    """The feed of others goes on."""

    async def story(desk: Desk) -> None:
        seen = desk.follow()
        await seen.until(desk.call())
        reader, writer = await asyncio.open_unix_connection(desk.path)
        writer.write(rubbish)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await asyncio.wait_for(reader.readexactly(1), PATIENCE_S)
        writer.close()
        await seen.until(desk.call())
        await seen.stop()

    with_desk(tmp_path, story)


@pytest.mark.parametrize(
    "fault", [sqlite3.OperationalError("unable to open database file"), RuntimeError("bug")]
)
def test_a_journal_that_cannot_be_read_costs_a_connection_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: Exception
) -> None:
    """No descriptors, say: who follows comes again with his cursor, and misses nothing."""

    async def story(desk: Desk) -> None:
        unheard: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
        desk.call()
        serve, faults = desk.app.followers.socket.source.serve, [fault]

        async def failing(*asked: Any) -> None:
            if faults:
                raise faults.pop()
            await serve(*asked)

        monkeypatch.setattr(desk.app.followers.socket.source, "serve", failing)
        seen = desk.follow()
        last = desk.call()
        assert await seen.until(last) == list(range(1, last + 1))
        await seen.stop()
        gc.collect()
        await asyncio.sleep(0)
        assert (faults, unheard) == ([], [])
        assert str(fault) in capsys.readouterr().out

    with_desk(tmp_path, story)
