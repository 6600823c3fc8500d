"""Wrong passwords: after a few from one address for one name, nobody's is looked at for a minute."""

MOST_WRONG = 10
"""More than somebody mistypes, and too few to guess by."""
WINDOW_MS = 60_000
MOST = 10_000
"""Addresses and names at a time."""


class Guesses:
    """By address and name: who guesses locks out neither his neighbours nor the phone itself."""

    def __init__(self) -> None:
        self._wrong: dict[tuple[str, str], tuple[int, int]] = {}
        """→ when the first of them came, and how many."""

    def note(self, address: str, user: str, now_ms: int) -> None:
        """One more was wrong."""
        began_ms, count = self._wrong.get((address, user), (now_ms, 0))
        if now_ms - began_ms >= WINDOW_MS:
            began_ms, count = now_ms, 0
        if len(self._wrong) >= MOST:
            self._wrong.clear()
        self._wrong[address, user] = began_ms, count + 1

    def too_many(self, address: str, user: str, now_ms: int) -> bool:
        """Whether the right password is not taken either now."""
        began_ms, count = self._wrong.get((address, user), (now_ms, 0))
        return count >= MOST_WRONG and now_ms - began_ms < WINDOW_MS
