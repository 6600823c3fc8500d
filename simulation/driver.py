"""The SimPy driver: the engine under a simulated clock. Callbacks, not generators; decides nothing."""

from collections import deque
from collections.abc import Callable

import simpy

from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.events import Event, Tick

CarryOut = Callable[[Effect, int, int], None]
"""Called with (effect, seq, index), in this order, at the moment of the event; may call `submit`."""

START_MS = 1_704_067_200_000
"""The simulated clock begins here, in Unix milliseconds: a Monday, 1 January 2024, 0:00 UTC."""


class SimDriver:
    """Feeds one engine in one SimPy environment whose time unit is the millisecond."""

    def __init__(
        self, env: simpy.Environment, engine: Engine, carry_out: CarryOut, *, start_ms: int = START_MS
    ) -> None:
        """`start_ms` is the moment, in Unix milliseconds, at which `env.now` is 0."""
        self.engine = engine
        self.seq = 0
        self._env = env
        self._carry_out = carry_out
        self._start_ms = start_ms
        self._timeout: simpy.Event | None = None
        self._armed_ms = 0
        self._ordered: deque[tuple[Effect, int, int]] = deque()
        self._carrying_out = False

    def now_ms(self) -> int:
        """The simulated time in Unix milliseconds."""
        return self._start_ms + int(self._env.now)

    def submit(self, event: Event) -> int:
        """Handle `event` now, after the deadlines that are due; returns its sequence number.

        Raises acd.core.errors.Rejected when the event is illegal now: nothing has changed then.
        """
        now_ms = self.now_ms()
        try:
            self._tick_if_due(now_ms)
            return self._step(event, now_ms)
        finally:
            self._arm(now_ms)
            self._drain()

    def later(self, delay_ms: int, event: Event) -> None:
        """Submit `event` when `delay_ms` have passed."""

        def submit(_: simpy.Event) -> None:
            self.submit(event)

        self._env.timeout(delay_ms).callbacks.append(submit)

    def _tick_if_due(self, now_ms: int) -> None:
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= now_ms:
            self._step(Tick(), now_ms)

    def _step(self, event: Event, now_ms: int) -> int:
        outcome = self.engine.handle(event, now_ms)
        self.seq += 1
        self._ordered.extend((effect, self.seq, index) for index, effect in enumerate(outcome.effects))
        return self.seq

    def _arm(self, now_ms: int) -> None:
        # A timeout that is armed too early is left to fire and finds nothing due, as in the live driver.
        due_ms = self.engine.next_deadline()
        if due_ms is None or (self._timeout is not None and self._armed_ms <= due_ms):
            return
        self._armed_ms = due_ms
        self._timeout = self._env.timeout(max(0, due_ms - now_ms))
        self._timeout.callbacks.append(self._expire)

    def _expire(self, timeout: simpy.Event) -> None:
        if timeout is not self._timeout:
            return  # a deadline that came in between took its place
        self._timeout = None
        now_ms = self.now_ms()
        self._tick_if_due(now_ms)
        self._arm(now_ms)
        self._drain()

    def _drain(self) -> None:
        """Carry out in order, also what is ordered while something is being carried out."""
        if self._carrying_out:
            return
        self._carrying_out = True
        try:
            while self._ordered:
                self._carry_out(*self._ordered.popleft())
        finally:
            self._carrying_out = False
