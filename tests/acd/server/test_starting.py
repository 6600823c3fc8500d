"""Channels start one after the other, and the world does not wait: nobody is lost in between."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from acd.core.effects import AdmitContact, OfferContact, ReleaseContact
from acd.core.events import ContactId, LegLost
from acd.server import app as app_module
from acd.server.app import App, StartGivenUp
from acd.server.serving import CannotStart, Exit, serve
from acd.testing import ScriptedChannel, small_desk, small_line, small_site
from agents.skills import AgentId
from tests.acd.server.test_app import crash, status, until

ANNA = AgentId("anna")

HANGING = """
import asyncio, sys
from pathlib import Path
from acd.observe import logs
from acd.server.serving import serve
from acd.testing import ScriptedChannel, small_site

async def hang():
    print("starting", flush=True)
    await asyncio.Event().wait()

logs.configure("info")
channel = ScriptedChannel()
channel.on_start = hang
sys.exit(serve(small_site(Path(sys.argv[1])), [channel]))
"""


async def started(folder: Path, *channels: ScriptedChannel, max_wait_ms: int = 0) -> App:
    line = replace(small_line(), max_wait_ms=max_wait_ms)
    app = App(small_site(folder, small_desk(("anna",), lines=(line,))), channels, web=False)
    await app.start()
    return app


async def killed(app: App) -> None:
    await until(lambda: app.gate.synced == app.driver.seq)
    await crash(app)


def test_a_caller_who_has_waited_too_long_while_his_channel_starts_is_released_afterwards(
    tmp_path: Path,
) -> None:
    """The channel is told that he is admitted, for so he was; the release follows, and is not lost."""

    async def story() -> None:
        channel = ScriptedChannel()
        app = await started(tmp_path, channel, max_wait_ms=2_000)
        channel.arrive()
        await until(lambda: channel.seen(AdmitContact))
        await killed(app)

        again = ScriptedChannel()

        again.on_start = lambda: asyncio.sleep(2.5)
        app = await started(tmp_path, again, max_wait_ms=2_000)
        await until(lambda: again.seen(ReleaseContact))
        assert [type(effect) for effect in again.standing] == [AdmitContact]
        assert (status(app).contacts, app.dispatch.failed) == ((), {})
        await app.stop()

    asyncio.run(story())


def test_an_offer_made_while_the_phones_channel_starts_reaches_the_phone(tmp_path: Path) -> None:
    """The first channel finds a caller's leg dead: the next caller rings the phone of the second channel."""

    async def story() -> None:
        calls, phones = ScriptedChannel("calls"), ScriptedChannel("phones")
        app = await started(tmp_path, calls, phones)
        phones.sign_in("anna")
        calls.arrive()
        calls.arrive()
        await until(lambda: phones.seen(OfferContact))
        await killed(app)

        calls, phones = ScriptedChannel("calls"), ScriptedChannel("phones")

        async def first_leg_is_dead() -> None:
            calls.host.submit(LegLost(ContactId(1)))

        calls.on_start = first_leg_is_dead
        phones.on_start = lambda: asyncio.sleep(0.1)
        app = await started(tmp_path, calls, phones)
        await until(lambda: phones.seen(OfferContact))
        assert [(type(one), one.contact) for one in phones.standing] == [(OfferContact, 2)]  # type: ignore[attr-defined]
        assert {one.contact for one in phones.seen(OfferContact)} == {2}
        assert app.dispatch.failed == {}
        phones.accept(phones.seen(OfferContact)[0])
        assert [(one.id, one.agents) for one in status(app).contacts] == [(2, (ANNA,))]
        await app.stop()

    asyncio.run(story())


def test_a_channel_that_does_not_come_up_in_time_ends_the_start_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had started is stopped, and the journal is free for the next attempt."""
    monkeypatch.setattr(app_module, "START_S", 0.05)

    async def story() -> None:
        up, hanging = ScriptedChannel("up"), ScriptedChannel("hanging")
        hanging.on_start = asyncio.Event().wait
        with pytest.raises(TimeoutError, match=r"channel hanging did not start within 0\.05 s"):
            await started(tmp_path, up, hanging)
        assert up.stopped
        await (await started(tmp_path, ScriptedChannel())).stop()

    asyncio.run(story())


def test_an_engine_that_breaks_ends_a_start_that_would_hang(tmp_path: Path) -> None:
    async def story() -> None:
        channel = ScriptedChannel()
        channel.on_start = asyncio.Event().wait
        app = App(small_site(tmp_path), [channel], web=False)
        asyncio.get_running_loop().call_later(0.1, app.broken.set_result, RuntimeError("bug"))
        with pytest.raises(StartGivenUp, match="scripted"):
            await app.start()

    asyncio.run(story())


def test_an_engine_that_breaks_while_a_channel_starts_ends_the_process_as_broken(tmp_path: Path) -> None:
    """Its supervisor starts it again: the journal does not have what broke it."""
    channel = ScriptedChannel()

    async def breaks() -> None:
        channel.host._driver.engine.handle = None  # type: ignore[attr-defined]
        channel.arrive()

    channel.on_start = breaks
    with pytest.raises(CannotStart, match="a bug stopped the engine") as ended:
        serve(small_site(tmp_path), [channel])
    assert ended.value.code == Exit.BROKEN


def test_sigterm_ends_a_server_whose_channel_is_still_starting(tmp_path: Path) -> None:
    """Cleanly, and at once."""
    command = [sys.executable, "-c", HANGING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline() == "starting\n"
            server.send_signal(signal.SIGTERM)
            _, log = server.communicate(timeout=30)
        finally:
            server.kill()
    assert server.returncode == 0, log
    assert "stopped before it served" in log


def test_a_channel_that_does_not_stop_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "STOP_S", 0.1)

    class Hanging(ScriptedChannel):
        async def stop(self) -> None:
            await asyncio.Event().wait()

    async def story() -> None:
        app = await started(tmp_path, Hanging())
        await app.stop()

    asyncio.run(story())
