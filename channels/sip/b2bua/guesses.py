"""Wrong passwords: after a few from one address for one name, nobody's is looked at for a minute."""

from channels.sip.per_minute import PerMinute

MOST_WRONG = 10
"""More than somebody mistypes, and too few to guess by."""


class Guesses:
    """By address and name: who guesses locks out neither his neighbours nor the phone itself."""

    def __init__(self) -> None:
        self._wrong = PerMinute[tuple[str, str]]()

    def note(self, address: str, user: str, now_ms: int) -> None:
        """One more was wrong."""
        self._wrong.note((address, user), now_ms)

    def too_many(self, address: str, user: str, now_ms: int) -> bool:
        """Whether the right password is not taken either now."""
        return self._wrong.count((address, user), now_ms) >= MOST_WRONG
