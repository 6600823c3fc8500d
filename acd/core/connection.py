"""A conversation and its end: hold, transfer, release, and what becomes of it when a side is gone."""

from collections.abc import Iterable

from acd.core import calling, effects, facts
from acd.core.errors import Rejected
from acd.core.events import ContactHeld, ContactLeft, ContactReleased, ContactResumed, ContactTransferred
from acd.core.messages import leave_message, seal
from acd.core.parking import may_be_parked, park
from acd.core.state import State, step
from acd.core.waiting import end, enter_line, quit_line
from acd.core.wrap_up import put_away, start_wrap_up
from agents.roster import Work
from agents.skills import AgentId
from agents.states import IN_HAND
from queues.contact import Contact
from queues.desk import EntryId, LineId
from queues.states import CONTACT, ContactState


def connected_work(state: State, number: int, agent: AgentId) -> tuple[Contact, Work]:
    """Contact and work of the agent who handles it now. Raises Rejected: he does not."""
    contact = state.contact(number)
    if contact.state is ContactState.CONNECTED:
        work = state.works[contact.offers[0]]
        if work.agent == agent:
            return contact, work
    raise Rejected(f"agent {agent} does not handle contact {number}")


def held(state: State, event: ContactHeld) -> None:
    work = _current(state, event.contact)
    _hold(work, event.by_agent, holds=True)
    state.tell(facts.Held(state.now_ms, event.contact, work.agent, event.by_agent))


def resumed(state: State, event: ContactResumed) -> None:
    work = _current(state, event.contact)
    _hold(work, event.by_agent, holds=False)
    state.tell(facts.Resumed(state.now_ms, event.contact, work.agent, event.by_agent))


def _hold(work: Work, by_agent: bool, *, holds: bool) -> None:
    if by_agent:
        work.agent_holds = holds
    else:
        work.party_holds = holds


def _current(state: State, number: int) -> Work:
    contact = state.contact(number)
    if contact.state is not ContactState.CONNECTED:
        raise Rejected(f"contact {number} is not connected")
    return state.works[contact.offers[0]]


def left(state: State, event: ContactLeft) -> None:
    contact_gone(state, state.contact(event.contact), leg_lost=False)


def contact_gone(state: State, contact: Contact, leg_lost: bool) -> None:
    """The other side is gone: abandoned (or deflected) before the answer, released after it."""
    before = contact.state
    number = contact.id
    if contact.parked:
        raise Rejected(f"contact {number} has nobody on the line")
    promise = contact.promise
    if promise is not None and may_be_parked(state, promise):
        contact.state = step(CONTACT, before, "park")  # he is called as he was promised
        park(state, contact, promise, again=not promise.pending)
        return
    if contact.recording is not None and contact.walk is not None and contact.walk.heard:
        seal(state, contact, contact.recording, leg_lost=leg_lost)
        return
    if contact.message is not None:
        leave_message(state, contact, contact.message)
        return
    contact.state = step(CONTACT, before, "leave")
    if before is ContactState.CONNECTED:
        work = state.works[contact.offers[0]]
        state.order(effects.ReleaseAgent(number, work.agent, work.id, carrier=work.carrier))
        end(state, contact, "leg lost" if leg_lost else "caller")
        start_wrap_up(state, work)
        return
    turned_away = contact.walk.turned_away if contact.walk is not None else ""
    quit_line(state, contact)
    if contact.incident and not leg_lost:
        state.tell(facts.Deflected(state.now_ms, number, contact.line, contact.incident, "caller"))
    elif turned_away:
        state.tell(facts.Released(state.now_ms, number, contact.line, turned_away))
    else:
        wait_ms = state.now_ms - contact.anchor_ms if contact.anchor_ms else 0
        abandoned = facts.Abandoned(state.now_ms, number, contact.line, wait_ms, before.value, leg_lost)
        state.tell(abandoned)


