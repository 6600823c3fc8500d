"""Facts about calls that we place: who was promised what, every attempt, and how it ended."""

from acd.core.events import CallId, CallResult, ContactId, OfferId
from acd.core.facts.fact import Fact
from acd.core.facts.of_offers import Decision, OfferFact
from agents.skills import AgentId
from queues.desk import IncidentId, LineId, Medium, TenantId
from queues.names import TreatmentId


class Parked(Fact, frozen=True, tag="Parked"):
    """Its party was promised a callback and has no leg any more. `wait_ms` since it was first queued."""

    contact: ContactId
    line: LineId
    medium: Medium
    wait_ms: int
    until_ms: int
    """When the promise ends, if it was not kept."""
    again: bool = False
    """The promise is an earlier one: he rang himself meanwhile, and left before an agent answered."""


class CalledIn(Fact, frozen=True, tag="CalledIn"):
    """The party of a parked contact rang itself; it has a leg again, and its old place."""

    contact: ContactId
    ref: str
    party: str


class Reserved(Decision, frozen=True, tag="Reserved"):
    """An agent is kept free while the party is called. A decision, explained as in Offered."""


class ReservationEnded(OfferFact, frozen=True, tag="ReservationEnded"):
    """He is free again: the party was not reached, or he is not available any more."""


class CalledOut(Fact, frozen=True, tag="CalledOut"):
    """The desk itself began a contact: somebody is called and told something. It ends by Released.

    By `not reached`, `cancelled`, `treatment` (he has heard it), `caller` or `leg lost` (he hung up).
    """

    contact: ContactId
    purpose: str
    tenant: TenantId
    line: LineId
    """Of the entry; he waits there only if the treatment says so."""
    medium: Medium
    treatment: TreatmentId
    incident: IncidentId = IncidentId("")
    """Of whose end he is told."""
    linked: ContactId = ContactId(0)
    """By which contact he was linked to it."""


class DialDecided(Fact, frozen=True, tag="DialDecided"):
    """What the dial policy said of a leg to a number outside; see `queues.dial_policy`.

    What no rule allows at all is refused when it is asked for, and nothing becomes of it, no fact either.
    """

    call: CallId
    """0: the number to which an agent's device sends its offer."""
    contact: ContactId
    offer: OfferId
    agent: AgentId
    tenant: TenantId
    purpose: str
    dial_class: str
    reason: str
    """Why it is not rung: `never`, `no rule`, `at once`, `per hour`, `per number`; empty: it is."""
    at_once: int
    """Calls by the same rule that were under way."""
    in_hour: int
    """Of that client for that purpose, within the hour before."""
    to_number: int
    """Of these, to that number."""
    caller_id: str
    """The number of the desk that is shown; empty: that of the trunk."""


class CallPlaced(Fact, frozen=True, tag="CallPlaced"):
    """An attempt to call the party. It ends exactly once, by CallOver with the same number.

    Where `until_ms` is its own moment the desk's rules forbid it, and no channel hears of it.
    """

    call: CallId
    contact: ContactId
    offer: OfferId
    agent: AgentId
    """Who waits on the line, or is reserved; of a contact that the desk began nobody."""
    purpose: str
    dial_class: str
    attempt: int
    """1 is the first. One for which there was `no room` is not counted: the next has the same number."""
    until_ms: int


class CallOver(Fact, frozen=True, tag="CallOver"):
    """An attempt has ended."""

    call: CallId
    contact: ContactId
    result: CallResult


class CallbackOver(Fact, frozen=True, tag="CallbackOver"):
    """What became of the promise. `kept`: the party and an agent are joined."""

    contact: ContactId
    line: LineId
    kept: bool
    wait_ms: int
    """Since it was first queued."""
