"""What can happen: everything that changes the engine's state is one of these, and nothing else does."""

from acd.core.events.event import CHANNELS_TELL, FIRST_CHANNEL, FIRST_DEVICE, Diversion, Event, Listening
from acd.core.events.of_agents import (
    AgentPaused,
    AgentReachable,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    AgentUnreachable,
    DeviceVanished,
    OfferAccepted,
    OfferDiverted,
    OfferFailed,
    OfferRefused,
    TicketGiven,
    WrapUpCoded,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.core.events.of_contacts import (
    CallAnswered,
    CallbackCancelled,
    CallbackPromised,
    CallFailed,
    CallOut,
    CallOutCancelled,
    ContactArrived,
    ContactDeferred,
    ContactDiverted,
    ContactHeld,
    ContactLeft,
    ContactReceived,
    ContactReleased,
    ContactResumed,
    ContactTransferred,
    DigitsCollected,
    KeyPressed,
    LeaseRenewed,
    LegLost,
    MediumChanged,
    MessageRecorded,
    PageReceived,
    PriorityChanged,
    PromptEnded,
)
from acd.core.events.of_desk import (
    CalendarChanged,
    DeskChanged,
    ListChanged,
    Restarted,
    Tick,
)
from acd.core.events.of_escalations import EscalationCancelled, EscalationStarted, NoticeTaken
from acd.core.events.of_incidents import ContactLinked, IncidentChanged, IncidentDeclared, IncidentEnded
from acd.core.events.of_participants import (
    AgentPrompted,
    ConsultEnded,
    ConsultMerged,
    ConsultStarted,
    ListenStarted,
)
from agents.roster import CallId, ContactId, OfferId
from queues.outbound import CallResult

AnyEvent = (
    Tick | Restarted | DeskChanged | CalendarChanged | IncidentDeclared | IncidentChanged | IncidentEnded
    | ContactLinked | ListChanged | ContactArrived | MediumChanged | PageReceived | ContactReceived
    | PromptEnded
    | KeyPressed | DigitsCollected | MessageRecorded | ContactLeft | ContactDiverted
    | CallbackPromised | CallbackCancelled | EscalationStarted | EscalationCancelled | NoticeTaken
    | CallOut | CallOutCancelled | CallAnswered | CallFailed | ContactReleased | LegLost
    | LeaseRenewed | ContactHeld
    | ContactResumed | ContactDeferred | ContactTransferred | ConsultStarted | ConsultEnded
    | ConsultMerged | ListenStarted | AgentPrompted | PriorityChanged | OfferAccepted
    | OfferRefused | OfferFailed | OfferDiverted | AgentSignedIn | AgentSignedOut | AgentPaused | AgentReady
    | AgentReachable | AgentUnreachable | DeviceVanished | TicketGiven | WrapUpCoded
    | WrapUpExtended | WrapUpEnded
)  # fmt: skip

__all__ = [
    "CHANNELS_TELL",
    "FIRST_CHANNEL",
    "FIRST_DEVICE",
    "AgentPaused",
    "AgentPrompted",
    "AgentReachable",
    "AgentReady",
    "AgentSignedIn",
    "AgentSignedOut",
    "AgentUnreachable",
    "AnyEvent",
    "CalendarChanged",
    "CallAnswered",
    "CallFailed",
    "CallId",
    "CallOut",
    "CallOutCancelled",
    "CallResult",
    "CallbackCancelled",
    "CallbackPromised",
    "ConsultEnded",
    "ConsultMerged",
    "ConsultStarted",
    "ContactArrived",
    "ContactDeferred",
    "ContactDiverted",
    "ContactHeld",
    "ContactId",
    "ContactLeft",
    "ContactLinked",
    "ContactReceived",
    "ContactReleased",
    "ContactResumed",
    "ContactTransferred",
    "DeskChanged",
    "DeviceVanished",
    "DigitsCollected",
    "Diversion",
    "EscalationCancelled",
    "EscalationStarted",
    "Event",
    "IncidentChanged",
    "IncidentDeclared",
    "IncidentEnded",
    "KeyPressed",
    "LeaseRenewed",
    "LegLost",
    "ListChanged",
    "ListenStarted",
    "Listening",
    "MediumChanged",
    "MessageRecorded",
    "NoticeTaken",
    "OfferAccepted",
    "OfferDiverted",
    "OfferFailed",
    "OfferId",
    "OfferRefused",
    "PageReceived",
    "PriorityChanged",
    "PromptEnded",
    "Restarted",
    "Tick",
    "TicketGiven",
    "WrapUpCoded",
    "WrapUpEnded",
    "WrapUpExtended",
]  # fmt: skip
