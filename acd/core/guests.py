"""Those who take part in a contact that is not theirs: in a conference, from outside, listening."""

from acd.core import effects, facts
from acd.core.errors import Rejected
from acd.core.offers import close
from acd.core.state import State, step
from acd.core.wrap_up import lose_work
from agents.devices import Carrier, is_named
from agents.roster import Work
from agents.skills import AgentId
from agents.states import LISTENERS, ROLE, Role, WorkState
from queues.contact import Contact


def members(state: State, contact: Contact) -> list[Work]:
    """The other agents of a conference, the longest there first."""
    if not contact.guests:
        return []
    works = (state.works[number] for number in contact.guests)
    return [work for work in works if work.role is Role.MEMBER]


def guest(state: State, contact: Contact, agent: AgentId) -> Work | None:
    """What this agent has of a contact that is not his."""
    if not contact.guests:
        return None
    works = (state.works[number] for number in contact.guests)
    return next((work for work in works if work.agent == agent), None)


def leave(state: State, work: Work, reason: str) -> None:
    """He takes part no more; nothing is left to wrap up, since the contact is another's."""
    contact = state.contacts[work.contact]
    listens = work.role in LISTENERS
    work.role = step(ROLE, work.role, "leave")
    ids = work.id, work.contact, work.agent
    if work.state is WorkState.RINGING:
        close(state, work, "withdraw")
    else:
        lose_work(state, work)
    contact.guests.remove(work.id)
    if listens:
        state.tell(facts.ListenerLeft(state.now_ms, *ids, reason))
    else:
        state.tell(facts.ConferenceLeft(state.now_ms, *ids, work.consult, reason))  # type: ignore[arg-type]


def send_away(state: State, work: Work, reason: str) -> None:
    """As `leave`, and his device is told."""
    rings = work.state is WorkState.RINGING
    ids = {"offer": work.id, "contact": work.contact, "agent": work.agent, "carrier": work.carrier}
    leave(state, work, reason)
    if rings:
        state.order(effects.WithdrawOffer(**ids, cause=reason))  # type: ignore[arg-type]
    else:
        state.order(effects.ReleaseAgent(**ids))  # type: ignore[arg-type]


def stay_outside(state: State, contact: Contact, carrier: Carrier, consult: int) -> None:
    """Somebody outside talks with its party from now on."""
    contact.outside.append(carrier)
    state.carried[carrier] = contact.id
    state.tell(facts.OutsideJoined(state.now_ms, contact.id, carrier.ref, consult))  # type: ignore[arg-type]
    music = state.lines[contact.line].music
    state.order(effects.AdmitContact(contact.id, music, carrier=carrier))


def outside_gone(state: State, contact: Contact, carrier: Carrier, reason: str) -> None:
    """Somebody outside is on the line no more."""
    contact.outside.remove(carrier)
    del state.carried[carrier]
    state.tell(facts.OutsideLeft(state.now_ms, contact.id, carrier.ref, reason))


def leg_outside(contact: Contact, ref: str, channel: str) -> Carrier:
    """Raises Rejected: nobody outside takes part by that leg."""
    for carrier in contact.outside:
        if is_named(carrier, ref, channel):
            return carrier
    raise Rejected(f"contact {contact.id} has no leg {ref}")


def send_all_away(state: State, contact: Contact) -> None:
    """The conversation is over, for all who took part beside its agent."""
    for work in [state.works[number] for number in contact.guests]:
        send_away(state, work, "contact over")
    for carrier in list(contact.outside):
        outside_gone(state, contact, carrier, "contact over")
        state.order(effects.ReleaseContact(contact.id, "contact over", carrier=carrier))
