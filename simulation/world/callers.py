"""What the other side does: it arrives, hears a text, loses patience, hangs up, comes again."""

from collections.abc import Callable

from acd.core import effects
from acd.core.events import ContactArrived, ContactId, ContactLeft, Event, IncidentDeclared, PromptEnded
from agents.skills import AgentId
from queues.desk import EntryId, Incident, IncidentId, IncidentMode
from simulation.clock import Clock
from simulation.draws import Day
from simulation.scenario import Scenario, Surge
from simulation.world.flows import LEGS, Flow, Manner, flows_of

GREETING_MS = 10_000
"""How long the mandatory greeting of a line is."""

SURGE_TEXT = "announcement of the simulated surge"
"""By this name the incident's text is told from the greetings of lines."""

Submit = Callable[[Event], None]


class Caller:
    """One try of one customer, with the conversation that it leads to. Times are Unix milliseconds."""

    __slots__ = (
        "agent", "arrived_ms", "attempt", "contact", "ends_ms", "entry", "flow", "hold_ms", "index",
        "leaves_ms", "left_ms", "leg", "manner", "offers", "rest_ms", "talks", "waits",
    )  # fmt: skip

    def __init__(self, flow: Flow, entry: EntryId, index: int, attempt: int) -> None:
        self.flow = flow
        self.entry = entry
        self.index = index
        self.attempt = attempt
        self.waits = False
        """It was admitted and no agent has answered it (again)."""
        self.talks = False
        """An agent has it in hand."""
        self.leg = self.offers = LEGS * attempt
        """Numbers of its leg and of its next offer, as columns count them."""
        self.arrived_ms = self.leaves_ms = self.ends_ms = 0
        self.hold_ms = self.rest_ms = self.left_ms = 0
        self.contact: ContactId
        self.agent: AgentId
        self.manner: Manner


class Callers:
    """All callers of one replication. `live` has those whose contact the engine has."""

    def __init__(self, scenario: Scenario, day: Day, clock: Clock, submit: Submit) -> None:
        self.live: dict[int, Caller] = {}
        self._clock = clock
        self._submit = submit
        self._surge = scenario.surge
        self._flows = flows_of(scenario, day)
        self._arrivals = iter(day.arrivals)
        self._coming: dict[str, Caller] = {}

    def begin(self) -> None:
        """Ask for the first arrival and for the announcement."""
        self._expect()
        surge = self._surge
        if surge is not None and surge.announced_ms is not None:
            declare_ms = max(surge.announced_ms, self._clock.now_ms())
            if declare_ms < surge.end_ms:
                self._clock.call_at(declare_ms, self._submit, IncidentDeclared(incident_of(surge)))

    # ---- coming

    def _expect(self) -> None:
        # Only the next arrival lies in the driver's heap: with all of them it would be ten times as deep.
        arrival = next(self._arrivals, None)
        if arrival is not None:
            self._clock.call_at(arrival[0], self._arrive, arrival)

    def _arrive(self, arrival: tuple[int, int, int]) -> None:
        _, stream, index = arrival
        self._come(self._first_try(self._flows[stream], index, 0))
        self._expect()

    def _first_try(self, flow: Flow, index: int, attempt: int) -> Caller:
        vip = bool(flow.vips) and flow.vips[index]
        return Caller(flow, flow.vip_entry if vip else flow.entry, index, attempt)

    def _come(self, caller: Caller) -> None:
        flow, index, attempt = caller.flow, caller.index, caller.attempt
        caller.arrived_ms = now_ms = self._clock.now_ms()
        party = f"{flow.number}/{index}"
        ref = f"{party}/{attempt}"
        self._coming[ref] = caller
        self._submit(ContactArrived(ref, caller.entry, flow.medium, party))
        if caller.waits and flow.patience is not None:
            self._wait(caller, now_ms + flow.patience[attempt][index])

    def _wait(self, caller: Caller, until_ms: int) -> None:
        caller.leaves_ms = until_ms
        self._clock.call_at(until_ms, self._lose_patience, caller)

    def admitted(self, effect: effects.AdmitContact) -> None:
        """The desk took it: it waits, or hears a text first."""
        caller = self._coming.pop(effect.carrier.ref)
        caller.contact = effect.contact
        caller.waits = True
        self.live[effect.contact] = caller
        if effect.greeting:
            self._listen(caller, effect)

    def _listen(self, caller: Caller, effect: effects.AdmitContact) -> None:
        length_ms, now_ms = GREETING_MS, self._clock.now_ms()
        if effect.greeting == SURGE_TEXT and self._surge is not None:
            length_ms, deflect = self._surge.announcement_ms, self._surge.deflect
            chance = caller.flow.deflect[caller.attempt][caller.index]
            if chance < deflect:  # then chance / deflect is uniform in [0, 1)
                hang_up_ms = now_ms + int(chance / deflect * length_ms)
                self._clock.call_at(hang_up_ms, self._leave_content, caller)
        if effect.report_end:
            self._clock.call_at(now_ms + length_ms, self._heard, caller)

    def _heard(self, caller: Caller) -> None:
        if caller.waits:
            self._submit(PromptEnded(caller.contact))

    # ---- going

    def _leave_content(self, caller: Caller) -> None:
        if caller.waits and caller.leg == LEGS * caller.attempt:  # not when he was transferred meanwhile
            self._leave(caller)

    def _lose_patience(self, caller: Caller) -> None:
        if caller.waits and caller.leaves_ms == self._clock.now_ms():
            self._leave(caller)
            self._try_again(caller)

    def _leave(self, caller: Caller) -> None:
        caller.waits = False
        del self.live[caller.contact]
        self._submit(ContactLeft(caller.contact))

    def rejected(self, effect: effects.RejectContact) -> None:
        """The desk did not take it."""
        self._try_again(self._coming.pop(effect.carrier.ref))

    def released(self, effect: effects.ReleaseContact) -> None:
        """It is over: its agent ended it, or the desk did while it waited."""
        caller = self.live.pop(effect.contact)
        if effect.cause != "agent":
            caller.waits = False
            self._try_again(caller)

    def returned(self, effect: effects.ReturnToWaiting) -> None:
        """It was transferred and waits anew, with all its patience."""
        caller = self.live[effect.contact]
        caller.waits = True
        patience = caller.flow.patience
        if patience is not None:
            self._wait(caller, self._clock.now_ms() + patience[caller.attempt][caller.index])

    def _try_again(self, caller: Caller) -> None:
        redials, index, attempt = caller.flow.redials, caller.index, caller.attempt
        if redials is None or attempt + 1 >= redials.most:
            return
        if redials.again[attempt][index] >= redials.probability:
            return
        flow = self._flows[caller.flow.number]
        if redials.other[attempt][index] < redials.other_share:
            flow = redials.other_flow
            again = Caller(flow, flow.entry, index, attempt + 1)
        else:
            again = self._first_try(flow, index, attempt + 1)
        at_ms = self._clock.now_ms() + redials.delay[attempt][index]
        self._clock.call_at(at_ms, self._come, again)


def incident_of(surge: Surge) -> Incident:
    """The announcement of a mass incident; it ends with the surge."""
    return Incident(
        id=IncidentId("surge"),
        greeting=SURGE_TEXT,
        mode=IncidentMode.INFORM,
        lines=surge.lines,
        vip_exempt=surge.vip_exempt,
        mandatory=surge.mandatory,
        expires_ms=surge.end_ms,
    )
