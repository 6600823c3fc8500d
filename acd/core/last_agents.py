"""Who spoke with a person last: where a line wants it, a new contact of that person is held for him first."""

from acd.core.state import State
from agents.skills import AgentId
from queues.contact import Contact
from queues.desk import Line

MOST_PERSONS = 5_000
"""Remembered of one client; then those with whom nobody has spoken for the longest time are forgotten."""


def spoke(state: State, contact: Contact, agent: AgentId) -> None:
    """Its party and the agent speak from now on: whom it was held for first does not matter any more."""
    if contact.spoke_ms:
        contact.preferred, contact.preferred_ms, contact.spoke_ms = None, 0, 0
    if not contact.person or not state.remembers_ms:
        return
    known = state.spoken.setdefault(contact.tenant, {})
    known.pop(contact.person, None)
    known[contact.person] = agent, state.now_ms
    oldest_ms = state.now_ms - state.remembers_ms
    while (first := next(iter(known))) and (known[first][1] < oldest_ms or len(known) > MOST_PERSONS):
        del known[first]


def prefer(state: State, contact: Contact) -> None:
    """Of a new contact: whoever spoke with its person last, unless its channel names somebody."""
    if contact.preferred is None and (known := state.spoken.get(contact.tenant)) is not None:
        contact.preferred, contact.spoke_ms = known.get(contact.person, (None, 0))


def held_for_ms(contact: Contact, line: Line, now_ms: int) -> int:
    """How long the line holds it for the agent who spoke with its person last."""
    rule = line.last_agent
    return rule.wait_ms if now_ms - contact.spoke_ms <= rule.within_ms else 0


def desk_changed(state: State) -> None:
    """Forget the people of clients who are gone, and all if no line asks for any."""
    here = {tenant.id for tenant in state.desk.tenants} if state.remembers_ms else set()
    state.spoken = {tenant: known for tenant, known in state.spoken.items() if tenant in here}
