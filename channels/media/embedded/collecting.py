"""Keys into one string."""

from channels.media.commands import Collect
from channels.media.events import Ending


class Collecting:
    """One `Collect` at work."""

    __slots__ = ("command", "digits", "until_ms")

    def __init__(self, command: Collect, now_ms: int) -> None:
        self.command = command
        self.digits = ""
        self.until_ms = now_ms + command.first_ms

    def press(self, digit: str, now_ms: int) -> Ending | None:
        """A key; why it is over now, if it is."""
        if digit in self.command.end:
            return Ending.KEY
        self.digits += digit
        self.until_ms = now_ms + self.command.next_ms
        return Ending.FULL if len(self.digits) >= self.command.most else None
