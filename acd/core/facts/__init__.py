"""What was decided: the history. KPIs, reports and explain read facts; nothing else counts anything."""

from acd.core.facts.fact import Fact
from acd.core.facts.of_agents import (
    DeviceAway,
    DeviceBack,
    DeviceGone,
    Interrupted,
    InterruptionEnded,
    Paused,
    Reachable,
    Ready,
    SignedIn,
    SignedOut,
    Unreachable,
    WrapUpCode,
    WrapUpDone,
    WrapUpExtension,
    WrapUpOverdue,
    WrapUpStarted,
)
from acd.core.facts.of_contacts import (
    Abandoned,
    AgentLegLost,
    Announced,
    Arrived,
    Blocked,
    Deferred,
    Deflected,
    FlowedOut,
    HandedBack,
    Held,
    Informed,
    Joined,
    Overflowed,
    PositionTold,
    PreferredHeld,
    PreferredLet,
    PriorityChange,
    Promoted,
    Queued,
    Relaxed,
    Released,
    Requeued,
    Resumed,
    Ticketed,
    Transferred,
    TriedForgotten,
)
from acd.core.facts.of_desk import CalendarSet, DeskSet, IncidentOff, IncidentOn, ListSet, Restart
from acd.core.facts.of_offers import (
    Answered,
    NotAnswered,
    Offered,
    OfferFact,
    OfferLost,
    OfferWithdrawn,
    Refused,
)

ENDINGS: tuple[type[Fact], ...] = (Abandoned, Released, FlowedOut, Deflected)
"""Each contact that arrived ends by exactly one of these."""

AnyFact = (
    Restart | DeskSet | CalendarSet | ListSet | IncidentOn | IncidentOff | Blocked | Arrived | Joined
    | Ticketed | Deferred | Announced | Informed | Queued | Requeued | PreferredHeld | PreferredLet
    | Relaxed | Promoted | PriorityChange | TriedForgotten | PositionTold | Offered | Refused
    | NotAnswered | OfferLost | OfferWithdrawn | Answered | Held | Resumed | Interrupted
    | InterruptionEnded | Transferred | Overflowed | AgentLegLost | HandedBack | Abandoned | Released
    | FlowedOut | Deflected | WrapUpStarted | WrapUpExtension | WrapUpCode | WrapUpOverdue | WrapUpDone
    | SignedIn | SignedOut | Paused | Ready | Reachable | DeviceAway | DeviceBack | DeviceGone
    | Unreachable
)  # fmt: skip

__all__ = [
    "ENDINGS",
    "Abandoned",
    "AgentLegLost",
    "Announced",
    "Answered",
    "AnyFact",
    "Arrived",
    "Blocked",
    "CalendarSet",
    "Deferred",
    "Deflected",
    "DeskSet",
    "DeviceAway",
    "DeviceBack",
    "DeviceGone",
    "Fact",
    "FlowedOut",
    "HandedBack",
    "Held",
    "IncidentOff",
    "IncidentOn",
    "Informed",
    "Interrupted",
    "InterruptionEnded",
    "Joined",
    "ListSet",
    "NotAnswered",
    "OfferFact",
    "OfferLost",
    "OfferWithdrawn",
    "Offered",
    "Overflowed",
    "Paused",
    "PositionTold",
    "PreferredHeld",
    "PreferredLet",
    "PriorityChange",
    "Promoted",
    "Queued",
    "Reachable",
    "Ready",
    "Refused",
    "Relaxed",
    "Released",
    "Requeued",
    "Restart",
    "Resumed",
    "SignedIn",
    "SignedOut",
    "Ticketed", "Transferred",
    "TriedForgotten",
    "Unreachable",
    "WrapUpCode",
    "WrapUpDone",
    "WrapUpExtension",
    "WrapUpOverdue",
    "WrapUpStarted",
]  # fmt: skip
