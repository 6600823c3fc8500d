"""All that the engine remembers, and the indexes derived from it."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import TypeVar

from acd.core.deadlines import Deadlines
from acd.core.effects import Effect
from acd.core.errors import Rejected
from acd.core.facts import Fact
from agents.devices import Carrier
from agents.roster import Seat, Work
from agents.skills import AgentId
from queues.board import Board
from queues.calendar import Clock, WallClock
from queues.contact import Contact
from queues.desk import (
    ALWAYS,
    CalendarId,
    Desk,
    Entry,
    EntryId,
    Incident,
    Line,
    LineId,
    Medium,
    MediumTraits,
    TenantId,
)
from queues.escalation import Escalation
from queues.incident import Course
from queues.names import TreatmentId
from queues.outbound import Dialled, OutboundCall
from queues.pace import Pace
from queues.treatment import Step

S = TypeVar("S")


class State:
    """Live contacts, works and agents under one desk. The parts of the engine are functions over it.

    A handler changes, and marks what it changed (`rank_anew`, `match`, `serve`); `acd.core.settle` does
    the rest.

    What is saved: `desk`, `contacts`, `works`, `calls`, `dialled`, `escalations`, the agents' records,
    `incidents`, `courses`, `lists`, `spoken`, `paces`, `deadlines` and the running numbers.
    Everything else (seats, board, clocks) is derived, by `acd.core.rebuild`.
    """

    def __init__(self) -> None:
        self.now_ms = 0
        self.event_ms = 0
        """When the event being handled came: later than `now_ms` while a late Tick fires what was due."""
        self.desk = Desk()
        self.contacts: dict[int, Contact] = {}
        self.works: dict[int, Work] = {}
        self.seats: dict[AgentId, Seat] = {}
        self.deadlines = Deadlines()
        self.last_contact = self.last_offer = self.last_call = 0
        self.last_incident = self.last_device = 0
        self.calls: dict[int, OutboundCall] = {}
        """Those that we place, until they are answered or have failed."""
        self.dialled: list[Dialled] = []
        """Every number outside that was called within the last hour, and perhaps earlier ones, in order."""
        self.escalations: dict[int, Escalation] = {}
        """Those that go on, and the last ones that are over."""
        self.last_escalation = 0
        self.incidents: dict[int, Incident] = {}
        """Those that are on, by running number: in the order in which they were declared."""
        self.courses: dict[int, Course] = {}
        """What became of those, and of the last ones that are over, by the same numbers."""

        self.lists: dict[tuple[TenantId, str], int] = {}
        """Client and list → the version that holds."""

        self.spoken: dict[TenantId, dict[str, tuple[AgentId, int]]] = {}
        """Client → person → who spoke with him last, and when they began; the most recent at the end."""

        self.paces: dict[str, Pace] = {}
        """What was learned of each line of the desk, by its id."""

        self._init_derived()
        self.begin()

    def _init_derived(self) -> None:
        self.lines: dict[LineId, Line] = {}
        self.entries: dict[EntryId, Entry] = {}
        self.media: dict[Medium, MediumTraits] = {}
        self.remembers_ms = 0
        """How long ago the last talk with a person may be that matters to any line."""
        self.lines_differ = False
        """Whether those of one line may overtake those of another: only then arrivals are counted."""
        self.clocks: dict[CalendarId, Clock] = {ALWAYS: WallClock()}
        self.board = Board(())
        self.carried: dict[Carrier, int] = {}
        """Whose leg it is → live contact."""
        self.parked: dict[str, list[int]] = {}
        """Number that is to be called back (its opaque id) → parked contacts, the oldest first."""
        self.asking: dict[int, Contact] = {}
        """The consults that are under way."""
        self.messages: dict[int, Contact] = {}
        """Contacts that have left a message, or whose message is still waited for."""
        self.room_moved = False
        """Whether those who are parked have to be looked at anew: see `acd.core.room`."""
        self.held: dict[AgentId, dict[int, None]] = {}
        """Contacts that are held for their preferred agent."""

        self.treatments: dict[TreatmentId, tuple[Step, ...]] = {}
        """Those of the desk, and what lines without any stand for."""

        self.untreated: dict[int, Contact] = {}
        """Contacts whose treatment goes on now."""
        self.unranked: dict[int, Contact] = {}
        """Contacts in line whose class, head start or need is no longer that of their place."""
        self.unmatched: dict[int, Contact] = {}
        """Contacts for which somebody idle may be found now."""
        self.unserved: dict[AgentId, Seat] = {}
        """Agents who may be free for something else now."""

    def begin(self) -> None:
        """Collect the effects and facts of another entry."""
        self.effects: list[Effect] = []
        self.facts: list[Fact] = []
        self.order: Callable[[Effect], None] = self.effects.append
        """Adds an effect to those of this entry."""
        self.tell: Callable[[Fact], None] = self.facts.append
        """Adds a fact to those of this entry."""

    def on_the_line(self, line: LineId) -> int:
        """How many wait there with a leg: who is parked takes up no place, nor does a consult."""
        others = (*self.parked_contacts(), *self.messages.values(), *self.asking.values())
        placed = sum(one.id in self.board.places for one in others if one.line == line)
        return self.board.length(line) - placed

    def parked_contacts(self) -> list[Contact]:
        """Those whose party is to be called, the oldest first."""
        return [self.contacts[number] for number in sorted(chain.from_iterable(self.parked.values()))]

    def rank_anew(self, contact: Contact) -> None:
        """It is given the place that it has now, and matched."""
        self.unranked[contact.id] = contact
        self.unmatched[contact.id] = contact

    def match(self, contact: Contact) -> None:
        """Somebody idle is looked for, if it waits."""
        self.unmatched[contact.id] = contact

    def serve(self, seat: Seat) -> None:
        """What he is free for is worked out, and the best that waits for him is offered."""
        self.unserved[seat.record.id] = seat

    def contact(self, number: int) -> Contact:
        """Raises Rejected: no such live contact."""
        found = self.contacts.get(number)
        if found is None:
            raise Rejected(f"contact {number} is not live")
        return found

    def work(self, number: int) -> Work:
        """Raises Rejected: no such offer or work."""
        found = self.works.get(number)
        if found is None:
            raise Rejected(f"offer {number} is closed")
        return found

    def seat(self, agent: AgentId) -> Seat:
        """Raises Rejected: no such agent."""
        found = self.seats.get(agent)
        if found is None:
            raise Rejected(f"agent {agent} is unknown")
        return found


def step(table: Mapping[S, Mapping[str, S]], state: S, happening: str) -> S:
    """The next state. A missing key is the error: raises Rejected."""
    try:
        return table[state][happening]
    except KeyError:
        raise Rejected(f"'{happening}' is illegal in state '{state}'") from None
