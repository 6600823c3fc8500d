"""What the network may do to a leg: garbage, strangers, phones that vanish or send from elsewhere."""

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from channels.media.commands import Accept, Join, LegId, Offer, Play, RoomId, SoundId
from channels.media.embedded.starter import MediaSettings
from channels.media.events import Accepted, Offered
from channels.media.sound.tone import ToneEndpoint
from tests.channels.media.conftest import address_in, embedded, offer

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenDesk, Until

A, B = LegId("a"), LegId("b")
MUSIC = SoundId("music")
ROOM = RoomId("room")


def test_short_long_and_foreign_datagrams_are_ignored_and_counted(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440, talks=False)
            bert = await desk.phone("b", 1230)
            desk.send(Join(A, ROOM), Join(B, ROOM))
            [state, _] = await desk.client.legs()
            garbage = [b"", b"\x80", bytes(2000), b"\x80\x08" + bytes(1999), b"\x40\x08" + bytes(170)]
            garbage += [b"\x80\x0d" + bytes(11), b"\xbf\x08" + bytes(20)]
            for datagram in garbage:
                anna.send(datagram, state.local)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(b"\x80\x08" + bytes(170), state.local)
            await until(lambda: len(anna.packets) >= 25)
            stats = await desk.client.stats(A)
            assert stats.ignored == len(garbage)
            assert len(bert.packets) == 0

    asyncio.run(story())


def test_what_strangers_sent_before_the_remote_address_was_known_is_not_relayed(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            bert = await desk.phone("b", 1230, talks=False)
            local = address_in((await desk.answer_to(Offer(A), Offered)).sdp)
            await desk.settled()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for datagram in (b"", *[b"\x80\x08" + bytes(170)] * 100):
                    stranger.sendto(datagram, local)
            anna = ToneEndpoint.open(440)
            desk.phones.append(anna)
            await desk.answer_to(Accept(A, offer(anna.address)), Accepted)
            desk.send(Join(A, ROOM), Join(B, ROOM))
            await desk.settled()
            anna.talk_to(local)
            await until(lambda: len(bert.packets) >= 5)
            assert (await desk.client.stats(A)).packets_in <= anna.sent
            assert len(bert.packets) <= anna.sent

    asyncio.run(story())


def test_a_phone_that_is_gone_stops_nobody(open_desk: "OpenDesk", until: "Until") -> None:
    """Its host answers every packet with "port unreachable"."""

    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            bert = await desk.phone("b", 1230)
            desk.send(Play(A, loop=MUSIC))
            desk.send(Play(B, loop=MUSIC))
            await until(lambda: len(anna.packets) >= 5)
            anna.close()
            count = len(bert.packets)
            await until(lambda: len(bert.packets) >= count + 50)
            assert (await desk.client.stats(A)).send_errors > 0

    asyncio.run(story())


@pytest.mark.parametrize("from_signalled", [True, False])
def test_latching_takes_the_first_sender_once(
    media_settings: MediaSettings, until: "Until", from_signalled: bool
) -> None:
    async def story() -> None:
        async with embedded(replace(media_settings, latch=True)) as desk:
            signalled, other = ToneEndpoint.open(440), ToneEndpoint.open(1230)
            desk.phones += [signalled, other]
            local = await desk.connect("a", signalled)
            desk.send(Play(A, loop=MUSIC))
            await until(lambda: len(signalled.packets) >= 5)
            first, second = (signalled, other) if from_signalled else (other, signalled)
            first.send(b"not RTP at all", local)
            first.talk_to(local)
            await until(lambda: first.sent >= 5)
            second.talk_to(local)
            await until(lambda: second.sent >= 5)
            first.forget()
            await until(lambda: len(first.packets) >= 20)
            assert (await desk.client.legs())[0].remote == first.address
            assert (await desk.client.stats(A)).packets_in < 5
            second.forget()
            await until(lambda: len(first.packets) >= 40)
            assert len(second.packets) == 0

    asyncio.run(story())


@pytest.mark.parametrize(("latch", "count"), [(True, 2), (False, 3)])
def test_a_new_signalled_address_is_followed_with_and_without_latching(
    media_settings: MediaSettings, until: "Until", latch: bool, count: int
) -> None:
    async def story() -> None:
        async with embedded(replace(media_settings, latch=latch)) as desk:
            phones = [ToneEndpoint.open(440) for _ in range(count)]
            desk.phones += phones
            for phone in phones:
                local = await desk.connect("a", phone)
                desk.send(Play(A, loop=MUSIC))
                phone.talk_to(local)
                await until(lambda phone=phone: phone.sent >= 5 and len(phone.packets) >= 10)  # type: ignore[misc]
                state = (await desk.client.legs())[0]
                assert (state.local, state.remote) == (local, phone.address)

    asyncio.run(story())
