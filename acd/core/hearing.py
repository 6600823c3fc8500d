"""What comes back of a play list: its texts are over, a key was pressed, its time is up."""

from acd.core import facts
from acd.core.admission import incident_heard, interrupt, say_anew
from acd.core.deadlines import Kind
from acd.core.errors import Rejected
from acd.core.escalations import acknowledged
from acd.core.events import DigitsCollected, IncidentChanged, IncidentDeclared, KeyPressed, PromptEnded
from acd.core.incidents import change, declare, hears_now, is_to_hear, to_be_told
from acd.core.links import pressed
from acd.core.messages import recording_over
from acd.core.state import State
from acd.core.treatments import begin, resume, texts_over, unsay
from queues.contact import Contact
from queues.treatment import Collect, Walk


def incident_declared(state: State, event: IncidentDeclared) -> None:
    """Who is on the line hears it now, who comes hears it first. Raises Rejected as `incidents.declare`."""
    incident = declare(state, event)
    for contact in to_be_told(state, incident):
        interrupt(state, contact, incident)


def incident_changed(state: State, event: IncidentChanged) -> None:
    """Who waits hears another text once more; who hears the old one hears the new one instead.

    Who is a VIP no more by its rules is told now. Raises Rejected as `incidents.change`.
    """
    number, before = change(state, event)
    incident = event.incident
    again = incident.greeting != before.greeting
    for contact in list(state.contacts.values()):
        if hears_now(contact, number, incident.id):
            if again:
                say_anew(state, contact, incident)
        elif is_to_hear(state, incident, contact) and (again or number not in contact.informed):
            unsay(contact.walk, before.greeting)
            interrupt(state, contact, incident)


def prompt_ended(state: State, event: PromptEnded) -> None:
    """Raises Rejected: it hears no text whose end is waited for, or another one."""
    contact = state.contact(event.contact)
    walk = contact.walk
    if walk is None or walk.heard or not walk.hears.reports or event.visit not in (0, contact.visit):
        raise Rejected(f"contact {event.contact} hears no text whose end is waited for")
    _over(state, contact)


def key_pressed(state: State, event: KeyPressed) -> None:
    """Raises Rejected: it is asked for no key, or for others, or that was another time."""
    contact = state.contact(event.contact)
    menu = contact.walk.menu if contact.walk is not None else None
    if menu is None or event.visit != contact.visit or event.key not in menu.accepted:
        raise Rejected(f"contact {event.contact} is not asked for key '{event.key}'")
    assert contact.walk is not None
    turned_away = contact.walk.turned_away
    state.tell(facts.KeyChosen(state.now_ms, contact.id, contact.walk.treatment, contact.visit, event.key))
    if contact.walk.about:
        if not pressed(state, contact, contact.walk):
            _after_incident(state, contact)
        return
    begin(state, contact, dict(menu.keys)[event.key], turned_away=turned_away)
    if contact.escalation:
        acknowledged(state, contact)


def digits_collected(state: State, event: DigitsCollected) -> None:
    """Raises Rejected: it is not asked to type anything, or that was another time."""
    contact = state.contact(event.contact)
    walk = contact.walk
    if walk is None or walk.collect is None or event.visit != contact.visit:
        raise Rejected(f"contact {event.contact} is asked for no digits by list {event.visit}")
    state.deadlines.clear(Kind.TREATMENT, contact.id)
    _typed(state, contact, walk, walk.collect, event.digits)


def _typed(state: State, contact: Contact, walk: Walk, asked: Collect, digits: str) -> None:
    """Its treatment goes on."""
    walk.collect = None
    if digits:
        contact.collected = {**(contact.collected or {}), asked.name: digits}
    what = walk.treatment, contact.visit, asked.name, digits
    state.tell(facts.Collected(state.now_ms, contact.id, *what))
    state.untreated[contact.id] = contact


def due(state: State, number: int) -> None:
    """The music has lasted, no key was pressed, or nobody ever said that the text is over."""
    contact = state.contacts[number]
    walk = contact.walk
    assert walk is not None
    if not walk.heard and walk.hears.reports:
        _over(state, contact)
    elif contact.recording is not None:
        recording_over(state, contact, contact.recording)
    elif walk.collect is not None:
        _typed(state, contact, walk, walk.collect, "")
    else:
        if walk.menu is not None:
            state.tell(facts.NoKey(state.now_ms, contact.id, walk.treatment, contact.visit))
            walk.menu = None
        if walk.about:
            _after_incident(state, contact)
        else:
            state.untreated[number] = contact


def _over(state: State, contact: Contact) -> None:
    walk = contact.walk
    assert walk is not None
    if walk.about and walk.menu is not None:
        texts_over(state, contact, walk)
    elif contact.incident or contact.interrupted is not None:
        _after_incident(state, contact)
    else:
        texts_over(state, contact, walk)


def _after_incident(state: State, contact: Contact) -> None:
    """Nothing more of the text that came first, or between, is waited for."""
    if contact.incident:
        incident_heard(state, contact)
    elif contact.interrupted is not None:
        resume(state, contact, contact.interrupted)
