"""A follower is away for ten minutes and comes back; one that is stopped delays nobody; each side is killed.

What is followed is a real server; the followers are the web process, a client of its feed, and consumers of
their own.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles
from types import SimpleNamespace

import httpx
import pytest

from acd.core.effects import OfferContact
from acd.feed.consumer import Consumer
from acd.feed.frames import framed
from acd.feed.messages import Follow, encode
from acd.follow.follower import Follower
from acd.journal.codec import decode_facts
from acd.journal.reading import JournalReader
from acd.server import app as server_app
from acd.server import desk_socket
from acd.server.app import App
from acd.server.followers import URL_FILE
from acd.testing import ScriptedChannel
from acd.web import PREFIX
from acd.web.protocol import socket_path
from acd.web.token_file import own_token
from tests.acd.feed.played import AGENTS, Player, made
from tests.acd.feed.test_kills import ConsumerChild, journalled, shown, true, web_pid
from tests.acd.follow.test_follower import Notes

PLAYED = Path(__file__).parents[2] / "acd" / "feed" / "played.py"
PATIENCE_S = 120.0
MINUTE_MS = 60_000


class Clock:
    """The machine's monotonic clock as the server sees it, and what it is set forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead_ms = 0
        real = time.monotonic_ns
        ahead = SimpleNamespace(
            monotonic_ns=lambda: real() + self.ahead_ms * 1_000_000,
            time_ns=time.time_ns,
            process_time=time.process_time,
        )
        monkeypatch.setattr(server_app, "time", ahead)


async def follow(app: App, directory: Path, follower: Follower) -> None:
    """From its cursor until it is as new as the server; then it is away again."""
    following = asyncio.ensure_future(follower.run(Consumer(socket_path(directory), follower.cursor)))
    try:
        assert await follower.reached(app.driver.seq, PATIENCE_S)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def ten_minutes(channel: ScriptedChannel, clock: Clock) -> None:
    """Each second a call comes, an agent is rung and, two times of three, answers; then it is over."""
    for second in range(600):
        clock.ahead_ms += 1_000
        ref = channel.arrive()
        async with asyncio.timeout(PATIENCE_S):
            while not channel.seen(OfferContact):
                await asyncio.sleep(0.001)
        number = channel.contact_of(ref)
        if second % 3:
            channel.accept(channel.seen(OfferContact)[-1])
        channel.leave(number)
        channel.carried.clear()


def test_a_follower_that_was_away_for_ten_minutes_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the journal, as memory has forgotten them: the same engine, byte for byte, and each entry once."""
    clock = Clock(monkeypatch)

    async def story() -> None:
        app, channel = made(tmp_path, web=False)
        await app.start()
        app.followers.ring.capacity = 50
        notes = Notes()
        follower = Follower(notes)
        try:
            channel.sign_in(*AGENTS)
            await follow(app, tmp_path, follower)
            left_ms, left = follower.engine.state.now_ms, follower.seq
            await ten_minutes(channel, clock)
            assert app.followers.ring.after(left, 1) is None, "memory has forgotten them"
            await follow(app, tmp_path, follower)
            assert follower.engine.state.now_ms - left_ms >= 10 * MINUTE_MS
            assert follower.engine.snapshot() == app.driver.engine.snapshot()
            assert notes.seen == list(range(1, app.driver.seq + 1))
            assert notes.begun_times == 1, "no second snapshot"
        finally:
            await app.stop()

    asyncio.run(story())


def test_two_hundred_consumers_that_take_nothing_are_turned_away_or_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls go on meanwhile, and the next consumer gets everything."""
    monkeypatch.setattr(desk_socket, "SEND_S", 0.5)

    async def story() -> None:
        app, channel = made(tmp_path, web=False)
        await app.start()
        player = Player(channel)
        channel.sign_in(*AGENTS)
        playing = asyncio.ensure_future(player.play())
        hanging = []
        try:
            for _ in range(200):
                _, writer = await asyncio.open_unix_connection(socket_path(tmp_path), limit=1)
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                writer.write(framed(encode(Follow())))
                hanging.append(writer)
            async with asyncio.timeout(PATIENCE_S):
                while app.followers.socket.followers < desk_socket.MAX_CONNECTIONS:
                    await asyncio.sleep(0.01)
                while app.followers.socket.cut < desk_socket.MAX_CONNECTIONS:
                    await asyncio.sleep(0.05)
            playing.cancel()
            await player.until_over()
            notes = Notes()
            await follow(app, tmp_path, Follower(notes))
            assert notes.seen == list(range(1, app.driver.seq + 1))
            assert not app.dispatch.failed
        finally:
            playing.cancel()
            for writer in hanging:
                writer.transport.abort()
            await app.stop()

    asyncio.run(story())


