"""The whole server with a scripted channel: start, crash, restart, change of the desk, clean stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from acd.core import view
from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact
from acd.core.engine import ENGINE_VERSION
from acd.core.errors import Rejected
from acd.core.events import AgentSignedIn
from acd.journal.errors import JournalLockedError
from acd.ports import ChannelRecord, Host, PartyKind
from acd.server.app import App
from acd.testing import NUMBER, ScriptedChannel, small_desk, small_line, small_site
from agents.skills import AgentId
from config.schema import Site

Story = Callable[[App, ScriptedChannel], Awaitable[None]]


async def started(site: Site, channel: ScriptedChannel) -> App:
    app = App(site, [channel], web=False)
    await app.start()
    return app


@contextlib.asynccontextmanager
async def running(site: Site, channel: ScriptedChannel) -> AsyncIterator[App]:
    app = await started(site, channel)
    try:
        yield app
    finally:
        await app.stop()


async def crash(app: App) -> None:
    """End as if killed once everything was written: no drain, no snapshot, nothing said to the channel."""
    app.driver.close()
    app.broken.set_result(RuntimeError("killed"))
    await app.stop()


def status(app: App) -> view.Status:
    return view.status(app.driver.engine.state, app.driver.now_ms())


async def until(condition: Callable[[], object]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def test_a_call_waits_is_answered_and_ends(tmp_path: Path) -> None:
    """The shortest story through the real driver, sqlite journal and dispatch."""

    async def story() -> None:
        channel = ScriptedChannel()
        async with running(small_site(tmp_path), channel) as app:
            ref = channel.arrive()
            await until(lambda: channel.seen(AdmitContact))
            channel.sign_in("anna")
            await until(lambda: channel.seen(OfferContact))
            channel.accept(channel.seen(OfferContact)[0])
            await until(lambda: channel.seen(ConnectContact))
            channel.release(channel.contact_of(ref), "anna")
            assert status(app).contacts == ()
            assert app.control.health().status == "ok"

    asyncio.run(story())


def test_a_crash_loses_nobody_and_the_channel_learns_what_stands(tmp_path: Path) -> None:
    """Two wait, one talks, one rings: after the restart the same, with the channel's records."""

    async def story() -> None:
        channel = ScriptedChannel()
        app = await started(small_site(tmp_path), channel)
        channel.sign_in("anna", "bert")
        refs = [channel.arrive() for _ in range(3)]
        channel.arrive(
            records=[
                ChannelRecord("scripted", "call-4", b"dialog"),
                ChannelRecord("other", "call-4", b"not mine"),
            ]
        )
        await until(lambda: len(channel.seen(OfferContact)) == 2)
        channel.accept(channel.seen(OfferContact)[0])
        before = status(app)
        await until(lambda: app.gate.written == app.driver.seq)
        await crash(app)

        again = ScriptedChannel()
        async with running(small_site(tmp_path), again) as app:
            after = status(app)
            assert [replace(one, wait_ms=0) for one in after.contacts] == [
                replace(one, wait_ms=0) for one in before.contacts
            ]
            assert after.agents == before.agents
            assert again.records == {"call-4": b"dialog"}
            assert standing(again.standing) == {AdmitContact: 4, OfferContact: 1, ConnectContact: 1}
            again.release(1, "anna")
            await until(lambda: again.seen(OfferContact))
            assert again.seen(OfferContact)[0].contact == 3
        assert refs == ["scripted-1", "scripted-2", "scripted-3"]

    asyncio.run(story())


def standing(effects: Sequence[Effect]) -> dict[type[Effect], int]:
    kinds = [type(effect) for effect in effects]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def test_a_clean_stop_leaves_nothing_to_replay(tmp_path: Path) -> None:
    """Drain, snapshot, flush: the next start reads the snapshot alone."""

    async def story() -> None:
        channel = ScriptedChannel()
        app = await started(small_site(tmp_path), channel)
        channel.arrive()
        state = app.driver.engine.snapshot()
        await app.drain()
        await app.stop()
        assert channel.draining
        assert channel.stopped
        journal = App(small_site(tmp_path), []).journal
        recovered = journal.open(lambda _: None, lambda _: None, lambda _: None)
        journal.close()
        assert recovered.entries == []
        assert recovered.snapshot is not None
        assert recovered.snapshot.state == state
        assert recovered.snapshot.version == ENGINE_VERSION
        with pytest.raises(Rejected, match="stopping"):
            channel.arrive()

    asyncio.run(story())


