"""What the other side does: it arrives, loses patience, hangs up, comes again."""

from collections.abc import Callable

from msgspec.structs import replace

from acd.core import effects
from acd.core.events import ContactArrived, ContactId, ContactLeft, Event, IncidentDeclared
from agents.skills import AgentId
from queues.desk import EntryId, Incident, IncidentId, IncidentMode
from queues.treatment import Record
from simulation.clock import Clock
from simulation.draws import Day
from simulation.scenario import Scenario, Surge
from simulation.world.flows import SEGMENTS, Flow, Manner, flows_of

SURGE_TEXT = "announcement of the simulated surge"
"""By this name the incident's text is told from the other texts."""

Submit = Callable[[Event], None]

Question = tuple[str, str]
"""The text of a menu and its keys: to the same one the answer is the same, but nobody presses twice."""


class Caller:
    """One try of one customer, with the conversation that it leads to. Times are Unix milliseconds."""

    __slots__ = (
        "agent",
        "arrived_ms",
        "asked",
        "asks",
        "attempt",
        "call",
        "calls",
        "chose",
        "contact",
        "ends_ms",
        "entry",
        "flow",
        "hold_ms",
        "index",
        "leaves_ms",
        "left_ms",
        "manner",
        "offers",
        "parked",
        "rest_ms",
        "segment",
        "talks",
        "waits",
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
        self.parked = False
        """It was promised a callback or has left a message, and has hung up."""
        self.asked: tuple[Question, ...] = ()
        """The menus that it was asked so far, each once …"""
        self.chose: tuple[Question, ...] = ()
        """… and those at which it pressed a key."""
        self.call = self.calls = 0
        """The call to it that rings, and how many there were."""
        self.segment = self.offers = SEGMENTS * attempt
        """Numbers of its segment and of its next offer, as columns count them."""
        self.asks = False
        """Its agent is to ask somebody, or does so now."""
        self.arrived_ms = self.leaves_ms = self.ends_ms = 0
        self.hold_ms = self.rest_ms = self.left_ms = 0
        self.contact: ContactId
        self.agent: AgentId
        self.manner: Manner


class Callers:
    """All callers of one replication. `live` has those whose contact the engine has.

    Who was promised a callback stays in it, also when he could not be reached, and who has left a message.
    """

    def __init__(self, scenario: Scenario, day: Day, clock: Clock, submit: Submit) -> None:
        self.live: dict[int, Caller] = {}
        self._clock = clock
        self._submit = submit
        self._surge = scenario.surge
        self._dial_class = scenario.callbacks.dial_class if scenario.desk.outbound else ""
        self._records = records(scenario)
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
        arrived = ContactArrived(ref, caller.entry, flow.medium, party)
        self._submit(arrived if not self._dial_class else replace(arrived, dial_class=self._dial_class))
        if caller.waits and flow.patience is not None:
            self._wait(caller, now_ms + flow.patience[attempt][index])

    def _wait(self, caller: Caller, until_ms: int) -> None:
        caller.leaves_ms = until_ms
        self._clock.call_at(until_ms, self._lose_patience, caller)

    def admitted(self, effect: effects.AdmitContact) -> None:
        """The desk took it: it waits."""
        caller = self._coming.pop(effect.carrier.ref)
        caller.contact = effect.contact
        caller.waits = True
        self.live[effect.contact] = caller

    # ---- going

    def leave_content(self, caller: Caller) -> None:
        """What it heard is all that it wanted to know."""
        if (
            caller.waits and caller.segment == SEGMENTS * caller.attempt
        ):  # not when he was transferred meanwhile
            self._leave(caller)

    def _lose_patience(self, caller: Caller) -> None:
        if caller.waits and caller.leaves_ms == self._clock.now_ms():
            self._leave(caller)
            if not caller.parked:
                self._try_again(caller)

    def _leave(self, caller: Caller) -> None:
        """It hangs up. It is called, or heard, if it was promised a call or has spoken."""
        caller.waits = False
        if self._goes_on(caller):
            caller.parked, caller.leaves_ms = True, 0
        else:
            del self.live[caller.contact]
        self._submit(ContactLeft(caller.contact))

    def _goes_on(self, caller: Caller) -> bool:
        if not (self._dial_class or self._records):
            return False
        contact = self._clock.engine.state.contacts[caller.contact]
        promise, walk = contact.promise, contact.walk
        if promise is not None and promise.pending:
            return True
        speaks = contact.recording is not None and walk is not None and walk.heard
        return speaks or contact.message is not None

    def rejected(self, effect: effects.RejectContact) -> None:
        """The desk did not take it."""
        self._try_again(self._coming.pop(effect.carrier.ref))

    def released(self, effect: effects.ReleaseContact) -> None:
        """It is over: its agent ended it, or the desk did while it waited. Or it is parked."""
        if effect.cause in ("callback", "voicemail"):
            caller = self.live[effect.contact]
            caller.waits, caller.parked, caller.leaves_ms = False, True, 0
            return
        caller = self.live.pop(effect.contact)
        if effect.cause != "agent":
            caller.waits = False
            if effect.cause != "treatment" or not caller.chose:
                self._try_again(caller)

    def wait_anew(self, caller: Caller) -> None:
        """It is in a line again, with all its patience; a message has as much as it takes."""
        if caller.parked:
            return
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


def records(scenario: Scenario) -> bool:
    """Whether anybody can leave a message."""
    return any(isinstance(step, Record) for one in scenario.desk.treatments for step in one.steps)


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
