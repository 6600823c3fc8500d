"""Calls that interrupt mails which the agent then hands back: the desk's form of preemptive-resume."""

from typing import Any

from acd.core import effects, events, facts
from acd.core.effects import Effect
from acd.core.engine import Engine
from acd.core.facts import Fact
from simulation.clock import Observe
from simulation.draws import Day, Purpose
from simulation.loop import LoopDriver
from simulation.scenario import Scenario


class Job:
    """One call or mail: how long is still to be worked on it, and when that will be done if nothing comes."""

    __slots__ = ("agent", "contact", "done_ms", "left_ms")

    def __init__(self, left_ms: int) -> None:
        self.left_ms = left_ms
        self.done_ms = 0
        self.agent: Any = None
        self.contact: Any = None


class HandingBack:
    """The world of such a desk. Who is interrupted hands the mail back to its line at once, with what is
    left of the work, so that any agent who is free may go on with it."""

    def __init__(self, scenario: Scenario, day: Day, observe: Observe) -> None:
        self._scenario = scenario
        self._day = day
        self._observe = observe
        self._clock = LoopDriver(Engine(), self._carry_out, self._watch, scenario.start_ms)
        self._arrivals = iter(day.arrivals)
        self._coming: dict[str, Job] = {}
        self._jobs: dict[int, Job] = {}
        self._media = {entry.id: entry.medium for entry in scenario.desk.entries}
        self._on = {
            effects.AdmitContact: self._admitted,
            effects.OfferContact: self._offered,
            effects.ConnectContact: self._connected,
            effects.ReleaseContact: self._released,
        }

    def run(self) -> None:
        """From the beginning to the end of the scenario."""
        submit = self._clock.submit
        submit(events.DeskChanged(self._scenario.desk))
        for agent in self._scenario.desk.agents:
            for medium, _ in agent.capacity:
                submit(events.AgentReachable(agent.id, medium))
            submit(events.AgentSignedIn(agent.id))
        self._expect()
        self._clock.run(self._scenario.end_ms + self._scenario.run_on_ms)

    def _expect(self) -> None:
        arrival = next(self._arrivals, None)
        if arrival is not None:
            self._clock.call_at(arrival[0], self._arrive, arrival)

    def _arrive(self, arrival: tuple[int, int, int]) -> None:
        _, number, index = arrival
        stream = self._scenario.streams[number]
        medium = self._media[stream.entry]
        line = next(entry.line for entry in self._scenario.desk.entries if entry.id == stream.entry)
        law = self._scenario.handling[line, medium].talk
        party = f"{number}/{index}"
        self._coming[party] = Job(self._day.lengths(Purpose.TALK, number, 0, law)[index])
        self._clock.submit(events.ContactArrived(party, stream.entry, medium, party))
        self._expect()

    def _watch(self, told: list[Fact]) -> None:
        self._observe(told)
        for fact in told:
            if isinstance(fact, facts.Interrupted):
                self._clock.call_at(self._clock.now_ms(), self._hand_back, fact)

    def _hand_back(self, fact: facts.Interrupted) -> None:
        job = self._jobs.get(fact.contact)
        if job is None:
            return  # done within the same millisecond
        job.left_ms, job.done_ms = job.done_ms - self._clock.now_ms(), 0
        line = self._clock.engine.state.contacts[fact.contact].line
        self._clock.submit(events.ContactTransferred(fact.contact, fact.agent, line))

    def _carry_out(self, effect: Effect) -> None:
        carry_out = self._on.get(type(effect))
        if carry_out is not None:
            carry_out(effect)

    def _admitted(self, effect: Any) -> None:
        self._jobs[effect.contact] = self._coming.pop(effect.carrier.ref)

    def _offered(self, effect: Any) -> None:
        self._clock.submit(events.OfferAccepted(effect.offer))

    def _connected(self, effect: Any) -> None:
        job = self._jobs[effect.contact]
        job.contact, job.agent = effect.contact, effect.agent
        job.done_ms = self._clock.now_ms() + job.left_ms
        self._clock.call_at(job.done_ms, self._done, job)

    def _done(self, job: Job) -> None:
        if job.done_ms == self._clock.now_ms():  # else it was interrupted
            job.done_ms = 0
            self._clock.submit(events.ContactReleased(job.contact, job.agent))

    def _released(self, effect: Any) -> None:
        del self._jobs[effect.contact]
