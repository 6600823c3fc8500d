"""One replication written down: every event, effect and fact with its moment, and the state at the end."""

from typing import NamedTuple

from acd.core import facts
from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.events import Event
from acd.core.facts import Fact
from simulation.clock import CarryOut, Observe
from simulation.draws import Day
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.scenario import Scenario
from simulation.world.model import play

Driven = type[SimDriver] | type[LoopDriver]


class Replication(NamedTuple):
    events: list[tuple[int, Event]]
    effects: list[tuple[int, Effect]]
    facts: list[list[Fact]]
    engine: Engine

    def all_facts(self) -> list[Fact]:
        return [fact for told in self.facts for fact in told]

    def refs(self) -> dict[int, str]:
        """Contact → its ref."""
        return {fact.contact: fact.ref for fact in self.all_facts() if isinstance(fact, facts.Arrived)}


def replicate(scenario: Scenario, day: Day, kind: Driven = LoopDriver) -> Replication:
    """Play it and write everything down."""
    told_events = list[tuple[int, Event]]()
    told_effects = list[tuple[int, Effect]]()
    told_facts = list[list[Fact]]()

    class Logged(kind):  # type: ignore[valid-type,misc]
        def __init__(self, engine: Engine, carry_out: CarryOut, observe: Observe, start_ms: int) -> None:
            def logged(effect: Effect) -> None:
                told_effects.append((self.now_ms(), effect))
                carry_out(effect)

            super().__init__(engine, logged, observe, start_ms)

    def record(t_ms: int, event: Event) -> None:
        told_events.append((t_ms, event))

    engine = play(scenario, day, told_facts.append, driver=Logged, record=record)
    return Replication(told_events, told_effects, told_facts, engine)
