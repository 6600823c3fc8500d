"""All that the engine remembers, and the indexes derived from it."""

from collections.abc import Mapping
from typing import TypeVar

from acd.core.deadlines import Deadlines
from acd.core.effects import Effect, ShowAgent
from acd.core.errors import Rejected
from acd.core.facts import Fact
from agents.roster import Seat, Work, free_media, shown_state
from agents.skills import AgentId
from queues.board import Board
from queues.calendar import Clock, WallClock
from queues.contact import Contact
from queues.desk import ALWAYS, CalendarId, Desk, Entry, EntryId, Incident, Line, LineId

S = TypeVar("S")


class State:
    """Live contacts, works and agents under one desk. The parts of the engine are functions over it.

    What is saved: `desk`, `contacts`, `works`, the agents' records, `incidents`, `deadlines` and the running
    numbers.
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
        self.last_contact = 0
        self.last_offer = 0
        self.last_incident = 0
        self.incidents: dict[int, Incident] = {}
        """Those that are on, by running number: in the order in which they were declared."""

        self.lines: dict[LineId, Line] = {}
        self.entries: dict[EntryId, Entry] = {}
        self.clocks: dict[CalendarId, Clock] = {ALWAYS: WallClock()}
        self.board = Board(())
        self.refs: dict[str, int] = {}
        self.held: dict[AgentId, dict[int, None]] = {}
        """Contacts that are held for their preferred agent."""

        self.effects: list[Effect] = []
        self.facts: list[Fact] = []

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

    def refresh(self, seat: Seat) -> bool:
        """Recompute of what media the agent is free; returns whether he may be offered anything."""
        free = free_media(seat, self.desk.interrupts)
        if free != seat.free:
            seat.free = free
            seat.epoch += 1
        return bool(free)

    def show(self, seat: Seat) -> None:
        """Tell desktops when the agent's displayed state changed."""
        record = seat.record
        shown = shown_state(seat)
        if shown != record.shown or record.reason != record.shown_reason:
            record.shown, record.shown_reason = shown, record.reason
            self.effects.append(ShowAgent(record.id, shown, record.reason, self.now_ms))


def step(table: Mapping[S, Mapping[str, S]], state: S, happening: str) -> S:
    """The next state. A missing key is the error: raises Rejected."""
    try:
        return table[state][happening]
    except KeyError:
        raise Rejected(f"'{happening}' is illegal in state '{state}'") from None
