"""Arrival: which line a contact enters, if any, and what it hears first."""

from msgspec import Struct

from acd.core import callbacks, deferral, effects, facts, incidents, last_agents, links
from acd.core.entering import Hop, find_line, send_on, way_of
from acd.core.errors import Rejected
from acd.core.events import ContactArrived, ContactId, PriorityChanged
from acd.core.leases import arm
from acd.core.reception import check_received, receive
from acd.core.state import State, step
from acd.core.treatments import begin, give_place_back, greeting_of, put_between, say_alone, stop, waiting_in
from acd.core.waiting import enter_line, forget, send_away, watch_target
from agents.devices import Carrier
from queues.contact import NO_INCIDENT, Contact
from queues.desk import Entry, Incident, IncidentMode, Line, LineId, Medium, Overflow, TenantId
from queues.states import CONTACT, ContactState
from queues.treatment import NO_TREATMENT, Phrase


class Claim(Struct, frozen=True, gc=False):
    """What entry and VIP list together give a contact."""

    asked_class: int | None
    head_start_ms: int
    vip: bool


def arrived(state: State, event: ContactArrived) -> None:
    """Admit the contact and let it wait, or refuse it.

    Raises Rejected: its ref is live already, or contacts of its medium are always ready.
    In this order: the text of an incident, closed, full, the queue.
    """
    carrier = Carrier(event.channel, event.ref)
    if carrier in state.carried:
        raise Rejected(f"contact ref {event.ref} of {event.channel} is live already")
    if (event.joins is not None or state.parked) and (joined := _belongs_to(state, event)) is not None:
        _join(state, joined, event)
        return
    entry = state.entries.get(event.entry)
    if entry is None or entry.medium != event.medium:
        _block(state, event, "unknown entry", TenantId(""), LineId(""), vip=False)
        return
    claim = _claim(state, event, entry)
    incident = incidents.concerning(state, entry, claim.vip) if state.incidents else None
    hears_first = incident is not None and incidents.comes_first(incident)
    line = state.lines[entry.line]
    line, hops, reason = (line, [], "") if hears_first else _line_for(state, entry, line)
    if reason and not _may_be_told(state, event.medium, line, reason):
        _block(state, event, reason, entry.tenant, entry.line, vip=claim.vip)
        return
    contact = _create(state, event, entry, claim, carrier)
    if hops:
        send_on(state, contact, hops)
        contact.line = line.id
    promise = state.media[entry.medium].promise and event.ready
    state.order(effects.AdmitContact(contact.id, line.music, carrier=carrier, promise=promise))
    if not event.ready:
        receive(state, contact)
    elif incident is not None and hears_first:
        _tell_first(state, contact, incident)
    else:
        said = () if incident is None else (incidents.tell(state, contact, incident),)
        _treat(state, contact, line, entry, reason, *said)


def _join(state: State, contact: Contact, event: ContactArrived) -> None:
    """It adds to a contact; or the party of one that is parked rings itself, and hears of incidents, too."""
    if not contact.to_call:
        deferral.join(state, contact, event)
        return
    callbacks.called_in(state, contact, event)
    told = (one for one in state.incidents.values() if incidents.is_to_hear(state, one, contact))
    if (incident := next(told, None)) is not None:
        _tell_between(state, contact, incident)


def _line_for(state: State, entry: Entry, line: Line) -> tuple[Line, list[Hop], str]:
    """As `find_line`; what is heard before may still lead elsewhere, so nothing is refused yet."""
    if entry.treatment and state.media[entry.medium].hears:
        return line, [], ""
    return find_line(state, line)


def _may_be_told(state: State, medium: Medium, line: Line, reason: str) -> bool:
    """Whether the line has something to say to whom it does not take."""
    return way_of(line, reason).kind is Overflow.TREATMENT and state.media[medium].hears


def _belongs_to(state: State, event: ContactArrived) -> Contact | None:
    """The live contact that it adds to, as its channel says or by its number; None: it is a new one."""
    if not event.ready:
        return None
    if event.joins is not None:
        return deferral.joinable(state, event)
    return callbacks.same_caller(state, event)


def _block(
    state: State, event: ContactArrived, reason: str, tenant: TenantId, line: LineId, *, vip: bool
) -> None:
    what = event.ref, event.entry, reason, event.medium, event.party
    state.tell(facts.Blocked(state.now_ms, *what, tenant, line, vip))
    if state.incidents and line:
        incidents.concern(state, state.entries[event.entry], None)
    state.order(effects.RejectContact(reason, carrier=Carrier(event.channel, event.ref)))


def _claim(state: State, event: ContactArrived, entry: Entry) -> Claim:
    """Raises Rejected: it is not ready, and contacts of its medium always are."""
    if not event.ready:
        check_received(state, entry.medium)
    asked_class, head_start_ms = better(event.priority_class, event.head_start_ms, entry)
    usual_class = state.lines[entry.line].priority_class
    return Claim(asked_class, head_start_ms, incidents.better_than(usual_class, asked_class, head_start_ms))


def better(asked_class: int | None, head_start_ms: int, entry: Entry) -> tuple[int | None, int]:
    """Class and head start that hold: what was asked for, unless the entry gives more."""
    if asked_class is None or (entry.priority_class is not None and entry.priority_class < asked_class):
        asked_class = entry.priority_class
    return asked_class, max(head_start_ms, entry.head_start_ms)


