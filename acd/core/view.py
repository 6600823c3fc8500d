"""What may be looked at from outside: plain copies of the live state, for API, CLI and metrics."""

from collections import Counter
from itertools import islice

from msgspec import Struct

from acd.core.estimates.queue import expected
from acd.core.incidents import latest
from acd.core.state import State
from acd.core.targets import MISSED, NEAR
from agents.roster import Seat, shown_state
from agents.skills import AgentId
from queues.contact import Contact
from queues.desk import Incident, IncidentId, LineId, Medium, TenantId
from queues.escalation import Escalation
from queues.states import ContactState

MOST_EXPECTED = 100


class LineView(Struct, frozen=True):
    id: LineId
    tenant: TenantId
    waiting: int
    """Contacts that no agent has answered yet, those being rung included. Not those that are parked."""
    connected: int
    oldest_wait_ms: int
    """Of those that wait."""
    parked: int = 0
    """Contacts that have no leg: they were promised a callback, or have left a message."""
    consults: int = 0
    """Agents who wait there to ask somebody; they take up no place."""


class AgentView(Struct, frozen=True):
    id: AgentId
    state: str
    reason: str
    since_ms: int
    reachable: tuple[Medium, ...]
    contacts: tuple[int, ...]


class ContactView(Struct, frozen=True):
    id: int
    medium: Medium
    tenant: TenantId
    line: LineId
    state: str
    priority_class: int
    """By which it is ranked now, promotion included."""
    asked_class: int | None
    """What its entry, a list or somebody by hand gave it; None: it has that of its line."""
    head_start_ms: int
    wait_ms: int
    """Since it first waited; goes on while it is connected."""
    position: int
    """Place in its line, 1 = served next; 0: it does not wait."""
    agents: tuple[AgentId, ...]
    """Who is rung or reserved for it, or who handles it."""
    parked: bool = False
    """Its party has no leg: it was promised a callback, or has left a message."""
    consults: int = 0
    """It is a consult: its agent asks somebody about this contact; 0: it is none."""
    guests: tuple[AgentId, ...] = ()
    """Who takes part beside its agent: in a conference, or listening."""
    pages: int = 0
    """Of what its party sends, or sent, in parts: so many are safe."""
    incomplete: bool = False
    """No more of it comes, and its sender never said that this was all."""
    message: str = ""
    """Opaque id of that message."""
    collected: dict[str, str] = {}
    """What its party has typed, by name: opaque ids."""
    expected_wait_ms: int | None = None
    """How long it will still wait; None: it does not, or nobody can say, or it was not asked for."""
    expected_wait_band_ms: tuple[int, int] | None = None
    """Between these lie nine of ten waits."""
    late: str = ""
    """Of who waits: `near` if its target passes soon, `missed` if it has; where the line wants that told."""


class EscalationView(Struct, frozen=True):
    """A list that is walked, or was."""

    id: int
    list: str
    tenant: TenantId
    contact: int
    """What it is about; 0: no contact."""
    ticket: str
    state: str
    """`calling`, `waiting` (for the next round), `mailing`; or how it ended: see EscalationOver."""
    who: str
    """Who is being called, or has taken it over; empty: nobody."""
    step: int
    """His place in the list, from 1; 0: nobody was called in this round."""
    steps: int
    round: int
    rounds: int
    attempts: int
    began_ms: int
    over_ms: int
    """0: it goes on."""


class Status(Struct, frozen=True):
    now_ms: int
    lines: tuple[LineView, ...]
    agents: tuple[AgentView, ...]
    contacts: tuple[ContactView, ...]
    entry_ms: int = 0
    """Moment of the last entry that it shows."""
    heard_ms: int = 0
    """When whoever shows it last heard of the engine: what was decided later is not in it."""
    incidents: tuple[Incident, ...] = ()
    """Those that are on, in the order in which they were declared."""
    unwritten: int = 0
    """Entries that were decided but are late to be written: they are not in it …"""
    unwritten_since_ms: int = 0
    """… and when the first of them was; 0: there are none."""


class IncidentView(Struct, frozen=True):
    """An incident with what became of it. Moments are Unix milliseconds; 0: not yet, or not known."""

    incident: Incident
    on: bool
    declared_ms: int
    changed_ms: int
    over_ms: int
    over_by: str
    """`by hand` or `expired`."""
    left_ms: int
    """Until it ends by itself; 0: it is over."""
    ends_soon: bool
    """The warning before its end has been given."""
    gross: int
    """Contacts within its scope: who came while it was on, and who was on the line when it was declared."""
    heard: int
    """Of these, who was told; once each."""
    ended: int
    """Of these, whose call ended by it: let go by it, or content with its text."""
    stayed: int
    """Of those who were told, who went on."""
    linked: int
    """Who is, or was, to be told when it is solved."""
    told: int
    """Of these, who heard the all-clear to its end."""
    hung_up: int
    """Who answered, and did not."""
    not_reached: int
    dropped: int
    """For whom there was no all-clear."""
    open: int
    """Who is still to be told."""
    clear_ms: int
    """When the all-clear was given."""
    all_clear: tuple[tuple[str, str], ...]
    """(language, words) of it."""


RESULTS = {
    "told": "told",
    "hung_up": "hung up",
    "not_reached": "not reached",
    "dropped": "dropped",
    "open": "",
}
"""Counts of an incident's links → by what they ended."""


