"""What an engine makes of session descriptions, and what it says of those that it cannot use."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from channels.media.commands import Accept, Answer, Close, Join, LegId, Offer, RoomId
from channels.media.engine import Trait
from channels.media.events import Accepted, Answered, Failed, Offered
from channels.media.rtp import Address, Codec
from channels.media.sdp import parse_sdp
from channels.media.sound.tone import ToneEndpoint, hears
from tests.channels.media.conftest import address_in, offer

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenStudio, Until

A, B, C = LegId("a"), LegId("b"), LegId("c")
ROOM = RoomId("room")
PHONE = Address("127.0.0.1", 4000)
VIDEO = offer(PHONE).replace(b"m=audio", b"m=video")


def test_an_answer_names_one_codec_of_the_offer_and_a_port_of_its_own(open_studio: "OpenStudio") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            one = await studio.answer_to(Answer(A, offer(PHONE, Codec.PCMU)), Answered)
            other = await studio.answer_to(Answer(B, offer(PHONE)), Answered)
            assert parse_sdp(one.sdp).media[0].formats[0] == "0"
            assert parse_sdp(other.sdp).media[0].formats[0] == "8"
            assert address_in(one.sdp) != address_in(other.sdp)
            assert (one.held, other.held) == (False, False)

    asyncio.run(story())


def test_a_command_that_comes_twice_is_answered_twice_alike(open_studio: "OpenStudio") -> None:
    """A server that was killed cannot know what it had asked for."""

    async def story() -> None:
        async with open_studio() as studio:
            for command, kind in (
                (Answer(A, offer(PHONE)), Answered),
                (Offer(B), Offered),
                (Accept(B, offer(PHONE)), Accepted),
            ):
                assert await studio.answer_to(command, kind) == await studio.answer_to(command, kind)

    asyncio.run(story())


def test_an_offer_puts_the_codec_of_the_other_leg_first(open_studio: "OpenStudio") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            await studio.answer_to(Answer(A, offer(PHONE, Codec.PCMU)), Answered)
            offered = await studio.answer_to(Offer(B, like=A), Offered)
            assert parse_sdp(offered.sdp).media[0].formats[:2] == ("0", "8")
            assert parse_sdp((await studio.answer_to(Offer(C), Offered)).sdp).media[0].formats[:2] == (
                "8",
                "0",
            )

    asyncio.run(story())


def test_who_accepts_an_offer_is_heard(open_studio: "OpenStudio", until: "Until") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            bert = ToneEndpoint.open(1230)
            studio.phones.append(bert)
            offered = await studio.answer_to(Offer(B, like=A), Offered)
            accepted = await studio.answer_to(Accept(B, offer(bert.address)), Accepted)
            assert not accepted.held
            studio.send(Join(A, ROOM), Join(B, ROOM))
            bert.talk_to(address_in(offered.sdp))
            await until(lambda: hears(anna.heard(0.5), 1230, share=0.9))
            assert hears(bert.heard(0.5), 440, share=0.9)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("sdp", "code"),
    [(b"not a description", "bad-sdp"), (VIDEO, "not-acceptable"), (offer(PHONE, dtmf=None)[:40], "bad-sdp")],
)
def test_an_offer_that_is_of_no_use_fails_and_what_was_agreed_stays(
    open_studio: "OpenStudio", until: "Until", sdp: bytes, code: str
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna, bert = await studio.phone("a", 440), await studio.phone("b", 1230)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            failed = await studio.answer_to(Answer(A, sdp), Failed)
            assert (failed.command, failed.code) == ("answer", code)
            await until(lambda: hears(anna.heard(0.5), 1230, share=0.9))
            assert hears(bert.heard(0.5), 440, share=0.9)

    asyncio.run(story())


def test_an_offer_that_crosses_ours_and_an_answer_to_nothing_are_out_of_turn(
    open_studio: "OpenStudio",
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            await studio.answer_to(Offer(A), Offered)
            crossed = await studio.answer_to(Answer(A, offer(PHONE)), Failed)
            assert (crossed.command, crossed.code) == ("answer", "out-of-turn")
            await studio.answer_to(Answer(B, offer(PHONE)), Answered)
            unasked = await studio.answer_to(Accept(B, offer(Address("127.0.0.1", 4002))), Failed)
            assert (unasked.command, unasked.code) == ("accept", "out-of-turn")

    asyncio.run(story())


def test_a_room_has_place_for_three_only_with_an_engine_that_mixes(open_studio: "OpenStudio") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            for leg in (A, B, C):
                await studio.answer_to(Answer(leg, offer(PHONE)), Answered)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            if Trait.MIXES in studio.engine.traits:
                studio.send(Join(C, ROOM))
                await asyncio.sleep(studio.engine.deadline_s)
                assert studio.events == []
            else:
                failed = await studio.answer_to(Join(C, ROOM), Failed)
                assert (failed.command, failed.code) == ("join", "room-full")

    asyncio.run(story())


def test_a_closed_leg_is_unknown_until_it_is_opened_anew(open_studio: "OpenStudio") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            await studio.answer_to(Answer(A, offer(PHONE)), Answered)
            studio.send(Close(A))
            failed = await studio.answer_to(Join(A, ROOM), Failed)
            assert failed.code == "unknown-leg"
            assert await studio.answer_to(Answer(A, offer(PHONE)), Answered)

    asyncio.run(story())
