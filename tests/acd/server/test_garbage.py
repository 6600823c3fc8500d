"""Garbage: automatic collection is off while we collect ourselves, cycles do not pile up."""

import asyncio
import gc
import weakref

from acd.observe.pauses import LoopLag
from acd.server.garbage import Garbage


class Ring:
    """Refers to itself: only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


def test_cycles_are_freed_although_automatic_collection_is_off() -> None:
    """By the young collections; each pause is measured."""
    garbage = Garbage(lambda: 0)

    async def story() -> None:
        collecting = asyncio.ensure_future(garbage.run())
        ring = weakref.ref(Ring())
        for _ in range(1_500):
            await asyncio.sleep(0.02)
            if ring() is None:
                break
        collecting.cancel()
        assert ring() is None

    garbage.take_over()
    try:
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
        asyncio.run(story())
    finally:
        garbage.give_back()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert garbage.pauses.max_ms > 0


def test_a_loop_that_is_held_up_is_seen() -> None:
    """A callback that blocks for 0.3 s shows as lag."""
    lag = LoopLag()

    async def story() -> None:
        import time

        measuring = asyncio.ensure_future(lag.run())
        await asyncio.sleep(0.05)
        time.sleep(0.3)
        await asyncio.sleep(0.2)
        measuring.cancel()

    asyncio.run(story())
    assert lag.pauses.max_ms > 100
