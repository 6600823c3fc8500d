"""What the parties of a call hear, proved by real sockets and the frequency of the sound."""

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from channels.media import rtp
from channels.media.commands import Answer, Close, Join, Leave, LegId, Play, RoomId, SoundId, Stop
from channels.media.events import Answered, Digit, Failed, Played
from channels.media.rtp import Codec
from channels.media.sdp import parse_sdp
from channels.media.sound.tone import ToneEndpoint, dominant_hz, hears
from tests.channels.media.conftest import address_in, offer

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenStudio, Until

A, B, C = LegId("a"), LegId("b"), LegId("c")
ROOM, OTHER = RoomId("room"), RoomId("other")
MUSIC, MUSIC_HZ = SoundId("music"), 620
PROMPT, PROMPT_HZ = SoundId("prompt"), 940


def test_a_waiting_caller_hears_the_music_in_one_unbroken_stream(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            studio.send(Play(A, loop=MUSIC))
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
def test_music_is_sent_in_the_codec_of_the_leg(
    open_studio: "OpenStudio", until: "Until", codec: Codec
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440, codec)
            studio.send(Play(A, loop=MUSIC))
            await until(lambda: len(anna.packets) >= 25)
            assert {p.payload_type for p in anna.packets} == {int(codec)}
            assert hears(anna.heard(), MUSIC_HZ, share=0.9)

    asyncio.run(story())


def test_music_is_sent_fifty_times_a_second(open_studio: "OpenStudio", until: "Until") -> None:
    """Counted against the process's own packets of a second caller, not against the wall clock."""

    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440, talks=False)
            bert = await studio.phone("b", 440, talks=False)
            studio.send(Play(A, loop=MUSIC))
            studio.send(Play(B, loop=MUSIC))
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
def test_each_in_a_room_hears_the_others_tone_in_its_own_codec(
    open_studio: "OpenStudio", until: "Until", codec_a: Codec, codec_b: Codec
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440, codec_a)
            bert = await studio.phone("b", 1230, codec_b)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: min(len(anna.packets), len(bert.packets)) >= 50)
            assert hears(anna.heard(), 1230, share=0.9)
            assert hears(bert.heard(), 440, share=0.9)
            assert {p.payload_type for p in anna.packets} == {int(codec_a)}
            assert {p.payload_type for p in bert.packets} == {int(codec_b)}

    asyncio.run(story())


def test_from_greeting_to_music_to_a_room_and_back_a_phone_hears_one_stream(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    """One source id, no sequence number missing or doubled, timestamps never back, marker at every change."""

    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            await studio.phone("b", 1230)
            studio.send(Play(A, (PROMPT,), play="greeting"))
            studio.send(Play(A, loop=MUSIC))
            await until(lambda: len(anna.packets) >= 40)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(anna.packets) >= 80)
            studio.send(Leave(A), Play(A, loop=MUSIC))
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
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            studio.send(Play(A, (PROMPT, PROMPT), MUSIC, "p1"))
            await until(lambda: studio.events)
            await until(lambda: len(anna.packets) >= 60)
            assert studio.events == [Played(A, "p1")]
            assert hears(anna.heard()[: 28 * 160], PROMPT_HZ)
            assert hears(anna.heard()[32 * 160 :], MUSIC_HZ)

    asyncio.run(story())


