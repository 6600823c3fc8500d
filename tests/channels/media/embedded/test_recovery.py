"""The media process outlives its server, is found again, and nothing that is sent to it stops it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from channels.media.commands import (
    Accept,
    Answer,
    Close,
    Command,
    Join,
    LegId,
    Offer,
    Play,
    RoomId,
    SoundId,
    Stop,
)
from channels.media.embedded import wire
from channels.media.embedded.client import TAKEN_S, MediaClient
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.errors import MediaGoneError, NoPortsLeftError, UnknownLegError
from channels.media.events import Accepted, Answered, Event, Failed, Offered, Played
from channels.media.rtp import Address
from channels.media.sound.tone import ToneEndpoint, hears
from tests.channels.media.conftest import address_in, offer

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenDesk, Until

A, B, C = LegId("a"), LegId("b"), LegId("c")
MUSIC, MUSIC_HZ = SoundId("music"), 620
PROMPT = SoundId("prompt")
ROOM = RoomId("room")

SERVER = """
import asyncio, json, sys
from pathlib import Path
from channels.media.commands import Answer, Join, Play
from channels.media.rtp import Address
from channels.media.embedded.starter import MediaSettings, attach_or_start
from tests.channels.media.conftest import address_in, offer

async def main(socket, sounds, *ports):
    settings = MediaSettings(Path(socket), Path(sounds), ports=(11_000, 29_999), orphan_s=20)
    client = await attach_or_start(settings, lambda: None)
    legs = ("a", "b", "c")
    for leg, port in zip(legs, ports):
        client.send(Answer(leg, offer(Address("127.0.0.1", int(port)))))
    local = [address_in(event.sdp).port for event in client.events]
    client.send(Play("a", ("prompt",) * 5, "music", "p1"))
    client.send(Join("b", "room"))
    client.send(Join("c", "room"))
    await client.legs()
    print(json.dumps(local), flush=True)
    await asyncio.sleep(3600)

