"""Deriving all indexes from what is saved: after a restart, and when the desk changed."""

from collections.abc import Iterable

from msgspec.structs import replace

from acd.core import facts
from acd.core.answers import give_back
from acd.core.deadlines import Kind
from acd.core.events import CalendarChanged, DeskChanged
from acd.core.matching import in_rank_order, place
from acd.core.offers import serve_contact
from acd.core.state import State
from acd.core.waiting import let_go, set_deadlines
from agents.roster import AgentRecord, Seat, Work
from agents.skills import AgentId
from agents.states import AgentState, WorkState
from queues.board import Board
from queues.calendar import BusinessClock, WallClock
from queues.contact import Contact
from queues.desk import ALWAYS, Agent, Calendar, Desk
from queues.states import ContactState

IN_LINE = (ContactState.WAITING, ContactState.OFFERED)


def rebuild(state: State, records: Iterable[AgentRecord]) -> None:
    """Make seats, clocks and board anew from the desk, these records, the works and the contacts."""
    desk = state.desk
    state.lines = {line.id: line for line in desk.lines}
    state.entries = {entry.id: entry for entry in desk.entries}
    state.clocks = {ALWAYS: WallClock()}
    state.clocks.update((calendar.id, BusinessClock(calendar.opens)) for calendar in desk.calendars)
    state.seats = seats_of(desk, {record.id: record for record in records}, state.works.values())
    for seat in state.seats.values():
        state.refresh(seat)
    state.board = Board(state.seats.values())
    state.refs = {contact.ref: contact.id for contact in state.contacts.values()}
    state.held = {}
    for contact in state.contacts.values():
        if contact.held_until_ms and contact.preferred is not None:
            state.held.setdefault(contact.preferred, {})[contact.id] = None
        if contact.state in IN_LINE:
            place(state, contact)
            if contact.state is ContactState.WAITING:
                state.board.show(contact.id)


def seats_of(desk: Desk, records: dict[AgentId, AgentRecord], works: Iterable[Work]) -> dict[AgentId, Seat]:
    """A seat for every agent of the desk, and for those who left it but still have work in hand."""
    working: dict[AgentId, list[Work]] = {}
    for work in works:
        working.setdefault(work.agent, []).append(work)
    known = {agent.id for agent in desk.agents}
    gone = [Agent(agent, (), ()) for agent in working if agent not in known]
    seats: dict[AgentId, Seat] = {}
    for number, agent in enumerate((*desk.agents, *gone)):
        record = records.get(agent.id) or AgentRecord(agent.id, number)
        record.number = number
        seat = Seat(record, dict(agent.skills), dict(agent.capacity))
        seat.works = working.get(agent.id, [])
        seats[agent.id] = seat
    return seats


def desk_changed(state: State, event: DeskChanged) -> None:
    """The new desk applies to what waits, too: needs, ranks and deadlines are those of the new rules."""
    records = [seat.record for seat in state.seats.values()]
    state.desk = with_drained(state, event.desk)
    rebuild(state, records)
    desk = event.desk
    sizes = len(desk.agents), len(desk.lines), len(desk.entries)
    state.facts.append(facts.DeskSet(state.now_ms, *sizes))
    known = {agent.id for agent in desk.agents}
    for record in records:
        if record.id not in known:
            _dismiss(state, record)
    for contact in list(state.contacts.values()):
        if contact.state in IN_LINE:
            _apply_rules(state, contact)
    serve_all(state)


def with_drained(state: State, desk: Desk) -> Desk:
    """The desk plus those lines that it drops although contacts or works still live in them."""
    used = {contact.line for contact in state.contacts.values()} | {w.line for w in state.works.values()}
    kept = {line.id for line in desk.lines}
    lines = tuple(line for line in state.desk.lines if line.id in used and line.id not in kept)
    needed = {calendar for line in lines for calendar in (line.calendar, line.hours)}
    known = {calendar.id for calendar in desk.calendars}
    calendars = tuple(c for c in state.desk.calendars if c.id in needed and c.id not in known)
    return replace(desk, lines=desk.lines + lines, calendars=desk.calendars + calendars)


def _dismiss(state: State, record: AgentRecord) -> None:
    """He is no longer of the desk: signed out, offers withdrawn; what he handles he finishes."""
    if record.state is not AgentState.SIGNED_OUT:
        record.state, record.reason, record.since_ms = AgentState.SIGNED_OUT, "", state.now_ms
        state.facts.append(facts.SignedOut(state.now_ms, record.id))
    for number in list(state.held.get(record.id, ())):
        let_go(state, state.contacts[number], "agent left")
    seat = state.seats.get(record.id)
    if seat is not None:
        state.refresh(seat)
        give_back(state, [w for w in seat.works if w.state is WorkState.RINGING], "agent left")
        state.show(seat)


def _apply_rules(state: State, contact: Contact) -> None:
    line = state.lines[contact.line]
    waited_ms = state.now_ms - contact.line_since_ms
    contact.step = sum(relaxation.after_ms <= waited_ms for relaxation in line.relaxations)
    contact.promoted = contact.promoted and line.promotion is not None
    contact.told_position = 0
    for kind in (Kind.RELAX, Kind.PROMOTE, Kind.MAX_WAIT, Kind.ANNOUNCE):
        state.deadlines.clear(kind, contact.id)
    state.board.leave(contact.id)
    place(state, contact)
    if contact.state is ContactState.WAITING:
        state.board.show(contact.id)
    set_deadlines(state, contact)


def serve_all(state: State) -> None:
    """Match everything that waits, the first in rank first."""
    waiting = [c.id for c in state.contacts.values() if c.state is ContactState.WAITING]
    for number in in_rank_order(state, waiting):
        contact = state.contacts.get(number)
        if contact is not None and contact.state is ContactState.WAITING:
            serve_contact(state, contact)
    for seat in state.seats.values():
        state.show(seat)


def calendar_changed(state: State, event: CalendarChanged) -> None:
    """Replace one calendar (or add it) and rank by it."""
    calendars: list[Calendar] = [c for c in state.desk.calendars if c.id != event.calendar.id]
    calendars.append(event.calendar)
    records = [seat.record for seat in state.seats.values()]
    state.desk = replace(state.desk, calendars=tuple(calendars))
    rebuild(state, records)
    state.facts.append(facts.CalendarSet(state.now_ms, event.calendar.id))
    for contact in list(state.contacts.values()):
        if contact.state in IN_LINE and state.lines[contact.line].calendar == event.calendar.id:
            _apply_rules(state, contact)
    serve_all(state)
