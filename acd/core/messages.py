"""Messages: what a party says is recorded, and waits at its place until an agent has heard it."""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import MessageRecorded
from acd.core.leaving import leave_line
from acd.core.parking import lose_leg, promise_over
from acd.core.state import State, step
from acd.core.treatments import rest
from acd.core.waiting import enter_line, forget
from queues.contact import NO_INCIDENT, Contact
from queues.message import Message, Recording
from queues.states import CONTACT, ContactState
from queues.treatment import TONE, Phrase

SHORTEST_MS = 1_000
"""Who says less has said nothing: it takes that long to hang up."""

SEALED_WITHIN_MS = 30_000
"""Of a recording that nobody reports so long after its end nothing is expected any more: media may die."""


def record(state: State, contact: Contact, longest_ms: int) -> None:
    """Play the texts that were collected and a tone, then keep what its party says; it is found by nobody."""
    assert contact.walk is not None
    contact.walk.says += (Phrase(TONE),)
    rest(state, contact, "", for_ms=longest_ms + SEALED_WITHIN_MS, records_ms=longest_ms)
    contact.recording = Recording(contact.visit)
    if contact.id in state.board.places:
        state.board.hide(contact.id)


def recorded(state: State, event: MessageRecorded) -> None:
    """Raises Rejected: it is not recorded, or by another list."""
    contact = state.contact(event.contact)
    if contact.recording is None or event.visit != contact.recording.visit:
        raise Rejected(f"contact {event.contact} is not recorded by list {event.visit}")
    recording_over(state, contact, contact.recording, event.recording, event.length_ms)


def never_sealed(state: State, number: int) -> None:
    """Who is gone has said something, perhaps; nobody will ever know."""
    contact = state.contacts[number]
    assert contact.recording is not None
    recording_over(state, contact, contact.recording)


def recording_over(
    state: State, contact: Contact, recording: Recording, sound: str = "", length_ms: int = 0
) -> None:
    """Its treatment goes on; or it waits for an agent, if its party is gone and has said something."""
    contact.recording = None
    state.tell(facts.Recorded(state.now_ms, contact.id, recording.visit, sound, length_ms))
    if sound and length_ms >= SHORTEST_MS:
        contact.message = Message(sound, length_ms)
    if not recording.stage:
        state.deadlines.clear(Kind.TREATMENT, contact.id)
        state.untreated[contact.id] = contact
        if contact.id in state.board.places:
            state.board.show(contact.id)
            state.match(contact)
        return
    state.deadlines.clear(Kind.MESSAGE, contact.id)
    if contact.message is not None:
        leave_message(state, contact, contact.message, recording.wait_ms)
    else:
        _said_nothing(state, contact, recording)


def _said_nothing(state: State, contact: Contact, recording: Recording) -> None:
    contact.state = step(CONTACT, contact.state, "leave")
    forget(state, contact)
    left = state.now_ms, contact.id, contact.line
    if recording.turned_away or contact.purpose:
        state.tell(facts.Released(*left, recording.turned_away or "caller"))
    else:
        state.tell(facts.Abandoned(*left, recording.wait_ms, recording.stage, recording.leg_lost))


def seal(state: State, contact: Contact, recording: Recording, *, leg_lost: bool) -> None:
    """Its party is gone while it spoke: what was said is waited for, in no line."""
    walk, before = contact.walk, contact.state
    assert walk is not None
    contact.state = step(CONTACT, before, "seal")
    recording.stage, recording.turned_away = before.value, walk.turned_away
    recording.leg_lost, recording.wait_ms = leg_lost, contact.waited_ms(state.now_ms)
    leave_line(state, contact)
    _without_leg(state, contact)
    contact.recording = recording
    until_ms = state.now_ms + SEALED_WITHIN_MS
    state.deadlines.set(Kind.MESSAGE, contact.id, until_ms)
    state.tell(facts.Sealing(state.now_ms, contact.id, contact.line, recording.wait_ms, until_ms))


def leave_message(state: State, contact: Contact, message: Message, wait_ms: int | None = None) -> None:
    """Its party goes, if it has not gone yet, and an agent will hear what it has said."""
    contact.state = step(CONTACT, contact.state, "leave message")
    waited_ms = contact.waited_ms(state.now_ms) if wait_ms is None else wait_ms
    where = contact.id, contact.line, contact.medium
    state.tell(facts.MessageLeft(state.now_ms, *where, waited_ms, message.recording, message.length_ms))
    _without_leg(state, contact)
    if contact.id in state.board.places:
        state.deadlines.clear(Kind.MAX_WAIT, contact.id)
        if contact.state is ContactState.WAITING:
            state.board.show(contact.id)  # it may have been about to say more
        state.match(contact)
    else:
        enter_line(state, contact, state.lines[contact.line], "message")


def sign_off(state: State, contact: Contact, message: Message) -> None:
    """The desk itself lets its party go, who has left a message. It is safe before the line goes dead."""
    carrier = contact.carrier
    leave_message(state, contact, message)
    state.order(effects.ReleaseContact(contact.id, "voicemail", carrier=carrier, promise=True))


def _without_leg(state: State, contact: Contact) -> None:
    """Whatever else it was told or promised is of no use any more."""
    lose_leg(state, contact)
    if contact.callback is not None:
        promise_over(state, contact, kept=False)
        contact.callback = None
    state.deadlines.clear(Kind.READY, contact.id)
    contact.ready_ms, contact.incident, contact.purpose = 0, NO_INCIDENT, ""
    state.messages[contact.id] = contact
