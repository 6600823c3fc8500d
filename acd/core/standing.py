"""The effects in force: what the world must look like if it agrees with the engine."""

from acd.core.deadlines import Kind
from acd.core.effects import AdmitContact, ConnectContact, Effect, OfferContact, ShowAgent
from acd.core.state import State
from agents.roster import Work
from agents.states import WorkState
from queues.states import ContactState


def standing(state: State) -> list[Effect]:
    """Live contacts admitted, open offers ringing, answered contacts joined, agents shown.

    Greetings are not played again, but for a mandatory one (or the text of an incident) whose end was never
    reported.
    """
    effects: list[Effect] = []
    for contact in state.contacts.values():
        line = state.lines[contact.line]
        waits_for_it = contact.state is ContactState.GREETING
        greeting = contact.greeting if waits_for_it else ""
        admit = contact.id, contact.ref, contact.medium, greeting, waits_for_it, line.music
        effects.append(AdmitContact(*admit))
    for work in state.works.values():
        if work.state is not WorkState.WRAP_UP:
            effects.append(_of_work(state, work))
    for seat in state.seats.values():
        record = seat.record
        effects.append(ShowAgent(record.id, record.shown, record.shown_reason, record.since_ms))
    return effects


def _of_work(state: State, work: Work) -> Effect:
    ids = work.id, work.contact, work.agent
    if work.state is WorkState.RINGING:
        due_ms = state.deadlines.get(Kind.RING, work.id)
        return OfferContact(*ids, work.medium, work.started_ms if due_ms is None else due_ms)
    return ConnectContact(*ids, work.medium)
