"""The SimPy driver: the engine under a simulated clock. Callbacks, not generators; decides nothing."""

from typing import Any

import simpy
from simpy.events import EventPriority

from acd.core.engine import Engine
from acd.core.events import Tick
from simulation.clock import Call, CarryOut, Clock, Observe

START_MS = 1_704_067_200_000
"""The simulated clock begins here, in Unix milliseconds: a Monday, 1 January 2024, 0:00 UTC."""

_DEADLINE = EventPriority(1)
_CALL = EventPriority(2)
"""Deadlines come before the calls of their moment, and after the end of `run`, which SimPy gives 0."""


class _Due:
    """What SimPy needs of an event that cannot fail; as one of its own it would cost three times as much."""

    __slots__ = ("_ok", "argument", "call", "callbacks")

    def __init__(self, callbacks: Any, call: Call, argument: Any) -> None:
        self._ok = True
        self.callbacks = callbacks
        self.call = call
        self.argument = argument


class SimDriver(Clock):
    """Feeds one engine in one SimPy environment whose time is Unix milliseconds."""

    def __init__(
        self, engine: Engine, carry_out: CarryOut, observe: Observe, start_ms: int = START_MS
    ) -> None:
        """`start_ms` is the moment, in Unix milliseconds, at which the simulated time begins."""
        super().__init__(engine, carry_out, observe, start_ms)
        self.env = simpy.Environment(initial_time=start_ms)
        self._callbacks = (self._happen,)
        self._armed: int | None = None
        """The moment of the one deadline that counts; what was armed for another one fires and is ignored."""

    def call_at(self, t_ms: int, call: Call, argument: Any) -> None:
        """Call `call(argument)` at `t_ms`; see `simulation.clock.Clock`."""
        self._schedule(t_ms, _CALL, call, argument)

    def run(self, until_ms: int) -> None:
        """Let time pass; see `simulation.clock.Clock`."""
        self._arm()
        if until_ms > self.env.now:
            self.env.run(until=until_ms)
        self._now_ms = until_ms

    def _schedule(self, t_ms: int, priority: EventPriority, call: Call, argument: Any) -> None:
        env = self.env
        due: Any = _Due(self._callbacks, call, argument)
        env.schedule(due, priority, t_ms - env.now)

    def _happen(self, due: _Due) -> None:
        self._now_ms = int(self.env.now)
        due.call(due.argument)
        self._arm()

    def _arm(self) -> None:
        # What is armed too early is left to fire and finds nothing due, as in the live driver: most deadlines
        # (ringing, wrap-up) are lifted before they are due, and moving it each time would cost more.
        due_ms = self.engine.next_deadline()
        if due_ms is not None and (self._armed is None or due_ms < self._armed):
            self._armed = max(due_ms, self._now_ms)  # a new desk may set one that is past
            self._schedule(self._armed, _DEADLINE, self._expire, self._armed)

    def _expire(self, armed_ms: int) -> None:
        if armed_ms != self._armed:
            return  # a deadline that came in between took its place
        self._armed = None
        due_ms = self.engine.next_deadline()
        if due_ms is not None and due_ms <= armed_ms:
            self.submit(Tick())
