"""A media process that hangs: every command has an end nevertheless."""

import asyncio
import fcntl
import os
import signal
from dataclasses import replace

from channels.media.commands import Join, LegId, Offer, Play, RoomId, SoundId
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.events import Failed, Offered
from tests.channels.media.conftest import embedded

A, B = LegId("a"), LegId("b")
MUSIC = SoundId("music")


def test_what_a_stopped_process_was_told_fails_within_the_deadline(
    media_settings: MediaSettings,
) -> None:
    """With a port in hand an offer is made at once; without one it waits for the process like the rest."""

    async def story() -> None:
        async with embedded(replace(media_settings, leased_ahead=1)) as desk:
            os.kill(desk.client.welcome.pid, signal.SIGSTOP)
            try:
                await desk.answer_to(Offer(A), Offered)
                desk.send(Play(A, loop=MUSIC), Offer(B), Join(A, RoomId("room")))
                loop = asyncio.get_running_loop()
                began_s = loop.time()
                while not desk.events:
                    assert loop.time() - began_s < 2 * desk.engine.deadline_s
                    await asyncio.sleep(0.05)
                failed = [(event.leg, event.command) for event in desk.events if isinstance(event, Failed)]
                assert {(B, "offer"), (A, "play"), (A, "join")} <= set(failed)
                assert {event.code for event in desk.events if isinstance(event, Failed)} == {"late"}
            finally:
                os.kill(desk.client.welcome.pid, signal.SIGCONT)
            assert await desk.answer_to(Offer(LegId("c")), Offered)

    asyncio.run(story())


def test_a_mistake_of_whoever_is_told_does_not_end_the_questions(media_settings: MediaSettings) -> None:
    """Without them nobody would notice any more that the process hangs."""

    async def story() -> None:
        async with embedded(media_settings) as desk:
            told = asyncio.Event()

            def oops() -> None:
                told.set()
                raise ZeroDivisionError

            asyncio.get_running_loop().set_exception_handler(lambda *_: None)
            desk.client._on_ready = oops
            desk.client._mark = 7  # asked, and not answered
            desk.client._confirm()
            assert desk.client._confirming is not None
            await told.wait()

    asyncio.run(story())


def test_a_process_that_answers_makes_nothing_late(media_settings: MediaSettings) -> None:
    async def story() -> None:
        async with embedded(media_settings) as desk:
            for number in range(60):
                await desk.answer_to(Offer(LegId(f"leg{number}")), Offered)
                await asyncio.sleep(0.1)
            await asyncio.sleep(1.2)
            assert desk.events == []
            assert desk.client._unconfirmed == []

    asyncio.run(story())


def test_a_process_that_hangs_for_two_deadlines_is_killed_and_the_next_one_works(
    media_settings: MediaSettings,
) -> None:
    """Also one that nobody has told anything for a while."""

    async def story() -> None:
        lost = asyncio.Event()
        client = await attach_or_start(media_settings, lambda: None, lost.set)
        hung = client.welcome.pid
        await asyncio.sleep(1.5)
        assert client.silences == 0
        os.kill(hung, signal.SIGSTOP)
        await asyncio.wait_for(lost.wait(), 4 * client.deadline_s)
        assert client.silences == 2
        again = await attach_or_start(media_settings, lambda: None)
        assert again.welcome.pid != hung
        await again.shutdown()

    asyncio.run(story())


def test_a_process_that_hangs_when_a_server_starts_is_replaced(media_settings: MediaSettings) -> None:
    async def story() -> None:
        first = await attach_or_start(media_settings, lambda: None)
        hung = first.welcome.pid
        await first.detach()
        os.kill(hung, signal.SIGSTOP)
        second = await attach_or_start(media_settings, lambda: None)
        assert second.welcome.pid != hung
        assert second.found == frozenset()
        await second.shutdown()

    asyncio.run(story())


def test_a_process_that_hangs_when_the_server_stops_is_killed(media_settings: MediaSettings) -> None:
    """It would keep its ports, and nobody would look for it: the server has ended well."""

    async def story() -> None:
        client = await attach_or_start(media_settings, lambda: None)
        hung = client.welcome.pid
        os.kill(hung, signal.SIGSTOP)
        await client.shutdown()
        with open(f"{media_settings.socket}.lock") as lock:
            async with asyncio.timeout(30.0):
                while True:
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        await asyncio.sleep(0.05)
                    else:
                        return

    asyncio.run(story())
