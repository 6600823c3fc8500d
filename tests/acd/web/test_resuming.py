"""The server goes and comes back: the web goes on from its cursor, or anew where that leads nowhere."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from acd.core.engine import ENGINE_VERSION
from acd.core.facts import Arrived
from acd.feed.consumer import CursorGone
from acd.ports import Snapshot
from acd.server.allowed import Allowed
from acd.server.app import App
from acd.testing import ScriptedChannel, small_site
from acd.web import serving
from acd.web.protocol import socket_path
from acd.web.serving import SERVER_GONE, Web
from config.api_tokens import ApiToken, Role, digest_of

PATIENCE_S = 30.0


@asynccontextmanager
async def server(
    directory: Path, channel: ScriptedChannel, tokens: tuple[ApiToken, ...] = (), *, adopt: bool = False
) -> AsyncIterator[App]:
    app = App(small_site(directory, tokens=tokens), [channel], web=False, allowed=Allowed(adopt))
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


async def web_of(app: App, directory: Path, exits: AsyncExitStack) -> "tuple[Web, asyncio.Task[str]]":
    """Its parts, running in this loop; they outlive the server."""
    web = Web(socket_path(directory), app.followers.listening.dup())
    await web.start()
    exits.push_async_callback(web.stop)
    running = asyncio.ensure_future(web.run())
    exits.callback(running.cancel)
    return web, running


async def same(web: Web, app: App) -> None:
    """The web's copy is the server's engine, byte for byte."""
    async with asyncio.timeout(PATIENCE_S):
        while web.following.follower.seq != app.driver.seq or not web.following.cursor().startswith(
            app.followers._source.head.epoch
        ):
            await asyncio.sleep(0.01)
    assert web.following.follower.engine.snapshot() == app.driver.engine.snapshot()


def run(story: Callable[[AsyncExitStack], Awaitable[None]]) -> None:
    """What is pushed on the stack ends with the story."""

    async def told() -> None:
        async with AsyncExitStack() as exits:
            await story(exits)

    asyncio.run(told())


def test_a_web_process_goes_on_with_its_copy_at_the_next_servers(tmp_path: Path) -> None:
    """Three servers, one copy: no snapshot after the first, facts and counters go on, none twice."""

    async def story(exits: AsyncExitStack) -> None:
        channel = ScriptedChannel()
        async with server(tmp_path, channel) as first:
            channel.arrive()
            web, _ = await web_of(first, tmp_path, exits)
            await same(web, first)
            engine, cursor = web.following.follower.engine, web.following.cursor()
            channel.arrive()
            await same(web, first)
        for _ in range(2):
            before = web.following.follower.seq
            async with server(tmp_path, channel) as app:
                channel.arrive()
                await same(web, app)
                assert web.following.follower.engine is engine, "no snapshot was taken"
                assert app.driver.seq > before
        page = await web.following.follow(cursor, 0.0)
        told = [one.told for one in page.facts if isinstance(one.told.fact, Arrived)]
        assert [one.fact.ref for one in told if isinstance(one.fact, Arrived)] == [
            f"scripted-{number}" for number in (2, 3, 4)
        ]
        assert web.following._facts.contacts["voice", "arrived"] == 4

    run(story)


def test_after_a_machine_that_lost_entries_it_begins_anew(tmp_path: Path) -> None:
    """Their numbers are given again, to others; a client's cursor from among them is gone, too."""

    async def story(exits: AsyncExitStack) -> None:
        channel = ScriptedChannel()
        data, backup = tmp_path / "data", tmp_path / "backup"
        async with server(data, channel) as first:
            channel.arrive()
        shutil.copytree(data / "journal", backup)
        async with server(data, channel) as first:
            web, running = await web_of(first, data, exits)
            for _ in range(9):
                channel.arrive()
            await same(web, first)
            engine, cursor = web.following.follower.engine, web.following.cursor()
        shutil.rmtree(data / "journal")
        backup.rename(data / "journal")
        async with server(data, channel, adopt=True) as second:  # a copy plays what was lost
            channel.arrive()
            await same(web, second)
            assert second.driver.seq < int(cursor.partition(".")[2])
            assert web.following.follower.engine is not engine
            assert len(web.following.status(100).contacts) == 2
            with pytest.raises(CursorGone):
                await web.following.follow(cursor, 0.0)
            assert not running.done()

    run(story)


def test_what_the_server_does_not_keep_any_more_it_is_not_asked_for_twice(tmp_path: Path) -> None:
    """The entries after its cursor are gone with their archive: it goes on from the last snapshot."""

    async def story(exits: AsyncExitStack) -> None:
        channel = ScriptedChannel()
        async with server(tmp_path, channel) as first:
            web, running = await web_of(first, tmp_path, exits)
            await same(web, first)
            engine = web.following.follower.engine
            await first.followers.socket.stop()
            ring, entries = first.followers.ring, first.journal.facts
            ring.capacity = 0
            for _ in range(5):
                channel.arrive()
            kept = first.driver.seq
            first.snapshots._last = Snapshot(kept, ENGINE_VERSION, first.driver.engine.snapshot())
            first.journal.facts = lambda after_seq=0: (  # type: ignore[method-assign]
                one for one in entries(after_seq) if one.seq > kept
            )
            channel.arrive()
            await first.followers.socket.start()
            await same(web, first)
            assert web.following.follower.engine is not engine
            assert not running.done()

    run(story)


def test_where_even_a_snapshot_leads_nowhere_it_ends(tmp_path: Path) -> None:
    """It does not ask for ever, as fast as it can: the server starts another one, later and later."""

    async def story(exits: AsyncExitStack) -> None:
        channel = ScriptedChannel()
        async with server(tmp_path, channel) as first:
            web, running = await web_of(first, tmp_path, exits)
            await same(web, first)
            await first.followers.socket.stop()
            first.followers.ring.capacity = 0
            first.journal.facts = lambda after_seq=0: ()  # type: ignore[method-assign]
            for _ in range(5):
                channel.arrive()
            await first.followers.socket.start()
            reason = await asyncio.wait_for(running, PATIENCE_S)
            assert reason == "the server cannot be followed: entry 1 is not kept any more"

    run(story)


def test_a_web_process_without_a_server_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits so long and no longer."""
    monkeypatch.setattr(serving, "ALONE_S", 0.5)

    async def story(exits: AsyncExitStack) -> None:
        async with server(tmp_path, ScriptedChannel()) as first:
            _, running = await web_of(first, tmp_path, exits)
        assert await asyncio.wait_for(running, PATIENCE_S) == SERVER_GONE

    run(story)


def test_a_web_process_does_not_let_in_whom_the_next_server_refuses(tmp_path: Path) -> None:
    """A token that was taken out is worth nothing from the restart on."""

    async def story(exits: AsyncExitStack) -> None:
        token = ApiToken("nadia", Role.SUPERVISOR, digest_of("t-nadia"))
        async with server(tmp_path, ScriptedChannel(), (token,)) as first:
            _, running = await web_of(first, tmp_path, exits)
        async with server(tmp_path, ScriptedChannel()):
            reason = await asyncio.wait_for(running, PATIENCE_S)
            assert reason == "the next server lets others in"

    run(story)