def agent_leg_lost(state: State, work: Work) -> None:
    """The agent's leg of a conversation is dead: the contact goes back to its old place."""
    contact = state.contacts[work.contact]
    if contact.state is ContactState.CALLING:
        calling.agent_left(state, contact, work, tried=False)
        return
    contact.state = step(CONTACT, contact.state, "agent leg lost")
    contact.offers.clear()
    state.tell(facts.AgentLegLost(state.now_ms, contact.id, work.agent))
    _wait_again(state, contact, work, contact.line, "leg lost")


def hand_all_back(state: State, works: Iterable[Work], reason: str) -> None:
    """Of what an agent has in hand, whatever can be put aside waits again for somebody else."""
    for work in list(works):
        if work.state in IN_HAND and state.media[work.medium].put_aside:
            contact = state.contacts[work.contact]
            if contact.state is ContactState.CALLING:
                ids = work.contact, work.agent, work.id
                state.order(effects.ReleaseAgent(*ids, carrier=work.carrier))
                calling.agent_left(state, contact, work, tried=False)
            else:
                _hand_back(state, contact, work, reason)


def _hand_back(state: State, contact: Contact, work: Work, reason: str) -> None:
    contact.state = step(CONTACT, contact.state, "hand back")
    put_away(state, work)
    state.tell(facts.HandedBack(state.now_ms, contact.id, work.agent, reason))
    enter_line(state, contact, state.lines[contact.line], "handed back")


def transferred(state: State, event: ContactTransferred) -> None:
    """Hand it to another line with its anchor; the agent wraps up."""
    contact, work = connected_work(state, event.contact, event.agent)
    line = state.lines.get(_line_of(state, contact, event.entry) if event.entry else event.line)
    if line is None:
        raise Rejected(f"line {event.line} is unknown")
    contact.state = step(CONTACT, contact.state, "transfer")
    contact.offers.clear()
    lines = contact.line, line.id, line.level > state.lines[contact.line].level
    state.tell(facts.Transferred(state.now_ms, event.contact, event.agent, *lines))
    state.order(effects.ReleaseAgent(event.contact, event.agent, work.id, carrier=work.carrier))
    contact.preferred = None
    _wait_again(state, contact, work, line.id, "transfer")


def _line_of(state: State, contact: Contact, dialled: EntryId) -> LineId:
    """Raises Rejected: no such entry, or one of another medium."""
    entry = state.entries.get(dialled)
    if entry is None or entry.medium != contact.medium:
        raise Rejected(f"entry {dialled} is unknown")
    return entry.line


def _wait_again(state: State, contact: Contact, work: Work, to_line: LineId, cause: str) -> None:
    start_wrap_up(state, work)
    enter_line(state, contact, state.lines[to_line], cause)


def released(state: State, event: ContactReleased) -> None:
    """The agent ended it; while the party is being called, he gives that up and somebody else may try."""
    if (contact := state.contact(event.contact)).state is ContactState.CALLING:
        calling.agent_left(state, contact, _waiting_for(state, contact, event.agent), tried=True)
        return
    contact, work = connected_work(state, event.contact, event.agent)
    contact.state = step(CONTACT, contact.state, "release")
    if contact.parked:  # he has heard its message
        state.order(effects.ReleaseAgent(event.contact, event.agent, work.id, carrier=work.carrier))
    else:
        state.order(effects.ReleaseContact(event.contact, "agent", carrier=contact.carrier))
    end(state, contact, "agent")
    start_wrap_up(state, work)


def _waiting_for(state: State, contact: Contact, agent: AgentId) -> Work:
    """The work of the agent who waits for the party to be reached. Raises Rejected: he does not."""
    work = state.works[contact.offers[0]] if contact.offers else None
    if work is None or work.agent != agent or work.state not in IN_HAND:
        raise Rejected(f"agent {agent} does not handle contact {contact.id}")
    return work
