"""A conversation and its end: hold, transfer, release, and what becomes of it when a side is gone."""

from collections.abc import Iterable

from acd.core import calling, consults, effects, facts, guests, reception
from acd.core.consults import entry_line
from acd.core.errors import Rejected
from acd.core.events import (
    AgentPrompted,
    ContactHeld,
    ContactLeft,
    ContactReleased,
    ContactResumed,
    ContactTransferred,
)
from acd.core.incidents import deflected, is_thanked
from acd.core.messages import leave_message, seal
from acd.core.parking import may_be_parked, park
from acd.core.state import State, step
from acd.core.survey import ask_afterwards
from acd.core.talk import connected_work, prompt_agent, talking, work_of
from acd.core.treatments import connect_again
from acd.core.waiting import end, enter_line, quit_line
from acd.core.wrap_up import put_away, start_wrap_up
from agents.devices import is_named
from agents.roster import Work
from agents.skills import AgentId
from agents.states import HOLD, IN_HAND, ROLE, Side, side
from queues.contact import Contact
from queues.desk import Line, LineId
from queues.states import CONTACT, ContactState


def held(state: State, event: ContactHeld) -> None:
    work = _current(state, event)
    _hold(work, event.by_agent, "hold")
    state.tell(facts.Held(state.now_ms, event.contact, work.agent, event.by_agent))


def resumed(state: State, event: ContactResumed) -> None:
    work = _current(state, event)
    _hold(work, event.by_agent, "resume")
    state.tell(facts.Resumed(state.now_ms, event.contact, work.agent, event.by_agent))


def _hold(work: Work, by_agent: bool, move: str) -> None:
    """Of one side; the other may hold as well. Raises Rejected: it holds already, or does not."""
    if by_agent:
        work.agent_holds = step(HOLD, side(work.agent_holds), move) is Side.HOLDS
    else:
        work.party_holds = step(HOLD, side(work.party_holds), move) is Side.HOLDS


def _current(state: State, event: ContactHeld | ContactResumed) -> Work:
    contact = state.contact(event.contact)
    if event.by_agent and event.agent:
        his = guests.guest(state, contact, event.agent)
        if his is not None and his.state in IN_HAND:
            return his
    work = talking(state, contact)
    if work is None:
        raise Rejected(f"contact {event.contact} is not connected with an agent")
    return work


def left(state: State, event: ContactLeft) -> None:
    leg_gone(state, state.contact(event.contact), event.ref, event.channel, leg_lost=False)


def leg_gone(state: State, contact: Contact, ref: str, channel: str, *, leg_lost: bool) -> None:
    """That of its party, or of somebody outside; of a consult whoever was called for it."""
    if (not ref or is_named(contact.carrier, ref, channel)) and not contact.consults:
        contact_gone(state, contact, leg_lost)
        return
    reason = "leg lost" if leg_lost else "left"
    if contact.consults:
        if contact.parked:
            raise Rejected(f"contact {contact.id} has nobody on the line")
        consults.outside_gone(state, contact, reason)
        return
    guests.outside_gone(state, contact, guests.leg_outside(contact, ref, channel), reason)
    if not contact.offers and not contact.outside:  # its party would be alone
        contact.state = step(CONTACT, contact.state, "release")
        guests.send_all_away(state, contact)
        state.order(effects.ReleaseContact(contact.id, "outside", carrier=contact.carrier))
        end(state, contact, "outside")


def contact_gone(state: State, contact: Contact, leg_lost: bool) -> None:
    """The other side is gone: abandoned (or deflected) before the answer, released after it."""
    before = contact.state
    number = contact.id
    if contact.parked:
        raise Rejected(f"contact {number} has nobody on the line")
    if _goes_on_without_a_leg(state, contact, leg_lost):
        return
    contact.state = step(CONTACT, before, "leave")
    if before is ContactState.CONNECTED:
        _conversation_over(state, contact, "leg lost" if leg_lost else "caller")
        return
    turned_away = contact.walk.turned_away if contact.walk is not None else ""
    linked = is_thanked(contact)
    quit_line(state, contact)
    if linked or (contact.incident and not leg_lost):
        deflected(state, contact, "key" if linked else "caller")
    elif turned_away or contact.purpose:
        by = turned_away or "caller"
        state.tell(facts.Released(state.now_ms, number, contact.line, by))
    else:
        wait_ms = contact.waited_ms(state.now_ms)
        if before in (ContactState.WAITING, ContactState.OFFERED):
            state.paces[contact.line].gives_up(state.now_ms - contact.line_since_ms)
        abandoned = facts.Abandoned(state.now_ms, number, contact.line, wait_ms, before.value, leg_lost)
        state.tell(abandoned)


