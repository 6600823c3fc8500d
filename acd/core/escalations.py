"""Escalation lists: people are called one after the other until somebody takes it over by a key.

Each step is a contact that the desk begins. When that contact is over, however it ended, a deadline of that
moment has the next one called; so every step is an entry of its own, and a restart goes on where it stood.
"""

from itertools import islice

from acd.core import effects, facts
from acd.core.calling_out import call_out, called_off, entry_of
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.events import CallOut, ContactId, EscalationCancelled, EscalationStarted, NoticeTaken
from acd.core.state import State
from agents.devices import Carrier
from queues.contact import Contact
from queues.desk import Entry
from queues.dial_policy import rule_for
from queues.escalation import MAIL_WITHIN_MS, Escalation, Person, steps_of
from queues.outbound import ESCALATION

REMEMBERED = 50
"""So many that are over can still be looked at."""


def started(state: State, event: EscalationStarted) -> None:
    """Raises Rejected: nobody is on the list who could be called, or it is being walked for this already."""
    entry = entry_of(state, event.entry)
    _check(state, event, entry)
    state.last_escalation += 1
    number = state.last_escalation
    escalation = Escalation(
        id=number,
        list=event.list,
        entry=entry.id,
        tenant=entry.tenant,
        people=event.people,
        rounds=event.rounds,
        gap_ms=event.gap_ms,
        text=event.text,
        texts=event.texts,
        mail=event.mail,
        mail_channel=event.mail_channel,
        contact=event.contact,
        ticket=event.ticket,
        began_ms=state.now_ms,
    )
    state.escalations[number] = escalation
    state.treatments[escalation.treatment] = steps_of(escalation)
    what = entry.tenant, event.contact, event.ticket, len(event.people), event.rounds
    state.tell(facts.EscalationBegan(state.now_ms, number, event.list, *what))
    _next(state, escalation)


def _check(state: State, event: EscalationStarted, entry: Entry) -> None:
    if not event.list or not event.text or event.rounds < 1 or event.gap_ms < 0:
        raise Rejected("an escalation needs a name, a text and a round")
    if not any(_may_be_called(state, entry, person) for person in event.people):
        raise Rejected(f"nobody on list {event.list} may be called for client {entry.tenant}")
    for one in state.escalations.values():
        about = one.contact, one.ticket
        if not one.result and one.list == event.list and about == (event.contact, event.ticket):
            raise Rejected(f"escalation {one.id} walks list {event.list} for this already")


def _may_be_called(state: State, entry: Entry, person: Person) -> bool:
    if person.agent:
        return person.agent in state.seats
    return bool(person.party) and bool(
        rule_for(state.desk.outbound, entry.tenant, ESCALATION, person.dial_class)
    )


def due(state: State, number: int) -> None:
    """Whoever was called did not take it over, the gap between two rounds is over, or no mail was sent."""
    escalation = state.escalations.get(number)
    if escalation is None or escalation.result:
        return
    escalation.called = ContactId(0)
    if escalation.mailing:
        _over(state, escalation, "nobody")
    else:
        _next(state, escalation)


def _next(state: State, escalation: Escalation) -> None:
    """Whom nobody may or can call is an attempt, too, which is over at once."""
    entry = state.entries.get(escalation.entry)
    if entry is None:  # the desk has changed; the mail is left
        _nobody(state, escalation)
        return
    if escalation.place < len(escalation.people):
        _call(state, escalation, entry)
    elif escalation.round < escalation.rounds:
        escalation.round, escalation.place = escalation.round + 1, 0
        state.deadlines.set(Kind.ESCALATION, escalation.id, state.now_ms + escalation.gap_ms)
    else:
        _nobody(state, escalation)


def _call(state: State, escalation: Escalation, entry: Entry) -> None:
    person = escalation.people[escalation.place]
    escalation.place += 1
    escalation.attempts += 1
    escalation.called = number = ContactId(state.last_contact + 1)
    where = escalation.contact, number, escalation.round, escalation.place
    state.tell(facts.EscalationTried(state.now_ms, escalation.id, *where, person.who))
    event = CallOut(entry.id, ESCALATION, person.party, person.dial_class, escalation.treatment)
    call_out(state, entry, event, on_list=(escalation.id, person))


def acknowledged(state: State, contact: Contact) -> None:
    """He has pressed the key: nobody else is called."""
    escalation = state.escalations[contact.escalation]
    contact.escalation = 0
    _over(state, escalation, "acknowledged", escalation.people[escalation.place - 1].who)


def cancelled(state: State, event: EscalationCancelled) -> None:
    """Raises Rejected: it does not go on."""
    escalation = _going_on(state, event.escalation)
    called = state.contacts.get(escalation.called)
    if called is not None and called.escalation == escalation.id:
        called.escalation = 0
        called_off(state, called)
    _over(state, escalation, "cancelled")


def notice_taken(state: State, event: NoticeTaken) -> None:
    """Raises Rejected: no mail was ordered for it, or that was told already."""
    escalation = _going_on(state, event.escalation)
    if not escalation.mailing:
        raise Rejected(f"escalation {event.escalation} has no mail to be sent")
    _over(state, escalation, "mailed" if event.taken else "nobody")


def _going_on(state: State, number: int) -> Escalation:
    escalation = state.escalations.get(number)
    if escalation is None or escalation.result:
        raise Rejected(f"escalation {number} does not go on")
    return escalation


def _nobody(state: State, escalation: Escalation) -> None:
    """The list is at its end: the mail, if there is an address."""
    if not escalation.mail:
        _over(state, escalation, "nobody")
        return
    escalation.mailing = True
    state.deadlines.set(Kind.ESCALATION, escalation.id, state.now_ms + MAIL_WITHIN_MS)
    state.tell(facts.EscalationMailed(state.now_ms, escalation.id, escalation.contact))
    state.order(notice(escalation))


def notice(escalation: Escalation) -> effects.SendNotice:
    """The mail that tells of it, also to be ordered anew after a restart."""
    what = escalation.id, escalation.tenant, escalation.mail, escalation.text, escalation.texts
    carrier = Carrier(escalation.mail_channel, "")
    return effects.SendNotice(escalation.contact, *what, escalation.ticket, carrier=carrier, promise=True)


def _over(state: State, escalation: Escalation, result: str, who: str = "") -> None:
    escalation.result, escalation.taken_by, escalation.over_ms = result, who, state.now_ms
    escalation.called, escalation.mailing = ContactId(0), False
    state.deadlines.clear(Kind.ESCALATION, escalation.id)
    del state.treatments[escalation.treatment]
    whose = escalation.id, escalation.list, escalation.tenant, escalation.contact
    took_ms = state.now_ms - escalation.began_ms
    state.tell(facts.EscalationOver(state.now_ms, *whose, result, who, escalation.attempts, took_ms))
    over = [number for number, one in state.escalations.items() if one.result]
    for number in islice(over, max(0, len(over) - REMEMBERED)):
        del state.escalations[number]


def await_anew(state: State) -> None:
    """After a restart: the channel that is to send a mail has its full time again."""
    for escalation in state.escalations.values():
        if escalation.mailing:
            state.deadlines.set(Kind.ESCALATION, escalation.id, state.now_ms + MAIL_WITHIN_MS)
