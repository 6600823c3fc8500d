"""What agents do of themselves: duties, breaks, pauses that nobody planned, coming back after no answer."""

from collections.abc import Callable, Iterator
from operator import itemgetter

import numpy as np

from acd.core.events import AgentPaused, AgentReachable, AgentReady, AgentSignedIn, AgentSignedOut
from agents.skills import AgentId
from queues.desk import Agent
from simulation.clock import Clock
from simulation.draws import Day, Purpose
from simulation.laws import Law
from simulation.scenario import Duty, Scenario
from simulation.world.callers import Submit

Turn = tuple[int, int, Callable[["Person"], None], "Person"]
"""(moment, rank within the moment, what he does, who)."""


class Person:
    """One agent."""

    __slots__ = ("absence", "duty", "id", "media", "paused", "pauses", "reachable", "until_pause")

    def __init__(self, agent: Agent, number: int, day: Day) -> None:
        self.id = agent.id
        self.media = [medium for medium, places in agent.capacity if places]
        self.reachable = self.paused = False
        self.duty = self.absence = 0
        """Running numbers: what was planned for an earlier duty or absence is void."""
        self.until_pause = day.agent_uniforms(Purpose.PAUSE_EVERY, number)
        self.pauses = day.agent_uniforms(Purpose.PAUSE, number)


class Staff:
    """All agents of one replication."""

    def __init__(self, scenario: Scenario, day: Day, clock: Clock, submit: Submit) -> None:
        self._clock = clock
        self._submit = submit
        self._habits = scenario.habits
        reasons = scenario.desk.pause_reasons or ("",)
        self._break, self._pause = reasons[0], reasons[-1]
        numbered = enumerate(scenario.desk.agents)
        self._people = {agent.id: Person(agent, number, day) for number, agent in numbered}
        self._turns = self._plan(scenario)
        """All that the duties say, the next thing last."""

    def begin(self) -> None:
        """Ask for the first turn."""
        self._expect()

    def _plan(self, scenario: Scenario) -> list[Turn]:
        """Within a moment: back from a break, signing out, signing in, off to a break."""
        turns: list[Turn] = []
        for duty in scenario.duties:
            if duty.end_ms > scenario.start_ms:
                turns.extend(self._turns_of(duty, scenario.start_ms))
        turns.sort(key=itemgetter(0, 1))
        return turns[::-1]

    def _turns_of(self, duty: Duty, start_ms: int) -> Iterator[Turn]:
        person = self._people[duty.agent]
        yield max(duty.start_ms, start_ms), 2, self._sign_in, person
        yield duty.end_ms, 1, self._sign_out, person
        for from_ms, to_ms in duty.breaks:
            if to_ms > start_ms:
                yield max(from_ms, start_ms), 3, self._go_for_break, person
                if to_ms < duty.end_ms:  # else he would be there for no time
                    yield to_ms, 0, self._come_back, person

    def _expect(self) -> None:
        if self._turns:
            now_ms = self._turns[-1][0]
            self._clock.call_at(now_ms, self._take_turns, now_ms)

    def _take_turns(self, now_ms: int) -> None:
        """All of one moment at once, before anybody calls."""
        while self._turns and self._turns[-1][0] == now_ms:
            _, _, happen, person = self._turns.pop()
            happen(person)
        self._expect()

    # ---- duties and breaks

    def _sign_in(self, person: Person) -> None:
        if not person.reachable:
            person.reachable = True
            for medium in person.media:
                self._submit(AgentReachable(person.id, medium))
        person.duty += 1
        self._here(person)
        self._submit(AgentSignedIn(person.id))
        self._until_pause(person, self._clock.now_ms())

    def _sign_out(self, person: Person) -> None:
        person.duty += 1
        self._here(person)
        self._submit(AgentSignedOut(person.id))

    def _go_for_break(self, person: Person) -> None:
        self._go(person, self._break)

    def _go(self, person: Person, reason: str) -> None:
        self._absent(person)
        self._submit(AgentPaused(person.id, reason))

    def _come_back(self, person: Person) -> None:
        self._here(person)
        self._submit(AgentReady(person.id))

    def _absent(self, person: Person) -> None:
        person.absence += 1
        person.paused = True

    def _here(self, person: Person) -> None:
        person.absence += 1
        person.paused = False

    # ---- what is not planned

    def not_answered(self, agent: AgentId, away_ms: int) -> None:
        """The engine has paused him; he is back after `away_ms`, unless he goes otherwise before."""
        person = self._people[agent]
        self._absent(person)
        self._back_at(person, self._clock.now_ms() + away_ms)

    def _back_at(self, person: Person, t_ms: int) -> None:
        self._clock.call_at(t_ms, self._back, (person, person.absence))

    def _back(self, planned: tuple[Person, int]) -> None:
        person, absence = planned
        if person.absence == absence:
            self._come_back(person)

    def _until_pause(self, person: Person, from_ms: int) -> None:
        every = self._habits.pause_every
        if every is not None:
            pause_ms = from_ms + max(1, draw(every, person.until_pause))
            self._clock.call_at(pause_ms, self._pause_due, (person, person.duty))

    def _pause_due(self, planned: tuple[Person, int]) -> None:
        """Whoever is away already does without it."""
        person, duty = planned
        if person.duty != duty:
            return
        back_ms = self._clock.now_ms()
        if not person.paused and self._habits.pause is not None:
            back_ms += draw(self._habits.pause, person.pauses)
            self._go(person, self._pause)
            self._back_at(person, back_ms)
        self._until_pause(person, back_ms)


def draw(law: Law, uniforms: Iterator[float]) -> int:
    """One length in ms."""
    return int(law.quantile(np.array([next(uniforms)]))[0])
