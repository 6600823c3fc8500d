"""Waiting: entering a line, going back to one's place, and what happens there as time passes."""

from typing import get_args

from acd.core import effects, facts
from acd.core.clearing import call_ended
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import ContactDiverted, ContactId, Diversion
from acd.core.last_agents import held_for_ms
from acd.core.leaving import leave_line, release_hold
from acd.core.matching import class_of, everybody_tried, place, urgency_of
from acd.core.offers import withdraw_all
from acd.core.parking import promise_over, unpark
from acd.core.state import State, step
from acd.core.targets import watch_breach
from acd.core.treatments import give_place_back, music_heard, stop, wait_with
from agents.skills import AgentId
from agents.states import AgentState
from queues.contact import Contact
from queues.desk import Line, LineId, Overflow
from queues.states import CONTACT, ContactState


def enter_line(state: State, contact: Contact, line: Line, cause: str) -> None:
    """Let the contact wait in `line`, whatever line it was in before. Its anchor stays what it was."""
    now_ms, before = state.now_ms, contact.line
    treated = contact.walk is not None
    if contact.id in state.board.places:
        leave_line(state, contact)
    contact.line, contact.line_since_ms, contact.state = line.id, now_ms, ContactState.WAITING
    contact.anchor_ms = contact.anchor_ms or now_ms
    contact.step, contact.promoted, contact.told_position = 0, False, 0
    if contact.tried or contact.consults:
        forget_whom(state, contact)
    priority_class = class_of(contact, line)
    if state.lines_differ or contact.asked_class is not None:  # else nobody overtakes by what he is
        state.paces[line.id].comes(priority_class, now_ms)
    state.tell(
        facts.Queued(
            now_ms,
            contact.id,
            line.id,
            priority_class,
            contact.head_start_ms,
            contact.anchor_ms,
            cause,
        )
    )
    if line.promotion is not None or line.target_warning_ms:  # of the line before, nothing is left
        watch_target(state, contact, line)
    if contact.preferred is not None:
        hold(state, contact, contact.preferred)
    place(state, contact)
    state.board.show(contact.id)
    if contact.parked and contact.to_call:
        state.room_moved = True
    set_deadlines(state, contact)
    if treated or cause != "arrived" or line.id != before or line.treatment or line.announce_every_ms:
        wait_with(state, contact, line, "" if treated else music_heard(state.lines[before], cause))
    state.match(contact)


def awake(contact: Contact) -> None:
    """It does not wait for its line to open any more."""
    for waits in (contact.callback, contact.message):
        if waits is not None:
            waits.asleep = False


def come_back(state: State, contact: Contact, cause: str) -> None:
    """It is ready: it waits, where it would be now had it waited all the time."""
    contact.state = step(CONTACT, contact.state, "ready")
    contact.ready_ms = 0
    awake(contact)
    state.deadlines.clear(Kind.READY, contact.id)
    enter_line(state, contact, state.lines[contact.line], cause)


def take_back(state: State, contact: Contact) -> None:
    """No agent is being rung any more: back to the old place."""
    contact.state = step(CONTACT, contact.state, "requeue")
    state.tell(facts.Requeued(state.now_ms, contact.id, contact.line))
    if contact.tried:
        set_retry(state, contact)
        if contact.preferred in contact.tried:
            let_go(state, contact, "tried")
    state.board.show(contact.id)
    if contact.parked and contact.to_call:
        state.room_moved = True
    state.match(contact)


def set_retry(state: State, contact: Contact) -> None:
    """Whom it tried is forgotten some time after the first."""
    if state.deadlines.get(Kind.RETRY, contact.id) is None:
        retry_ms = state.now_ms + state.lines[contact.line].retry_tried_ms
        state.deadlines.set(Kind.RETRY, contact.id, retry_ms)


