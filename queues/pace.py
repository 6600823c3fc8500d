"""The pace of a line: what the engine learns of it as it happens, in whole numbers and a few steps each."""

from msgspec import Struct

MOST_HANDLED = 256
"""A mean is that of about so many: older ones count half each time, so that it follows the day."""
MOST_CAME = 64

LEFT = 1_000
"""One contact that gave up: its share in what is remembered shrinks by parts."""


class Flow(Struct, gc=False):
    """How often contacts of one class come."""

    since_ms: int
    """Moment, Unix milliseconds."""
    count: int = 0
    """Since then."""


class Pace(Struct, gc=False):
    """Of one line. Equal histories give equal paces on any machine."""

    handled: int = 0
    """Offers that were accepted and are over, wrap-up included …"""
    handling_ms: int = 0
    """… and how long their agents had them, from the ring on."""
    left: int = 0
    """Contacts that gave up, in thousandths, …"""
    waited_ms: int = 0
    """… and how long all waited in the line, those who were answered included."""
    came: dict[int, Flow] = {}
    """Class → how often contacts of it enter the line; only where they may overtake others."""

    def forget(self) -> None:
        """Due when MOST_HANDLED were handled. Fewer give up, so what they did is remembered longer."""
        self.handled //= 2
        self.handling_ms //= 2
        self.left = self.left * 3 // 4
        self.waited_ms = self.waited_ms * 3 // 4

    def gives_up(self, waited_ms: int) -> None:
        """Somebody would not wait any longer."""
        self.left += LEFT
        self.waited_ms += waited_ms

    def comes(self, priority_class: int, now_ms: int) -> None:
        """A contact of this class enters the line."""
        flow = self.came.get(priority_class)
        if flow is None:
            self.came[priority_class] = Flow(now_ms)
            return
        flow.count += 1
        if flow.count >= MOST_CAME:
            flow.count //= 2
            flow.since_ms += (now_ms - flow.since_ms) // 2
