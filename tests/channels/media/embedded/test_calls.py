"""What the parties of a call hear, proved by real sockets and the frequency of the sound."""

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from channels.media.port import CommandFailed, Digit, LegDead, LegId, PromptEnded, SoundId
from channels.media.rtp import Codec
from channels.media.sound.tone import dominant_hz, hears

if TYPE_CHECKING:
    from tests.channels.media.embedded.conftest import OpenDesk, Until

A, B, C = LegId("a"), LegId("b"), LegId("c")
MUSIC, MUSIC_HZ = SoundId("music"), 620
PROMPT, PROMPT_HZ = SoundId("prompt"), 940


def test_a_waiting_caller_hears_the_music_in_one_unbroken_stream(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.client.loop(A, MUSIC)
            await until(lambda: len(anna.packets) >= 120)
            assert hears(anna.heard(), MUSIC_HZ, share=0.9)
            packets = list(anna.packets)
            first = packets[0]
            assert [p.sequence for p in packets] == [
                (first.sequence + n) & 0xFFFF for n in range(len(packets))
            ]
            assert [p.timestamp for p in packets] == [
                (first.timestamp + 160 * n) & 0xFFFF_FFFF for n in range(len(packets))
            ]
            assert {p.source for p in packets} == {first.source}
            assert [p.marker for p in packets] == [True] + [False] * (len(packets) - 1)

    asyncio.run(story())


@pytest.mark.parametrize("codec", list(Codec))
def test_music_is_sent_in_the_codec_of_the_leg(open_desk: "OpenDesk", until: "Until", codec: Codec) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440, codec)
            desk.client.loop(A, MUSIC)
            await until(lambda: len(anna.packets) >= 25)
            assert {p.payload_type for p in anna.packets} == {int(codec)}
            assert hears(anna.heard(), MUSIC_HZ, share=0.9)

    asyncio.run(story())


def test_music_is_sent_fifty_times_a_second(open_desk: "OpenDesk", until: "Until") -> None:
    """Counted against the process's own packets of a second caller, not against the wall clock."""

    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440, talks=False)
            bert = await desk.phone("b", 440, talks=False)
            desk.client.loop(A, MUSIC)
            desk.client.loop(B, MUSIC)
            await until(lambda: len(anna.packets) >= 60)
            assert abs(len(anna.packets) - len(bert.packets)) <= 2

    asyncio.run(story())


@pytest.mark.parametrize(
    ("codec_a", "codec_b"),
    [
        (Codec.PCMA, Codec.PCMA),
        (Codec.PCMU, Codec.PCMU),
        (Codec.PCMA, Codec.PCMU),
        (Codec.PCMU, Codec.PCMA),
    ],
)
def test_each_side_of_a_bridge_hears_the_others_tone_in_its_own_codec(
    open_desk: "OpenDesk", until: "Until", codec_a: Codec, codec_b: Codec
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440, codec_a)
            bert = await desk.phone("b", 1230, codec_b)
            desk.client.bridge(A, B)
            await until(lambda: min(len(anna.packets), len(bert.packets)) >= 50)
            assert hears(anna.heard(), 1230, share=0.9)
            assert hears(bert.heard(), 440, share=0.9)
            assert {p.payload_type for p in anna.packets} == {int(codec_a)}
            assert {p.payload_type for p in bert.packets} == {int(codec_b)}

    asyncio.run(story())


