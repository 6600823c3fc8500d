"""Links of a mass incident: who is to be told when it is solved, and how he is asked."""

from acd.core import facts
from acd.core.errors import Rejected
from acd.core.events import ContactLinked
from acd.core.incidents import number_of, tell
from acd.core.leaving import leave_line
from acd.core.offers import withdraw_all
from acd.core.state import State, step
from acd.core.treatments import NOTHING_YET, give_place_back, rest, stop, waiting_in
from queues.contact import Contact
from queues.desk import Incident, IncidentMode
from queues.dial_policy import rule_for
from queues.incident import Link
from queues.outbound import ALL_CLEAR
from queues.states import CONTACT
from queues.treatment import NO_TREATMENT, OFFER, THANKS, Menu, Phrase, Walk

KEY = "1"

ASKED_FOR_MS = 8_000
"""So long the key is waited for after the texts."""

MOST = 10_000
"""Links of one incident; whoever comes later is told like anybody, and not asked."""


def may_link(state: State, contact: Contact) -> str:
    """Why its party cannot be told by the desk that the incident is solved; empty: it can."""
    traits = state.media[contact.medium]
    if contact.purpose or contact.consults or not (traits.keeps_leg and traits.hears):
        return "it is no call of a party"
    if not contact.party or not contact.dial_class:
        return "its number is not known"
    promised = contact.promise is not None and not contact.promise.pending
    if promised or contact.message is not None or contact.reception is not None:
        return "its party hears from the desk anyway"
    if rule_for(state.desk.outbound, contact.tenant, ALL_CLEAR, contact.dial_class) is None:
        return (
            f"calling {contact.dial_class} numbers for {ALL_CLEAR} is not allowed to client {contact.tenant}"
        )
    return ""


def asks(state: State, contact: Contact, incident: Incident) -> bool:
    """Whether its party is asked if it wants to be told."""
    if incident.mode is not IncidentMode.OFFER:
        return False
    links = state.courses[number_of(state, incident.id)].links
    return contact.party not in links and len(links) < MOST and not may_link(state, contact)


def ask(state: State, contact: Contact, incident: Incident) -> None:
    """It hears the text, and is asked for the key; what follows is decided then."""
    _ask(state, contact, incident)
    tell(state, contact, incident)


def _ask(state: State, contact: Contact, incident: Incident) -> None:
    turned_away = contact.walk.turned_away if contact.walk is not None else ""
    says, music = (Phrase(incident.greeting), Phrase(OFFER)), state.lines[contact.line].music
    contact.walk = Walk(NO_TREATMENT, says=says, turned_away=turned_away, about=incident.id)
    menu = Menu(OFFER, ((KEY, NO_TREATMENT),), ASKED_FOR_MS, music)
    rest(state, contact, music, for_ms=ASKED_FOR_MS, menu=menu)


def ask_between(state: State, contact: Contact, incident: Incident) -> None:
    """The same, and then it goes on with what it heard, or was about to hear."""
    walk = contact.interrupted or contact.walk
    if walk is None:  # nothing but music
        treatment = waiting_in(state.lines[contact.line])
        walk = Walk(treatment, step=len(state.treatments.get(treatment, ())))
    if state.untreated.pop(contact.id, None) is not None:
        walk.hears = NOTHING_YET
    tell(state, contact, incident)
    _ask(state, contact, incident)
    contact.interrupted = walk


def pressed(state: State, contact: Contact, walk: Walk) -> bool:
    """Its party wants to be told: it is thanked, and its call ends.

    False: the incident is over meanwhile, or nothing allows to call it any more.
    """
    number = number_of(state, walk.about)
    if number not in contact.informed or may_link(state, contact):  # declared anew, or the rule is gone
        return False
    _link(state, number, contact, "key")
    contact.state = step(CONTACT, contact.state, "link")
    if contact.reserves:
        give_place_back(state, contact)
    withdraw_all(state, contact, "contact ended")
    leave_line(state, contact)
    stop(state, contact)
    contact.incident = walk.about
    contact.walk = Walk(NO_TREATMENT, says=(Phrase(THANKS),))  # about nothing: no change interrupts it
    rest(state, contact, state.lines[contact.line].music, end=True)
    return True


def linked(state: State, event: ContactLinked) -> None:
    """Raises Rejected: the incident is not on, its party cannot be told, or is linked already."""
    contact, number = state.contact(event.contact), number_of(state, event.incident)
    if not number:
        raise Rejected(f"incident {event.incident} is not on")
    links = state.courses[number].links
    if contact.party in links:
        raise Rejected(f"the party of contact {contact.id} is linked to incident {event.incident} already")
    reason = may_link(state, contact) or ("too many are linked" if len(links) >= MOST else "")
    if reason:
        raise Rejected(f"contact {contact.id} cannot be linked: {reason}")
    _link(state, number, contact, "hand")


def _link(state: State, number: int, contact: Contact, by: str) -> None:
    """One party is linked once, however often it calls."""
    links, name = state.courses[number].links, state.courses[number].incident.id
    if contact.party in links:
        return
    links[contact.party] = Link(contact.id, contact.entry, contact.dial_class, contact.language)
    state.tell(facts.Linked(state.now_ms, name, contact.id, by))
