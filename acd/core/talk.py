"""A conversation: whose it is."""

from acd.core import effects, facts
from acd.core.errors import Rejected
from acd.core.state import State
from agents.roster import Work
from agents.skills import AgentId
from agents.states import Role
from queues.contact import Contact
from queues.states import ContactState


def talking(state: State, contact: Contact) -> Work | None:
    """The work of the agent who has it; None: it is not connected, or with somebody outside only."""
    if contact.state is not ContactState.CONNECTED or not contact.offers:
        return None
    return state.works[contact.offers[0]]


def connected_work(state: State, number: int, agent: AgentId) -> tuple[Contact, Work]:
    """Contact and work of the agent who handles it now. Raises Rejected: he does not."""
    contact = state.contact(number)
    return contact, work_of(state, contact, agent)


def work_of(state: State, contact: Contact, agent: AgentId) -> Work:
    """His work with the contact that he handles now. Raises Rejected: he does not."""
    if contact.state is ContactState.CONNECTED and contact.offers:  # as in `talking`, without another frame
        work = state.works[contact.offers[0]]
        if work.agent == agent:
            return work
    raise Rejected(f"agent {agent} does not handle contact {contact.id}")


def in_hand(state: State, work: Work) -> effects.Effect:
    """What the device of this work is to do, wherever it has come to be: also to be told it anew."""
    contact, role = state.contacts[work.contact], work.role
    if role is Role.CONSULTING:
        consult = state.contacts[contact.consult]
        ids, music = (work.id, contact.id, work.agent), state.lines[consult.line].music
        return effects.StepAside(*ids, consult.id, music, carrier=work.carrier)
    message = contact.to_be_heard if contact.parked else ""
    return effects.ConnectContact(work.id, contact.id, work.agent, role, message, carrier=work.carrier)


def whisper(state: State, contact: Contact, work: Work) -> None:
    """What his line tells the agent when he gets it."""
    text = state.lines[contact.line].whisper
    if text and not contact.consults:
        prompt_agent(state, contact, work, text)


def prompt_agent(state: State, contact: Contact, work: Work, text: str) -> None:
    """He hears it now, and nobody else does."""
    ids = work.id, contact.id, work.agent
    state.tell(facts.AgentTold(state.now_ms, *ids, text))
    state.order(effects.PromptAgent(*ids, text, carrier=work.carrier))