def _create(state: State, event: ContactArrived, entry: Entry, claim: Claim, carrier: Carrier) -> Contact:
    state.last_contact += 1
    contact = Contact(
        id=ContactId(state.last_contact),
        carrier=carrier,
        entry=entry.id,
        tenant=entry.tenant,
        line=entry.line,
        medium=entry.medium,
        party=event.party,
        arrived_ms=state.now_ms,
        asked_class=claim.asked_class,
        head_start_ms=claim.head_start_ms,
        preferred=event.preferred,
        preferred_ms=event.preferred_ms,
        dial_class=event.dial_class,
        language=event.language,
        person=event.person,
    )
    if contact.person:
        last_agents.prefer(state, contact)
    state.contacts[contact.id] = contact
    state.carried[carrier] = contact.id
    if state.media[entry.medium].lease_ms:
        arm(state, contact)
    where = event.ref, entry.id, entry.tenant, entry.line, entry.medium
    before = deferral.continued(state, event, entry.tenant)
    arrived = facts.Arrived(state.now_ms, contact.id, *where, event.party, claim.vip, before, event.person)
    state.tell(arrived)
    if state.incidents:
        incidents.concern(state, entry, contact)
    return contact


def interrupt(state: State, contact: Contact, incident: Incident) -> None:
    """An incident that was just declared concerns it: told at once, it goes on where it was afterwards.

    Who is in line keeps his place, whatever the mode; who is in none yet is one more who calls during it.
    """
    if contact.state is not ContactState.GREETING or incident.mode is not IncidentMode.END:
        _tell_between(state, contact, incident)
        return
    if contact.reserves:
        give_place_back(state, contact)
    _tell_first(state, contact, incident)


def _tell_between(state: State, contact: Contact, incident: Incident) -> None:
    if links.asks(state, contact, incident):
        links.ask_between(state, contact, incident)
    else:
        put_between(state, contact, incidents.tell(state, contact, incident), incident.id)


def _tell_first(state: State, contact: Contact, incident: Incident) -> None:
    """The text of an incident that comes before anything else; what follows is decided when it was heard."""
    contact.incident = incident.id
    stop(state, contact)
    if links.asks(state, contact, incident):
        links.ask(state, contact, incident)
        return
    say_alone(state, contact, Phrase(incident.greeting), end=True, about=incident.id)
    incidents.tell(state, contact, incident)


def say_anew(state: State, contact: Contact, incident: Incident) -> None:
    """Its text has changed while it is heard: it begins anew, and what follows stays."""
    if links.asks(state, contact, incident):
        (links.ask if contact.incident else links.ask_between)(state, contact, incident)
        return
    text = incidents.tell(state, contact, incident)
    say_alone(state, contact, text, end=True, about=incident.id)


def _treat(
    state: State, contact: Contact, line: Line, entry: Entry | None, reason: str, *said: Phrase
) -> None:
    """Let it wait now, or when it has heard what comes before; `reason`: why its line does not take it.

    A mail or a fax cannot hear anything, and nobody would report an end: it waits at once.
    """
    treatment = NO_TREATMENT if entry is None else entry.treatment
    if not (treatment or line.greeting or reason or said) or not state.media[contact.medium].hears:
        enter_line(state, contact, line, "arrived")
    elif reason:
        begin(state, contact, way_of(line, reason).treatment, *said, turned_away=reason)
    elif treatment:
        begin(state, contact, treatment, *said)
    elif line.greeting and line.greeting_mandatory:
        contact.reserves = True
        state.board.greet(line.id, 1)
        begin(state, contact, greeting_of(line), *said)
    else:
        enter_line(state, contact, line, "arrived")
        begin(state, contact, greeting_of(line) if line.greeting else waiting_in(line), *said)


def incident_heard(state: State, contact: Contact) -> None:
    """After the text of an incident the call is over, or its line closed or full, or it goes on as usual."""
    number = contact.id
    if incidents.ends_call(state, contact):
        linked = incidents.is_thanked(contact)
        contact.state = step(CONTACT, contact.state, "deflect")
        forget(state, contact)
        incidents.deflected(state, contact, "key" if linked else "end")
        leg = contact.carrier
        state.order(effects.ReleaseContact(number, "incident", carrier=leg, promise=linked))
        return
    entry, line = state.entries.get(contact.entry), state.lines[contact.line]
    stop(state, contact)
    line, hops, reason = find_line(state, line) if entry is None else _line_for(state, entry, line)
    if reason and not _may_be_told(state, contact.medium, line, reason):
        send_away(state, contact, "turn away", reason)
        return
    contact.incident = NO_INCIDENT
    send_on(state, contact, hops)
    contact.line = line.id
    _treat(state, contact, line, entry, reason)


def priority_changed(state: State, event: PriorityChanged) -> None:
    """Re-rank the contact at once if it waits. Raises Rejected when the head start is negative."""
    contact = state.contact(event.contact)
    head_start_ms = event.head_start_ms or 0
    if head_start_ms < 0:
        raise Rejected(f"a head start of {head_start_ms} ms is negative")
    contact.asked_class, contact.head_start_ms = event.priority_class, head_start_ms
    contact.told_position = 0
    line = state.lines[contact.line]
    asked = line.priority_class if contact.asked_class is None else contact.asked_class
    now = state.now_ms, event.contact, asked, contact.head_start_ms
    state.tell(facts.PriorityChange(*now))
    if contact.id in state.board.places:
        watch_target(state, contact, line)
        state.rank_anew(contact)