def _goes_on_without_a_leg(state: State, contact: Contact, leg_lost: bool) -> bool:
    """Whether its party may go: all is there that it sent or said, or it is called as it was promised."""
    promise, walk = contact.promise, contact.walk
    if contact.reception is not None:
        reception.party_gone(state, contact, contact.reception, leg_lost=leg_lost)
    elif promise is not None and may_be_parked(state, promise):
        if contact.state is not ContactState.DEFERRED:  # what is put away stays so
            contact.state = step(CONTACT, contact.state, "park")
        park(state, contact, promise, again=not promise.pending)
    elif contact.recording is not None and walk is not None and walk.heard:
        seal(state, contact, contact.recording, leg_lost=leg_lost)
    elif contact.message is not None:
        leave_message(state, contact, contact.message)
    else:
        return False
    return True


def _conversation_over(state: State, contact: Contact, by: str) -> None:
    """Its party is gone, for all who talked with it."""
    _alone(state, contact, "contact over")
    works = [state.works[offer] for offer in contact.offers]
    for work in works:
        state.order(effects.ReleaseAgent(contact.id, work.agent, work.id, carrier=work.carrier))
    end(state, contact, by)
    for work in works:
        start_wrap_up(state, work)


def _alone(state: State, contact: Contact, result: str) -> None:
    """Its agent has it for himself again: nobody is asked, and nobody else takes part."""
    if contact.consult:
        consults.over(state, contact, result, back=False)
    if contact.guests or contact.outside:
        guests.send_all_away(state, contact)


def _without_him(state: State, contact: Contact, work: Work) -> bool:
    """Its agent goes; True: others go on with its party, and one of them has it now if he is an agent."""
    if not guests.members(state, contact) and not contact.outside:
        return False
    if contact.consult:
        consults.over(state, contact, "agent gone", back=False)
    else:
        work.role = step(ROLE, work.role, "leave")
    consults.leave_to_others(state, contact, work)
    start_wrap_up(state, work)
    return True


def agent_leg_lost(state: State, work: Work) -> None:
    """The agent's leg of a conversation is dead: the contact goes back to its old place."""
    contact = state.contacts[work.contact]
    if work.id in contact.guests:
        guests.leave(state, work, "leg lost")
        return
    if contact.consults:
        consults.over(state, consults.subject(state, contact), "leg lost")
        return
    if contact.consult and state.contacts[contact.consult].state is ContactState.CONNECTED:
        consults.hand_over(state, contact, work)
        return
    if contact.state is ContactState.CONNECTED and _without_him(state, contact, work):
        return
    if contact.state is ContactState.CONNECTED:
        _alone(state, contact, "agent gone")
    if contact.state is ContactState.CALLING:
        calling.agent_left(state, contact, work, tried=False)
        return
    contact.state = step(CONTACT, contact.state, "agent leg lost")
    contact.offers.clear()
    state.tell(facts.AgentLegLost(state.now_ms, contact.id, work.agent))
    line = state.lines[contact.line]
    _wait_again(state, contact, work, line.id, "leg lost")
    connect_again(state, contact, line)


def hand_all_back(state: State, works: Iterable[Work], reason: str) -> None:
    """Of what an agent has in hand, whatever can be put aside waits again for somebody else."""
    for work in list(works):
        if work.state in IN_HAND and state.media[work.medium].put_aside:
            _hand_back(state, state.contacts[work.contact], work, reason)


def _hand_back(state: State, contact: Contact, work: Work, reason: str) -> None:
    """What is another's goes on without him."""
    if work.id in contact.guests:
        guests.send_away(state, work, reason)
        return
    if contact.consults:
        consults.over(state, consults.subject(state, contact), reason)
        return
    ids = work.contact, work.agent, work.id
    if contact.state is ContactState.CALLING:
        state.order(effects.ReleaseAgent(*ids, carrier=work.carrier))
        calling.agent_left(state, contact, work, tried=False)
        return
    if _without_him(state, contact, work):
        state.order(effects.ReleaseAgent(*ids, carrier=work.carrier))
        return
    contact.state = step(CONTACT, contact.state, "hand back")
    _alone(state, contact, "agent gone")
    put_away(state, work)
    state.tell(facts.HandedBack(state.now_ms, contact.id, work.agent, reason))
    enter_line(state, contact, state.lines[contact.line], "handed back")