def set_deadlines(state: State, contact: Contact) -> None:
    """Deadlines of the contact's line, counted from when it entered it.

    Who is to be called is not given up by the line: the promise has a deadline of its own.
    """
    line, since_ms = state.lines[contact.line], contact.line_since_ms
    if line.max_wait_ms and not contact.waits_apart:
        state.deadlines.set(Kind.MAX_WAIT, contact.id, since_ms + line.max_wait_ms)
    if contact.step < len(line.relaxations):
        state.deadlines.set(Kind.RELAX, contact.id, since_ms + line.relaxations[contact.step].after_ms)


def watch_target(state: State, contact: Contact, line: Line) -> None:
    """See to it that the contact is promoted, and that it is told, when its target is near: now, or later."""
    watch_breach(state, contact, line)
    state.deadlines.clear(Kind.PROMOTE, contact.id)
    if line.promotion is None or contact.promoted:
        return
    key_ms = urgency_of(state, contact, line).key_ms
    at_ms = state.clocks[line.calendar].moment(key_ms + line.target_ms - line.promotion.before_ms)
    if at_ms is None:
        return
    if at_ms > state.now_ms:
        state.deadlines.set(Kind.PROMOTE, contact.id, at_ms)
    else:
        lift(state, contact, line)


def lift(state: State, contact: Contact, line: Line) -> None:
    """Give it the class of its line's promotion."""
    contact.promoted = True
    state.rank_anew(contact)
    priority_class = class_of(contact, line)
    state.tell(facts.Promoted(state.now_ms, contact.id, priority_class))


def hold(state: State, contact: Contact, agent: AgentId) -> None:
    """Hold the contact for its preferred agent, if waiting for him makes sense."""
    if contact.spoke_ms:
        contact.preferred_ms = held_for_ms(contact, state.lines[contact.line], state.now_ms)
    if not contact.preferred_ms or not could_come(state, contact, agent):
        return
    state.held.setdefault(agent, {})[contact.id] = None
    hold_again(state, contact, agent)


def hold_again(state: State, contact: Contact, agent: AgentId) -> None:
    """From now on for as long as it may be held."""
    contact.held_until_ms = state.now_ms + contact.preferred_ms
    state.deadlines.set(Kind.PREFERRED, contact.id, contact.held_until_ms)
    state.tell(facts.PreferredHeld(state.now_ms, contact.id, agent, contact.held_until_ms, contact.spoke_ms))


def could_come(state: State, contact: Contact, agent: AgentId) -> bool:
    """Whether the preferred agent is here and could serve the contact once he is free."""
    seat = state.seats.get(agent)
    if seat is None or agent in contact.tried or contact.medium not in seat.record.reachable:
        return False
    need = state.board.need(state.lines[contact.line], contact.step, contact.medium)
    return seat.record.state is AgentState.READY and agent in need.fitness


def let_go(state: State, contact: Contact, reason: str) -> None:
    """Hold it no longer."""
    if contact.held_until_ms and contact.preferred is not None:
        release_hold(state, contact)
        state.rank_anew(contact)
        number = contact.id
        state.tell(facts.PreferredLet(state.now_ms, number, contact.preferred, reason))


def preferred_waited(state: State, number: int) -> None:
    let_go(state, state.contacts[number], "waited")


def relax(state: State, number: int) -> None:
    """The next relaxation of the line applies."""
    contact = state.contacts[number]
    line = state.lines[contact.line]
    contact.step += 1
    state.tell(facts.Relaxed(state.now_ms, ContactId(number), contact.step))
    if contact.step < len(line.relaxations):
        due_ms = contact.line_since_ms + line.relaxations[contact.step].after_ms
        state.deadlines.set(Kind.RELAX, number, due_ms)
    state.rank_anew(contact)


def promote(state: State, number: int) -> None:
    """Its target is near: it gets the class that the line has for that."""
    contact = state.contacts[number]
    lift(state, contact, state.lines[contact.line])


def forget_tried(state: State, number: int) -> None:
    """When everybody was tried, everybody may be tried again; else look again later."""
    contact = state.contacts[number]
    need = state.board.places[number].need
    seats = (state.seats[agent] for agent in need.fitness)
    if contact.state is ContactState.WAITING and everybody_tried(need, contact, seats):
        forget_whom(state, contact)
        state.tell(facts.TriedForgotten(state.now_ms, ContactId(number)))
        state.match(contact)
    else:
        again_ms = state.now_ms + max(1000, state.lines[contact.line].retry_tried_ms)
        state.deadlines.set(Kind.RETRY, number, again_ms)


