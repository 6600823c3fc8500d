"""Frames: what was sent arrives, however it is cut, and nothing else is ever taken for one."""

import asyncio
import importlib.util
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.feed.frames import FrameError, FrameReader, Splitter, framed

TARGET = Path(__file__).with_name("fuzz_frames.py")


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 50), min_size=1, max_size=50))
def test_frames_arrive_whole_and_in_order_however_the_stream_is_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    """Also empty ones."""
    stream = b"".join(map(framed, bodies))
    splitter, found, number = Splitter(300), list[bytes](), 0
    while stream:
        size = cuts[number % len(cuts)]
        found += splitter.feed(stream[:size])
        stream, number = stream[size:], number + 1
    assert found == bodies
    assert splitter.held == 0


def test_a_length_over_the_limit_is_refused_before_its_bytes_are_taken() -> None:
    """Four bytes can promise four gigabytes."""
    splitter = Splitter(1_000)
    with pytest.raises(FrameError, match="1001 bytes, 1000 at most"):
        list(splitter.feed((1_001).to_bytes(4, "big")))
    with pytest.raises(FrameError, match="1001 bytes, 1000 at most"):
        framed(b"x" * 1_001, 1_000)


def fuzz(count: int, seed: int) -> Counter[str]:
    spec = importlib.util.spec_from_file_location("fuzz_frames", TARGET)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Counter[str] = module.fuzz(count, seed)
    return found


def test_mutated_frames_give_messages_or_typed_refusals_and_nothing_else() -> None:
    """Every kind of outcome is reached."""
    seen = fuzz(20_000, seed=7)
    assert min(seen[kind] for kind in ("opening", "no opening", "refused", "no cursor", "no reply")) > 0


@pytest.mark.long
def test_millions_of_mutated_frames_do_not_either() -> None:
    """The long form."""
    assert fuzz(5_000_000, seed=11)["opening"] > 0


def test_who_is_cancelled_while_the_next_frame_comes_ends() -> None:
    """Both at one moment, as when a server dies: a follower that went on would keep its process for ever."""

    async def story() -> None:
        reader = asyncio.StreamReader()

        async def follow() -> None:
            await FrameReader(reader, 100).next(60.0)
            await asyncio.sleep(60.0)  # and then it would connect again

        following = asyncio.ensure_future(follow())
        await asyncio.sleep(0)
        reader.feed_eof()
        await asyncio.sleep(0)
        following.cancel()
        await asyncio.wait([following], timeout=0.5)
        assert following.cancelled()

    asyncio.run(story())
