"""What can happen: everything that changes the engine's state is one of these, and nothing else does."""

from typing import Literal

from msgspec import Struct

from agents.devices import Carrier
from agents.roster import CallId as CallId
from agents.roster import ContactId as ContactId
from agents.roster import OfferId as OfferId
from agents.skills import AgentId
from queues.desk import Calendar, Desk, EntryId, Incident, IncidentId, LineId, Medium, TenantId
from queues.outbound import CallResult as CallResult

Diversion = Literal["voicemail", "callback"]
"""The services for which a waiting contact may leave its line."""


CHANNELS_TELL = frozenset(("busy", "no answer", "refused", "failed"))
"""The results that a channel tells; the engine finds the others itself."""

FIRST_CHANNEL = "sip"
"""Journals of 0.1.0 name no channel: there was only this one."""

FIRST_DEVICE = Carrier(FIRST_CHANNEL, "")
"""Nor do they name devices: an agent had one phone."""


class Event(Struct, frozen=True, gc=False):
    """Base of all events. Journals name each by its tag, which therefore stays when its class is renamed."""


class Tick(Event, frozen=True, tag="Tick"):
    """Deadlines up to now are due."""


class Restarted(Event, frozen=True, tag="Restarted"):
    """The server is back; the first entry of every start, handled before deadlines that passed meanwhile.

    What waits for a person, a device or a step gets its full time again: nobody could act. What follows the
    calendar fires as it would have.
    """

    since_ms: int
    """The last moment at which it is known to have run."""


class DeskChanged(Event, frozen=True, tag="DeskChanged"):
    """The desk is now this one; it applies to waiting contacts too."""

    desk: Desk


class CalendarChanged(Event, frozen=True, tag="CalendarChanged"):
    """Opening hours of one calendar were resolved anew (or further into the future)."""

    calendar: Calendar


class IncidentDeclared(Event, frozen=True, tag="IncidentDeclared"):
    """A mass incident is on: calls in its scope hear its text, now if they wait, first if they arrive."""

    incident: Incident


class IncidentEnded(Event, frozen=True, tag="IncidentEnded"):
    """The incident is over before it expires. Who hears its text now hears it out and is then admitted."""

    incident: IncidentId


class ListChanged(Event, frozen=True, tag="ListChanged"):
    """The directory has a new version of a client's list; who is on it stays there.

    Whom it concerns follows, as changes of priority.
    """

    tenant: TenantId
    list: str
    version: int
    """Greater than the one before."""


class ContactArrived(Event, frozen=True, tag="ContactArrived"):
    """A channel hands over a call, a mail or a fax."""

    ref: str
    """The channel's own name for it; comes back in every effect about it."""
    entry: EntryId
    medium: Medium
    """Must be that of the entry; an entry of another medium is unknown."""
    party: str = ""
    """Opaque id of the sender in the vault."""
    priority_class: int | None = None
    """From a VIP list; the lower of this and that of the entry counts."""
    head_start_ms: int = 0
    """From a VIP list; the greater of this and that of the entry counts."""
    preferred: AgentId | None = None
    """Held for this agent first …"""
    preferred_ms: int = 0
    """… for so long at most, and only while he is signed in and not paused."""
    joins: ContactId | None = None
    """It belongs to this live contact (the customer writes again). If that is over, or has a leg of its own,
    it is a new contact that continues it.
    """
    channel: str = FIRST_CHANNEL
    """Who brought it; `ref` is unique among the live contacts of its channel."""
    dial_class: str = ""
    """Of the party's number, as `acd.ports.DialClass`; "": nobody can be called back there."""
    language: str = ""
    """Of the party, as the site names it; "": not known."""
    person: str = ""
    """Who that is, by the client's lists: an opaque id; "": nobody they know."""


class PromptEnded(Event, frozen=True, tag="PromptEnded"):
    """The texts of a play list whose end is waited for were played to their end."""

    contact: ContactId
    visit: int = 0
    """The number of that list (`TreatContact`); 0: the one that it hears now."""


class KeyPressed(Event, frozen=True, tag="KeyPressed"):
    """The party pressed a key for which its menu asks."""

    contact: ContactId
    visit: int
    """The number of the list (`TreatContact`) that asked."""
    key: str
    """One of `0-9 * #`."""


class DigitsCollected(Event, frozen=True, tag="DigitsCollected"):
    """What its party typed is kept, and safe; or it typed nothing in time, or that is lost."""

    contact: ContactId
    visit: int
    """The number of the list (`TreatContact`) that asked."""
    digits: str = ""
    """Opaque id of the string; empty: there is none."""


class MessageRecorded(Event, frozen=True, tag="MessageRecorded"):
    """What its party said is kept, and safe; or there was nothing, or it is lost. Also after he has left."""

    contact: ContactId
    visit: int
    """The number of the list (`TreatContact`) by which it was recorded."""
    recording: str = ""
    """Opaque id of the sound; empty: there is none."""
    length_ms: int = 0


