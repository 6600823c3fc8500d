"""Deriving all indexes from what is saved: after a restart, and when the desk changed."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from acd.core import facts, last_agents
from acd.core.answers import agent_gone, let_all_go
from acd.core.closing import wake
from acd.core.connection import hand_all_back
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import CalendarChanged, DeskChanged
from acd.core.leases import media_changed
from acd.core.matching import place
from acd.core.offers import refresh
from acd.core.room import let_be_found, look_at_room
from acd.core.state import State
from acd.core.treatments import NOTHING_YET, steps_of, wait_with, waiting_in
from acd.core.waiting import set_deadlines, watch_target
from acd.core.wrap_up import gone_home
from agents.devices import NOWHERE
from agents.roster import AgentRecord, Seat, Work
from agents.skills import AgentId
from agents.states import AgentState
from queues import escalation
from queues.board import Board
from queues.calendar import BusinessClock, WallClock
from queues.contact import Contact
from queues.desk import ALWAYS, Agent, Calendar, Desk, Line
from queues.names import TreatmentId
from queues.pace import Pace
from queues.states import ContactState
from queues.treatment import Step

IN_LINE = (ContactState.WAITING, ContactState.OFFERED)


def rebuild(state: State, records: Iterable[AgentRecord]) -> None:
    """Make all that is derived anew from the desk, these records, the works and the contacts."""
    derive(state, records)
    seat_contacts(state)


def derive(state: State, records: Iterable[AgentRecord]) -> None:
    """Make seats and clocks anew, and a board on which nobody waits yet."""
    desk = state.desk
    state.lines = {line.id: line for line in desk.lines}
    state.paces = {line: state.paces.get(line) or Pace() for line in state.lines}
    state.lines_differ = len({(line.priority_class, line.target_ms) for line in desk.lines}) > 1
    state.entries = {entry.id: entry for entry in desk.entries}
    state.media = {traits.id: traits for traits in desk.media}
    state.remembers_ms = max((line.last_agent.within_ms for line in desk.lines), default=0)
    state.treatments = steps_of(desk.lines)
    state.treatments.update((treatment.id, treatment.steps) for treatment in desk.treatments)
    state.treatments[escalation.TAKEN] = escalation.AFTER_KEY
    live = (one for one in state.escalations.values() if not one.result)
    state.treatments.update((one.treatment, escalation.steps_of(one)) for one in live)
    state.clocks = {ALWAYS: WallClock()}
    state.clocks.update((calendar.id, BusinessClock(calendar.opens)) for calendar in desk.calendars)
    state.seats = seats_of(desk, {record.id: record for record in records}, state.works.values())
    for seat in state.seats.values():
        refresh(state, seat)
        seat.entered = seat.epoch
    state.board = Board(state.seats.values())


def seat_contacts(state: State) -> None:
    """Put the contacts on the empty board."""
    state.carried = {
        carrier: contact.id
        for contact in state.contacts.values()
        for carrier in (contact.carrier, *contact.joined, *contact.outside)
        if carrier != NOWHERE
    }
    state.held, state.parked, state.messages = {}, {}, {}
    state.asking = {contact.id: contact for contact in state.contacts.values() if contact.consults}
    for contact in state.contacts.values():
        if contact.to_call and contact.callback is not None:
            state.parked.setdefault(contact.callback.party, []).append(contact.id)
        elif contact.parked and (contact.message is not None or contact.recording is not None):
            state.messages[contact.id] = contact
        if contact.held_until_ms and contact.preferred is not None:
            state.held.setdefault(contact.preferred, {})[contact.id] = None
        if contact.reserves:
            state.board.greet(contact.line, 1)
        if contact.state in IN_LINE:
            place(state, contact)
            if contact.state is ContactState.WAITING and contact.recording is None:
                state.board.show(contact.id)
    let_be_found(state)


def seats_of(desk: Desk, records: dict[AgentId, AgentRecord], works: Iterable[Work]) -> dict[AgentId, Seat]:
    """A seat for every agent of the desk, and for those who left it but still have work in hand."""
    working: dict[AgentId, list[Work]] = {}
    for work in works:
        working.setdefault(work.agent, []).append(work)
    known = {agent.id for agent in desk.agents}
    gone = [Agent(agent, (), ()) for agent in sorted(working.keys() - known)]
    seats: dict[AgentId, Seat] = {}
    for number, agent in enumerate((*desk.agents, *gone)):
        record = records.get(agent.id) or AgentRecord(agent.id, number)
        seat = Seat(record, dict(agent.skills), dict(agent.capacity))
        seat.listed = agent.id in known
        record.number = number if seat.listed else len(known)
        seat.works = working.get(agent.id, [])
        seats[agent.id] = seat
    return seats


def desk_changed(state: State, event: DeskChanged) -> None:
    """The new desk applies to what waits, too: needs, ranks and deadlines are those of the new rules."""
    records, before = [seat.record for seat in state.seats.values()], state.lines
    treatments = state.treatments
    state.desk = with_drained(state, event.desk)
    derive(state, records)
    last_agents.desk_changed(state)
    desk = event.desk
    sizes = len(desk.agents), len(desk.lines), len(desk.entries)
    state.tell(facts.DeskSet(state.now_ms, *sizes))
    in_line = [contact for contact in state.contacts.values() if contact.state in IN_LINE]
    for contact in in_line:
        _apply_rules(state, contact)
        _treat_anew(state, contact, before[contact.line])
    seat_contacts(state)
    look_at_room(state)
    _walk_anew(state, treatments)
    media_changed(state)
    state.unranked.clear()  # just placed
    known = {agent.id for agent in desk.agents}
    for record in records:
        if record.id not in known:
            _dismiss(state, record)
    for seat in list(state.seats.values()):
        if seat.record.state is AgentState.SIGNED_OUT:
            hand_all_back(state, seat.works, "signed out")
            if not seat.listed:
                gone_home(state, seat)
    wake(state)


def with_drained(state: State, desk: Desk) -> Desk:
    """The desk plus those lines and media that it drops although contacts or works still live in them."""
    used = {contact.line for contact in state.contacts.values()} | {w.line for w in state.works.values()}
    kept = {line.id for line in desk.lines}
    lines = tuple(line for line in state.desk.lines if line.id in used and line.id not in kept)
    needed = {calendar for line in lines for calendar in (line.calendar, line.hours)}
    known = {calendar.id for calendar in desk.calendars}
    calendars = tuple(c for c in state.desk.calendars if c.id in needed and c.id not in known)
    media = {contact.medium for contact in state.contacts.values()} | {w.medium for w in state.works.values()}
    missing = media - set(desk.medium_ids)
    traits = tuple(traits for traits in state.desk.media if traits.id in missing)
    return replace(
        desk, lines=desk.lines + lines, calendars=desk.calendars + calendars, media=desk.media + traits
    )


def _dismiss(state: State, record: AgentRecord) -> None:
    """He is no longer of the desk: signed out, offers withdrawn."""
    if record.state is not AgentState.SIGNED_OUT:
        record.state, record.reason, record.since_ms = AgentState.SIGNED_OUT, "", state.now_ms
        state.tell(facts.SignedOut(state.now_ms, record.id))
    seat = state.seats.get(record.id)
    if seat is not None:
        agent_gone(state, seat)
    else:
        let_all_go(state, record.id)


def _apply_rules(state: State, contact: Contact) -> None:
    """Relaxations, class and deadlines become those of the rules now."""
    line = state.lines[contact.line]
    waited_ms = state.now_ms - contact.line_since_ms
    contact.step = sum(relaxation.after_ms <= waited_ms for relaxation in line.relaxations)
    contact.promoted = contact.promoted and line.promotion is not None
    contact.told_position = 0
    state.deadlines.clear_all((Kind.RELAX, Kind.MAX_WAIT), contact.id)
    watch_target(state, contact, line)
    set_deadlines(state, contact)
    state.rank_anew(contact)


def _walk_anew(state: State, before: Mapping[TreatmentId, tuple[Step, ...]]) -> None:
    """Who is asked for a key by a treatment that has changed begins it anew: the key may mean something else.

    The text of an incident that comes between is heard to its end; any other text, too.
    """
    for contact in state.contacts.values():
        walk = contact.interrupted or contact.walk
        if walk is None or walk.menu is None:
            continue
        if before.get(walk.treatment) == state.treatments.get(walk.treatment):
            continue
        walk.step, walk.menu, walk.hears, walk.for_ms, walk.heard = 0, None, NOTHING_YET, 0, True
        if contact.interrupted is None:
            state.deadlines.clear(Kind.TREATMENT, contact.id)
            state.untreated[contact.id] = contact


def _treat_anew(state: State, contact: Contact, before: Line) -> None:
    """Who hears nothing but music hears what the line has for those who wait, if that is new."""
    line = state.lines[contact.line]
    if waiting_in(line) != waiting_in(before) or line.music != before.music:
        wait_with(state, contact, line, before.music)


def calendar_changed(state: State, event: CalendarChanged) -> None:
    """Replace one calendar (or add it) and rank by it.

    Raises Rejected: it is the one that is always open, or its openings are not sorted and disjoint.
    """
    new = event.calendar
    _check(new)
    calendars: list[Calendar] = [c for c in state.desk.calendars if c.id != new.id]
    state.desk = replace(state.desk, calendars=(*calendars, new))
    state.clocks[new.id] = BusinessClock(new.opens)
    state.tell(facts.CalendarSet(state.now_ms, new.id))
    in_line = [contact for contact in state.contacts.values() if contact.state in IN_LINE]
    for contact in in_line:
        line = state.lines[contact.line]
        if line.calendar == new.id:
            _apply_rules(state, contact)
        elif line.hours == new.id and contact.waits_apart:
            state.match(contact)
    wake(state)


def _check(calendar: Calendar) -> None:
    if calendar.id == ALWAYS:
        raise Rejected("the calendar without a name is always open")
    last_ms = 0
    for open_ms, close_ms in calendar.opens:
        if not last_ms <= open_ms < close_ms:
            raise Rejected(f"openings of calendar {calendar.id} are not sorted and disjoint")
        last_ms = close_ms
