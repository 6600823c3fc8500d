"""The ring: what is written may leave, and it never grows beyond its bound."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from acd.feed import ring as rings
from acd.feed.ring import Ring, Unwritten
from acd.ports import JournalEntry


def entry(seq: int, size: int = 10) -> JournalEntry:
    return JournalEntry(seq, seq, 1, b"e" * size, b"f", b"d")


def seqs(found: list[JournalEntry] | None) -> list[int] | None:
    return None if found is None else [one.seq for one in found]


def told(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


async def written(ring: Ring, seq: int) -> None:
    ring.on_written(seq)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_nothing_leaves_before_it_is_written() -> None:
    """Three are appended, two are written."""

    async def story() -> None:
        ring = Ring()
        ring.start_from(4)
        for seq in (5, 6, 7):
            ring.offer(entry(seq))
        assert ring.after(4, 10) == []
        await written(ring, 6)
        assert seqs(ring.after(4, 10)) == [5, 6]
        assert seqs(ring.after(5, 10)) == [6]
        assert seqs(ring.after(4, 1)) == [5]
        assert ring.after(6, 10) == []

    told(story)


def test_what_is_too_old_is_only_in_the_journal() -> None:
    """The ring says so instead of leaving a gap: also one that has just begun."""

    async def story() -> None:
        ring = Ring(capacity=3)
        ring.start_from(4)
        assert ring.after(3, 10) is None
        assert ring.after(4, 10) == []
        for seq in range(5, 11):
            ring.offer(entry(seq))
        await written(ring, 10)
        assert ring.after(6, 10) is None
        assert seqs(ring.after(7, 10)) == [8, 9, 10]

    told(story)


def test_large_entries_count_by_their_bytes() -> None:
    """Ten of a megabyte do not stay because ten are few."""

    async def story() -> None:
        ring = Ring(capacity_bytes=3_500_000)
        for seq in range(1, 11):
            ring.offer(entry(seq, 1_000_000))
        await written(ring, 10)
        assert ring.after(6, 10) is None
        assert seqs(ring.after(7, 10)) == [8, 9, 10]

    told(story)


def test_who_waits_is_woken_by_the_first_that_is_written() -> None:
    """Reported on another thread, as journals do; or his patience ends."""

    async def story() -> None:
        ring = Ring()
        waiting = asyncio.ensure_future(ring.more(0, 60.0))
        await asyncio.sleep(0)
        ring.offer(entry(1))
        await asyncio.to_thread(ring.on_written, 1)
        await asyncio.wait_for(waiting, 30.0)
        assert seqs(ring.after(0, 10)) == [1]
        await ring.more(1, 0.01)
        assert ring.after(1, 10) == []

    told(story)


def test_what_is_late_to_be_written_is_counted_from_its_own_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that the story turns: entries come at 1000, 1050 and 2000."""
    now_ms = 1_000
    monkeypatch.setattr(rings, "_now_ms", lambda: now_ms)

    async def story() -> None:
        nonlocal now_ms
        ring = Ring()
        ring.offer(entry(1))
        now_ms = 1_050
        ring.offer(entry(2))
        now_ms = 1_000 + rings.LATE_MS - 1
        assert ring.unwritten == Unwritten()
        now_ms = 2_000
        ring.offer(entry(3))
        assert ring.unwritten == Unwritten(3, 1_000)
        await written(ring, 1)
        assert ring.unwritten == Unwritten(2, 1_000)
        await written(ring, 2)
        assert ring.unwritten == Unwritten()
        now_ms = 3_000
        assert ring.unwritten == Unwritten(1, 2_000)
        await written(ring, 3)
        assert ring.unwritten == Unwritten()

    told(story)


def test_who_waits_is_told_that_something_is_late() -> None:
    """Before his patience ends."""

    async def story() -> None:
        ring = Ring()
        ring.offer(entry(1))
        await asyncio.wait_for(ring.more(0, 3_600.0), 30.0)
        assert ring.unwritten.entries == 1

    told(story)