def test_a_repeated_play_is_heard_once_and_its_end_told_again_when_it_is_over(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    """Who repeats it was restarted, and may have lost what it was told."""

    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            for _ in range(2):
                studio.send(Play(A, (PROMPT,), MUSIC, "p1"))
            await until(lambda: len(anna.packets) >= 40)
            assert studio.events == [Played(A, "p1")]
            anna.forget()
            studio.send(Play(A, (PROMPT,), MUSIC, "p1"))
            await until(lambda: len(anna.packets) >= 30)
            assert hears(anna.heard(), MUSIC_HZ, share=0.9)
            assert studio.events == [Played(A, "p1"), Played(A, "p1")]

    asyncio.run(story())


def test_a_play_of_a_name_and_no_sounds_replaces_prompts_but_not_the_music_that_is_heard_already(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            studio.send(Play(A, (PROMPT,) * 20, MUSIC, "p1"))
            await until(lambda: len(anna.packets) >= 5)
            studio.send(Play(A, (), MUSIC, "p2"))
            await until(lambda: Played(A, "p2") in studio.events)
            await until(lambda: hears(anna.heard(0.1), MUSIC_HZ, share=0.9))
            anna.forget()
            studio.send(Play(A, (), MUSIC, "p3"))
            await until(lambda: len(anna.packets) >= 30)
            assert studio.events == [Played(A, "p2"), Played(A, "p3")]
            assert not any(packet.marker for packet in anna.packets), "it is not begun anew"

    asyncio.run(story())


def test_stop_ends_prompt_and_music_without_an_event(open_studio: "OpenStudio", until: "Until") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            await studio.phone("b", 440)
            studio.send(Play(A, loop=MUSIC))
            studio.send(Play(A, (PROMPT,) * 20, play="p1"))
            await until(lambda: len(anna.packets) >= 5)
            studio.send(Stop(A))
            studio.send(Play(B, (PROMPT,), play="after"))
            await until(lambda: Played(B, "after") in studio.events)
            count = len(anna.packets)
            await asyncio.sleep(0.2)
            assert len(anna.packets) == count
            assert studio.events == [Played(B, "after")]

    asyncio.run(story())


def test_an_unknown_sound_is_reported_and_the_rest_is_played(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            await studio.phone("a", 440)
            studio.send(
                Play(
                    A,
                    (
                        SoundId("../../etc/passwd"),
                        SoundId("nothing"),
                        PROMPT,
                    ),
                    play="p1",
                )
            )
            studio.send(Play(LegId("nobody"), (PROMPT,), play="p2"))
            await until(lambda: Played(A, "p1") in studio.events)
            failed = [(e.leg, e.code) for e in studio.events if isinstance(e, Failed)]
            assert failed == [(A, "unknown-sound"), (A, "unknown-sound"), ("nobody", "unknown-leg")]

    asyncio.run(story())


def test_a_play_of_unknown_sounds_only_still_ends(open_studio: "OpenStudio", until: "Until") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            await studio.phone("a", 440)
            studio.send(Play(A, (SoundId("nothing"),), play="p1"))
            await until(lambda: Played(A, "p1") in studio.events)

    asyncio.run(story())


def test_who_leaves_the_room_hears_music_and_nothing_passes_until_he_is_back(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    """So a call is held: neither hears the other, one hears music."""

    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            bert = await studio.phone("b", 1230)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(anna.packets) >= 25)
            studio.send(Leave(A), Play(A, loop=MUSIC))
            await until(lambda: hears(anna.heard(0.1), MUSIC_HZ, share=0.9))
            anna.forget()
            count = len(bert.packets)
            await until(lambda: len(anna.packets) >= 40)
            assert hears(anna.heard(), MUSIC_HZ, share=0.9)
            assert len(bert.packets) == count
            studio.send(Join(A, ROOM))
            await until(lambda: len(bert.packets) >= count + 30)
            await until(lambda: hears(anna.heard(0.5), 1230, share=0.9))
            assert hears(bert.heard(0.5), 440, share=0.9)
            steps = [(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(bert.packets)]
            assert set(steps) == {1}

    asyncio.run(story())


def test_a_peer_that_does_not_want_to_hear_gets_packets_without_sound_and_its_room_nothing_of_it(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            bert = await studio.phone("b", 1230)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(bert.packets) >= 10)
            hold = Answer(A, offer(anna.address, direction="sendonly"))
            assert (await studio.answer_to(hold, Answered)).held
            await until(lambda: not anna.heard(0.1).any() or dominant_hz(anna.heard(0.1)) == 0.0)
            count = len(bert.packets)
            anna.forget()
            await until(lambda: len(anna.packets) >= 20)
            assert dominant_hz(anna.heard() - anna.heard()[0]) == 0.0
            assert len(bert.packets) <= count + 2
            resume = Answer(A, offer(anna.address))
            assert not (await studio.answer_to(resume, Answered)).held
            await until(lambda: hears(anna.heard(0.5), 1230, share=0.9))

    asyncio.run(story())


def test_a_prompt_to_one_in_a_room_is_not_mixed_with_the_peer(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            bert = await studio.phone("b", 1230)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(anna.packets) >= 10)
            studio.send(Play(B, (PROMPT,) * 3, play="whisper"))
            await until(lambda: hears(bert.heard(0.1), PROMPT_HZ, share=0.9))
            bert.forget()
            await until(lambda: len(bert.packets) >= 30)
            assert hears(bert.heard()[: 30 * 160], PROMPT_HZ, share=0.9)
            await until(lambda: Played(B, "whisper") in studio.events)
            await until(lambda: hears(bert.heard(0.5), 440, share=0.9))

    asyncio.run(story())


def test_who_enters_another_room_has_left_the_first(open_studio: "OpenStudio", until: "Until") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            bert = await studio.phone("b", 1230)
            carl = await studio.phone("c", 1710)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(bert.packets) >= 10)
            studio.send(Join(A, OTHER), Join(C, OTHER))
            await until(lambda: hears(anna.heard(0.1), 1710, share=0.9))
            bert.forget()
            anna.forget()
            await until(lambda: min(len(anna.packets), len(carl.packets)) >= 40)
            assert hears(anna.heard(), 1710, share=0.9)
            assert len(bert.packets) == 0
            studio.send(Close(A), Join(B, OTHER))
            await until(lambda: hears(bert.heard(0.5), 1710, share=0.9))

    asyncio.run(story())


def test_a_key_press_is_one_event_and_passes_the_room_with_the_peers_payload_type(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440, dtmf=101)
            bert = await studio.phone("b", 1230, dtmf=96)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(bert.packets) >= 10)
            for digit in "1#":
                anna.press(digit)
            await until(lambda: len(studio.events) == 2 and len(bert.digits) == 2)
            assert studio.events == [Digit(A, "1"), Digit(A, "#")]
            assert bert.digits == ["1", "#"]
            assert {p.payload_type for p in bert.packets} == {8, 96}
            assert len({p.timestamp for p in bert.packets if p.payload_type == 96}) == 2

    asyncio.run(story())


def test_payload_types_are_those_of_the_offer_in_both_directions(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    """A phone that has only 97 for PCMA, and 10 for keys."""

    async def story() -> None:
        async with open_studio() as studio:
            odd = ToneEndpoint.open(440, dtmf=10)
            studio.phones.append(odd)
            bert = await studio.phone("b", 1230)
            numbers = {b" 8 10": b" 97 10", b"rtpmap:8": b"rtpmap:97"}
            offered = offer(odd.address, dtmf=10)
            for usual, other in numbers.items():
                offered = offered.replace(usual, other)
            answered = (await studio.answer_to(Answer(A, offered), Answered)).sdp
            assert parse_sdp(answered).media[0].formats == ("97", "10")
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(odd.packets) >= 10)
            for number in range(10):
                sound = rtp.Packet(97, False, number, number * 160, 7, bytes(range(160)))
                odd.send(rtp.build(sound), address_in(answered))
            await until(lambda: len(bert.packets) >= 10)
            assert {packet.payload_type for packet in odd.packets} == {97}
            assert {(p.payload_type, p.payload) for p in bert.packets} == {(8, bytes(range(160)))}
            key = rtp.Packet(10, True, 10, 1600, 7, b"\x05\x0a\x00\xa0")
            odd.send(rtp.build(key), address_in(answered))
            bert.press("7")
            await until(lambda: bert.digits == ["5"] and odd.digits == ["7"])
            assert set(studio.events) == {Digit(A, "5"), Digit(B, "7")}

    asyncio.run(story())


def test_a_peer_without_telephone_events_gets_none_and_misses_no_packet(
    open_studio: "OpenStudio", until: "Until"
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            bert = await studio.phone("b", 1230, dtmf=None)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            await until(lambda: len(bert.packets) >= 10)
            anna.press("7")
            await until(lambda: studio.events)
            count = len(bert.packets)
            await until(lambda: len(bert.packets) >= count + 20)
            packets = list(bert.packets)
            assert {p.payload_type for p in packets} == {8}
            assert {(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(packets)} == {1}

    asyncio.run(story())
