"""What is asked of a party whose agent has left: it stays on the line, and is in none."""

from acd.core import effects, facts
from acd.core.state import State, step
from acd.core.treatments import begin
from acd.core.wrap_up import start_wrap_up
from agents.roster import Work
from queues.contact import Contact
from queues.states import CONTACT
from queues.treatment import SURVEY


def ask_afterwards(state: State, contact: Contact, work: Work) -> bool:
    """Its agent has ended the talk and wraps up; False: it is over for its party as well."""
    treatment = state.lines[contact.line].survey
    can_hear = state.media[contact.medium].hears and not (contact.parked or contact.purpose)
    if treatment not in state.treatments or not can_hear:
        return False
    contact.state = step(CONTACT, contact.state, "ask")
    contact.offers.clear()
    ids = contact.id, work.agent
    state.tell(facts.SurveyBegan(state.now_ms, *ids, contact.line, treatment))
    state.order(effects.ReleaseAgent(*ids, work.id, carrier=work.carrier))
    start_wrap_up(state, work)
    begin(state, contact, treatment, turned_away=SURVEY)
    return True
