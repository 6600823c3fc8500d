"""What the kernel keeps away from the process, and what the process knows nevertheless."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from channels.media import rtp
from channels.media.commands import Accept, LegId, Offer, Play, SoundId
from channels.media.embedded.starter import MediaSettings
from channels.media.events import Accepted, Digit, Offered, Silent
from channels.media.sound.tone import ToneEndpoint
from tests.channels.media.conftest import address_in, embedded, offer

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenDesk, Until

A = LegId("a")
MUSIC = SoundId("music")


def test_a_waiting_callers_audio_never_reaches_the_process_but_his_keys_do(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.send(Play(A, loop=MUSIC))
            await until(lambda: anna.sent >= 60)
            stats = await desk.client.stats(A)
            assert stats.packets_in == 0
            anna.press("5")
            await until(lambda: desk.events == [Digit(A, "5")])
            stats = await desk.client.stats(A)
            assert 0 < stats.packets_in <= 7
            await until(lambda: anna.sent >= 130)
            await asyncio.sleep(1.1)
            stats = await desk.client.stats(A)
            assert stats.packets_in == 7
            assert stats.packets_filtered >= 60
            assert stats.last_packet_age_ms is not None

    asyncio.run(story())


def test_a_leg_that_falls_silent_is_told_time_and_again_even_while_the_kernel_filters(
    media_settings: MediaSettings, until: "Until"
) -> None:
    async def story() -> None:
        async with embedded(replace(media_settings, silent_s=2)) as desk:
            anna = await desk.phone("a", 440)
            desk.send(Play(A, loop=MUSIC))
            await until(lambda: anna.sent >= 130)
            assert desk.events == []
            anna.mute()
            await until(lambda: len(desk.events) == 2)
            first, second = desk.events
            assert isinstance(first, Silent)
            assert isinstance(second, Silent)
            assert (first.leg, second.leg) == (A, A)
            assert 2000 <= first.silent_ms < 4000 <= second.silent_ms
            noise = rtp.Packet(13, False, 1, 160, 7, b"\x40")
            anna.send(rtp.build(noise), (await desk.client.legs())[0].local)
            await until(lambda: len(desk.events) == 3)
            third = desk.events[-1]
            assert isinstance(third, Silent)
            assert third.silent_ms < second.silent_ms

    asyncio.run(story())


def test_keys_of_our_number_and_of_the_phone_s_own_pass_while_music_is_heard(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    """We offer 101, it answers 96: it should send 101 (RFC 3264 §6.1), and many send 96."""

    async def story() -> None:
        async with open_desk() as desk:
            anna = ToneEndpoint.open(440)
            desk.phones.append(anna)
            local = address_in((await desk.answer_to(Offer(A), Offered)).sdp)
            await desk.answer_to(Accept(A, offer(anna.address, dtmf=96)), Accepted)
            desk.send(Play(A, loop=MUSIC))
            await until(lambda: len(anna.packets) >= 5)
            for number, (kind, key) in enumerate(((101, 5), (96, 6), (97, 7), (8, 8), (101, 9))):
                press = rtp.Packet(kind, True, number, 160 * number, 7, bytes((key, 10, 0, 160)))
                anna.send(rtp.build(press), local)
            await until(lambda: len(desk.events) == 3)
            assert desk.events == [Digit(A, "5"), Digit(A, "6"), Digit(A, "9")]
            assert (await desk.client.stats(A)).packets_in == 3

    asyncio.run(story())
