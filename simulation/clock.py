"""What a driver of the engine under simulated time offers to the model."""

from collections.abc import Callable
from typing import Any, Protocol

from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.events import Event
from acd.core.facts import Fact

CarryOut = Callable[[Effect], None]
"""Called with each effect, in order, at the moment of its event; may call `submit` and `call_at`."""

Observe = Callable[[list[Fact]], None]
"""Called with the facts of each event, before its effects are carried out."""


class Clock(Protocol):
    """One engine and the simulated time around it. Decides nothing."""

    engine: Engine

    def now_ms(self) -> int:
        """The simulated time in Unix milliseconds."""

    def submit(self, event: Event) -> None:
        """Let the engine handle `event` now, after the deadlines that are due.

        Raises acd.core.errors.Rejected when the event is illegal now: nothing has changed then.
        """

    def call_at(self, t_ms: int, call: Callable[[Any], None], argument: Any) -> None:
        """Call `call(argument)` at `t_ms` (not before now); calls of one moment in the order of asking."""

    def run(self, until_ms: int) -> None:
        """Let time pass: everything that is due before `until_ms` happens."""
