"""A supervisor hears a conversation: rung by his own wish, he is neither chosen nor paused for it."""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import ListenStarted, OfferId
from acd.core.guests import guest
from acd.core.offers import refresh
from acd.core.state import State, step
from agents.roster import Seat, Work, device_for
from agents.states import LISTENERS, ROLE, AgentState, Role, WorkState
from queues.contact import Contact
from queues.states import ContactState

HOW = {"listen": Role.LISTENING, "whisper": Role.WHISPERING, "barge": Role.BARGING}


def started(state: State, event: ListenStarted) -> None:
    """Raises Rejected: nobody talks, the medium does not mix, or he cannot be rung now."""
    contact, seat = state.contact(event.contact), state.seat(event.agent)
    if event.how not in HOW:
        raise Rejected(f"'{event.how}' is no way to listen: there are {', '.join(HOW)}")
    if contact.state is not ContactState.CONNECTED or contact.consults or contact.parked:
        raise Rejected(f"contact {event.contact} is no conversation")
    if not state.media[contact.medium].mixes:
        raise Rejected(f"{contact.medium} is for two only: nobody can listen in")
    known = guest(state, contact, event.agent)
    if known is not None and known.role in LISTENERS:
        _otherwise(state, known, event.how)
        return
    _check(contact, seat)
    _ring(state, contact, seat, event)


def _check(contact: Contact, seat: Seat) -> None:
    agent = seat.record.id
    if any(work.contact == contact.id for work in seat.works):
        raise Rejected(f"agent {agent} takes part in contact {contact.id} already")
    if any(work.state is not WorkState.WRAP_UP for work in seat.works):
        raise Rejected(f"agent {agent} has something else in hand")
    if seat.record.state is AgentState.SIGNED_OUT or contact.medium not in seat.record.reachable:
        raise Rejected(f"agent {agent} cannot be reached by {contact.medium}")


def _ring(state: State, contact: Contact, seat: Seat, event: ListenStarted) -> None:
    state.last_offer += 1
    number, now_ms, agent = OfferId(state.last_offer), state.now_ms, event.agent
    carrier, role = device_for(seat.record, contact.medium), HOW[event.how]
    what = contact.id, agent, carrier, contact.medium, contact.line
    work = Work(number, *what, WorkState.RINGING, now_ms, now_ms, role=role)
    state.works[number] = work
    contact.guests.append(number)
    seat.works.append(work)
    refresh(state, seat)
    due_ms = now_ms + state.lines[contact.line].ring_ms
    state.deadlines.set(Kind.RING, number, due_ms)
    state.order(effects.OfferContact(number, contact.id, agent, due_ms, role.value, carrier=carrier))
    state.tell(facts.ListenerRung(now_ms, number, contact.id, agent, event.how, due_ms))


def _otherwise(state: State, work: Work, how: str) -> None:
    """Whisper instead of listening, or the like."""
    work.role = step(ROLE, work.role, how)
    if work.state is not WorkState.RINGING:
        joined(state, work)


def joined(state: State, work: Work) -> None:
    """His device has answered, or he hears in another way from now on."""
    how = next(name for name, role in HOW.items() if role is work.role)
    ids = work.id, work.contact, work.agent
    state.tell(facts.ListenerJoined(state.now_ms, *ids, how))
    state.order(effects.ConnectContact(*ids, work.role.value, carrier=work.carrier))
