"""What the network may do to a leg: garbage, strangers, phones that vanish or send from elsewhere."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from channels.media.commands import Accept, Answer, Join, Leave, LegId, Offer, Play, RoomId, SoundId
from channels.media.embedded.starter import MediaSettings
from channels.media.events import Accepted, Answered, Offered
from channels.media.latch import Latch
from channels.media.sound.tone import ToneEndpoint
from tests.channels.media.conftest import address_in, embedded, offer

if TYPE_CHECKING:
    from tests.channels.media.conftest import Desk, OpenDesk, Until

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


NEAR = "127.0.0.3"
"""From where the peer signals; 127.0.0.x is its network, 127.0.1.x is another one."""


class Scene:
    """A leg that hears music, and phones from which its peer could send; the first one is described."""

    def __init__(self, desk: "Desk", until: "Until", ips: Sequence[str]) -> None:
        self.desk, self.until = desk, until
        self.phones = [ToneEndpoint.open(440 + 10 * number, ip=ip) for number, ip in enumerate(ips)]
        desk.phones += self.phones

    async def answer(self, phone: ToneEndpoint, latch: Latch, near: str = NEAR) -> None:
        answer = Answer(A, offer(phone.address), near, latch)
        self.local = address_in((await self.desk.answer_to(answer, Answered)).sdp)
        self.desk.send(Play(A, loop=MUSIC))
        await self.hears(phone)

    async def hears(self, phone: ToneEndpoint) -> None:
        """It does, and nobody else."""
        await self.until(lambda: len(phone.packets) > 0)
        for one in self.phones:
            one.forget()
        await self.until(lambda: len(phone.packets) >= 15)
        assert [one for one in self.phones if one.packets] == [phone]

    async def talks(self, phone: ToneEndpoint, packets: int = 5) -> None:
        phone.talk_to(self.local)
        count = phone.sent + packets
        await self.until(lambda: phone.sent >= count)


@contextlib.asynccontextmanager
async def scene(settings: MediaSettings, until: "Until", *ips: str) -> AsyncIterator[Scene]:
    async with embedded(settings) as desk:
        yield Scene(desk, until, ips)


HERE, SAME, THERE, ELSEWHERE = "127.0.0.1", NEAR, "127.0.0.9", "127.0.1.1"


@pytest.mark.parametrize(
    ("latch", "strangers", "peer"),
    [
        (Latch.NEVER, (HERE, SAME, THERE, ELSEWHERE), None),
        (Latch.ADDRESS, (THERE, ELSEWHERE), HERE),
        (Latch.ADDRESS, (THERE, ELSEWHERE), SAME),
        (Latch.NETWORK, (ELSEWHERE,), THERE),
        (Latch.ANYWHERE, (), ELSEWHERE),
    ],
)
def test_only_whom_the_policy_lets_send_gets_the_sound(
    media_settings: MediaSettings, until: "Until", latch: Latch, strangers: tuple[str, ...], peer: str | None
) -> None:
    """Strangers come first, with RTP that fits; they get nothing, and nobody hears them."""

    async def story() -> None:
        others = (*strangers, *(() if peer is None else (peer,)))
        async with scene(media_settings, until, HERE, *others) as of:
            described, last = of.phones[0], of.phones[-1]
            await of.answer(described, latch)
            bert = await of.desk.phone("b", 1230, talks=False)
            of.desk.send(Join(A, ROOM), Join(B, ROOM))
            for stranger in of.phones[1 : 1 + len(strangers)]:
                await of.talks(stranger)
            await of.desk.settled()
            assert (len(bert.packets), [one for one in of.phones[1:] if one.packets]) == (0, [])
            of.desk.send(Leave(A), Play(A, loop=MUSIC))
            if peer is not None:
                last.send(b"not RTP at all", of.local)
                await of.talks(last)
            await of.hears(described if peer is None else last)

    asyncio.run(story())


@pytest.mark.parametrize("bridged", [True, False])
def test_a_peer_whose_port_changes_in_mid_call_is_heard_again(
    media_settings: MediaSettings, until: "Until", bridged: bool
) -> None:
    """His NAT has forgotten him, or he has roamed; on music the kernel's filter is in the way as well."""

    async def story() -> None:
        async with scene(media_settings, until, HERE, HERE, HERE) as of:
            described, natted, rebound = of.phones
            await of.answer(described, Latch.ADDRESS)
            await of.talks(natted)
            await of.hears(natted)
            if bridged:
                bert = await of.desk.phone("b", 1230)
                of.desk.send(Join(A, ROOM), Join(B, ROOM))
                await until(lambda: len(bert.packets) >= 10)
            natted.mute()
            rebound.talk_to(of.local)
            await of.hears(rebound)
            if bridged:
                bert.forget()
                await until(lambda: len(bert.packets) >= 10)

    asyncio.run(story())


