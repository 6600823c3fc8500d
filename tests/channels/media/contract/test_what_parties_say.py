"""Recordings and keys, by real sockets and files."""

import asyncio
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from channels.media.commands import Close, Collect, EndRecord, Join, Leave, LegId, Record, RoomId
from channels.media.events import Collected, Digit, Ending, Failed, Recorded
from channels.media.rtp import Codec
from channels.media.sound.g711 import Samples
from channels.media.sound.tone import hears

if TYPE_CHECKING:
    from tests.channels.media.conftest import OpenStudio, Until

A, B = LegId("a"), LegId("b")
ROOM = RoomId("room")
LONG_MS = 60_000


def read(path: Path) -> Samples:
    """The samples of a mono WAV file of 16 bit at 8 kHz."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


@pytest.mark.parametrize("codec", list(Codec))
def test_what_a_caller_says_is_in_the_file_when_the_recording_is_told(
    open_studio: "OpenStudio", until: "Until", tmp_path: Path, codec: Codec
) -> None:
    """Also while nobody else hears him, when the engine otherwise lets his packets be."""

    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440, codec)
            path = tmp_path / "voicemail.wav"
            studio.send(Record(A, str(path), LONG_MS))
            began = anna.sent
            await until(lambda: anna.sent >= began + 60)
            recorded = await studio.answer_to(EndRecord(A), Recorded)
            assert (recorded.path, recorded.ending) == (str(path), Ending.TOLD)
            samples = read(path)
            assert len(samples) == 8 * recorded.length_ms
            assert 800 <= recorded.length_ms <= 3000
            assert hears(samples, 440, share=0.9)
            assert list(tmp_path.iterdir()) == [path]

    asyncio.run(story())


def test_a_recording_ends_at_its_longest_and_with_its_leg(
    open_studio: "OpenStudio", until: "Until", tmp_path: Path
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            await studio.phone("a", 440)
            await studio.phone("b", 1230)
            first = await studio.answer_to(Record(A, str(tmp_path / "short.wav"), 400), Recorded)
            assert (first.length_ms, first.ending) == (400, Ending.FULL)
            studio.send(Record(B, str(tmp_path / "closed.wav"), LONG_MS))
            await asyncio.sleep(0.3)
            second = await studio.answer_to(Close(B), Recorded)
            assert second.ending is Ending.TOLD
            assert hears(read(tmp_path / "closed.wav"), 1230, share=0.9)

    asyncio.run(story())


def test_who_repeats_a_collecting_waits_anew_for_the_first_key_and_for_no_other(
    open_studio: "OpenStudio",
) -> None:
    """A text is told first; how long it is, who plays it does not know."""

    async def story() -> None:
        async with open_studio() as studio:
            await studio.phone("a", 440)
            studio.send(Collect(A, "pin", 4, 60_000, 30_000))
            collected = await studio.answer_to(Collect(A, "pin", 4, 100, 30_000), Collected)
            assert (collected.collect, collected.digits, collected.ending) == ("pin", "", Ending.TIME)

    asyncio.run(story())


def test_a_recording_that_is_sealed_is_told_again_to_who_repeats_the_command_and_not_begun_anew(
    open_studio: "OpenStudio", until: "Until", tmp_path: Path
) -> None:
    """A server that was killed does not know whether it was told."""

    async def story() -> None:
        async with open_studio() as studio:
            await studio.phone("a", 440)
            command = Record(A, str(tmp_path / "said.wav"), 400)
            first = await studio.answer_to(command, Recorded)
            octets = (tmp_path / "said.wav").read_bytes()
            assert await studio.answer_to(command, Recorded) == first
            assert (tmp_path / "said.wav").read_bytes() == octets
            assert len(list(tmp_path.iterdir())) == 1

    asyncio.run(story())


def test_a_pause_of_the_speaker_is_silence_of_its_length(
    open_studio: "OpenStudio", until: "Until", tmp_path: Path
) -> None:
    """A phone with voice activity detection sends nothing while its user is silent, and its clock goes on."""

    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            studio.send(Record(A, str(tmp_path / "pause.wav"), LONG_MS))
            await until(lambda: anna.sent >= 30)
            await asyncio.sleep(0.1)
            anna._timestamp += 8000
            before = anna.sent
            await until(lambda: anna.sent >= before + 30)
            recorded = await studio.answer_to(EndRecord(A), Recorded)
            samples = read(tmp_path / "pause.wav")
            silent = np.flatnonzero(samples.reshape(-1, 160).any(axis=1) == 0)
            assert 48 <= len(silent) <= 52
            assert recorded.length_ms >= 1600

    asyncio.run(story())


@pytest.mark.parametrize("path", ["relative.wav", "/proc/nowhere/a.wav"])
def test_a_file_that_cannot_be_written_is_told_and_the_call_goes_on(
    open_studio: "OpenStudio", until: "Until", path: str
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna, bert = await studio.phone("a", 440), await studio.phone("b", 1230)
            studio.send(Join(A, ROOM), Join(B, ROOM))
            failed = await studio.answer_to(Record(A, path, LONG_MS), Failed)
            assert (failed.command, failed.code) == ("record", "unwritable")
            await until(lambda: hears(anna.heard(0.5), 1230, share=0.9))
            assert hears(bert.heard(0.5), 440, share=0.9)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("pressed", "digits", "ending"),
    [
        ("1234", "1234", Ending.FULL),
        ("12#", "12", Ending.KEY),
        ("#", "", Ending.KEY),
        ("7", "7", Ending.TIME),
    ],
)
def test_keys_are_collected_until_there_are_enough_or_one_ends_it_or_none_comes(
    open_studio: "OpenStudio", until: "Until", pressed: str, digits: str, ending: Ending
) -> None:
    async def story() -> None:
        async with open_studio() as studio:
            anna = await studio.phone("a", 440)
            studio.send(Collect(A, "pin", 4, 30_000, 1000))
            await studio.answer_to(Leave(LegId("nobody")), Failed)  # so the collecting has begun
            for digit in pressed:
                anna.press(digit)
            await until(lambda: any(isinstance(event, Collected) for event in studio.events))
            anna.press("5")
            await until(lambda: len(studio.events) == 3)
            assert studio.events[1:] == [Collected(A, "pin", digits, ending), Digit(A, "5")]

    asyncio.run(story())


def test_nobody_presses_anything(open_studio: "OpenStudio") -> None:
    async def story() -> None:
        async with open_studio() as studio:
            await studio.phone("a", 440, talks=False)
            collected = await studio.answer_to(Collect(A, "menu", 1, 200, 200), Collected)
            assert (collected.digits, collected.ending) == ("", Ending.TIME)

    asyncio.run(story())