def test_from_greeting_to_music_to_bridge_and_back_a_phone_hears_one_stream(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    """One source id, no sequence number missing or doubled, timestamps never back, marker at every change."""

    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            await desk.phone("b", 1230)
            desk.client.play(A, [PROMPT], play="greeting")
            desk.client.loop(A, MUSIC)
            await until(lambda: len(anna.packets) >= 40)
            desk.client.bridge(A, B)
            await until(lambda: len(anna.packets) >= 80)
            desk.client.unbridge(A)
            desk.client.loop(A, MUSIC)
            await until(lambda: len(anna.packets) >= 120)
            packets = list(anna.packets)
            assert len({p.source for p in packets}) == 1
            steps = [(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(packets)]
            assert set(steps) == {1}
            forward = [(y.timestamp - x.timestamp) & 0xFFFF_FFFF for x, y in itertools.pairwise(packets)]
            assert all(160 <= step <= 8 * 5000 for step in forward)
            assert sum(p.marker for p in packets) == 4

    asyncio.run(story())


def test_prompts_are_heard_one_after_the_other_and_their_end_is_told_once(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.client.loop(A, MUSIC)
            desk.client.play(A, [PROMPT, PROMPT], play="p1")
            await until(lambda: desk.events)
            await until(lambda: len(anna.packets) >= 60)
            assert desk.events == [PromptEnded(A, "p1")]
            assert hears(anna.heard()[: 28 * 160], PROMPT_HZ)
            assert hears(anna.heard()[32 * 160 :], MUSIC_HZ)
            desk.client.play(A, [PROMPT], play="p1")
            await desk.settled()
            assert (await desk.client.legs())[0].playing is None

    asyncio.run(story())


def test_stop_ends_prompt_and_music_without_an_event(open_desk: "OpenDesk", until: "Until") -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.client.loop(A, MUSIC)
            desk.client.play(A, [PROMPT] * 20, play="p1")
            await until(lambda: len(anna.packets) >= 5)
            desk.client.stop(A)
            await desk.settled()
            sent = (await desk.client.stats(A)).packets_out
            await asyncio.sleep(0.2)
            assert (await desk.client.stats(A)).packets_out == sent
            assert desk.events == []

    asyncio.run(story())


def test_an_unknown_sound_is_reported_and_the_rest_is_played(open_desk: "OpenDesk", until: "Until") -> None:
    async def story() -> None:
        async with open_desk() as desk:
            await desk.phone("a", 440)
            desk.client.play(A, [SoundId("../../etc/passwd"), SoundId("nothing"), PROMPT], play="p1")
            desk.client.play(LegId("nobody"), [PROMPT], play="p2")
            await until(lambda: PromptEnded(A, "p1") in desk.events)
            failed = [(e.leg, e.code) for e in desk.events if isinstance(e, CommandFailed)]
            assert failed == [(A, "unknown-sound"), (A, "unknown-sound"), ("nobody", "unknown-leg")]

    asyncio.run(story())


def test_a_play_of_unknown_sounds_only_still_ends(open_desk: "OpenDesk", until: "Until") -> None:
    async def story() -> None:
        async with open_desk() as desk:
            await desk.phone("a", 440)
            desk.client.play(A, [SoundId("nothing")], play="p1")
            await until(lambda: PromptEnded(A, "p1") in desk.events)

    asyncio.run(story())


def test_a_held_leg_hears_music_and_nothing_passes_its_bridge(open_desk: "OpenDesk", until: "Until") -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            bert = await desk.phone("b", 1230)
            desk.client.bridge(A, B)
            await until(lambda: len(anna.packets) >= 25)
            desk.client.hold(A, True, sound=MUSIC)
            await desk.settled()
            await asyncio.sleep(0.05)
            anna.forget()
            count = len(bert.packets)
            await until(lambda: len(anna.packets) >= 40)
            assert hears(anna.heard(), MUSIC_HZ, share=0.9)
            assert len(bert.packets) == count
            desk.client.hold(A, False)
            await until(lambda: len(bert.packets) >= count + 30)
            await until(lambda: hears(anna.heard(0.5), 1230, share=0.9))
            assert hears(bert.heard(0.5), 440, share=0.9)
            steps = [(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(bert.packets)]
            assert set(steps) == {1}

    asyncio.run(story())


def test_a_leg_held_in_silence_gets_packets_without_sound(open_desk: "OpenDesk", until: "Until") -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.client.hold(A, True)
            await until(lambda: len(anna.packets) >= 20)
            assert dominant_hz(anna.heard() - anna.heard()[0]) == 0.0

    asyncio.run(story())


def test_a_prompt_to_one_side_of_a_bridge_is_not_mixed_with_the_peer(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            bert = await desk.phone("b", 1230)
            desk.client.bridge(A, B)
            await until(lambda: len(anna.packets) >= 10)
            desk.client.play(B, [PROMPT] * 3, play="whisper")
            await desk.settled()
            await asyncio.sleep(0.05)
            bert.forget()
            await until(lambda: len(bert.packets) >= 30)
            assert hears(bert.heard()[: 30 * 160], PROMPT_HZ, share=0.9)
            await until(lambda: PromptEnded(B, "whisper") in desk.events)
            await until(lambda: hears(bert.heard(0.5), 440, share=0.9))

    asyncio.run(story())


def test_a_new_bridge_parts_the_old_one(open_desk: "OpenDesk", until: "Until") -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            bert = await desk.phone("b", 1230)
            carl = await desk.phone("c", 1710)
            desk.client.bridge(A, B)
            await until(lambda: len(bert.packets) >= 10)
            desk.client.bridge(A, C)
            await desk.settled()
            await asyncio.sleep(0.05)
            bert.forget()
            anna.forget()
            await until(lambda: min(len(anna.packets), len(carl.packets)) >= 40)
            assert hears(anna.heard(), 1710, share=0.9)
            assert len(bert.packets) == 0
            desk.client.close(A)
            assert [(state.leg, state.peer) for state in await desk.client.legs()] == [(B, None), (C, None)]

    asyncio.run(story())


def test_a_key_press_is_one_event_and_passes_a_bridge_with_the_peers_payload_type(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440, dtmf=101)
            bert = await desk.phone("b", 1230, dtmf=96)
            desk.client.bridge(A, B)
            await until(lambda: len(bert.packets) >= 10)
            for digit in "1#":
                anna.press(digit)
            await until(lambda: len(desk.events) == 2 and len(bert.digits) == 2)
            assert desk.events == [Digit(A, "1"), Digit(A, "#")]
            assert bert.digits == ["1", "#"]
            assert {p.payload_type for p in bert.packets} == {8, 96}
            assert len({p.timestamp for p in bert.packets if p.payload_type == 96}) == 2

    asyncio.run(story())


def test_a_peer_without_telephone_events_gets_none_and_misses_no_packet(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            bert = await desk.phone("b", 1230, dtmf=None)
            desk.client.bridge(A, B)
            await until(lambda: len(bert.packets) >= 10)
            anna.press("7")
            await until(lambda: desk.events)
            count = len(bert.packets)
            await until(lambda: len(bert.packets) >= count + 20)
            packets = list(bert.packets)
            assert {p.payload_type for p in packets} == {8}
            assert {(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(packets)} == {1}

    asyncio.run(story())


def test_a_waiting_callers_audio_never_reaches_the_process_but_his_keys_do(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            desk.client.loop(A, MUSIC)
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


def test_a_leg_that_falls_silent_is_told_once_even_while_the_kernel_filters(
    open_desk: "OpenDesk", until: "Until"
) -> None:
    async def story() -> None:
        async with open_desk() as desk:
            anna = await desk.phone("a", 440)
            await desk.phone("b", 440, talks=False)
            desk.client.loop(A, MUSIC)
            desk.client.watch(A, 2)
            await until(lambda: anna.sent >= 130)
            assert desk.events == []
            anna.mute()
            await until(lambda: desk.events)
            await asyncio.sleep(1.5)
            [event] = desk.events
            assert isinstance(event, LegDead)
            assert event.leg == A
            assert event.silent_ms >= 2000

    asyncio.run(story())