def test_as_long_as_the_peer_is_heard_nobody_takes_his_place_and_no_stranger_after_it(
    media_settings: MediaSettings, until: "Until"
) -> None:
    async def story() -> None:
        async with scene(media_settings, until, HERE, HERE, ELSEWHERE) as of:
            peer, like, stranger = of.phones
            await of.answer(peer, Latch.ANYWHERE)
            await of.talks(peer)
            stranger.talk_to(of.local)
            await of.talks(like, packets=130)
            await of.hears(peer)
            peer.mute()
            like.mute()
            await of.talks(stranger, packets=150)
            await of.hears(peer)
            like.talk_to(of.local)
            await of.hears(like)

    asyncio.run(story())


def rtp(sequence: int, source: int = 7) -> bytes:
    return b"\x80\x08" + sequence.to_bytes(2, "big") + bytes(4) + source.to_bytes(4, "big") + bytes(160)


def test_a_muted_peer_loses_his_sound_neither_to_one_packet_nor_to_a_short_burst(
    media_settings: MediaSettings, until: "Until"
) -> None:
    """From his own address, as a neighbour behind his NAT or a forger could send them."""

    async def story() -> None:
        async with scene(media_settings, until, HERE, HERE) as of:
            peer, neighbour = of.phones
            await of.answer(peer, Latch.ADDRESS)
            await of.talks(peer)
            await of.hears(peer)
            peer.mute()
            await asyncio.sleep(2.2)
            for number in (1, 2, 900, 901, 30, 31):  # never three in a row
                neighbour.send(rtp(number), of.local)
            for source in range(5):
                neighbour.send(rtp(5 + source, source), of.local)
            await of.desk.settled()
            await of.hears(peer)
            for number in range(10, 20):
                neighbour.send(rtp(number), of.local)
            await until(lambda: len(neighbour.packets) > 0)
            peer.forget()
            await until(lambda: len(peer.packets) > 0)
            await of.hears(peer)

    asyncio.run(story())


@pytest.mark.parametrize(("latch", "count"), [(Latch.ADDRESS, 2), (Latch.NEVER, 3)])
def test_a_new_signalled_address_is_followed_with_and_without_latching(
    media_settings: MediaSettings, until: "Until", latch: Latch, count: int
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


def test_who_roams_and_signals_from_elsewhere_is_heard_from_there(
    media_settings: MediaSettings, until: "Until"
) -> None:
    """The same private address in his re-INVITE, another public one."""

    async def story() -> None:
        async with scene(media_settings, until, HERE, SAME, ELSEWHERE) as of:
            private, before, after = of.phones
            await of.answer(private, Latch.ADDRESS)
            await of.talks(before)
            await of.hears(before)
            await of.desk.answer_to(Answer(A, offer(private.address), ELSEWHERE), Answered)
            before.mute()
            after.talk_to(of.local)
            await of.hears(after)

    asyncio.run(story())


def test_who_holds_by_nobody_s_address_is_sent_nothing_there(open_desk: "OpenDesk", until: "Until") -> None:
    """Linux takes 0.0.0.0 for this machine: one of our own ports would get it."""

    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.send(Play(A, loop=MUSIC))
            await until(lambda: len(anna.packets) >= 5)
            held = offer(anna.address).replace(b"127.0.0.1", b"0.0.0.0")
            assert (await desk.answer_to(Answer(A, held), Answered)).held
            [state] = await desk.client.legs()
            assert (state.remote, state.deaf) == (anna.address, True)
            await desk.answer_to(Answer(A, offer(anna.address)), Answered)
            anna.forget()
            await until(lambda: len(anna.packets) >= 10)

    asyncio.run(story())
