"""Facts about escalation lists: who was called when, who took it over, and how long that took."""

from acd.core.events import ContactId
from acd.core.facts.fact import Fact
from queues.desk import TenantId


class EscalationBegan(Fact, frozen=True, tag="EscalationBegan"):
    """A list is walked from now on."""

    escalation: int
    list: str
    tenant: TenantId
    contact: ContactId
    """What it is about; 0: no contact."""
    ticket: str
    people: int
    rounds: int


class EscalationTried(Fact, frozen=True, tag="EscalationTried"):
    """Somebody on the list is called; what became of it is told of the contact `called`."""

    escalation: int
    contact: ContactId
    called: ContactId
    round: int
    step: int
    """His place in the list, from 1."""
    who: str


class EscalationMailed(Fact, frozen=True, tag="EscalationMailed"):
    """Nobody took it over: a mail is ordered."""

    escalation: int
    contact: ContactId


class EscalationOver(Fact, frozen=True, tag="EscalationOver"):
    """It is over. `result`: `acknowledged`, `cancelled` (de-escalated), `mailed`, or `nobody`."""

    escalation: int
    list: str
    tenant: TenantId
    contact: ContactId
    result: str
    who: str
    """Who took it over; empty: nobody."""
    attempts: int
    took_ms: int
    """Since it began."""
