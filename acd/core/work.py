"""Work on a contact after the answer: hold, transfer, release, wrap-up."""

from acd.core import effects, facts
from acd.core.answers import fail
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import (
    ContactHeld,
    ContactLeft,
    ContactReleased,
    ContactResumed,
    ContactTransferred,
    LegLost,
    WrapUpCoded,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.core.offers import close
from acd.core.state import State, step
from acd.core.waiting import end, enter_line, quit_line
from agents.roster import Seat, Work
from agents.skills import AgentId
from agents.states import WORK, WorkState
from queues.contact import Contact
from queues.desk import LineId, WrapUpRule
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
    state.tell(facts.Held(state.now_ms, event.contact, work.agent, event.by_agent))


def resumed(state: State, event: ContactResumed) -> None:
    work = _current(state, event.contact)
    state.tell(facts.Resumed(state.now_ms, event.contact, work.agent, event.by_agent))


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
    contact.state = step(CONTACT, before, "leave")
    if before is ContactState.CONNECTED:
        work = state.works[contact.offers[0]]
        state.order(effects.ReleaseAgent(number, work.agent, contact.medium))
        end(state, contact, "leg lost" if leg_lost else "caller")
        start_wrap_up(state, work)
        return
    quit_line(state, contact)
    if before is ContactState.GREETING and not contact.incident:
        state.board.greet(contact.line, -1)
    if contact.incident and not leg_lost:
        state.tell(facts.Deflected(state.now_ms, number, contact.line, contact.incident, "caller"))
    else:
        wait_ms = state.now_ms - contact.anchor_ms if contact.anchor_ms else 0
        abandoned = facts.Abandoned(state.now_ms, number, contact.line, wait_ms, before.value, leg_lost)
        state.tell(abandoned)


def leg_lost(state: State, event: LegLost) -> None:
    """A dead leg: the caller's ends the contact; the agent's sends the contact back to its old place."""
    contact = state.contact(event.contact)
    if event.agent is None:
        contact_gone(state, contact, leg_lost=True)
        return
    works = [state.works[number] for number in contact.offers if state.works[number].agent == event.agent]
    if not works:
        raise Rejected(f"agent {event.agent} has no leg of contact {event.contact}")
    if works[0].state is WorkState.RINGING:
        fail(state, works[0], "unreachable")
        return
    contact.state = step(CONTACT, contact.state, "agent leg lost")
    contact.offers.clear()
    state.tell(facts.AgentLegLost(state.now_ms, event.contact, event.agent))
    _wait_again(state, contact, works[0], contact.line, "leg lost")


def transferred(state: State, event: ContactTransferred) -> None:
    """Hand it to another line with its anchor; the agent wraps up."""
    contact, work = connected_work(state, event.contact, event.agent)
    line = state.lines.get(event.line)
    if line is None:
        raise Rejected(f"line {event.line} is unknown")
    contact.state = step(CONTACT, contact.state, "transfer")
    contact.offers.clear()
    lines = contact.line, line.id, line.level > state.lines[contact.line].level
    state.tell(facts.Transferred(state.now_ms, event.contact, event.agent, *lines))
    state.order(effects.ReleaseAgent(event.contact, event.agent, contact.medium))
    contact.preferred = None
    _wait_again(state, contact, work, line.id, "transfer")


def _wait_again(state: State, contact: Contact, work: Work, to_line: LineId, cause: str) -> None:
    line = state.lines[to_line]
    number = contact.id
    state.order(effects.ReturnToWaiting(number, contact.medium, line.music))
    start_wrap_up(state, work)
    enter_line(state, contact, line, cause)


def released(state: State, event: ContactReleased) -> None:
    """The agent ended it."""
    contact, work = connected_work(state, event.contact, event.agent)
    contact.state = step(CONTACT, contact.state, "release")
    state.order(effects.ReleaseContact(event.contact, contact.medium, "agent"))
    end(state, contact, "agent")
    start_wrap_up(state, work)


def start_wrap_up(state: State, work: Work) -> None:
    """Begin the wrap-up that the work's line asks for."""
    seat, rule = state.seats[work.agent], wrap_up_rule(state, work)
    seat.record.busy_ms += state.now_ms - work.since_ms
    work.state = step(WORK, work.state, "release")
    work.since_ms = state.now_ms
    if len(seat.works) > 1:
        resume_others(state, seat, work)
    state.serve(seat)
    if not rule.ms and (work.code or not rule.code_required):
        finish(state, work)
        return
    until_ms = state.now_ms + rule.ms
    state.deadlines.set(Kind.WRAP_UP, work.id, until_ms)
    ids = work.contact, work.agent
    state.tell(facts.WrapUpStarted(state.now_ms, *ids, until_ms))


def wrap_up_rule(state: State, work: Work) -> WrapUpRule:
    line = state.lines.get(LineId(work.line))
    return line.wrap_up if line is not None else WrapUpRule()


def resume_others(state: State, seat: Seat, over: Work) -> None:
    """What this work had interrupted goes on, unless something else of his keeps it waiting."""
    for work in seat.works:
        if work.state is WorkState.RESTING and work.interrupted_by == over.id:
            handled = (w for w in seat.works if w.state is WorkState.HANDLING and w.medium != work.medium)
            keeps = next(handled, None)
            if keeps is not None:
                work.interrupted_by = keeps.id
                continue
            work.state = step(WORK, work.state, "resume")
            work.interrupted_by = 0
            ids = work.contact, work.agent
            state.tell(facts.InterruptionEnded(state.now_ms, *ids))


def finish(state: State, work: Work) -> None:
    """The work is over; the agent is idle from now on unless he has more in hand."""
    seat = close(state, work, "end")
    record = seat.record
    record.busy_ms += state.now_ms - work.since_ms
    record.idle_since_ms = state.now_ms
    signed_in_ms = max(1, state.now_ms - record.signed_in_ms)
    record.occupancy_permille = record.busy_ms * 1000 // signed_in_ms
    seat.epoch += 1


def wrapping(state: State, number: int, agent: AgentId) -> Work:
    """The agent's wrap-up of this contact. Raises Rejected: there is none."""
    for work in state.seat(agent).works:
        if work.contact == number and work.state is WorkState.WRAP_UP:
            return work
    raise Rejected(f"agent {agent} does not wrap up contact {number}")


def coded(state: State, event: WrapUpCoded) -> None:
    """Note the code, during the contact or after it; a wrap-up that waited only for it is over."""
    work = next((w for w in state.seat(event.agent).works if w.contact == event.contact), None)
    if work is None or work.state is WorkState.RINGING:
        raise Rejected(f"agent {event.agent} does not handle contact {event.contact}")
    codes = wrap_up_rule(state, work).codes
    if codes and event.code not in codes:
        raise Rejected(f"'{event.code}' is not a wrap-up code of line {work.line}")
    work.code = event.code
    state.tell(facts.WrapUpCode(state.now_ms, event.contact, event.agent, event.code))
    if work.overdue:
        wrap_up_done(state, work)


def extended(state: State, event: WrapUpExtended) -> None:
    work = wrapping(state, event.contact, event.agent)
    if event.by_ms <= 0 or work.extended_ms + event.by_ms > wrap_up_rule(state, work).max_extension_ms:
        raise Rejected(f"wrap-up of contact {event.contact} cannot be extended by {event.by_ms} ms")
    work.extended_ms += event.by_ms
    due_ms = state.deadlines.get(Kind.WRAP_UP, work.id)
    until_ms = (state.now_ms if due_ms is None else due_ms) + event.by_ms
    work.overdue = False
    state.deadlines.set(Kind.WRAP_UP, work.id, until_ms)
    ids = event.contact, event.agent
    state.tell(facts.WrapUpExtension(state.now_ms, *ids, until_ms))


def ended(state: State, event: WrapUpEnded) -> None:
    """The agent is done before the time is over."""
    work = wrapping(state, event.contact, event.agent)
    if wrap_up_rule(state, work).code_required and not work.code:
        raise Rejected(f"contact {event.contact} needs a wrap-up code first")
    wrap_up_done(state, work)


def wrap_up_due(state: State, number: int) -> None:
    """Its time is over; without a required code it goes on until the code comes."""
    work = state.works[number]
    if wrap_up_rule(state, work).code_required and not work.code:
        work.overdue = True
        ids = work.contact, work.agent
        state.tell(facts.WrapUpOverdue(state.now_ms, *ids))
        return
    wrap_up_done(state, work)


def wrap_up_done(state: State, work: Work) -> None:
    finish(state, work)
    ids = work.contact, work.agent
    state.tell(facts.WrapUpDone(state.now_ms, *ids, work.code))
