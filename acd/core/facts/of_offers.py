"""Facts about offers: who was chosen for whom, why, and what came of it."""

from acd.core.events import ContactId, OfferId
from acd.core.facts.fact import Fact
from agents.skills import AgentId
from queues.desk import LineId


class OfferFact(Fact, frozen=True):
    """Base of all facts about one offer."""

    offer: OfferId
    contact: ContactId
    agent: AgentId


class Decision(OfferFact, frozen=True):
    """Base of the facts that say who was chosen for whom, and why.

    Rank is (class, urgency, arrival); urgency = `urgency_ms` / `target_ms`.
    """

    line: LineId
    priority_class: int
    urgency_ms: int
    target_ms: int
    step: int
    """Relaxation in force, 0: none."""
    policy: str
    choice: str
    """`agent chosen` (the contact came, idle agents were compared) or `contact chosen` (an agent freed).

    `reserved`: decided before (`Reserved`), and its party has been reached.
    """
    compared: int
    """How many agents, or heads of buckets, were compared."""


class Offered(Decision, frozen=True, tag="Offered"):
    """A decision. Rank is (class, urgency, arrival); urgency = `urgency_ms` / `target_ms`."""


class Refused(OfferFact, frozen=True, tag="Refused"):
    """The agent declined the offer."""


class NotAnswered(OfferFact, frozen=True, tag="NotAnswered"):
    """The lease of the offer ran out; the agent is paused."""


class OfferLost(OfferFact, frozen=True, tag="OfferLost"):
    """The offer could not be delivered."""


class OfferWithdrawn(OfferFact, frozen=True, tag="OfferWithdrawn"):
    """The offer ended without any doing of the agent; `cause` as in WithdrawOffer."""

    cause: str


class Answered(OfferFact, frozen=True, tag="Answered"):
    """`wait_ms` since it was first queued, `line_wait_ms` since it entered this line."""

    line: LineId
    wait_ms: int
    line_wait_ms: int
