"""How often something came, a minute at a time: for limits, and for a log that nobody can flood."""

from collections.abc import Hashable
from typing import Generic, TypeVar

WINDOW_MS = 60_000
MOST = 10_000
"""Keys at a time: a flood with forged addresses must not fill the memory. The oldest is forgotten then."""

Key = TypeVar("Key", bound=Hashable)


class PerMinute(Generic[Key]):
    """A key's minute begins when it first comes, and anew when it comes after that minute."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._minutes: dict[Key, tuple[int, int]] = {}
        """→ when its minute began (ms), and how often it came in it."""

    def __len__(self) -> int:
        return len(self._minutes)

    def note(self, key: Key, now_ms: int) -> tuple[int, int]:
        """Once more: how often in this minute, this time included, and in the minute that it ended."""
        began_ms, count = self._minutes.get(key, (now_ms, 0))
        if now_ms - began_ms < WINDOW_MS:
            ended = 0
        else:
            began_ms, count, ended = now_ms, 0, count
            del self._minutes[key]  # it is the newest from now on
        if len(self._minutes) >= self._most and key not in self._minutes:
            del self._minutes[next(iter(self._minutes))]
        self._minutes[key] = began_ms, count + 1
        return count + 1, ended

    def count(self, key: Key, now_ms: int) -> int:
        """How often in its minute."""
        began_ms, count = self._minutes.get(key, (now_ms, 0))
        return count if now_ms - began_ms < WINDOW_MS else 0
