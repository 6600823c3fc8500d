"""A naive model of the desk that looks at everything; shares no code with the matcher."""

from dataclasses import dataclass, field
from fractions import Fraction

from acd.core.events import ContactLeft, Event, LegLost, Tick
from acd.core.facts import Treated
from agents.capacity import Medium
from agents.devices import Carrier
from agents.skills import AgentId, Alternative
from queues.desk import Agent, CalendarId, Desk, Incident, Line, LineId, Policy
from queues.treatment import OFFER, Treatment

RankKey = tuple[int, Fraction, int]
"""(class, minus urgency, number): the smallest is served first."""


@dataclass(slots=True)
class ShadowContact:
    id: int
    ref: str
    line: LineId
    medium: Medium
    asked: int | None
    head_ms: int
    state: str = "greeting"
    surveyed: bool = False
    """Its talk is over, and it is asked about it."""
    anchor_ms: int = 0
    line_since_ms: int = 0
    step: int = 0
    promoted: bool = False
    late: str = ""
    """What was told of its target; `met`: it was answered before anything was."""
    tried: list[AgentId] = field(default_factory=list)
    preferred: AgentId | None = None
    hold_ms: int = 0
    """So long its channel, or who put it away, wants it to be held for `preferred`."""
    spoke_ms: int = 0
    """When `preferred` spoke with its person last, if that is why."""
    to_hold_ms: int = 0
    """It came to its line, and must be told to be held until then."""
    held_until_ms: int = 0
    tenant: str = ""
    person: str = ""
    told: int = 0
    joined: list[str] = field(default_factory=list)
    ready_ms: int = 0
    """While it is deferred: until when."""
    due: Incident | None = None
    """The incident whose text it must still be told."""
    incident: str = ""
    """The incident whose mandatory text it hears."""
    between: bool = False
    """It hears the text of an incident between what it heard and what it goes on with."""
    clears: str = ""
    """The incident of whose end it is told."""
    to_thank: bool = False
    """It has just pressed the key of an incident, and must be linked."""
    thanked: bool = False
    """It is linked by a key, and hears so."""
    about: str = ""
    """The incident that it was told of last."""
    told_incident: str = ""
    """The text of the incident that it was told of last."""
    told_texts: set[str] = field(default_factory=set)
    """Those of all of which it was told; what was interrupted may begin with one."""
    visit: int = 0
    """Number of the list that it was played last."""
    treated: Treated | None = None
    """That list."""
    over_ms: int = 0
    """When it is over by itself."""
    heard: bool = False
    """Its texts are."""
    promised_ms: int = 0
    """When it was told that it will be called; 0: it was not, since it came to its line."""
    promised_until_ms: int = 0
    """Until when, by the rules of that moment."""
    was_told: bool = False
    """It was told so at some time: that holds, though the rule that allowed it may be gone."""
    moved: bool = False
    """It has come to another line, or pressed a key, since."""
    turned_away: str = ""
    """Why its line does not take it, though it is told something."""
    language: str = ""
    parked: bool = False
    """Its party was promised a call, also if it had sent something in parts before."""
    party: str = ""
    dial_class: str = ""
    entry: str = ""
    gave_up: AgentId | None = None
    """Who was to wait for its party, and did not want to."""
    receiving: bool = False
    """Not all of it has come."""
    pages: int | None = None
    """Of what its party sent, or sends; None: it did not come in parts."""
    reserved: bool = False
    """It hears its line's own greeting, and has a place there."""
    consult: int = 0
    consults: int = 0
    asker: int = 0
    """Of a consult: the offer by which who asks has its contact."""
    purpose: str = ""
    guests: list[int] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    collected: dict[str, str] = field(default_factory=dict)
    """What was typed."""
    recording: int = 0
    """The list by which what it says is recorded; it is offered to nobody."""
    message: tuple[str, int] | None = None
    """What it has said, and how long that is; until its party and an agent have talked."""
    left: bool = False
    """Its party has left a message, or has gone while it spoke."""
    sealed_ms: int = 0
    """When its party went while it spoke, and what it said is not known yet; 0: it is."""
    sealed_wait_ms: int = 0
    stage: str = ""
    """Where it was then."""

    @property
    def is_asked(self) -> bool:
        """Whether it hears the text of an incident with the question whether it wants to be told the end."""
        return self.treated is not None and self.treated.says[1:] == (OFFER,)

    @property
    def to_call(self) -> bool:
        """Whether somebody must call its party to talk to it."""
        apart = self.ref or self.consults or self.purpose or self.left
        return not apart and (self.pages is None or self.parked)


