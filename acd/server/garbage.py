"""Garbage collection on our terms: young objects often, everything only when it is quiet."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

from acd.observe.pauses import Pauses

_YOUNG_EVERY_S = 0.1
_MIDDLE_EVERY = 20
"""Young collections to one that takes the middle generation too."""
_FULL_AFTER_S = 600.0
"""A full collection stops the loop, so it comes seldom, and when nothing else happens."""
_QUIET_EVENTS = 5
"""So few events since the last look count as quiet."""


class Garbage:
    """Takes automatic collection over from the interpreter and measures every pause.

    Automatic collection strikes in the middle of a decision and, after a burst, walks all live contacts.
    Here the objects of the start are frozen (never walked again), young ones are collected ten times a
    second, and a full collection waits for a quiet moment (or twice its interval, if that comes first).
    """

    def __init__(self, events_so_far: Callable[[], int]) -> None:
        self.pauses = Pauses()
        self._events_so_far = events_so_far
        self._began_s = 0.0

    def take_over(self) -> None:
        """Collect and freeze what is there, turn automatic collection off."""
        gc.callbacks.append(self._on_collection)
        gc.collect()
        gc.freeze()
        gc.disable()

    def give_back(self) -> None:
        """Undo `take_over` (tests run several servers in one process)."""
        with suppress(ValueError):
            gc.callbacks.remove(self._on_collection)
        gc.enable()
        gc.unfreeze()

    async def run(self) -> None:
        """Collect until cancelled."""
        rounds, since_full_s, events = 0, 0.0, self._events_so_far()
        while True:
            await asyncio.sleep(_YOUNG_EVERY_S)
            rounds += 1
            since_full_s += _YOUNG_EVERY_S
            quiet = self._events_so_far() - events <= _QUIET_EVENTS
            events = self._events_so_far()
            if since_full_s >= _FULL_AFTER_S * (1 if quiet else 2):
                gc.collect(2)
                since_full_s = 0.0
            else:
                gc.collect(1 if rounds % _MIDDLE_EVERY == 0 else 0)

    def _on_collection(self, phase: str, _info: dict[str, Any]) -> None:
        if phase == "start":
            self._began_s = perf_counter()
        else:
            self.pauses.observe((perf_counter() - self._began_s) * 1000)
