"""What is to be done: the engine's orders to channels and desktops. Carried out at least once."""

from msgspec import Struct

from acd.core.events import CallId, ContactId, OfferId
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import TenantId


class Effect(Struct, frozen=True, gc=False, kw_only=True):
    """Base of all effects. An effect's id is (sequence number of its entry, index within it).

    When it may leave, by what key it is known and what a restart does about it says `acd.core.law`.
    """

    carrier: Carrier
    """Whose it is: the channel that carries it out, and its name for the leg or device that this is about."""
    promise: bool = False
    """Somebody outside will rely on it (a sender who deletes his mail), so its entry must be synced first."""


class RejectContact(Effect, frozen=True):
    """Refuse it; it never became a contact."""

    reason: str
    """`unknown entry`, `closed` or `full`."""


class AdmitContact(Effect, frozen=True):
    """Take it: answer the call, play the greeting (if any), then the music.

    After CallAnswered it is the leg that we called: it needs no answer, and no music if an agent is there.
    """

    contact: ContactId
    greeting: str
    """Of the line, or of an incident; empty: none. Mails and faxes have none."""
    report_end: bool
    """The greeting is mandatory: its end must be reported by PromptEnded, even if nothing could be played."""
    music: str


class AnnouncePosition(Effect, frozen=True):
    """Tell the waiting party how many are served before, plus one."""

    contact: ContactId
    position: int


class OfferContact(Effect, frozen=True):
    """Ring the agent."""

    offer: OfferId
    contact: ContactId
    agent: AgentId
    deadline_ms: int


class WithdrawOffer(Effect, frozen=True):
    """Stop ringing him."""

    offer: OfferId
    contact: ContactId
    agent: AgentId
    cause: str
    """`no answer`, `contact ended`, `answered elsewhere`, `agent left`, `unreachable`."""


class ConnectContact(Effect, frozen=True):
    """Join the contact with the agent who accepted this offer."""

    offer: OfferId
    contact: ContactId
    agent: AgentId


class ReturnToWaiting(Effect, frozen=True):
    """The agent is off this contact (transfer, lost leg): let it wait on with music."""

    contact: ContactId
    music: str


class ReleaseContact(Effect, frozen=True):
    """End the contact's own leg."""

    contact: ContactId
    cause: str
    """`agent`, `waited too long`, `voicemail`, `callback` (promised: the contact lives on without a leg);
    after the text of an incident `incident`, `closed` or `full`.
    """


class PlaceCall(Effect, frozen=True):
    """Call the party of a contact that has no leg. The carrier names the channel, and no leg yet.

    Ends by CallAnswered or CallFailed, or by EndCall. An answered leg is admitted (AdmitContact) and then
    that of the contact; if an agent is connected with it already, they hear each other from then on.
    """

    call: CallId
    contact: ContactId
    party: str
    """Opaque id in the vault of the number."""
    dial_class: str
    """Of that number when it was allowed; a number of another class is not dialled."""
    tenant: TenantId
    purpose: str
    """`callback`."""
    deadline_ms: int
    """When the engine gives it up by EndCall."""


class EndCall(Effect, frozen=True):
    """Give up an attempt that has not been answered."""

    call: CallId
    contact: ContactId


class ReleaseAgent(Effect, frozen=True):
    """End the agent's leg of this contact."""

    contact: ContactId
    agent: AgentId
    offer: OfferId
    """By which he got it: he may have had the same contact in hand before."""


ToContact = (
    RejectContact | AdmitContact | AnnouncePosition | ReturnToWaiting | ReleaseContact | PlaceCall | EndCall
)
"""What a contact channel is ordered to do; the carrier is the contact's own leg."""

ToDevice = OfferContact | WithdrawOffer | ConnectContact | ReleaseAgent
"""What an agent device is ordered to do; the carrier is the device."""

AnyEffect = ToContact | ToDevice
