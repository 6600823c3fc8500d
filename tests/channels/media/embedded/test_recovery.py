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

from channels.media.embedded import wire
from channels.media.embedded.client import GATHER_S, MediaClient
from channels.media.embedded.starter import MediaSettings, attach_or_start
from channels.media.errors import MediaGoneError, NoPortsLeftError, UnknownLegError
from channels.media.port import CommandFailed, LegId, MediaEvent, PromptEnded, SoundId
from channels.media.rtp import Address
from channels.media.sound.tone import ToneEndpoint, hears

if TYPE_CHECKING:
    from tests.channels.media.embedded.conftest import OpenDesk, Until

A, B, C = LegId("a"), LegId("b"), LegId("c")
MUSIC, MUSIC_HZ = SoundId("music"), 620
PROMPT = SoundId("prompt")

SERVER = """
import asyncio, json, sys
from pathlib import Path
from channels.media.rtp import Address
from channels.media.embedded.starter import MediaSettings, attach_or_start

async def main(socket, sounds, *ports):
    settings = MediaSettings(Path(socket), Path(sounds), ports=(11_000, 29_999), orphan_s=20)
    client = await attach_or_start(settings, lambda event: None)
    legs = ("a", "b", "c")
    local = [(await client.open(leg)).port for leg in legs]
    for leg, port in zip(legs, ports):
        client.set_remote(leg, Address("127.0.0.1", int(port)), 8, dtmf=101)
    client.loop("a", "music")
    client.play("a", ["prompt"] * 5, play="p1")
    client.bridge("b", "c")
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

        events: list[MediaEvent] = []
        client = await attach_or_start(media_settings, events.append)
        states = {state.leg: state for state in client.welcome.legs}
        assert [state.local.port for state in states.values()] == local
        assert (states[A].loop, states[B].peer) == (MUSIC, C)
        assert await client.open(A) == states[A].local
        assert PromptEnded(A, "p1") in events
        client.play(A, [PROMPT], play="p1")
        client.loop(A, MUSIC)
        client.bridge(B, C)
        assert list(client.welcome.legs) == list(await client.legs())
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
        first = await attach_or_start(media_settings, lambda _: None)
        await first.open(A)
        await first.detach()
        second = await attach_or_start(media_settings, lambda _: None)
        assert second.welcome.pid == first.welcome.pid
        assert [state.leg for state in second.welcome.legs] == [A]
        await second.shutdown()

    asyncio.run(story())


def test_leases_of_a_server_that_went_are_free_again(media_settings: MediaSettings, until: "Until") -> None:
    async def story() -> None:
        few = replace(media_settings, ports=_free_range(8))
        first = await attach_or_start(few, lambda _: None)
        assert await first.open(A)
        await first.detach()
        second = await attach_or_start(few, lambda _: None)
        legs = [await second.open(LegId(f"x{number}")) for number in range(7)]
        assert len(set(legs)) == 7
        await second.shutdown()

    asyncio.run(story())


def test_a_used_up_port_range_is_a_typed_error_and_a_closed_leg_makes_room(
    media_settings: MediaSettings,
) -> None:
    async def story() -> None:
        client = await attach_or_start(replace(media_settings, ports=_free_range(2)), lambda _: None)
        await client.open(A)
        await client.open(B)
        with pytest.raises(NoPortsLeftError):
            await client.open(LegId("c"))
        assert client.open_now(LegId("c")) is None
        client.close(A)
        assert await client.open(LegId("c"))
        await client.shutdown()

    asyncio.run(story())


def test_an_orphaned_process_ends_itself(media_settings: MediaSettings, until: "Until") -> None:
    async def story() -> None:
        client = await attach_or_start(replace(media_settings, orphan_s=1), lambda _: None)
        await client.detach()
        await until(lambda: not media_settings.socket.exists())

    asyncio.run(story())


def test_the_loss_of_the_process_is_told_and_questions_then_fail(
    media_settings: MediaSettings, until: "Until"
) -> None:
    async def story() -> None:
        lost: list[str] = []
        client = await attach_or_start(media_settings, lambda _: None, lambda: lost.append("lost"))
        os.kill(client.welcome.pid, signal.SIGKILL)
        await until(lambda: lost)
        client.loop(A, MUSIC)
        with pytest.raises(MediaGoneError):
            await client.legs()
        again = await attach_or_start(media_settings, lambda _: None)
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
            desk.client.loop(A, MUSIC)
            before = await desk.client.legs()
            good = anna.address
            desk.client.set_remote(A, Address("not an address", 4000), 8)
            desk.client.set_remote(A, Address("::1", 4000), 8)
            desk.client.set_remote(A, good._replace(port=0), 8)
            desk.client.set_remote(A, good._replace(port=70_000), 8)
            desk.client.set_remote(A, good, 18)
            desk.client.set_remote(A, good, 8, dtmf=8)
            desk.client.bridge(A, A)
            desk.client.bridge(A, B)
            desk.client.hold(A, True, sound=SoundId("nothing"))
            desk.client.loop(A, SoundId("nothing"))
            desk.client.watch(A, -1)
            desk.client.stop(B)
            desk.client.close(B)
            with pytest.raises(UnknownLegError):
                await desk.client.stats(B)
            assert await desk.client.legs() == before
            codes = [event.code for event in desk.events if isinstance(event, CommandFailed)]
            unknown = ["unknown-leg", "unknown-sound", "unknown-sound", "bad-command", "unknown-leg"]
            assert codes == ["bad-command"] * 7 + unknown
            count = len(anna.packets)
            await until(lambda: len(anna.packets) >= count + 10)

    asyncio.run(story())


def test_garbage_on_the_unix_socket_is_answered_and_lost_framing_drops_only_that_connection(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.client.loop(A, MUSIC)
            reader, writer = await asyncio.open_unix_connection(str(desk.settings.socket))
            for garbage in (b"", b"\xc1", b"\x91\xa7unknown", b"\x92\xa4loop\x05"):
                writer.write(len(garbage).to_bytes(4, "big") + garbage)
            received = bytearray()
            answers: list[wire.Message] = []
            while len(answers) < 5:
                received += await reader.read(65_536)
                answers += [wire.decode_message(frame) for frame in wire.take_frames(received)]
            assert [type(answer) for answer in answers] == [wire.Welcome] + [CommandFailed] * 4
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
            await attach_or_start(replace(media_settings, **change), lambda _: None)  # type: ignore[arg-type]

    asyncio.run(story())


def test_commands_of_one_turn_leave_in_one_write(media_settings: MediaSettings) -> None:
    async def story() -> None:
        client = await MediaClient.attach(
            (await _started(media_settings)).socket, lambda _: None, leased_ahead=8
        )
        writes: list[int] = []
        transport = client._transport
        assert transport is not None
        write = transport.write

        def counted(data: bytes | bytearray | memoryview) -> None:
            writes.append(len(data))
            write(data)

        transport.write = counted  # type: ignore[method-assign]
        client.open_now(A)
        client.open_now(B)
        client.loop(A, MUSIC)
        client.bridge(A, B)
        await asyncio.sleep(2 * GATHER_S)
        assert len(writes) == 1
        await client.shutdown()

    asyncio.run(story())


async def _started(settings: MediaSettings) -> MediaSettings:
    await (await attach_or_start(settings, lambda _: None)).detach()
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