def forget_whom(state: State, contact: Contact) -> None:
    """Everybody may be tried; only who asks is never asked himself."""
    contact.tried.clear()
    if contact.consults:
        contact.tried.append(state.works[contact.asker].agent)


def waited_too_long(state: State, number: int) -> None:
    state.match(state.contacts[number])  # who is being rung is looked at again when nobody is any more


def give_up(state: State, contact: Contact) -> None:
    """The line's maximum wait is over: on to the next line, or out."""
    way = state.lines[contact.line].when_waited
    if way.kind is Overflow.LINE and way.line in state.lines:
        overflow(state, contact, way.line, "waited too long")
        return
    send_away(state, contact, "give up", "waited too long")


def overflow(state: State, contact: Contact, line: LineId, reason: str) -> None:
    number = contact.id
    state.tell(facts.Overflowed(state.now_ms, number, contact.line, line, reason))
    enter_line(state, contact, state.lines[line], "overflow")


def send_away(state: State, contact: Contact, happening: str, reason: str) -> None:
    """The desk itself ends it, and its leg."""
    contact.state = step(CONTACT, contact.state, happening)
    end(state, contact, reason)
    release_leg(state, contact, reason)


def release_leg(state: State, contact: Contact, cause: str) -> None:
    """End its own leg, if there is one."""
    if not contact.parked:
        state.order(effects.ReleaseContact(contact.id, cause, carrier=contact.carrier))


def end(state: State, contact: Contact, by: str) -> None:
    """The contact is over; only facts remain of it."""
    forget(state, contact, by)
    state.tell(facts.Released(state.now_ms, contact.id, contact.line, by))


def forget(state: State, contact: Contact, by: str = "") -> None:
    """It waits no longer, and is live no longer; `by`: why the desk ended it."""
    if contact.clears or contact.escalation:
        _call_out_over(state, contact, by)
    if contact.ready_ms or contact.recording is not None or state.media[contact.medium].lease_ms:
        state.deadlines.clear_all((Kind.READY, Kind.LEASE, Kind.MESSAGE), contact.id)
    if contact.walk is not None:
        stop(state, contact)
    if contact.reserves:
        give_place_back(state, contact)
    if contact.callback is not None:
        promise_over(state, contact, kept=False)
    leave_line(state, contact)
    del state.contacts[contact.id]
    if contact.parked:
        unpark(state, contact)
    else:
        del state.carried[contact.carrier]
    for carrier in contact.joined:
        del state.carried[carrier]
        state.order(effects.ReleaseContact(contact.id, "over", carrier=carrier))


def _call_out_over(state: State, contact: Contact, by: str) -> None:
    """Whoever has the desk call it goes on: with an all-clear, or with the next one on a list."""
    if contact.clears:
        call_ended(state, contact, by)
    else:
        state.deadlines.set(Kind.ESCALATION, contact.escalation, state.now_ms)


def quit_line(state: State, contact: Contact) -> None:
    """It goes before any answer, and what rings for it stops."""
    withdraw_all(state, contact, "contact ended")
    forget(state, contact)


def diverted(state: State, event: ContactDiverted) -> None:
    """Another service has it now. Raises Rejected: it does not wait, or there is no such service."""
    contact = state.contact(event.contact)
    if event.kind not in get_args(Diversion):
        raise Rejected(f"'{event.kind}' is no service for a waiting contact")
    if contact.parked:
        raise Rejected(f"contact {event.contact} has nobody on the line")
    contact.state = step(CONTACT, contact.state, "divert")
    quit_line(state, contact)
    gone = event.contact, contact.line, event.kind, state.now_ms - contact.anchor_ms
    state.tell(facts.FlowedOut(state.now_ms, *gone))
    state.order(effects.ReleaseContact(event.contact, event.kind, carrier=contact.carrier))
