"""The engine's state as bytes, and back."""

import msgspec
from msgspec import Struct

from acd.core import migrate
from acd.core.deadlines import Deadlines, Saved
from acd.core.errors import UnreadableSnapshot
from acd.core.rebuild import rebuild
from acd.core.state import State
from agents.roster import AgentRecord, Work
from agents.skills import AgentId
from queues.contact import Contact
from queues.desk import Desk, Incident, TenantId
from queues.escalation import Escalation
from queues.incident import Course
from queues.outbound import Dialled, OutboundCall
from queues.pace import Pace


class Image(Struct):
    """What is saved. Everything else is derived from it."""

    version: int
    now_ms: int
    last_contact: int
    last_offer: int
    last_incident: int
    last_device: int
    desk: Desk
    contacts: list[Contact]
    works: list[Work]
    agents: list[AgentRecord]
    incidents: list[tuple[int, Incident]]
    deadlines: Saved
    lists: list[tuple[TenantId, str, int]]
    last_call: int = 0
    calls: list[OutboundCall] = []
    spoken: list[tuple[TenantId, str, AgentId, int]] = []
    paces: list[tuple[str, Pace]] = []
    courses: list[tuple[int, Course]] = []
    dialled: list[Dialled] = []
    last_escalation: int = 0
    escalations: list[Escalation] = []


class _Written(Struct):
    """By which version."""

    version: int


def save(state: State, version: int) -> bytes:
    """Equal states give equal bytes: every list has one order (of creation, of the roster, of time)."""
    image = Image(
        version,
        state.now_ms,
        state.last_contact,
        state.last_offer,
        state.last_incident,
        state.last_device,
        state.desk,
        list(state.contacts.values()),
        list(state.works.values()),
        [seat.record for seat in state.seats.values()],
        list(state.incidents.items()),
        state.deadlines.save(),
        [(*key, held) for key, held in state.lists.items()],
        state.last_call,
        list(state.calls.values()),
        [(tenant, who, *last) for tenant, known in state.spoken.items() for who, last in known.items()],
        list(state.paces.items()),
        list(state.courses.items()),
        dialled=state.dialled,
        last_escalation=state.last_escalation,
        escalations=list(state.escalations.values()),
    )
    return msgspec.msgpack.encode(image)


ALIKE = (3, 4)
"""Snapshots of these engine versions have the shape of ours: what they did not know has a default. Their
rules were others, so that entries of them are not replayed (3: what ended during an outage, legs outside;
4: a full line handed on who was in it already)."""


def load(saved: bytes, version: int) -> State:
    """Raises UnreadableSnapshot."""
    try:
        if migrate.is_of_version_2(saved):
            return _state_of(msgspec.convert(migrate.from_version_2(saved, version), Image))
        written_by = msgspec.msgpack.decode(saved, type=_Written).version
        if written_by not in (version, *ALIKE):
            raise UnreadableSnapshot(f"the snapshot is of engine version {written_by}, this is {version}")
        return _state_of(msgspec.msgpack.decode(saved, type=Image))
    except (msgspec.MsgspecError, LookupError, ValueError, TypeError) as error:
        raise UnreadableSnapshot(f"the snapshot cannot be read: {error}") from error


def _state_of(image: Image) -> State:
    state = State()
    state.now_ms, state.desk = image.now_ms, image.desk
    state.last_contact, state.last_offer = image.last_contact, image.last_offer
    state.last_incident, state.incidents = image.last_incident, dict(image.incidents)
    state.courses = dict(image.courses)
    for number, incident in image.incidents:  # earlier snapshots knew no courses
        state.courses.setdefault(number, Course(incident))
    state.last_device = image.last_device
    state.contacts = {contact.id: contact for contact in image.contacts}
    state.last_call = image.last_call
    state.calls = {call.id: call for call in image.calls}
    state.dialled = image.dialled
    state.last_escalation = image.last_escalation
    state.escalations = {one.id: one for one in image.escalations}
    state.works = {work.id: work for work in image.works}
    for tenant, person, agent, at_ms in image.spoken:
        state.spoken.setdefault(tenant, {})[person] = agent, at_ms
    state.paces = dict(image.paces)
    state.deadlines = Deadlines(image.deadlines)
    state.lists = {(tenant, name): held for tenant, name, held in image.lists}
    rebuild(state, image.agents)
    return state
