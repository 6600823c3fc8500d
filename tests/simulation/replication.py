"""One replication written down: every event, effect and fact with its moment, and the state at the end."""

from typing import NamedTuple

from acd.core import facts
from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.events import Event, Tick
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


def repeated(
    scenario: Scenario, played: Replication, *, restored_every: int = 0
) -> tuple[list[Fact], Engine]:
    """What a new engine makes of the events alone, with deadlines of its own, and how it ends.

    It is restored from its snapshot after every `restored_every` events; 0: never.
    """
    engine, told = Engine(), list[Fact]()

    def pass_time(until_ms: int) -> None:
        while (due_ms := engine.next_deadline()) is not None and due_ms <= until_ms:
            told.extend(engine.handle(Tick(), due_ms).facts)

    for number, (t_ms, event) in enumerate(played.events):
        pass_time(t_ms)
        told.extend(engine.handle(event, t_ms).facts)
        if restored_every and number % restored_every == 0:
            engine = Engine.restore(engine.snapshot())
    pass_time(scenario.end_ms + scenario.run_on_ms - 1)
    return told, engine
