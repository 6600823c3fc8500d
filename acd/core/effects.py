"""What is to be done: the engine's orders to channels and desktops. Carried out at least once."""

from msgspec import Struct

from acd.core.events import CallId, ContactId, OfferId
from agents.devices import Carrier
from agents.skills import AgentId
from agents.states import Role
from queues.desk import Medium, TenantId
from queues.treatment import Playlist


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
    """Take it: answer the call and play the music, until TreatContact says otherwise.

    After CallAnswered it is the leg that we called: it needs no answer, and no music if an agent is there.
    """

    contact: ContactId
    music: str


class ReceiveContact(Effect, frozen=True):
    """Receive what its party sends, and play it nothing any more.

    PageReceived and ContactReceived follow; if none does for the `reception` of its medium, it is given up.
    """

    contact: ContactId
    medium: Medium
    """As what."""


class ConfirmReceived(Effect, frozen=True):
    """Tell its sender that so many pages are safe."""

    contact: ContactId
    pages: int
    """All until now."""


class TreatContact(Effect, frozen=True):
    """Let its party hear this from now on, instead of whatever it hears: texts, then music.

    If it was with an agent, it is with him no more.
    """

    contact: ContactId
    visit: int
    """The running number of the list, by which PromptEnded and KeyPressed name it."""
    hears: Playlist
    """If it `reports`, PromptEnded follows, even if nothing could be played; each of `keys` is KeyPressed.

    If it collects, DigitsCollected follows, though another list or an agent may come first.
    If it records, MessageRecorded follows: after `#`, after the longest length, or when the party left after
    the texts. Another list, or an agent, ends it too, and then nobody waits for it.
    """
    tenant: TenantId = TenantId("")
    """Whose content a recording is, or what is typed."""


class OfferContact(Effect, frozen=True):
    """Ring the agent."""

    offer: OfferId
    contact: ContactId
    agent: AgentId
    deadline_ms: int
    role: str = Role.AGENT
    """As what he is asked to take part: a value of `agents.states.Role`."""


class DivertOffer(Effect, frozen=True):
    """The device may send this offer to the number outside of which it has told by OfferDiverted.

    Not repeated after a restart: nobody knows whether it rings there, and the next agent is rung instead.
    """

    offer: OfferId
    contact: ContactId
    agent: AgentId
    party: str
    """Opaque id in the vault of that number."""
    dial_class: str
    caller_id: str = ""
    prefixes: tuple[str, ...] = ()
    """Both as in PlaceCall."""


class WithdrawOffer(Effect, frozen=True):
    """Stop ringing him."""

    offer: OfferId
    contact: ContactId
    agent: AgentId
    cause: str
    """`no answer`, `contact ended`, `answered elsewhere`, `agent left`, `unreachable`, `other medium`."""


class ConnectContact(Effect, frozen=True):
    """Join the contact with the agent who accepted this offer; or let him hear the message that it left.

    It may be another contact than that which was offered: he was consulted about it, or comes back to it.
    """

    offer: OfferId
    contact: ContactId
    agent: AgentId
    role: str = Role.AGENT
    """Who hears him, and whether he speaks at all: a value of `agents.states.Role`."""
    recording: str = ""
    """Opaque id of that message; its party has no leg."""


class PromptAgent(Effect, frozen=True):
    """Let the agent hear this text now, and nobody else; what he hears otherwise goes on afterwards."""

    offer: OfferId
    contact: ContactId
    agent: AgentId
    text: str
    """Name of the text, for the device."""


class StepAside(Effect, frozen=True):
    """The agent consults: from now on he is in `into`, where a caller would be, and hears music at first.

    He hears whoever is connected or admitted there, until ConnectContact says that he is back. What the
    party hears meanwhile is told by TreatContact.
    """

    offer: OfferId
    contact: ContactId
    agent: AgentId
    into: ContactId
    """The consult, a contact without a leg of its own; or it gets that of somebody outside."""
    music: str


class ReleaseContact(Effect, frozen=True):
    """End this leg of the contact: that of its party, or of somebody outside who was consulted."""

    contact: ContactId
    cause: str
    """`agent`, `waited too long`; `voicemail` (it may live on, with a message), `callback` (it lives on).

    `not received`: its pages stopped coming. `cancelled`: nobody needs to hear it any more.
    Of somebody outside `consult over` or `contact over`; `outside`: he whom the party talked to has gone.

    By a treatment `treatment`, `closed` or `full`; after the text of an incident also `incident`.
    """


class PlaceCall(Effect, frozen=True):
    """Call the party of a contact that has no leg, or somebody outside for a consult.

    The carrier names the channel, and no leg yet.
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
    """`callback`, `consult`, or that of a contact that the desk began."""
    deadline_ms: int
    """When the engine gives it up by EndCall."""
    caller_id: str = ""
    """The number of the desk that the party sees; empty: that of the channel."""
    prefixes: tuple[str, ...] = ()
    """A number that begins with none of these is not dialled; empty: they all may be."""
    agent: AgentId = AgentId("")
    """Not a number is called then, but this agent's own phones."""


class SendNotice(Effect, frozen=True):
    """Tell this address of an escalation that nobody took over. Ends by NoticeTaken."""

    contact: ContactId
    """What it is about; 0: no contact."""
    escalation: int
    tenant: TenantId
    party: str
    """Opaque id in the vault of the address."""
    text: str
    """Name of the text."""
    texts: tuple[tuple[str, str], ...]
    """(language, words) of it, if no site file has it."""
    ticket: str


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
    RejectContact
    | AdmitContact
    | ReceiveContact
    | ConfirmReceived
    | TreatContact
    | ReleaseContact
    | PlaceCall
    | EndCall
    | SendNotice
)
"""What a contact channel is ordered to do; the carrier is the contact's own leg."""

ToDevice = (
    OfferContact | DivertOffer | WithdrawOffer | ConnectContact | PromptAgent | StepAside | ReleaseAgent
)
"""What an agent device is ordered to do; the carrier is the device."""

AnyEffect = ToContact | ToDevice
