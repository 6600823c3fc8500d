"""A device that sends its offer to a number outside: only as the dial policy says."""

from acd.core import effects
from acd.core.errors import Rejected
from acd.core.events import CallId, OfferDiverted
from acd.core.placing import decided, under_way
from acd.core.state import State
from agents.states import WorkState
from queues.dial_policy import Wish, counted, decide, lately
from queues.outbound import DIVERT


def diverted(state: State, event: OfferDiverted) -> None:
    """Once for an offer.

    Raises Rejected: he is not rung, it goes elsewhere already, or the dial policy does not allow it now.
    """
    work = state.work(event.offer)
    if work.state is not WorkState.RINGING or work.diverted or not event.party:
        raise Rejected(f"offer {work.id} does not ring, goes elsewhere already, or nobody is named")
    contact = state.contacts[work.contact]
    wish = Wish(contact.tenant, DIVERT, event.dial_class)
    _may(state, wish, event.party)
    decision = decided(state, contact, wish, event.party, (CallId(0), work.id, work.agent))
    rule, work.diverted = decision.rule, event.dial_class
    assert rule is not None
    what = event.party, event.dial_class, rule.caller_id, rule.prefixes
    state.order(effects.DivertOffer(work.id, contact.id, work.agent, *what, carrier=work.carrier))


def _may(state: State, wish: Wish, number: str) -> None:
    """What is refused changes nothing, so it is asked before it is decided. Raises Rejected."""
    counts = counted(lately(state.dialled, state.now_ms), wish, number, under_way(state, wish))
    if reason := decide(state.desk.outbound, wish, counts).reason:
        what = f"diverting to {wish.dial_class} numbers"
        raise Rejected(f"{what} is not allowed to client {wish.tenant} now ({reason})")
