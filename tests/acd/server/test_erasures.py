"""An erasure that takes long: who asked is told that it goes on, and learns later what came of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from acd.content.errors import NotErasedYetError, VaultError
from acd.server import erasures
from acd.server.erasures import Counts, Erasures, Whom

ANNA: Whom = ("+49 30 555 0101", None)
BERT: Whom = ("+49 30 555 0102", None)


class Disk:
    """Erases when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.outcome: asyncio.Future[Counts] = asyncio.get_running_loop().create_future()

    async def erase(self) -> Counts:
        self.begun += 1
        return await asyncio.shield(self.outcome)


def told(monkeypatch: pytest.MonkeyPatch, story: Callable[[Erasures, Disk], Awaitable[None]]) -> None:
    monkeypatch.setattr(erasures, "ANSWER_S", 0.01)

    async def run() -> None:
        await story(Erasures(), Disk())

    asyncio.run(run())


def test_who_asks_again_gets_the_outcome_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of another erasure, which would find nobody. After that it is told no more."""

    async def story(found: Erasures, disk: Disk) -> None:
        for _ in range(3):
            with pytest.raises(NotErasedYetError, match="goes on"):
                await found.of(ANNA, disk.erase)
        disk.outcome.set_result((7, 1))
        await asyncio.sleep(0.05)
        assert await found.of(ANNA, disk.erase) == (7, 1)
        assert disk.begun == 1
        await found.of(ANNA, disk.erase)
        assert disk.begun == 2

    told(monkeypatch, story)


def test_a_failure_is_told_to_who_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is no outcome: the next one tries anew. Others' erasures are others'."""

    async def story(found: Erasures, disk: Disk) -> None:
        with pytest.raises(NotErasedYetError):
            await found.of(ANNA, disk.erase)
        disk.outcome.set_exception(VaultError("nothing was erased"))
        await asyncio.sleep(0.05)
        other = Disk()
        other.outcome.set_result((1, 0))
        assert await found.of(BERT, other.erase) == (1, 0)
        with pytest.raises(VaultError, match="nothing was erased"):
            await found.of(ANNA, disk.erase)
        assert await found.of(ANNA, other.erase) == (1, 0)

    told(monkeypatch, story)


def test_outcomes_that_nobody_fetches_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasures, "MOST", 5)

    async def story(found: Erasures, _disk: Disk) -> None:
        for number in range(15):
            disk = Disk()
            with pytest.raises(NotErasedYetError):
                await found.of((f"+49 30 555 {number:04d}", None), disk.erase)
            disk.outcome.set_result((1, 0))
            await asyncio.sleep(0.01)
            assert len(found.tasks) <= 5

    told(monkeypatch, story)