class ContactLeft(Event, frozen=True, tag="ContactLeft"):
    """The other side ended it: the caller hung up (before the answer: abandoned)."""

    contact: ContactId


class ContactDiverted(Event, frozen=True, tag="ContactDiverted"):
    """A waiting (or rung) contact leaves by its own choice for voicemail, or is promised a callback."""

    contact: ContactId
    kind: Diversion


class CallbackPromised(Event, frozen=True, tag="CallbackPromised"):
    """A caller who waits (or for whom somebody is rung) is promised to be called back, and hangs up.

    It is parked: it has no leg any more and keeps its anchor and its rank.
    """

    contact: ContactId
    party: str
    """Opaque id in the vault of the number to call; it must be safe there before this is promised."""
    dial_class: str
    """Of that number, as `acd.ports.DialClass`; the desk decides by it and never sees the number."""


class CallbackCancelled(Event, frozen=True, tag="CallbackCancelled"):
    """The party wants it no more, or a supervisor ends it; only as long as it is parked, or a message."""

    contact: ContactId


class CallAnswered(Event, frozen=True, tag="CallAnswered"):
    """Whom we called has answered."""

    call: CallId
    ref: str
    """The channel's own name for the leg, as in `ContactArrived`."""


class CallFailed(Event, frozen=True, tag="CallFailed"):
    """An attempt to call somebody has ended without him."""

    call: CallId
    result: CallResult
    """Only what a channel can tell: `busy`, `no answer`, `refused`, `failed`."""


class ContactReleased(Event, frozen=True, tag="ContactReleased"):
    """The agent ended it: hung up, sent the answer, closed the document."""

    contact: ContactId
    agent: AgentId


class LegLost(Event, frozen=True, tag="LegLost"):
    """A leg is dead though nobody hung up: the caller's (`agent` None) or that of the agent."""

    contact: ContactId
    agent: AgentId | None = None


class ContactHeld(Event, frozen=True, tag="ContactHeld"):
    """One side put the other on hold: the agent (`by_agent`) or the caller."""

    contact: ContactId
    by_agent: bool


class ContactResumed(Event, frozen=True, tag="ContactResumed"):
    """The hold is over."""

    contact: ContactId
    by_agent: bool


class ContactDeferred(Event, frozen=True, tag="ContactDeferred"):
    """It is not for now ("tomorrow at 9"): the agent who has it in hand puts it away, or it waits.

    Only what can be put aside, for a year at most; again, to change its moment. It keeps its anchor, and is
    back at its moment or when its party adds to it.
    """

    contact: ContactId
    until_ms: int
    agent: AgentId | None = None
    """Who puts it away; None: it waits."""
    hold_ms: int = 0
    """Then held for that agent first, for so long at most."""


class ContactTransferred(Event, frozen=True, tag="ContactTransferred"):
    """The agent hands it to another line; it keeps the moment it first waited."""

    contact: ContactId
    agent: AgentId
    line: LineId
    entry: EntryId = EntryId("")
    """Instead of a line: the number that the agent dialled; the line is that of its entry."""


class PriorityChanged(Event, frozen=True, tag="PriorityChanged"):
    """A contact's class and head start are these now, whatever they were: what was given can be taken back.

    One that waits is ranked anew at once, one in hand when it waits again.
    """

    contact: ContactId
    priority_class: int | None = None
    """None: that of its line."""
    head_start_ms: int | None = None
    """None: none."""


class OfferAccepted(Event, frozen=True, tag="OfferAccepted"):
    """The agent answered. The first accept of a contact wins."""

    offer: OfferId


class OfferRefused(Event, frozen=True, tag="OfferRefused"):
    """The agent declined (486 busy, 603 decline, the button)."""

    offer: OfferId


class OfferFailed(Event, frozen=True, tag="OfferFailed"):
    """The offer could not be delivered: phone unreachable, error of the network."""

    offer: OfferId


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


AnyEvent = (
    Tick | Restarted | DeskChanged | CalendarChanged | IncidentDeclared | IncidentEnded | ListChanged
    | ContactArrived | PromptEnded | KeyPressed | DigitsCollected | MessageRecorded | ContactLeft
    | ContactDiverted | CallbackPromised | CallbackCancelled | CallAnswered | CallFailed | ContactReleased
    | LegLost | ContactHeld | ContactResumed | ContactDeferred | ContactTransferred | PriorityChanged
    | OfferAccepted | OfferRefused | OfferFailed | AgentSignedIn | AgentSignedOut | AgentPaused
    | AgentReady | AgentReachable | AgentUnreachable | DeviceVanished | TicketGiven | WrapUpCoded
    | WrapUpExtended | WrapUpEnded
)  # fmt: skip
