"""The effects in force: what the world must look like if it agrees with the engine."""

from acd.core.deadlines import Kind
from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact, ShowAgent
from acd.core.events import ContactId, OfferId
from acd.core.state import State
from agents.roster import Work
from agents.states import WorkState
from queues.states import ContactState


def standing(state: State) -> list[Effect]:
    """Live contacts admitted, open offers ringing, answered contacts joined, agents shown.

    Greetings are not played again, but for a mandatory one whose end was never reported.
    """
    effects: list[Effect] = []
    for contact in state.contacts.values():
        line = state.lines[contact.line]
        greeting = contact.state is ContactState.GREETING
        text = line.greeting if greeting else ""
        admit = ContactId(contact.id), contact.ref, contact.medium, text, greeting, line.music
        effects.append(AdmitContact(*admit))
    for work in state.works.values():
        if work.state is not WorkState.WRAP_UP:
            effects.append(_of_work(state, work))
    for seat in state.seats.values():
        record = seat.record
        effects.append(ShowAgent(record.id, record.shown, record.shown_reason, record.since_ms))
    return effects


def _of_work(state: State, work: Work) -> Effect:
    ids = OfferId(work.id), ContactId(work.contact), work.agent
    if work.state is WorkState.RINGING:
        due_ms = state.deadlines.get(Kind.RING, work.id)
        return OfferContact(*ids, work.medium, work.started_ms if due_ms is None else due_ms)
    return ConnectContact(*ids, work.medium)
