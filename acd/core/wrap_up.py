"""Wrap-up: after-contact work, ended by time, by its code, or by the agent."""

from acd.core import effects, facts
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import TicketGiven, WrapUpCoded, WrapUpEnded, WrapUpExtended
from acd.core.offers import close
from acd.core.state import State, step
from agents.roster import Seat, Work
from agents.skills import AgentId
from agents.states import WORK, AgentState, WorkState
from queues.desk import LineId, WrapUpRule
from queues.pace import MOST_HANDLED

UNCODED_MS = 3_600_000
"""Who went home can still give a code for so long; then the wrap-up ends without."""


def start_wrap_up(state: State, work: Work) -> None:
    """Begin the wrap-up that the work's line asks for."""
    seat, rule = state.seats[work.agent], wrap_up_rule(state, work)
    seat.record.busy_ms += state.now_ms - work.since_ms
    work.state = step(WORK, work.state, "release")
    work.since_ms = state.now_ms
    state.deadlines.clear(Kind.LEG, work.id)
    if work.talks_ms:
        state.deadlines.clear(Kind.TALK, work.id)
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


def finish(state: State, work: Work, happening: str = "end") -> None:
    """The work is over; the agent is idle from now on unless he has more in hand."""
    seat = close(state, work, happening)
    record = seat.record
    record.busy_ms += state.now_ms - work.since_ms
    record.idle_since_ms = state.now_ms
    signed_in_ms = max(1, state.now_ms - record.signed_in_ms)
    record.occupancy_permille = record.busy_ms * 1000 // signed_in_ms
    pace = state.paces.get(work.line) if happening == "end" else None
    if pace is not None:
        pace.handled += 1
        pace.handling_ms += state.now_ms - work.started_ms
        if pace.handled >= MOST_HANDLED:
            pace.forget()
    seat.epoch += 1


def lose_work(state: State, work: Work) -> None:
    """The agent has it in hand no more, and nothing is left to wrap up."""
    seat = state.seats[work.agent]  # he may be forgotten with his last work
    finish(state, work, "put away")
    resume_others(state, seat, work)


def put_away(state: State, work: Work) -> None:
    """The agent has it in hand no more, nothing is left to wrap up, and his device is told."""
    lose_work(state, work)
    state.order(effects.ReleaseAgent(work.contact, work.agent, work.id, carrier=work.carrier))


def wrapping(state: State, number: int, agent: AgentId) -> Work:
    """The agent's wrap-up of this contact. Raises Rejected: there is none."""
    for work in state.seat(agent).works:
        if work.contact == number and work.state is WorkState.WRAP_UP:
            return work
    raise Rejected(f"agent {agent} does not wrap up contact {number}")


def coded(state: State, event: WrapUpCoded) -> None:
    """Note the code, during the contact or after it; a wrap-up that waited only for it is over."""
    work = next((w for w in state.seat(event.agent).works if w.contact == event.contact), None)
    if work is None or work.state in (WorkState.RINGING, WorkState.RESERVED):
        raise Rejected(f"agent {event.agent} does not handle contact {event.contact}")
    codes = wrap_up_rule(state, work).codes
    if codes and event.code not in codes:
        raise Rejected(f"'{event.code}' is not a wrap-up code of line {work.line}")
    work.code = event.code
    state.tell(facts.WrapUpCode(state.now_ms, event.contact, event.agent, event.code))
    if work.overdue:
        wrap_up_done(state, work)


def ticketed(state: State, event: TicketGiven) -> None:
    """Note the ticket, while the contact lives or is wrapped up. Raises Rejected: it is over; no ticket."""
    if not 1 <= len(event.ticket) <= 64 or not all(c.isalnum() or c in "-_.#/" for c in event.ticket):
        raise Rejected(f"{event.ticket[:64]!r} is no ticket: 1 to 64 letters, digits and -_.#/")
    in_hand = (work for work in state.works.values() if work.contact == event.contact)
    if event.contact not in state.contacts and next(in_hand, None) is None:
        raise Rejected(f"contact {event.contact} is over")
    state.tell(facts.Ticketed(state.now_ms, event.contact, event.ticket))


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
    """Its time is over; without a required code it goes on until that comes, or its agent is long gone."""
    work = state.works[number]
    seat = state.seats[work.agent]
    if work.overdue or work.code or not wrap_up_rule(state, work).code_required or not seat.listed:
        wrap_up_done(state, work)
        return
    work.overdue = True
    ids = work.contact, work.agent
    state.tell(facts.WrapUpOverdue(state.now_ms, *ids))
    if seat.record.state is AgentState.SIGNED_OUT:
        state.deadlines.set(Kind.WRAP_UP, number, state.now_ms + UNCODED_MS)


def gone_home(state: State, seat: Seat) -> None:
    """Codes that his contacts still lack he may give for a while; who left the desk gives none."""
    for work in list(seat.works):
        if work.overdue and seat.listed:
            state.deadlines.set(Kind.WRAP_UP, work.id, state.now_ms + UNCODED_MS)
        elif work.overdue:
            wrap_up_done(state, work)


def come_back(state: State, seat: Seat) -> None:
    """He will give the codes himself."""
    for work in seat.works:
        if work.overdue:
            state.deadlines.clear(Kind.WRAP_UP, work.id)


def wrap_up_done(state: State, work: Work) -> None:
    finish(state, work)
    ids = work.contact, work.agent
    state.tell(facts.WrapUpDone(state.now_ms, *ids, work.code))
