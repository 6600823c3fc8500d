"""What is heard in a room of more than two, by engines that mix: proved by tones."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from channels.media.commands import Command, HeardBy, Join, Leave, LegId, Play, RoomId, SoundId
from channels.media.engine import Trait
from channels.media.rtp import Codec
from channels.media.sound.tone import ToneEndpoint, hears

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenStudio, Studio, Until

ROOM = RoomId("room")
TONES = {"a": 440, "b": 1230, "c": 800}
PROMPT, PROMPT_HZ = SoundId("prompt"), 940


async def phones(studio: "Studio", codecs: Mapping[str, Codec] | None = None) -> dict[str, ToneEndpoint]:
    if Trait.MIXES not in studio.engine.traits:
        pytest.skip("this engine is for two only")
    codecs = codecs or {}
    return {leg: await studio.phone(leg, hz, codecs.get(leg, Codec.PCMA)) for leg, hz in TONES.items()}


def join(leg: str, *, agent: bool = True, heard_by: HeardBy = "everybody") -> Command:
    return Join(LegId(leg), ROOM, agent, heard_by)


def heard(phone: ToneEndpoint) -> set[str]:
    """The legs whose tones are in what it heard last; of two together each has a good third of the power."""
    return {leg for leg, hz in TONES.items() if hears(phone.heard(0.5), hz, share=0.3)}


async def hear(until: "Until", legs: Mapping[str, ToneEndpoint], **expected: str) -> None:
    wanted = {leg: set(others) for leg, others in expected.items()}
    await until(lambda: {leg: heard(legs[leg]) for leg in wanted} == wanted)


def test_three_hear_each_other_and_nobody_himself(open_studio: "OpenStudio", until: "Until") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            legs = await phones(studio, {"b": Codec.PCMU})
            studio.send(join("a", agent=False), join("b"), join("c"))
            await hear(until, legs, a="bc", b="ac", c="ab")
            assert {packet.payload_type for packet in legs["b"].packets} == {int(Codec.PCMU)}

    asyncio.run(story())


def test_two_go_on_when_the_third_has_left(open_studio: "OpenStudio", until: "Until") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            legs = await phones(studio)
            studio.send(join("a", agent=False), join("b"), join("c"))
            await hear(until, legs, a="bc")
            studio.send(Leave(LegId("b")))
            await hear(until, legs, a="c", c="a")
            studio.send(join("b"))
            await hear(until, legs, a="bc", b="ac", c="ab")

    asyncio.run(story())


def test_who_listens_is_heard_by_nobody_who_whispers_by_agents(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            legs = await phones(studio)
            studio.send(join("a", agent=False), join("b"), join("c", heard_by="nobody"))
            await hear(until, legs, a="b", b="a", c="ab")
            studio.send(join("c", heard_by="agents"))
            await hear(until, legs, a="b", b="ac", c="ab")
            studio.send(join("c"))
            await hear(until, legs, a="bc", b="ac", c="ab")

    asyncio.run(story())


def test_a_text_hides_the_room_from_one_and_not_from_the_others(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            legs = await phones(studio)
            studio.send(join("a", agent=False), join("b"), join("c"))
            await hear(until, legs, a="bc")
            studio.send(Play(LegId("a"), (PROMPT,) * 20, play="text"))
            await until(lambda: hears(legs["a"].heard(0.3), PROMPT_HZ, share=0.9))
            await hear(until, legs, b="ac", c="ab")

    asyncio.run(story())


def test_the_stream_of_a_listener_is_unbroken_whoever_speaks(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            legs = await phones(studio)
            studio.send(join("a", agent=False), join("b"))
            await hear(until, legs, a="b")
            studio.send(join("c"))
            await hear(until, legs, a="bc")
            packets = list(legs["a"].packets)
            assert {packet.source for packet in packets} == {packets[0].source}
            steps = {(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(packets)}
            assert steps == {1}

    asyncio.run(story())
