"""Agents who ask somebody in the middle of a talk, while their party hears music."""

from collections.abc import Callable

from acd.core.effects import ConnectContact
from acd.core.events import ConsultEnded, ConsultStarted, ContactId
from queues.states import ContactState
from simulation.clock import Clock
from simulation.scenario import Consulting
from simulation.world.callers import Caller, Callers, Submit


class Consults:
    """All consults of one replication. Whoever was asked leaves; the agent goes on with his party."""

    def __init__(
        self, clock: Clock, submit: Submit, callers: Callers, go_on: Callable[[Caller], None]
    ) -> None:
        """`go_on(caller)`: its agent is with it again."""
        self._clock = clock
        self._submit = submit
        self._live = callers.live
        self._contacts = clock.engine.state.contacts
        self._go_on = go_on

    def begin(self, caller: Caller, rule: Consulting) -> None:
        """Its agent asks now; the consult may be answered, or over, before this returns."""
        self._submit(ConsultStarted(caller.contact, caller.agent, rule.to))
        consult = self._contacts[caller.contact].consult
        if consult and self._contacts[consult].state is not ContactState.CONNECTED:
            asked = caller, ContactId(consult)
            self._clock.call_at(self._clock.now_ms() + rule.patience_ms, self._give_up, asked)

    def asker(self, consult: ContactId) -> Caller:
        """The party of the agent who asks."""
        return self._live[self._contacts[consult].consults]

    def answered(self, effect: ConnectContact) -> None:
        """Somebody has answered."""
        caller = self.asker(effect.contact)
        talks = caller.manner.consult_talk
        assert talks is not None
        until_ms = self._clock.now_ms() + talks[caller.segment][caller.index]
        self._clock.call_at(until_ms, self._end, (caller, effect.contact))

    def _give_up(self, asked: tuple[Caller, ContactId]) -> None:
        consult = self._contacts.get(asked[1])
        if consult is not None and consult.state is not ContactState.CONNECTED:
            self._end(asked)

    def _end(self, asked: tuple[Caller, ContactId]) -> None:
        caller, consult = asked
        if consult in self._contacts:
            self._submit(ConsultEnded(caller.contact, caller.agent))

    def back(self, caller: Caller) -> None:
        """Its agent is with it again, whatever has become of the consult."""
        if caller.asks:
            caller.asks = False
            self._go_on(caller)
