"""What those do who were promised a callback, when they are called."""

from acd.core.effects import AdmitContact, EndCall, PlaceCall
from acd.core.events import CallAnswered, CallFailed, CallId
from queues.states import ContactState
from simulation.clock import Clock
from simulation.scenario import Scenario
from simulation.world.callers import Caller, Callers, Submit
from simulation.world.conversations import Conversations
from simulation.world.flows import SEGMENTS


class Called:
    """All calls of one replication that the desk places."""

    def __init__(
        self, scenario: Scenario, clock: Clock, submit: Submit, callers: Callers, talks: Conversations
    ) -> None:
        self._clock = clock
        self._submit = submit
        self._callers = callers
        self._talks = talks
        self._contacts = clock.engine.state.contacts
        self._rule = scenario.callbacks

    def placed(self, effect: PlaceCall) -> None:
        """It rings at the party's: it answers after a while, or the call has failed then."""
        caller = self._callers.live[effect.contact]
        caller.call = effect.call
        caller.calls += 1
        self._clock.call_at(self._clock.now_ms() + self._rule.ring_ms, self._rung, (caller, effect.call))

    def given_up(self, effect: EndCall) -> None:
        """It rings no more."""
        self._callers.live[effect.contact].call = 0

    def _rung(self, rung: tuple[Caller, CallId]) -> None:
        caller, call = rung
        if caller.call != call:
            return
        caller.call = 0
        place = SEGMENTS * caller.attempt + min(caller.calls, SEGMENTS) - 1
        if caller.flow.called_back[place][caller.index] < self._rule.answer:
            self._submit(CallAnswered(call, f"called back {call}"))
        else:
            self._submit(CallFailed(call, "no answer"))

    def admitted(self, effect: AdmitContact) -> None:
        """It has come; or it has answered, and talks to the agent who waits for it, or waits itself."""
        caller = self._callers.live.get(effect.contact)
        if caller is None:
            self._callers.admitted(effect)
            return
        caller.parked = False
        if self._contacts[effect.contact].state is ContactState.CONNECTED:
            self._talks.talk(caller)
        else:
            self._callers.wait_anew(caller)
