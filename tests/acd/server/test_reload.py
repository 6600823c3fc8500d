"""A site file that changes while the desk runs: in force as a whole, for who waits too, or not at all."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from acd.core.effects import OfferContact
from acd.core.events import ContactId
from acd.ports import Channel
from acd.server.app import App
from acd.server.reload import Reloading
from acd.testing import ScriptedChannel, small_desk, small_line, small_site
from config.errors import ConfigError
from config.schema import Site
from queues.desk import LineId
from tests.acd.server.test_app import until


class Ready(ScriptedChannel):
    """Makes ready for another site; says what it was told, and when."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log
        self.fails: Exception | None = None
        self.takes: asyncio.Event | None = None

    async def prepare(self, site: Site) -> Callable[[], None]:
        self.log.append(f"prepare {len(site.desk.lines)}")
        if self.takes is not None:
            await self.takes.wait()
        if self.fails is not None:
            raise self.fails
        return lambda: self.log.append("commit")


class File:
    """The site as the file says it now."""

    def __init__(self, folder: Path) -> None:
        self.site = small_site(folder)
        self.wrong: Exception | None = None

    def read(self) -> Site:
        if self.wrong is not None:
            raise self.wrong
        return self.site

    def change(self, **fields: object) -> None:
        self.site = _with(self.site, desk=replace(self.site.desk, **fields))


def _with(site: Site, **fields: object) -> Site:
    return dataclasses.replace(site, **fields)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def running(file: File, channel: Channel) -> AsyncIterator[App]:
    app = App(file.site, [channel], read=file.read, web=False)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def test_a_channel_that_makes_ready_is_known_by_that() -> None:
    assert isinstance(Ready([]), Reloading)
    assert not isinstance(ScriptedChannel(), Reloading)


def test_a_new_agent_is_offered_who_waits_already(tmp_path: Path) -> None:
    async def story() -> None:
        file, channel = File(tmp_path), Ready([])
        async with running(file, channel) as app:
            ref = channel.arrive()
            await until(lambda: app.driver.engine.state.contacts)
            file.change(agents=(*file.site.desk.agents, *small_desk(["zoe"]).agents))
            applied = await app.site_file.apply("api:operator")
            assert (applied.changed, applied.refused) == (("agent zoe: new",), ())
            assert applied.seq == app.driver.seq
            assert channel.log == ["prepare 1", "commit"]
            channel.sign_in("zoe")
            await until(lambda: channel.seen(OfferContact))
            offer = channel.seen(OfferContact)[0]
            assert (offer.contact, offer.agent) == (channel.contact_of(ref), "zoe")

    asyncio.run(story())


def test_a_look_changes_nothing_and_says_what_would_be(tmp_path: Path) -> None:
    async def story() -> None:
        file, channel = File(tmp_path), Ready([])
        async with running(file, channel) as app:
            file.change(lines=(*file.site.desk.lines, small_line(LineId("night"))))
            before = app.driver.seq
            applied = await app.site_file.apply("api:operator", look=True)
            assert (applied.changed, applied.seq) == (("line night: new",), 0)
            assert (app.driver.seq, channel.log) == (before, ["prepare 2"])
            assert [line.id for line in app.driver.engine.state.desk.lines] != ["night"]
            assert (await app.site_file.apply("site")).changed == applied.changed

    asyncio.run(story())


WRONG = ConfigError("site.toml", "lines.help.ring", "is no duration")


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda file, channel: setattr(file, "wrong", WRONG), "site.toml: lines.help.ring: is no duration"),
        (lambda file, channel: setattr(file, "wrong", OSError("site.toml: gone")), "site.toml: gone"),
        (lambda file, channel: setattr(channel, "fails", ValueError("nobody speaks fr")), "nobody speaks fr"),
        (
            lambda file, channel: setattr(channel, "fails", RuntimeError("a bug")),
            "internal error; the server's log says more (RuntimeError('a bug'))",
        ),
        (
            lambda file, channel: setattr(file, "site", _elsewhere(file.site)),
            "server.data_dir: needs a restart",
        ),
    ],
)
def test_what_is_wrong_with_it_is_told_and_the_desk_stays(
    tmp_path: Path, break_it: Callable[[File, Ready], None], said: str
) -> None:
    async def story() -> None:
        file, channel = File(tmp_path), Ready([])
        async with running(file, channel) as app:
            channel.arrive()
            await until(lambda: app.driver.engine.state.contacts)
            file.change(lines=(*file.site.desk.lines, small_line(LineId("night"))))
            break_it(file, channel)
            before = app.driver.engine.snapshot()
            applied = await app.site_file.apply("site")
            assert (applied.refused, applied.changed, applied.seq) == ((said,), (), 0)
            assert app.driver.engine.snapshot() == before
            assert "commit" not in channel.log
            file.wrong = channel.fails = None
            file.site = _with(file.site, server=small_site(tmp_path).server)
            assert (await app.site_file.apply("site")).changed == ("line night: new",)

    asyncio.run(story())


def _elsewhere(site: Site) -> Site:
    return _with(site, server=dataclasses.replace(site.server, data_dir=Path("elsewhere")))


def test_a_channel_that_is_never_ready_is_given_up_and_the_next_try_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        monkeypatch.setattr("acd.server.reload.READY_WITHIN_S", 0.05)
        file, channel = File(tmp_path), Ready([])
        channel.takes = asyncio.Event()
        async with running(file, channel) as app:
            file.change(lines=(*file.site.desk.lines, small_line(LineId("night"))))
            assert (await app.site_file.apply("site")).refused == ("not ready within 0.05 s",)
            channel.takes.set()
            assert (await app.site_file.apply("site")).refused == ()
            assert app.site.desk.lines[-1].id == LineId("night")

    asyncio.run(story())


def test_two_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    async def story() -> None:
        file, channel = File(tmp_path), Ready([])
        async with running(file, channel) as app:
            file.change(lines=(*file.site.desk.lines, small_line(LineId("night"))))
            both = await asyncio.gather(app.site_file.apply("site"), app.site_file.apply("site"))
            assert [one.changed for one in both] == [("line night: new",), ()]
            assert channel.log == ["prepare 2", "commit", "prepare 2", "commit"]

    asyncio.run(story())


def test_whoever_asked_and_left_does_not_stop_it_halfway(tmp_path: Path) -> None:
    async def story() -> None:
        file, channel = File(tmp_path), Ready([])
        channel.takes = asyncio.Event()
        async with running(file, channel) as app:
            file.change(lines=(*file.site.desk.lines, small_line(LineId("night"))))
            asking = asyncio.ensure_future(app.control.apply_site("api:operator", look=False))
            await until(lambda: channel.log)
            asking.cancel()
            channel.takes.set()
            await until(lambda: channel.log == ["prepare 2", "commit"])
            assert ContactId(1) not in app.driver.engine.state.contacts

    asyncio.run(story())
