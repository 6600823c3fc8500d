"""Whether we keep up with what comes: how long packets lay in the socket before we read them."""

TARGET_MS = 100
"""A caller notices nothing of so much."""

INTERVAL_MS = 200
"""A burst is read within that; what stands for longer is work that comes faster than it is done.

With both, twice as much as can be done waits some 300 ms at most: peers repeat a request only after 500 (T1).
"""


class Backlog:
    """A standing queue, found as CoDel finds it (RFC 8289 §3.2): the delay never fell below the target.

    It is the delay that counts and not a rate: nobody has to know what a machine can do, or what a call costs
    today, and whatever keeps the loop from reading is seen. A loop that is late, but then reads all there is,
    has no queue: to refuse calls would not make it faster.
    """

    def __init__(self) -> None:
        self.standing = False
        """New calls are refused."""
        self.since_ms: float | None = None
        """Since when packets wait for longer than they should; None: they do not."""

    def read(self, waited_ms: float, now_ms: float) -> None:
        """What was read last had waited so long, the least of all that was read together; 0: all is read."""
        if waited_ms < TARGET_MS:
            self.since_ms, self.standing = None, False
        elif self.since_ms is None:
            self.since_ms = now_ms
        elif now_ms - self.since_ms >= INTERVAL_MS:
            self.standing = True
