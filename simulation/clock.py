"""What a driver of the engine under simulated time offers to the model."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.errors import Overdue
from acd.core.events import Event, Tick
from acd.core.facts import Fact

CarryOut = Callable[[Effect], None]
"""Called with each effect, in order, at the moment of its event; may call `submit` and `call_at`."""

Observe = Callable[[list[Fact]], None]
"""Called with the facts of each event, before its effects are carried out."""

Call = Callable[[Any], None]


class Clock(ABC):
    """One engine and the simulated time around it; subclasses move the time. Decides nothing.

    A deadline of the engine fires at its own moment, before the calls of that moment.
    """

    def __init__(self, engine: Engine, carry_out: CarryOut, observe: Observe, start_ms: int) -> None:
        """`start_ms` is the moment, in Unix milliseconds, at which the simulated time begins."""
        self.engine = engine
        self._handle = engine.handle
        self._carry_out = carry_out
        self._observe = observe
        self._now_ms = start_ms
        self._ordered: list[Effect] | None = None
        """The effects that are being carried out, with those ordered meanwhile; None: nothing is."""

    def now_ms(self) -> int:
        """The simulated time in Unix milliseconds."""
        return self._now_ms

    def submit(self, event: Event) -> None:
        """Let the engine handle `event` now, after the deadlines that are due.

        Raises acd.core.errors.Rejected when the event is illegal now: nothing has changed then.
        """
        try:
            told = self._handle(event, self._now_ms)
        except Overdue:  # it raises at no cost to all the others: to ask before each event would have one
            self.submit(Tick())
            told = self._handle(event, self._now_ms)
        self._observe(told.facts)
        effects = told.effects
        if self._ordered is not None:
            self._ordered.extend(effects)
        elif effects:
            self._carry_out_all(effects)

    def _carry_out_all(self, effects: list[Effect]) -> None:
        """Carry out in order; what is ordered while something is carried out comes after it."""
        self._ordered = effects  # the engine makes a new list for each event: this one is ours
        carry_out = self._carry_out
        try:
            for effect in effects:
                carry_out(effect)
        finally:
            self._ordered = None

    @abstractmethod
    def call_at(self, t_ms: int, call: Call, argument: Any) -> None:
        """Call `call(argument)` at `t_ms` (not before now); calls of one moment in the order of asking."""

    @abstractmethod
    def run(self, until_ms: int) -> None:
        """Let time pass: everything that is due before `until_ms` happens."""