@dataclass(slots=True)
class ShadowWork:
    offer: int
    contact: int
    agent: AgentId
    medium: Medium
    line: LineId
    state: str
    since_ms: int
    until_ms: int = 0
    code: str = ""
    overdue: bool = False
    role: str = "agent"
    holds: set[bool] = field(default_factory=set)
    """Who does not want to hear the other: the agent (True), the party (False)."""
    diverted: str = ""
    """Class of the number outside to which his device sends it."""
    talks_ms: int = 0
    """Since when he talks with its party; 0: he does not."""


@dataclass(slots=True)
class ShadowAgent:
    id: AgentId
    state: str = "signed_out"
    reason: str = ""
    reachable: set[Medium] = field(default_factory=set)
    idle_since_ms: int = 0
    last_offer: int = 0
    signed_in_ms: int = 0
    busy_ms: int = 0
    occupancy: int = 0
    away: dict[Carrier, int] = field(default_factory=dict)
    """Devices that are away without a word → how long they are waited for."""


def party_hung_up(event: Event, contact: int) -> bool:
    """Whether by this event the party of the contact is off the line."""
    match event:
        case ContactLeft(ref="") | LegLost(agent=None, ref=""):
            return event.contact == contact
    return False


class ShadowDesk:
    """Live contacts, works and agents, and what follows from them by brute force."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.former_treatments: tuple[Treatment, ...] = ()
        self.greetings: set[str] = set()
        """Those that lines have, or ever had: a text is heard to its end."""
        self.lines: dict[LineId, Line] = {}
        self.config: dict[AgentId, Agent] = {}
        self.contacts: dict[int, ShadowContact] = {}
        self.works: dict[int, ShadowWork] = {}
        self.agents: dict[AgentId, ShadowAgent] = {}
        self.leases: dict[int, int] = {}
        """Contact → until when its outside exchange is believed that its leg is there."""

    def lease(self, contact: ShadowContact, now_ms: int) -> None:
        """Its leg is there as long as its medium says."""
        lease_ms = next(traits for traits in self.desk.media if traits.id == contact.medium).lease_ms
        self.leases.pop(contact.id, None)
        if lease_ms:
            self.leases[contact.id] = now_ms + lease_ms

    def until_ms(self, line: Line, since_ms: int) -> int:
        """When a promise of the line ends that was made then: it lasts so long within its hours."""
        left_ms = line.callback.within_ms
        opens = next((one.opens for one in self.desk.calendars if one.id == line.hours), ((0, 1 << 62),))
        for start_ms, close_ms in opens:
            from_ms = max(start_ms, since_ms)
            if close_ms - from_ms >= left_ms:
                return from_ms + left_ms
            left_ms -= max(0, close_ms - from_ms)
        return since_ms + line.callback.within_ms

    def renew_leases(self, now_ms: int) -> None:
        """All those that there are."""
        for number in list(self.leases):
            self.lease(self.contacts[number], now_ms)

    def forget_leases(self) -> None:
        """Of those that have no leg any more."""
        for number in list(self.leases):
            if number not in self.contacts or not self.contacts[number].ref:
                del self.leases[number]

    def hung_up(self, event: Event, contact: int, now_ms: int) -> bool:
        """Whether its party is off the line by this event, or by the end of its lease."""
        lost = isinstance(event, Tick) and self.leases.get(contact, now_ms + 1) <= now_ms
        return lost or party_hung_up(event, contact)

    def is_open(self, line: Line, now_ms: int) -> bool:
        if not line.hours:
            return True
        opens = next(c.opens for c in self.desk.calendars if c.id == line.hours)
        return any(start <= now_ms < close for start, close in opens)

    def works_of(self, agent: AgentId) -> list[ShadowWork]:
        return [work for work in self.works.values() if work.agent == agent]

    def alternatives(self, contact: ShadowContact) -> list[Alternative]:
        line = self.lines[contact.line]
        return [*line.needs, *(a for r in line.relaxations[: contact.step] for a in r.alternatives)]

    def fitness(self, agent: AgentId, contact: ShadowContact) -> int:
        """Levels in the best alternative that the agent meets, plus one; 0: he meets none."""
        config = self.config.get(agent)
        if config is None or dict(config.capacity).get(contact.medium, 0) < 1:
            return 0
        levels = dict(config.skills)
        fits = [
            1 + sum(levels[skill] for skill, _ in alternative)
            for alternative in self.alternatives(contact)
            if all(levels.get(skill, 0) >= least for skill, least in alternative)
        ]
        return max(fits, default=0)

    def may_serve_now(self, agent: ShadowAgent, contact: ShadowContact) -> bool:
        if contact.state != "waiting" or not self.has_place(agent, contact.medium):
            return False
        if agent.id in contact.tried or (contact.held_until_ms and contact.preferred != agent.id):
            return False
        return self.fitness(agent.id, contact) > 0

    def has_place(self, agent: ShadowAgent, medium: Medium) -> bool:
        """Ready, reachable, not rung, not wrapping up, capacity left and allowed to interrupt."""
        config = self.config.get(agent.id)
        if config is None or agent.state != "ready" or medium not in agent.reachable:
            return False
        works = self.works_of(agent.id)
        if any(work.state in ("ringing", "wrap_up", "reserved") for work in works):
            return False
        if sum(work.medium == medium for work in works) >= dict(config.capacity).get(medium, 0):
            return False
        others = {work.medium for work in works} - {medium}
        return all((medium, other) in self.desk.interrupts for other in others)

    def open_ms(self, calendar: CalendarId, until_ms: int) -> int:
        """Open time from the beginning of the calendar until `until_ms`."""
        if calendar == "":
            return until_ms
        opens = next(c.opens for c in self.desk.calendars if c.id == calendar)
        return sum(max(0, min(close, until_ms) - start) for start, close in opens)

    def used_ms(self, contact: ShadowContact, now_ms: int) -> int:
        calendar = self.lines[contact.line].calendar
        waited = self.open_ms(calendar, now_ms) - self.open_ms(calendar, contact.anchor_ms)
        return waited + contact.head_ms

    def class_of(self, contact: ShadowContact) -> int:
        line = self.lines[contact.line]
        asked = line.priority_class if contact.asked is None else contact.asked
        if contact.promoted and line.promotion is not None:
            return min(asked, line.promotion.priority_class)
        return asked

    def rank(self, contact: ShadowContact, now_ms: int) -> RankKey:
        urgency = Fraction(self.used_ms(contact, now_ms), self.lines[contact.line].target_ms)
        return (self.class_of(contact), -urgency, contact.id)

    def idle_key(self, agent: ShadowAgent, contact: ShadowContact) -> tuple[int, int, int, int]:
        """What is chosen by, the smallest first: least in hand, then the line's policy."""
        place = [a.id for a in self.desk.agents].index(agent.id)
        in_hand = sum(work.contact != contact.id for work in self.works_of(agent.id))
        match self.lines[contact.line].policy:
            case Policy.LONGEST_IDLE:
                return (in_hand, agent.idle_since_ms, place, 0)
            case Policy.MOST_SKILLED:
                return (in_hand, -self.fitness(agent.id, contact), agent.idle_since_ms, place)
            case Policy.LEAST_OCCUPIED:
                return (in_hand, agent.occupancy, agent.idle_since_ms, place)
            case Policy.ROUND_ROBIN:
                return (in_hand, agent.last_offer, agent.idle_since_ms, place)
