"""Erasures that go on while who asked for them asks again: a file of a year is rebuilt, or the disk hangs."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from acd.content.errors import NotErasedYetError

ANSWER_S = 10.0
"""So long who asked waits at a time."""
MOST = 100
"""Of which nobody has heard yet what came of them."""

Whom = tuple[str, str | None]
Counts = tuple[int, int]


class Erasures:
    """What came of each is told once, to the next who asks for the same. One loop's."""

    def __init__(self) -> None:
        self._of: dict[Whom, asyncio.Task[Counts]] = {}

    @property
    def tasks(self) -> list["asyncio.Task[Counts]"]:
        """Those that go on, and those that are over without having been told."""
        return list(self._of.values())

    async def of(self, whom: Whom, erase: Callable[[], Coroutine[Any, Any, Counts]]) -> Counts:
        """The outcome of the one that goes on, or else of a new one. Raises NotErasedYetError."""
        task = self._of.get(whom)
        if task is None:
            self._forget_the_oldest()
            task = self._of[whom] = asyncio.get_running_loop().create_task(erase())
        await asyncio.wait([task], timeout=ANSWER_S)
        if not task.done():
            raise NotErasedYetError("not erased yet; the server goes on until it is: ask again")
        self._of.pop(whom, None)
        return task.result()

    def _forget_the_oldest(self) -> None:
        over = [whom for whom, task in self._of.items() if task.done()]
        for whom in over[: max(0, len(over) - MOST + 1)]:
            del self._of[whom]