def test_the_desk_of_the_site_is_in_force_after_a_restart_and_only_a_change_is_journalled(
    tmp_path: Path,
) -> None:
    """Same site: no entry. Another line and agent: one DeskChanged, and waiting contacts stay."""

    async def story() -> None:
        channel = ScriptedChannel()
        async with running(small_site(tmp_path), channel) as app:
            channel.arrive()
            first = app.driver.seq
        async with running(small_site(tmp_path), ScriptedChannel()) as app:
            assert app.driver.seq == first + 1, "that the server is back, and nothing else"
        grown = small_desk(["anna", "bert", "clara"], lines=[small_line(), small_line("second")])  # type: ignore[arg-type]
        async with running(small_site(tmp_path, grown), ScriptedChannel()) as app:
            assert app.driver.seq == first + 3
            found = status(app)
            assert [agent.id for agent in found.agents] == ["anna", "bert", "clara"]
            assert [contact.position for contact in found.contacts] == [1]

    asyncio.run(story())


def test_a_channel_that_fails_at_an_effect_stops_nobody(tmp_path: Path) -> None:
    """The failure is counted, the next effect is carried out."""

    async def story() -> None:
        channel = ScriptedChannel()
        async with running(small_site(tmp_path), channel) as app:
            channel.on_effect = fail_once()
            channel.arrive()
            channel.arrive()
            await until(lambda: len(channel.seen(AdmitContact)) == 2)
            assert app.dispatch.failed == {"AdmitContact": 1}
            assert app.dispatch.carried["AdmitContact"] == 1

    asyncio.run(story())


def fail_once() -> Callable[[Effect], None]:
    failures = iter([RuntimeError("the phone is on fire")])

    def fail(_effect: Effect) -> None:
        for failure in failures:
            raise failure

    return fail


def test_a_channel_that_cannot_start_leaves_nothing_behind(tmp_path: Path) -> None:
    """The journal is closed again, so the next attempt can lock it."""

    class Broken(ScriptedChannel):
        async def start(self, host: Host, records: object, standing: object) -> None:
            raise OSError("address in use")

    async def story() -> None:
        with pytest.raises(OSError, match="address in use"):
            await started(small_site(tmp_path), Broken())
        async with running(small_site(tmp_path), ScriptedChannel()) as app:
            assert app.control.health().status == "ok"

    asyncio.run(story())


def test_two_servers_cannot_share_a_data_directory(tmp_path: Path) -> None:
    """The journal's lock is respected, and the first server goes on."""

    async def story() -> None:
        channel = ScriptedChannel()
        async with running(small_site(tmp_path), channel) as app:
            with pytest.raises(JournalLockedError):
                await started(small_site(tmp_path), ScriptedChannel())
            channel.arrive()
            assert len(status(app).contacts) == 1

    asyncio.run(story())


def test_two_channels_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    """Effects are routed by the name, so it must be clear to whom."""

    async def story() -> None:
        with pytest.raises(ValueError, match="two channels are called one"):
            App(small_site(tmp_path), [ScriptedChannel("one"), ScriptedChannel("one")])

    asyncio.run(story())


def test_a_caller_has_the_same_opaque_id_each_time_and_after_a_restart(tmp_path: Path) -> None:
    """The vault gives it; neither the journal nor any other file of the data directory has the number."""
    number = "+49 30 555 0177"

    async def story() -> None:
        channel = ScriptedChannel()
        async with running(small_site(tmp_path), channel):
            party, who = channel.host.identify(PartyKind.NUMBER, number, NUMBER, "ref")
            assert (who.address, who.person) == (number.replace(" ", ""), "")
            again, _ = channel.host.identify(PartyKind.NUMBER, number.replace(" ", ""), NUMBER, "ref")
            other, _ = channel.host.identify(PartyKind.NUMBER, "+49 30 555 0178", NUMBER, "ref")
            assert again == party != other
        later = ScriptedChannel()
        async with running(small_site(tmp_path), later):
            assert later.host.identify(PartyKind.NUMBER, number, NUMBER, "ref")[0] == party

    asyncio.run(story())
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for spelling in (number, number.replace(" ", ""), "555 0177", "5550177"):
        assert spelling.encode() not in stored


def test_a_bug_in_the_engine_is_told_to_the_owner_and_takes_no_snapshot(tmp_path: Path) -> None:
    """What the journal has is what the next process starts from, not the broken state."""

    async def story() -> None:
        channel = ScriptedChannel()
        app = await started(small_site(tmp_path), channel)
        channel.arrive()
        app.driver.engine.handle = None  # type: ignore[method-assign, assignment]
        with pytest.raises(TypeError):
            channel.host.submit(AgentSignedIn(AgentId("anna")))
        assert app.broken.done()
        await app.stop()
        again = ScriptedChannel()
        async with running(small_site(tmp_path), again) as app:
            assert [type(effect) for effect in again.standing] == [AdmitContact]

    asyncio.run(story())