asyncio.run(main(*sys.argv[1:]))
"""


def test_after_kill_9_of_the_server_music_and_bridge_go_on_and_a_new_server_finds_the_legs(
    media_settings: MediaSettings, until: "Until"
) -> None:
    async def story() -> None:
        anna, bert, carl = phones = [ToneEndpoint.open(hz) for hz in (440, 1230, 1710)]
        local = await asyncio.to_thread(_serve_and_die, media_settings, phones)
        for phone, port in zip(phones, local, strict=True):
            phone.forget()
            phone.talk_to(Address("127.0.0.1", port))
        await until(lambda: min(len(phone.packets) for phone in phones) >= 150)
        assert hears(anna.heard(0.5), MUSIC_HZ, share=0.9)
        assert hears(bert.heard(0.5), 1710, share=0.9)
        assert hears(carl.heard(0.5), 1230, share=0.9)

        client = await attach_or_start(media_settings, lambda: None)
        states = {state.leg: state for state in client.welcome.legs}
        assert client.found == {A, B, C}
        assert not client.fallen_silent
        assert [state.local.port for state in states.values()] == local
        assert (states[A].loop, states[B].room, states[C].room) == (MUSIC, ROOM, ROOM)
        assert Played(A, "p1") in client.events
        client.events.clear()
        client.send(Answer(A, offer(anna.address)))
        again = client.events.popleft()
        assert isinstance(again, Answered)
        assert address_in(again.sdp) == states[A].local
        for command in (Play(A, (PROMPT,), MUSIC, "p1"), Join(B, ROOM), Join(C, ROOM)):
            client.send(command)
        assert list(client.welcome.legs) == list(await client.legs())
        for phone in (anna, bert):
            phone.mute()
        heard = len(bert.packets)
        await until(lambda: len(bert.packets) >= heard + 150)
        await client.detach()
        client = await attach_or_start(media_settings, lambda: None)
        assert client.fallen_silent == {A, B}
        for phone in phones:
            phone.close()
        await client.shutdown()

    asyncio.run(story())


def _serve_and_die(settings: MediaSettings, phones: list[ToneEndpoint]) -> list[int]:
    """Run `SERVER` until its commands are carried out, then kill it; the legs' ports."""
    ports = [str(phone.address.port) for phone in phones]
    command = [sys.executable, "-c", SERVER, str(settings.socket), str(settings.sounds), *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        os.kill(server.pid, signal.SIGKILL)
    local: list[int] = json.loads(line)
    return local


def test_attaching_twice_finds_the_same_process(media_settings: MediaSettings) -> None:
    async def story() -> None:
        first = await attach_or_start(media_settings, lambda: None)
        first.send(Offer(A))
        await first.detach()
        second = await attach_or_start(media_settings, lambda: None)
        assert second.welcome.pid == first.welcome.pid
        assert second.found == {A}
        await second.shutdown()

    asyncio.run(story())


def test_what_a_server_was_told_just_before_its_death_is_told_again_and_nothing_older(
    media_settings: MediaSettings, until: "Until"
) -> None:
    """It cannot have written everything; and a socket takes events for a process that is dead already."""

    async def attached() -> tuple[MediaClient, list[Event]]:
        client = await attach_or_start(media_settings, lambda: None)
        return client, list(client.events)

    async def hear(client: MediaClient, *plays: str) -> None:
        for play in plays:
            client.events.clear()
            client.send(Play(A, (), MUSIC, play))
            await until(lambda: client.events)

    async def story() -> None:
        first, _ = await attached()
        first.send(Answer(A, offer(Address("127.0.0.1", 4000))))
        await hear(first, "p1", "p2")
        await first.detach()
        second, events = await attached()
        assert events == [Played(A, "p1"), Played(A, "p2")]
        await hear(second, "p3")
        await asyncio.sleep(TAKEN_S * 2.5)
        await hear(second, "p4")
        await second.detach()
        third, events = await attached()
        assert events == [Played(A, "p4")]
        await third.shutdown()

    asyncio.run(story())


def test_an_offer_that_one_server_made_is_accepted_by_the_next(media_settings: MediaSettings) -> None:
    """The first was killed before the answer came; after it was taken, it may come once more."""

    async def story() -> None:
        first = await attach_or_start(media_settings, lambda: None)
        first.send(Offer(A))
        await first.detach()
        answer = offer(Address("127.0.0.1", 4000))
        for _ in range(2):
            client = await attach_or_start(media_settings, lambda: None)
            client.send(Accept(A, answer))
            assert list(client.events) == [Accepted(A, held=False)]
            await client.detach()
        await (await attach_or_start(media_settings, lambda: None)).shutdown()

    asyncio.run(story())


async def _offered(client: MediaClient, leg: str) -> Event:
    """What becomes of an offer for a new leg."""
    client.send(Offer(LegId(leg)))
    async with asyncio.timeout(20):
        while not client.events:
            await asyncio.sleep(0.005)
    return client.events.popleft()


def test_leases_of_a_server_that_went_are_free_again(media_settings: MediaSettings) -> None:
    async def story() -> None:
        few = replace(media_settings, ports=_free_range(8))
        first = await attach_or_start(few, lambda: None)
        assert isinstance(await _offered(first, "a"), Offered)
        await first.detach()
        second = await attach_or_start(few, lambda: None)
        offers = [await _offered(second, f"x{number}") for number in range(7)]
        assert len({address_in(offer.sdp) for offer in offers if isinstance(offer, Offered)}) == 7
        await second.shutdown()

    asyncio.run(story())


def test_a_used_up_port_range_is_told_and_a_closed_leg_makes_room(media_settings: MediaSettings) -> None:
    async def story() -> None:
        client = await attach_or_start(replace(media_settings, ports=_free_range(2)), lambda: None)
        assert isinstance(await _offered(client, "a"), Offered)
        assert isinstance(await _offered(client, "b"), Offered)
        failed = await _offered(client, "c")
        assert isinstance(failed, Failed)
        assert (failed.leg, failed.command, failed.code) == (C, "offer", NoPortsLeftError.code)
        client.send(Close(A))
        assert isinstance(await _offered(client, "c"), Offered)
        await client.shutdown()

    asyncio.run(story())


def test_an_orphaned_process_ends_itself(media_settings: MediaSettings, until: "Until") -> None:
    async def story() -> None:
        client = await attach_or_start(replace(media_settings, orphan_s=1), lambda: None)
        await client.detach()
        await until(lambda: not media_settings.socket.exists())

    asyncio.run(story())


def test_the_loss_of_the_process_is_told_and_questions_then_fail(
    media_settings: MediaSettings, until: "Until"
) -> None:
    async def story() -> None:
        lost: list[str] = []
        client = await attach_or_start(media_settings, lambda: None, lambda: lost.append("lost"))
        os.kill(client.welcome.pid, signal.SIGKILL)
        await until(lambda: lost)
        client.send(Play(A, loop=MUSIC))
        assert [(event.leg, event.code) for event in client.events if isinstance(event, Failed)] == [
            (A, "gone")
        ]
        with pytest.raises(MediaGoneError):
            await client.legs()
        again = await attach_or_start(media_settings, lambda: None)
        assert again.welcome.pid != client.welcome.pid
        assert lost == ["lost"]
        await again.shutdown()

    asyncio.run(story())


def test_every_impossible_command_is_answered_and_changes_nothing(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.send(Play(A, loop=MUSIC))
            before = await desk.client.legs()
            good = anna.address
            for impossible in (
                wire.Connect(A, Address("not an address", 4000)),
                wire.Connect(A, Address("::1", 4000)),
                wire.Connect(A, good._replace(port=0)),
                wire.Connect(A, good._replace(port=70_000)),
                wire.Connect(A, good, 18),
                wire.Connect(A, good, payload_type=128),
                wire.Connect(A, good, dtmf=128),
                wire.Connect(A, good, types={97: 18}),
                wire.Connect(A, good, silent_s=-1),
            ):
                desk.client._put(impossible)
            commands: list[Command] = [Play(A, loop=SoundId("nothing")), Join(B, ROOM), Stop(B), Close(B)]
            desk.send(*commands)
            with pytest.raises(UnknownLegError):
                await desk.client.stats(B)
            assert await desk.client.legs() == before
            codes = [event.code for event in desk.events if isinstance(event, Failed)]
            assert codes == ["bad-command"] * 9 + ["unknown-sound", "unknown-leg", "unknown-leg"]
            count = len(anna.packets)
            await until(lambda: len(anna.packets) >= count + 10)

    asyncio.run(story())


def test_garbage_on_the_unix_socket_is_answered_and_lost_framing_drops_only_that_connection(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.send(Play(A, loop=MUSIC))
            reader, writer = await asyncio.open_unix_connection(str(desk.settings.socket))
            for garbage in (b"", b"\xc1", b"\x91\xa7unknown", b"\x92\xa4play\x05"):
                writer.write(len(garbage).to_bytes(4, "big") + garbage)
            received = bytearray()
            answers: list[wire.Message] = []
            while len(answers) < 5:
                received += await reader.read(65_536)
                answers += [wire.decode_message(frame) for frame in wire.take_frames(received)]
            assert [type(answer) for answer in answers] == [wire.Welcome] + [Failed] * 4
            writer.write(b"\xff" * 8)
            assert await reader.read(65_536) == b""
            writer.close()
            count = len(anna.packets)
            await until(lambda: len(anna.packets) >= count + 10)
            assert len(await desk.client.legs()) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ports": (5001, 5001)}, "ports 5001-5001"),
        ({"ip": "203.0.113.1"}, "--ip 203.0.113.1"),
        ({"socket": Path("/nonexistent/media.sock")}, "/nonexistent/media.sock"),
    ],
)
def test_a_process_that_cannot_start_says_why(
    media_settings: MediaSettings, change: dict[str, object], reason: str
) -> None:
    async def story() -> None:
        with pytest.raises(MediaGoneError, match=reason):
            await attach_or_start(replace(media_settings, **change), lambda: None)  # type: ignore[arg-type]

    asyncio.run(story())


def test_commands_of_one_turn_leave_in_one_write_but_for_addresses_that_leave_at_once(
    media_settings: MediaSettings,
) -> None:
    async def story() -> None:
        client = await MediaClient.attach(
            (await _started(media_settings)).socket, lambda: None, leased_ahead=8
        )
        writes: list[int] = []
        transport = client._transport
        assert transport is not None
        write = transport.write

        def counted(data: bytes | bytearray | memoryview) -> None:
            writes.append(len(data))
            write(data)

        transport.write = counted  # type: ignore[method-assign]
        client.send(Offer(A))
        client.send(Offer(B))
        assert len(writes) == 2
        for command in (Play(A, loop=MUSIC), Join(A, ROOM), Join(B, ROOM)):
            client.send(command)
        await asyncio.sleep(0.01)
        assert len(writes) == 3
        await client.shutdown()

    asyncio.run(story())


async def _started(settings: MediaSettings) -> MediaSettings:
    await (await attach_or_start(settings, lambda: None)).detach()
    return settings


def _free_range(legs: int) -> tuple[int, int]:
    """A range of ports with room for so many legs, free when asked."""
    for first in range(12_000 + os.getpid() % 5000 * 2, 32_000, 64):
        socks = []
        try:
            for port in range(first, first + 2 * legs):
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                socks.append(sock)
                sock.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for sock in socks:
                sock.close()
        return first, first + 2 * legs - 1
    raise AssertionError("no free ports")


def test_the_process_gets_no_secrets(media_settings: MediaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACD_VAULT_KEY", "a secret of the server")

    async def story() -> None:
        client = await attach_or_start(media_settings, lambda: None)
        environment = Path(f"/proc/{client.welcome.pid}/environ").read_bytes()
        await client.shutdown()
        assert b"PATH=" in environment
        assert b"a secret of the server" not in environment

    asyncio.run(story())
