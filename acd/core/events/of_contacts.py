"""Events about contacts: what their parties, channels and agents do with them."""

from acd.core.events.event import FIRST_CHANNEL, Diversion, Event
from agents.roster import CallId, ContactId
from agents.skills import AgentId
from queues.desk import EntryId, LineId, Medium
from queues.names import TreatmentId
from queues.outbound import CallResult


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
    """Held for this agent first; None: for whoever spoke with `person` last, if its line asks for that …"""
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
    ready: bool = True
    """False: what it brings is still to be received (`PageReceived`, `ContactReceived`); only where no leg is
    kept. It joins no other contact then.
    """


class MediumChanged(Event, frozen=True, tag="MediumChanged"):
    """A call turns out to be something else, as a fax machine that calls a number for people.

    It is a contact of that entry now, with its place in time, and not ready before it was received. Only as
    long as no agent has answered; nobody is rung for it any more.
    """

    contact: ContactId
    entry: EntryId
    """Of the same client, and of a medium whose party keeps no leg. Its line takes it, closed or full too."""


class PageReceived(Event, frozen=True, tag="PageReceived"):
    """So many of its pages are safe in the content; more may follow."""

    contact: ContactId
    pages: int
    """All until now."""


class ContactReceived(Event, frozen=True, tag="ContactReceived"):
    """No more of it comes: it is ready, or lost if there is no page."""

    contact: ContactId
    pages: int
    """All of them, safe in the content."""
    complete: bool
    """The sender said that this was all."""


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
    """The other side hung up: before the answer it is abandoned, unless a page of it has come (`LegGone`).

    What came of it is told before: pages that are known only afterwards belong to nothing any more.
    """

    contact: ContactId
    ref: str = ""
    """Which of its legs; empty: that of its party, and not of somebody outside who was consulted."""
    channel: str = ""
    """Whose ref that is; empty: of whichever channel. The server names the one that submits it."""


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


class CallOut(Event, frozen=True, tag="CallOut"):
    """The desk itself begins a contact: somebody is called and told something (an escalation, an all-clear).

    It is in no line unless its treatment says so, and in no figure of callers.
    """

    entry: EntryId
    """As which number of which client we call."""
    purpose: str
    """By which the desk allows it (`OutboundRule`), and not one of `callback` and `consult`."""
    party: str
    """Opaque id in the vault of the number."""
    dial_class: str
    """Of that number, as `acd.ports.DialClass`."""
    treatment: TreatmentId
    """What he hears and is asked; when it is over the call is."""
    language: str = ""


class CallOutCancelled(Event, frozen=True, tag="CallOutCancelled"):
    """Nobody needs to hear it any more: as long as it rings, or is being told."""

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
    """The agent ended it: hung up, sent the answer, closed the document.

    While somebody whom he consulted is on the line that hands it over; in a conference he only leaves it.
    """

    contact: ContactId
    agent: AgentId


class LegLost(Event, frozen=True, tag="LegLost"):
    """A leg is dead though nobody hung up: the caller's (`agent` None) or that of the agent."""

    contact: ContactId
    agent: AgentId | None = None
    ref: str = ""
    """As in ContactLeft."""
    channel: str = ""
    """As in ContactLeft."""


class LeaseRenewed(Event, frozen=True, tag="LeaseRenewed"):
    """The outside exchange that keeps the leg of a contact says that it is there still.

    Within the lease of its medium, counted from the arrival or from the last time; else the leg is lost.
    """

    contact: ContactId


class ContactHeld(Event, frozen=True, tag="ContactHeld"):
    """One side put the other on hold: the agent (`by_agent`) or the caller."""

    contact: ContactId
    by_agent: bool
    agent: AgentId = AgentId("")
    """Which of several who take part; empty: he whose contact it is."""


class ContactResumed(Event, frozen=True, tag="ContactResumed"):
    """The hold is over."""

    contact: ContactId
    by_agent: bool
    agent: AgentId = AgentId("")


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
