"""A supervisor hears a conversation: rung by his own wish, he is neither chosen nor paused for it."""

from acd.core import facts
from acd.core.errors import Rejected
from acd.core.events import ListenStarted
from acd.core.guests import guest
from acd.core.offers import new_work, ring
from acd.core.state import State, step
from acd.core.talk import in_hand
from agents.roster import Seat, Work
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
    work = new_work(state, contact, seat, HOW[event.how])
    contact.guests.append(work.id)
    due_ms = ring(state, contact, seat, work)
    state.tell(facts.ListenerRung(state.now_ms, work.id, contact.id, work.agent, event.how, due_ms))


def _otherwise(state: State, work: Work, how: str) -> None:
    """Whisper instead of listening, or the like."""
    work.role = step(ROLE, work.role, how)
    if work.state is not WorkState.RINGING:
        joined(state, work)


def joined(state: State, work: Work) -> None:
    """His device has answered, or he hears in another way from now on."""
    how = next(name for name, role in HOW.items() if role is work.role)
    state.tell(facts.ListenerJoined(state.now_ms, work.id, work.contact, work.agent, how))
    state.order(in_hand(state, work))