def agent_prompted(state: State, event: AgentPrompted) -> None:
    """Raises Rejected: he does not handle it, or it is without a text."""
    contact, work = connected_work(state, event.contact, event.agent)
    if not event.text:
        raise Rejected("there is no text to be heard")
    prompt_agent(state, contact, work, event.text)


def transferred(state: State, event: ContactTransferred) -> None:
    """Hand it to another line with its anchor; the agent wraps up."""
    contact, work = connected_work(state, event.contact, event.agent)
    line = state.lines.get(entry_line(state, contact, event.entry) if event.entry else event.line)
    if line is None:
        raise Rejected(f"line {event.line} is unknown")
    if contact.consults:
        raise Rejected(f"contact {event.contact} is a consult: it cannot be transferred")
    hand_to_line(state, contact, work, line, hung_up=False)


def hand_to_line(state: State, contact: Contact, work: Work, line: Line, *, hung_up: bool) -> None:
    """Its agent has it no more; it waits there with its anchor. `hung_up`: his leg has ended already."""
    contact.state = step(CONTACT, contact.state, "transfer")
    _alone(state, contact, "contact over")
    contact.offers.clear()
    lines = contact.line, line.id, line.level > state.lines[contact.line].level
    state.tell(facts.Transferred(state.now_ms, contact.id, work.agent, *lines))
    if not hung_up:
        state.order(effects.ReleaseAgent(contact.id, work.agent, work.id, carrier=work.carrier))
    contact.preferred = None
    _wait_again(state, contact, work, line.id, "transfer")


def _wait_again(state: State, contact: Contact, work: Work, to_line: LineId, cause: str) -> None:
    start_wrap_up(state, work)
    enter_line(state, contact, state.lines[to_line], cause)


def released(state: State, event: ContactReleased) -> None:
    """The agent ended it; while the party is being called, he gives that up and somebody else may try."""
    if (contact := state.contact(event.contact)).state is ContactState.CALLING:
        calling.agent_left(state, contact, _waiting_for(state, contact, event.agent), tried=True)
        return
    if contact.guests:
        his = guests.guest(state, contact, event.agent)
        if his is not None and his.state in IN_HAND:
            guests.leave(state, his, "left")
            return
    work = work_of(state, contact, event.agent)
    if contact.consults:
        consults.over(state, consults.subject(state, contact), "left")
        return
    if (contact.consult or contact.guests or contact.outside) and _goes_on(state, contact, work):
        return
    if not ask_afterwards(state, contact, work):
        _end_it(state, contact, work)


def _end_it(state: State, contact: Contact, work: Work) -> None:
    """Its agent has; it is over for its party, too."""
    contact.state = step(CONTACT, contact.state, "release")
    if not contact.parked:
        state.order(effects.ReleaseContact(contact.id, "agent", carrier=contact.carrier))
    elif contact.message is not None:  # he has heard it
        state.order(effects.ReleaseAgent(contact.id, work.agent, work.id, carrier=work.carrier))
    end(state, contact, "agent")
    start_wrap_up(state, work)


def _goes_on(state: State, contact: Contact, work: Work) -> bool:
    """Its agent leaves to whom he asked, or to the others; False: then it is over for all of them."""
    if contact.consult and _leaves_to_whom_he_asked(state, contact, work):
        return True
    if _without_him(state, contact, work):
        return True
    _alone(state, contact, "contact over")
    return False


def _leaves_to_whom_he_asked(state: State, contact: Contact, work: Work) -> bool:
    """He hangs up while he consults: that hands it over, now or when somebody of that line is there.

    False: somebody outside has not answered; its party would be left with nobody.
    """
    consult = state.contacts[contact.consult]
    if consult.state is ContactState.CONNECTED:
        consults.hand_over(state, contact, work)
        return True
    if consult.state is ContactState.CALLING:
        return False
    hand_to_line(state, contact, work, state.lines[consult.line], hung_up=True)
    return True


def _waiting_for(state: State, contact: Contact, agent: AgentId) -> Work:
    """The work of the agent who waits for the party to be reached. Raises Rejected: he does not."""
    work = state.works[contact.offers[0]] if contact.offers else None
    if work is None or work.agent != agent or work.state not in IN_HAND:
        raise Rejected(f"agent {agent} does not handle contact {contact.id}")
    return work