BLOCKS, CALLS_PER_BLOCK, RATIO, ATTEMPTS = 30, 60, 1.2, 4


def test_a_stopped_consumer_does_not_make_calls_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """p99 from arrival to ringing, by stamps: with a stopped one at most 1.2 × of without, in turns.

    The machine's other work falls on both alike; where it does not, the comparison is made again.
    """
    monkeypatch.setattr(desk_socket, "SEND_S", 1.0)

    async def story() -> None:
        app, channel = made(tmp_path, web=False)
        await app.start()
        consumer = ConsumerChild(tmp_path, "consumer")
        channel.sign_in(*AGENTS)
        player = Player(channel)
        try:
            await consumer.until(app.driver.seq)
            ratios = []
            for _ in range(ATTEMPTS):
                ratios.append(await _compared(player, consumer))
                if ratios[-1] <= RATIO:
                    break
            assert min(ratios) <= RATIO, ratios
            consumer.process.send_signal(signal.SIGCONT)
            assert await consumer.until(app.driver.seq) == journalled(tmp_path)
        finally:
            consumer.kill()
            await app.stop()

    asyncio.run(story())


async def _compared(player: Player, consumer: ConsumerChild) -> float:
    waits: dict[bool, list[float]] = {False: [], True: []}
    for block in range(BLOCKS):
        stopped = bool(block % 2)
        consumer.process.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)
        await asyncio.sleep(0.05)
        player.waits_s.clear()
        for _ in range(CALLS_PER_BLOCK):
            player.call()
            await asyncio.sleep(0.004)
        await player.until_over()
        waits[stopped] += player.waits_s
    without, beside = (quantiles(waits[stopped], n=100)[98] for stopped in (False, True))
    return beside / without


class Page:
    """A client of `/feed`, which goes on from its cursor whoever was killed; `saw`: (entry, kind)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._cursor = ""
        self.saw: list[tuple[int, str]] = []

    def until(self, seq: int) -> list[tuple[int, str]]:
        """Everything up to an entry that follows `seq`."""
        headers = {"Authorization": f"Bearer {own_token(self._directory)}"}
        deadline_s = time.monotonic() + PATIENCE_S
        while not self.saw or self.saw[-1][0] < seq:
            assert time.monotonic() < deadline_s, (seq, self.saw[-3:])
            url = (self._directory / URL_FILE).read_text().strip() + PREFIX
            asked = {"wait_s": "1", "after": self._cursor}
            try:
                answer = httpx.get(f"{url}/feed", params=asked, headers=headers, trust_env=False, timeout=30)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            assert answer.status_code == 200, answer.text
            page = answer.json()
            self._cursor = page["cursor"]
            self.saw += [(one["seq"], one["kind"]) for one in page["happenings"]]
        return self.saw


def kill_servers_under_a_page(directory: Path, kills: int) -> None:
    page, web = Page(directory), set[int]()
    command = [sys.executable, str(PLAYED), str(directory), "web"]
    for number in range(kills):
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "playing\n"
            if number == 0:
                page.until(1)
            page.until(page.saw[-1][0] + 50)
            pid = web_pid(directory)
            web.add(pid)
            if number % 4 == 3:  # now and then the other side, too
                os.kill(pid, signal.SIGKILL)
        finally:
            server.kill()
            server.communicate(timeout=30)
    assert len(web) == 1 + (kills - 1) // 4, "a web process that was not killed has followed all servers"
    asyncio.run(_last_page(directory, page))


async def _last_page(directory: Path, page: Page) -> None:
    app, channel = made(directory, web=True)
    await app.start()
    try:
        for contact in list(app.driver.engine.state.contacts):
            channel.leave(contact)
        await asyncio.to_thread(page.until, app.driver.seq)
        entries = JournalReader(directory / "journal").entries(page.saw[0][0] - 1)
        told = [(entry.seq, type(fact).__name__) for entry in entries for fact in decode_facts(entry.facts)]
        assert page.saw == told
        assert await shown(app, directory) == true(app)
    finally:
        await app.stop()


def test_a_page_follows_across_five_servers_and_web_processes_that_are_killed(tmp_path: Path) -> None:
    """What one client of the feed saw is the journal; the web process outlives the servers with its copy."""
    kill_servers_under_a_page(tmp_path, 5)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_page_follows_across_a_hundred_servers_and_web_processes_that_are_killed(tmp_path: Path) -> None:
    """The long form."""
    kill_servers_under_a_page(tmp_path, 100)
