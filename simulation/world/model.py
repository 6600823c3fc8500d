"""The model: the world around the engine, from the opening of the desk to its last contact."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.events import Event
from acd.core.facts import Fact
from queues.desk import Desk
from queues.treatment import NO_TREATMENT
from simulation.clock import CarryOut, Clock, Observe
from simulation.draws import Day
from simulation.driver import SimDriver
from simulation.loop import LoopDriver
from simulation.scenario import Scenario
from simulation.world.called import Called
from simulation.world.callers import Callers, Submit
from simulation.world.conversations import Conversations
from simulation.world.hearing import Hearing
from simulation.world.playable import check
from simulation.world.staff import Staff

Record = Callable[[int, Event], None]
"""Called with (moment, event) of everything the world tells the engine; deadlines are the engine's own."""


def play(
    scenario: Scenario,
    day: Day,
    observe: Observe,
    *,
    driver: type[LoopDriver] | type[SimDriver] = LoopDriver,
    record: Record | None = None,
) -> Engine:
    """One replication: desk, duties, arrivals, and what callers and agents do about the engine's effects.

    Ends at `scenario.end_ms + scenario.run_on_ms`; what is open then stays open. The same scenario and day
    give the same events, effects and facts under either driver. `observe` is called with the facts of each
    event. Raises simulation.world.playable.Unplayable when the scenario does not fit together.
    """
    check(scenario)
    world = World(scenario, day, observe, driver, record)
    world.clock.run(scenario.end_ms + scenario.run_on_ms)
    return world.clock.engine


def as_played(desk: Desk) -> Desk:
    """Without what would only cost time.

    The exchange of the model never forgets a call; and who is asked after his talk keeps no agent.
    """
    media = tuple(replace(traits, lease_ms=0) for traits in desk.media)
    lines = tuple(replace(line, survey=NO_TREATMENT) if line.survey else line for line in desk.lines)
    return replace(desk, media=media, lines=lines)


class World:
    """Callers and agents around one engine: passes on its effects to whom they concern."""

    def __init__(
        self,
        scenario: Scenario,
        day: Day,
        observe: Observe,
        driver: type[LoopDriver] | type[SimDriver],
        record: Record | None,
    ) -> None:
        self._on: dict[type[Effect], Callable[[Any], None]] = {}
        self._on_fact: dict[type[Fact], Callable[[Any], None]] = {}
        seen = self._watching(observe) if scenario.desk.interrupts else observe
        self.clock: Clock = driver(Engine(), carrying_out(self._on), seen, scenario.start_ms)
        submit = self.clock.submit if record is None else recorded(self.clock, record)
        submit(events.DeskChanged(as_played(scenario.desk)))
        callers = Callers(scenario, day, self.clock, submit)
        staff = Staff(scenario, day, self.clock, submit)
        talks = Conversations(scenario, day, self.clock, submit, callers, not_answered=staff.not_answered)
        self._connect(scenario, callers, talks)
        self._on[effects.TreatContact] = Hearing(scenario, self.clock, submit, callers).treated
        if scenario.desk.outbound:
            self._connect_called(Called(scenario, self.clock, submit, callers, talks))
        staff.begin()
        callers.begin()

    def _connect(self, scenario: Scenario, callers: Callers, talks: Conversations) -> None:
        """Who carries out what."""
        on = self._on
        on[effects.AdmitContact] = callers.admitted
        on[effects.RejectContact] = callers.rejected
        on[effects.ReleaseContact] = callers.released
        on[effects.ConnectContact] = talks.connected
        on[effects.ReleaseAgent] = talks.taken_away
        if answered_at_once(scenario):
            on[effects.OfferContact] = talks.accept_at_once
        else:
            on[effects.OfferContact] = talks.offered
            on[effects.WithdrawOffer] = talks.withdrawn
        self._on_fact[facts.Interrupted] = talks.rests
        self._on_fact[facts.InterruptionEnded] = talks.goes_on

    def _connect_called(self, called: Called) -> None:
        """Only where calls may be placed: it costs a little with every arrival."""
        on = self._on
        on[effects.AdmitContact] = called.admitted
        on[effects.PlaceCall] = called.placed
        on[effects.EndCall] = called.given_up

    def _watching(self, observe: Observe) -> Observe:
        """Interruptions are no effects: the agent's desktop shows them, and he turns to the other contact."""

        def watch(told: list[Fact]) -> None:
            observe(told)
            for fact in told:
                happen = self._on_fact.get(type(fact))
                if happen is not None:
                    happen(fact)

        return watch


def carrying_out(on: Mapping[type[Effect], Callable[[Any], None]]) -> CarryOut:
    """What carries out each kind of effect as `on` says, and lets the others be."""
    get = on.get

    def carry_out(effect: Effect) -> None:
        do = get(type(effect))
        if do is not None:
            do(effect)

    return carry_out


def answered_at_once(scenario: Scenario) -> bool:
    """Whether nothing can come between an offer and its answer, so that both are one step.

    Not so where several agents are rung at once (the first wins), or where an answer interrupts other work.
    """
    habits, desk = scenario.habits, scenario.desk
    plain = habits.answer_delay is None and not habits.no_answer and not desk.interrupts
    return plain and all(line.ring_at_once == 1 for line in desk.lines)


def recorded(clock: Clock, record: Record) -> Submit:
    """`clock.submit` that tells `record` first."""

    def submit(event: Event) -> None:
        record(clock.now_ms(), event)
        clock.submit(event)

    return submit
