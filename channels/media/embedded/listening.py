"""What legs say to us: recordings, and keys."""

from collections.abc import Callable
from pathlib import Path

from channels.media.commands import Collect, Record
from channels.media.embedded import wire
from channels.media.embedded.collecting import Collecting
from channels.media.embedded.leg import Leg
from channels.media.embedded.recording import Recording
from channels.media.errors import BadCommandError, UnwritableError
from channels.media.events import Collected, Digit, Ending, Failed, Recorded


class Listening:
    """Recordings and collected keys of all legs. Time is an argument; files are written as sound comes."""

    def __init__(self, emit: Callable[[wire.Told], None], changed: Callable[[Leg], None]) -> None:
        """`changed(leg)`: what the kernel should let through is another thing now."""
        self._emit = emit
        self._changed = changed
        self._collecting: dict[Leg, None] = {}

    def forget(self, leg: Leg) -> None:
        """The leg is closed."""
        self.seal(leg, Ending.TOLD)
        self._collecting.pop(leg, None)

    # Recording

    def record(self, leg: Leg, command: Record, now_ms: int) -> None:
        """Raises `UnwritableError`; then an earlier recording goes on."""
        path = Path(command.path)
        if leg.recording is not None and leg.recording.path == path:
            return
        if leg.recorded is not None and leg.recorded.path == command.path:
            self._emit(leg.recorded)
            return
        recording = Recording(path, command.longest_ms, now_ms)
        self.seal(leg, Ending.TOLD)
        leg.recording = recording
        self._changed(leg)

    def seal(self, leg: Leg, ending: Ending) -> None:
        """End its recording, if there is one."""
        recording, leg.recording = leg.recording, None
        if recording is None:
            return
        self._changed(leg)
        try:
            leg.recorded = Recorded(leg.id, str(recording.path), recording.seal(), ending)
            self._emit(leg.recorded)
        except UnwritableError as error:
            self._emit(Failed(leg.id, "record", error.code, str(error)))

    def spoken(self, leg: Leg, kind: int, timestamp: int, source: int, payload: memoryview) -> None:
        """Audio of a leg that is recorded."""
        assert leg.recording is not None
        try:
            leg.recording.take(kind, timestamp, source, payload)
        except UnwritableError as error:  # the disk is full: what there is stays under its other name
            leg.recording = None
            self._changed(leg)
            self._emit(Failed(leg.id, "record", error.code, str(error)))

    # Keys

    def collect(self, leg: Leg, command: Collect, now_ms: int) -> None:
        """Raises `BadCommandError`."""
        if command.most < 1 or command.first_ms < 1 or command.next_ms < 1:
            raise BadCommandError(f"{command.most} keys in {command.first_ms} and {command.next_ms} ms")
        if leg.collecting is None or leg.collecting.command.collect != command.collect:
            leg.collecting = Collecting(command, now_ms)
            self._collecting[leg] = None
        elif not leg.collecting.digits:
            leg.collecting.until_ms = now_ms + command.first_ms

    def pressed(self, leg: Leg, digit: str, now_ms: int) -> None:
        """A key: one by one, or of a string."""
        if leg.collecting is None:
            self._emit(Digit(leg.id, digit, leg.last_play))
        elif (ending := leg.collecting.press(digit, now_ms)) is not None:
            self._collected(leg, leg.collecting, ending)

    def due_ms(self) -> int | None:
        """When `expire` has something to do; None while nobody collects."""
        return min((leg.collecting.until_ms for leg in self._collecting if leg.collecting), default=None)

    def expire(self, now_ms: int) -> None:
        """End what waits for a key that did not come."""
        for leg in tuple(self._collecting):
            if leg.collecting is not None and leg.collecting.until_ms <= now_ms:
                self._collected(leg, leg.collecting, Ending.TIME)

    def _collected(self, leg: Leg, collecting: Collecting, ending: Ending) -> None:
        leg.collecting = None
        self._collecting.pop(leg, None)
        self._emit(Collected(leg.id, collecting.command.collect, collecting.digits, ending))
