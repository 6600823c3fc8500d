"""Journal time: whole milliseconds UTC that never go back, whatever the wall clock does.

Pure but for `now`, which reads the clock that it was given.
"""

from collections.abc import Callable


class Stamper:
    """Turns monotonic readings into journal time: `max(last, boot offset + monotonic)`.

    The wall clock is read once, at the start of the run. If it then stands behind the last stamp of
    the run before (it was set back), time goes on *from that stamp*: standing still until the wall clock
    has caught up would keep every deadline from firing. `ahead_ms` says by how much we lead, so that
    the caller can warn.
    """

    def __init__(
        self, last_ms: int, boot_wall_ms: int, boot_mono_ms: int, clock: Callable[[], int] = lambda: 0
    ) -> None:
        """`last_ms`: the last recovered entry's stamp, 0 if none. The others are read together at start.

        `clock`: monotonic, in nanoseconds.
        """
        self._clock = clock
        self._last_ms = last_ms
        self._offset_ms = max(last_ms, boot_wall_ms) - boot_mono_ms
        self.ahead_ms = max(0, last_ms - boot_wall_ms)

    def stamp(self, mono_ms: int) -> int:
        """Journal time in ms for the monotonic reading `mono_ms`; never less than any stamp before."""
        self._last_ms = max(self._last_ms, self._offset_ms + mono_ms)
        return self._last_ms

    def now(self) -> int:
        """The same by the clock. It is asked several times for each event, so it calls nothing of ours."""
        self._last_ms = max(self._last_ms, self._offset_ms + self._clock() // 1_000_000)
        return self._last_ms
