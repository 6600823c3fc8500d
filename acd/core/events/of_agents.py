"""Events about offers, agents, their devices and what they note."""

from acd.core.events.event import FIRST_DEVICE, Event
from agents.devices import Carrier
from agents.roster import ContactId, OfferId
from agents.skills import AgentId
from queues.desk import Medium


class OfferAccepted(Event, frozen=True, tag="OfferAccepted"):
    """The agent answered. The first accept of a contact wins."""

    offer: OfferId


class OfferRefused(Event, frozen=True, tag="OfferRefused"):
    """The agent declined (486 busy, 603 decline, the button)."""

    offer: OfferId


class OfferFailed(Event, frozen=True, tag="OfferFailed"):
    """The offer could not be delivered: phone unreachable, error of the network."""

    offer: OfferId


class OfferDiverted(Event, frozen=True, tag="OfferDiverted"):
    """The device sends the offer to a number outside; DivertOffer follows, if the dial policy allows it."""

    offer: OfferId
    party: str
    """Opaque id in the vault of that number."""
    dial_class: str
    """Of that number, as `acd.ports.DialClass`."""


class AgentSignedIn(Event, frozen=True, tag="AgentSignedIn"):
    """He is signed in and ready."""

    agent: AgentId


class AgentSignedOut(Event, frozen=True, tag="AgentSignedOut"):
    """No more offers. What can be put aside he hands back; a conversation he finishes."""

    agent: AgentId


class AgentPaused(Event, frozen=True, tag="AgentPaused"):
    """No offers until ready; what he handles he finishes."""

    agent: AgentId
    reason: str


class AgentReady(Event, frozen=True, tag="AgentReady"):
    """His pause is over: he takes offers again."""

    agent: AgentId


class AgentReachable(Event, frozen=True, tag="AgentReachable"):
    """A device of his for this medium is there (a phone registered, a desktop opened)."""

    agent: AgentId
    medium: Medium
    device: Carrier = FIRST_DEVICE


class AgentUnreachable(Event, frozen=True, tag="AgentUnreachable"):
    """A device of his carries this medium no more; what it rings for is withdrawn at once."""

    agent: AgentId
    medium: Medium
    device: Carrier = FIRST_DEVICE


class DeviceVanished(Event, frozen=True, tag="DeviceVanished"):
    """A device of his is away without a word (a page reloads, a connection breaks) and may come back.

    It is not offered anything. After the desk's grace its offers are withdrawn and its work is handed back.
    """

    agent: AgentId
    device: Carrier


class TicketGiven(Event, frozen=True, tag="TicketGiven"):
    """The contact belongs to this ticket of the desk's or a client's system; a later one replaces it."""

    contact: ContactId
    ticket: str
    """1 to 64 letters, digits and `-_.#/`. No personal data."""


class WrapUpCoded(Event, frozen=True, tag="WrapUpCoded"):
    """The contact got its code; ends a wrap-up that waited only for it."""

    contact: ContactId
    agent: AgentId
    code: str


class WrapUpExtended(Event, frozen=True, tag="WrapUpExtended"):
    """The agent needs longer for his wrap-up, by `by_ms` more; bounded by the line."""

    contact: ContactId
    agent: AgentId
    by_ms: int


class WrapUpEnded(Event, frozen=True, tag="WrapUpEnded"):
    """The agent says that he is done; illegal while a required code is missing."""

    contact: ContactId
    agent: AgentId
