"""Consults: an agent steps aside to ask somebody; who is asked may stay, or take the contact over.

A consult is a contact of its own that no arrival begins: it waits with the anchor of the one that it is
about, and whatever ends it puts nothing back into any queue.
"""

from acd.core import effects, facts
from acd.core.errors import Rejected
from acd.core.events import CallResult, ConsultEnded, ConsultMerged, ConsultStarted, ContactId
from acd.core.guests import members, stay_outside
from acd.core.last_agents import spoke
from acd.core.offers import withdraw
from acd.core.parking import gain_leg, lose_leg
from acd.core.placing import call_over, consult_rule, place_own
from acd.core.state import State, step
from acd.core.talk import connected_work, in_hand, watch
from acd.core.treatments import play_music
from acd.core.waiting import enter_line, forget
from acd.core.wrap_up import put_away, start_wrap_up
from agents.devices import NOWHERE, Carrier
from agents.roster import Work
from agents.skills import AgentId
from agents.states import IN_HAND, ROLE, WorkState
from queues.contact import Contact
from queues.desk import EntryId, Line, LineId
from queues.outbound import CONSULT
from queues.states import CONTACT, ContactState


def started(state: State, event: ConsultStarted) -> None:
    """Raises Rejected: he does not handle it, consults already, or there is nobody of that name to ask."""
    outside = event.dial_class if event.party else None
    contact, work = may_ask(state, event.contact, event.agent, outside)
    line = state.lines[contact.line] if event.party else _line(state, contact, event)
    work.role = step(ROLE, work.role, "consult")
    consult = _create(state, contact, work, line, event)
    contact.consult = consult.id
    ids = work.id, contact.id, event.agent
    state.tell(facts.Consulted(state.now_ms, *ids, consult.id, line.id, event.dial_class))
    play_music(state, contact, state.lines[contact.line].music)
    state.order(in_hand(state, work))
    if event.party:
        consult.state = ContactState.CALLING
        place_own(state, consult, CONSULT, work)
    else:
        enter_line(state, consult, line, "consult")


def may_ask(state: State, number: ContactId, agent: AgentId, dial_class: str | None) -> tuple[Contact, Work]:
    """Contact and work of the agent, who may step aside to ask somebody; a class: of a number outside.

    Raises Rejected as `started`. Changes nothing.
    """
    contact, work = connected_work(state, number, agent)
    if contact.consults or contact.consult:
        raise Rejected(f"contact {number} is a consult, or has one under way")
    if contact.outside or members(state, contact):
        raise Rejected(f"contact {number} is a conference: whom you leave would talk alone")
    if contact.parked or contact.reception is not None or not state.media[contact.medium].keeps_leg:
        raise Rejected(f"contact {number} is no conversation")
    if dial_class is not None and consult_rule(state, contact, dial_class) is None:
        raise Rejected(f"consulting {dial_class} numbers is not allowed to client {contact.tenant}")
    return contact, work


def _line(state: State, contact: Contact, event: ConsultStarted) -> Line:
    name = entry_line(state, contact, event.entry) if event.entry else event.line
    line = state.lines.get(name)
    if line is None:
        raise Rejected(f"line {name} is unknown")
    return line


def entry_line(state: State, contact: Contact, dialled: EntryId) -> LineId:
    """The line of a number that an agent dialled. Raises Rejected: no such entry, or of another medium."""
    entry = state.entries.get(dialled)
    if entry is None or entry.medium != contact.medium:
        raise Rejected(f"entry {dialled} is unknown")
    return entry.line


def _create(state: State, about: Contact, work: Work, line: Line, event: ConsultStarted) -> Contact:
    state.last_contact += 1
    consult = Contact(
        id=ContactId(state.last_contact),
        carrier=NOWHERE,
        entry=about.entry,
        tenant=about.tenant,
        line=line.id,
        medium=about.medium,
        party=event.party,
        arrived_ms=state.now_ms,
        asked_class=about.asked_class,
        head_start_ms=about.head_start_ms,
        anchor_ms=about.anchor_ms,
        dial_class=event.dial_class,
        parked=True,
        consults=about.id,
        asker=work.id,
    )
    state.contacts[consult.id] = state.asking[consult.id] = consult
    return consult


def ended(state: State, event: ConsultEnded) -> None:
    """Raises Rejected: he consults nobody."""
    contact, _ = connected_work(state, event.contact, event.agent)
    _under_way(contact)
    over(state, contact, "ended")


def _under_way(contact: Contact) -> int:
    if not contact.consult:
        raise Rejected(f"contact {contact.id} has no consult under way")
    return contact.consult


def merged(state: State, event: ConsultMerged) -> None:
    """Raises Rejected: nobody has answered, or the medium is for two only."""
    contact, work = connected_work(state, event.contact, event.agent)
    consult = state.contacts[_under_way(contact)]
    if consult.state is not ContactState.CONNECTED:
        raise Rejected(f"nobody has answered consult {consult.id}")
    if not event.stays:
        hand_over(state, contact, work)
        state.order(effects.ReleaseAgent(contact.id, work.agent, work.id, carrier=work.carrier))
        return
    if not state.media[contact.medium].mixes:
        raise Rejected(f"{contact.medium} is for two only: there is no conference")
    _confer(state, contact, work, consult)


