"""A conversation: whose it is."""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.state import State
from agents.roster import Work
from agents.skills import AgentId
from agents.states import Role
from queues.contact import Contact
from queues.desk import TalkLimit
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


def watch(state: State, contact: Contact, work: Work) -> None:
    """They talk from now on, which its line may limit; not who is only asked, nor a message that is heard."""
    limit = state.lines[contact.line].talk_limit
    if limit is not None and not contact.consults:
        work.talks_ms = state.now_ms
        watch_on(state, work, limit)


def watch_on(state: State, work: Work, limit: TalkLimit) -> None:
    """Until the next moment at which something is due."""
    talked_ms = state.now_ms - work.talks_ms
    prompt_ms = limit.prompt_ms
    if prompt_ms and talked_ms >= prompt_ms:
        turns = (talked_ms - prompt_ms) // limit.again_ms + 1 if limit.again_ms else 0
        prompt_ms = prompt_ms + turns * limit.again_ms if turns else 0
    ahead = [at_ms for at_ms in (prompt_ms, limit.hand_over_ms) if at_ms > talked_ms]
    if ahead:
        state.deadlines.set(Kind.TALK, work.id, work.talks_ms + min(ahead))


def joined(state: State, contact: Contact, work: Work) -> None:
    """Agent and party hear each other from now on: what he is told first, and how long they may talk."""
    text = state.lines[contact.line].whisper
    if text and not contact.consults:
        prompt_agent(state, contact, work, text)
    watch(state, contact, work)


def prompt_agent(state: State, contact: Contact, work: Work, text: str) -> None:
    """He hears it now, and nobody else does."""
    ids = work.id, contact.id, work.agent
    state.tell(facts.AgentTold(state.now_ms, *ids, text))
    state.order(effects.PromptAgent(*ids, text, carrier=work.carrier))