def status(state: State, now_ms: int, most: int | None = None, heard_ms: int | None = None) -> Status:
    """The desk at `now_ms` with its first `most` contacts; `heard_ms`: None is now.

    How long they will wait is said of the first MOST_EXPECTED that do: for thousands it would take seconds.
    """
    shown = list(islice(state.contacts.values(), most))
    waiting = (one.id for one in shown if one.state is ContactState.WAITING)
    asked = set(islice(waiting, MOST_EXPECTED))
    contacts = tuple(contact_view(state, one, now_ms, expects=one.id in asked) for one in shown)
    heard_ms = now_ms if heard_ms is None else heard_ms
    lines, agents = line_views(state, now_ms), agent_views(state)
    return Status(now_ms, lines, agents, contacts, state.now_ms, heard_ms, incidents(state))


def escalations(state: State) -> tuple[EscalationView, ...]:
    """Those that go on, and the last that are over, as they began."""
    return tuple(_escalation_view(one) for one in state.escalations.values())


def _escalation_view(one: Escalation) -> EscalationView:
    shown = one.result or ("mailing" if one.mailing else "calling" if one.called else "waiting")
    who = one.people[one.place - 1].who if one.called else one.taken_by
    about = one.tenant, one.contact, one.ticket
    so_far = one.place, len(one.people), one.round, one.rounds, one.attempts
    return EscalationView(one.id, one.list, *about, shown, who, *so_far, one.began_ms, one.over_ms)


def incidents(state: State) -> tuple[Incident, ...]:
    """Those that are on, in the order in which they were declared."""
    return tuple(state.incidents.values())


def to_clear(state: State) -> tuple[Incident, ...]:
    """Those that are over, and whose callers wait for the all-clear."""
    return tuple(course.incident for course in state.courses.values() if course.waits)


def incident_view(state: State, name: str, now_ms: int) -> IncidentView | None:
    """The one that is on, or was last, by that name; None: none is remembered."""
    course = latest(state, IncidentId(name))
    if course is None:
        return None
    incident, on = course.incident, not course.over_ms
    left_ms = max(0, incident.expires_ms - now_ms) if on else 0
    return IncidentView(
        incident=incident,
        on=on,
        declared_ms=course.declared_ms,
        changed_ms=course.changed_ms,
        over_ms=course.over_ms,
        over_by=course.over_by,
        left_ms=left_ms,
        ends_soon=0 < left_ms <= incident.warn_ms,
        gross=course.gross,
        heard=course.heard,
        ended=course.ended,
        stayed=course.stayed,
        linked=len(course.links),
        **{count: course.count(result) for count, result in RESULTS.items()},
        clear_ms=course.clear_ms,
        all_clear=course.all_clear_texts,
    )


def line_views(state: State, now_ms: int) -> tuple[LineView, ...]:
    """In the order of the desk."""
    connected: Counter[LineId] = Counter()
    asking: Counter[LineId] = Counter()
    parked: Counter[LineId] = Counter()
    placed: Counter[LineId] = Counter()  # of these, those on the board: they take up no place there
    oldest: dict[LineId, int] = {}
    for contact in state.contacts.values():
        if contact.consults:
            placed[contact.line] += contact.id in state.board.places
            asking[contact.line] += contact.id in state.board.places
        elif contact.state is ContactState.CONNECTED:
            connected[contact.line] += 1
        elif contact.to_call:
            parked[contact.line] += 1
            placed[contact.line] += contact.id in state.board.places
        elif contact.id in state.board.places:
            oldest[contact.line] = max(oldest.get(contact.line, 0), now_ms - contact.anchor_ms)
    return tuple(
        LineView(
            line.id,
            line.tenant,
            state.board.length(line.id) - placed[line.id],
            connected[line.id],
            oldest.get(line.id, 0),
            parked[line.id],
            asking[line.id],
        )
        for line in state.lines.values()
    )


def agent_views(state: State) -> tuple[AgentView, ...]:
    """In the order of the roster."""
    return tuple(_agent_view(seat) for seat in state.seats.values())


def _agent_view(seat: Seat) -> AgentView:
    record = seat.record
    contacts = tuple(work.contact for work in seat.works)
    reachable = tuple(record.reachable)
    return AgentView(record.id, shown_state(seat), record.reason, record.since_ms, reachable, contacts)


def contact_view(state: State, contact: Contact, now_ms: int, *, expects: bool = True) -> ContactView:
    """One live contact; `expects`: how long it will still wait is worked out, if it waits."""
    place = state.board.places.get(contact.id)
    waits = expects and contact.state is ContactState.WAITING
    found = expected(state, contact) if waits else None
    line, reception = state.lines[contact.line], contact.reception
    asked = line.priority_class if contact.asked_class is None else contact.asked_class
    return ContactView(
        id=contact.id,
        medium=contact.medium,
        tenant=contact.tenant,
        line=contact.line,
        state=contact.state.value,
        priority_class=place.urgency.priority_class if place else asked,
        asked_class=contact.asked_class,
        head_start_ms=contact.head_start_ms,
        wait_ms=contact.waited_ms(now_ms),
        position=state.board.rank(contact.id) if place else 0,
        agents=tuple(state.works[number].agent for number in contact.offers),
        parked=contact.to_call or contact.id in state.messages,
        consults=contact.consults,
        guests=tuple(state.works[number].agent for number in contact.guests),
        pages=reception.pages if reception else 0,
        incomplete=bool(reception and reception.over and not reception.complete),
        message=contact.to_be_heard,
        collected=contact.collected or {},
        expected_wait_ms=found.expected_ms if found else None,
        expected_wait_band_ms=(found.low_ms, found.high_ms) if found else None,
        late=contact.late if place and contact.late in (NEAR, MISSED) else "",
    )