def _confer(state: State, contact: Contact, work: Work, consult: Contact) -> None:
    asked, outside = _of(state, consult)
    _close(state, contact, consult, "conference")
    step_back(state, work)
    if asked is not None:
        asked.role = step(ROLE, asked.role, "merge")
        asked.contact, asked.consult = contact.id, consult.id
        contact.guests.append(asked.id)
        ids = asked.id, contact.id, asked.agent
        state.tell(facts.ConferenceJoined(state.now_ms, *ids, consult.id))
        state.order(in_hand(state, asked))
    else:
        stay_outside(state, contact, outside, consult.id)


def _of(state: State, consult: Contact) -> tuple[Work | None, Carrier]:
    """Who was asked, and the leg of somebody outside."""
    works = [state.works[number] for number in consult.offers]
    return next((work for work in works if work.state in IN_HAND), None), consult.carrier


def hand_over(state: State, contact: Contact, work: Work) -> None:
    """Whoever was asked talks with the party from now on; the agent wraps up."""
    consult = state.contacts[contact.consult]
    asked, outside = _of(state, consult)
    _close(state, contact, consult, "transferred")
    work.role = step(ROLE, work.role, "leave")
    if asked is not None:
        asked.consult = consult.id
        take_over(state, contact, asked, work)
    else:
        stay_outside(state, contact, outside, consult.id)
        leave_to_others(state, contact, work)
    start_wrap_up(state, work)


def leave_to_others(state: State, contact: Contact, work: Work) -> None:
    """Its agent goes: the member of the conference who is there longest has it, or only somebody outside."""
    heirs = members(state, contact)
    if heirs:
        contact.guests.remove(heirs[0].id)
        take_over(state, contact, heirs[0], work)
    else:
        contact.offers.clear()
        state.tell(facts.HandedOut(state.now_ms, contact.id, work.agent))


def take_over(state: State, contact: Contact, heir: Work, from_work: Work) -> None:
    """It is another agent's from now on, who is on the line already."""
    heir.role = step(ROLE, heir.role, "take over")
    heir.contact = contact.id
    before, line = state.lines[contact.line], state.lines[LineId(heir.line)]
    contact.offers[:] = [heir.id]
    contact.line = line.id
    ids, lines = (heir.id, contact.id, heir.agent), (before.id, line.id, line.level > before.level)
    consult = ContactId(heir.consult)
    spoke(state, contact, heir.agent)
    watch(state, contact, heir)
    state.tell(facts.TakenOver(state.now_ms, *ids, from_work.agent, consult, *lines))
    if from_work.party_holds and not heir.party_holds:  # nobody tells the heir of what was before him
        heir.party_holds = True
        state.tell(facts.Held(state.now_ms, contact.id, heir.agent, by_agent=False))
    state.order(in_hand(state, heir))


def step_back(state: State, work: Work) -> None:
    """The agent is with the party again."""
    work.role = step(ROLE, work.role, "step back")
    state.order(in_hand(state, work))


def over(state: State, contact: Contact, result: str, *, back: bool = True) -> None:
    """The consult is over, whatever has become of it; `back`: its agent is with the party again."""
    consult = state.contacts[contact.consult]
    work = state.works[consult.asker]
    if consult.call:
        call_over(state, consult, "cancelled")
    if consult.carrier != NOWHERE:
        state.order(effects.ReleaseContact(consult.id, "consult over", carrier=consult.carrier))
    for asked in [state.works[number] for number in consult.offers]:
        if asked.state is WorkState.RINGING:
            withdraw(state, asked, "contact ended")
        else:
            asked.role = step(ROLE, asked.role, "leave")
            put_away(state, asked)
    _close(state, contact, consult, result)
    if back:
        step_back(state, work)
    else:
        work.role = step(ROLE, work.role, "leave")


def _close(state: State, contact: Contact, consult: Contact, result: str) -> None:
    consult.state = step(CONTACT, consult.state, "consult over")
    contact.consult = 0
    work = state.works[consult.asker]
    forget(state, consult)
    del state.asking[consult.id]
    consult.offers.clear()
    ids = work.id, contact.id, work.agent
    state.tell(facts.ConsultOver(state.now_ms, *ids, consult.id, result))


def subject(state: State, consult: Contact) -> Contact:
    """The contact that a consult is about."""
    return state.contacts[consult.consults]


def reached(state: State, consult: Contact, carrier: Carrier) -> None:
    """Somebody outside has answered: the agent, who stepped aside, hears him."""
    call_over(state, consult, "answered")
    consult.state = step(CONTACT, consult.state, "join")
    gain_leg(state, consult, carrier)


def outside_gone(state: State, consult: Contact, result: str) -> None:
    """Whoever was called for it has hung up, or his leg is dead."""
    lose_leg(state, consult)
    over(state, subject(state, consult), result)


def not_reached(state: State, consult: Contact, result: CallResult) -> None:
    """The agent is with the party again."""
    call_over(state, consult, result)
    over(state, subject(state, consult), result)
