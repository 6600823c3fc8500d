"""What was decided: the history. KPIs, reports and explain read facts; nothing else counts anything."""

from msgspec import Struct

from acd.core.events import ContactId, OfferId
from agents.skills import AgentId
from queues.desk import CalendarId, EntryId, IncidentId, IncidentMode, LineId, Medium, TenantId


class Fact(Struct, frozen=True, gc=False):
    """Base of all facts. `t_ms` is the moment it became true: of its event, or of its own deadline.

    Journals and the API name each by its tag, which therefore stays when its class is renamed.
    """

    t_ms: int


class DeskSet(Fact, frozen=True, tag="DeskSet"):
    """The desk became another one; how large it is."""

    agents: int
    lines: int
    entries: int


class CalendarSet(Fact, frozen=True, tag="CalendarSet"):
    """The opening hours of a calendar were replaced."""

    calendar: CalendarId


class Blocked(Fact, frozen=True, tag="Blocked"):
    """A contact was not admitted. `reason`: `unknown entry` (of no client and line), `closed` or `full`."""

    ref: str
    entry: EntryId
    reason: str
    medium: Medium
    party: str
    tenant: TenantId
    line: LineId
    """That of the entry: where it first wanted to go."""
    vip: bool


class Arrived(Fact, frozen=True, tag="Arrived"):
    """A contact was admitted: from here on it is accounted for until one of `ENDINGS`."""

    contact: ContactId
    ref: str
    entry: EntryId
    tenant: TenantId
    line: LineId
    medium: Medium
    party: str
    vip: bool
    """Its entry or its VIP list gives it a head start, or a class of its own below that of the line."""


class Announced(Fact, frozen=True, tag="Announced"):
    """A greeting is played; a mandatory one delays the queue."""

    contact: ContactId
    greeting: str
    mandatory: bool


class Informed(Fact, frozen=True, tag="Informed"):
    """The greeting that was just announced is the text of this incident; `line` is that of the entry."""

    contact: ContactId
    incident: IncidentId
    line: LineId


class Queued(Fact, frozen=True, tag="Queued"):
    """It waits in `line`. `anchor_ms` is when it first waited, whatever happened since."""

    contact: ContactId
    line: LineId
    priority_class: int
    head_start_ms: int
    anchor_ms: int
    cause: str
    """`arrived`, `transfer`, `overflow` or `leg lost`."""


class Requeued(Fact, frozen=True, tag="Requeued"):
    """No offer of it rings any more; it is back in its old place."""

    contact: ContactId
    line: LineId


class PreferredHeld(Fact, frozen=True, tag="PreferredHeld"):
    """It is held for its preferred agent until `until_ms`."""

    contact: ContactId
    agent: AgentId
    until_ms: int


class PreferredLet(Fact, frozen=True, tag="PreferredLet"):
    """It is held no longer. `reason`: `waited`, `agent left` or `tried`."""

    contact: ContactId
    agent: AgentId
    reason: str


class Relaxed(Fact, frozen=True, tag="Relaxed"):
    """Relaxation `step` (1, 2, …) of its line applies: more agents may serve it."""

    contact: ContactId
    step: int


class Promoted(Fact, frozen=True, tag="Promoted"):
    """Its target was near: it has this class now."""

    contact: ContactId
    priority_class: int


class PriorityChange(Fact, frozen=True, tag="PriorityChange"):
    """Its class or head start was changed by hand; the class is the one asked for, before any promotion."""

    contact: ContactId
    priority_class: int
    head_start_ms: int


class TriedForgotten(Fact, frozen=True, tag="TriedForgotten"):
    """Everybody had been tried; it may be offered to all of them again."""

    contact: ContactId


class PositionTold(Fact, frozen=True, tag="PositionTold"):
    """`position` was told (1 is served next) and never gets worse in one line; `rank` is the true one."""

    contact: ContactId
    position: int
    rank: int


class OfferFact(Fact, frozen=True):
    """Base of all facts about one offer."""

    offer: OfferId
    contact: ContactId
    agent: AgentId


class Offered(OfferFact, frozen=True, tag="Offered"):
    """A decision. Rank is (class, urgency, arrival); urgency = `urgency_ms` / `target_ms`."""

    line: LineId
    priority_class: int
    urgency_ms: int
    target_ms: int
    step: int
    """Relaxation in force, 0: none."""
    policy: str
    choice: str
    """`agent chosen` (the contact came, idle agents were compared) or `contact chosen` (an agent freed)."""
    compared: int
    """How many agents, or heads of buckets, were compared."""


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


class Held(Fact, frozen=True, tag="Held"):
    """The conversation was put on hold."""

    contact: ContactId
    agent: AgentId
    by_agent: bool


class Resumed(Fact, frozen=True, tag="Resumed"):
    """The conversation went on after a hold."""

    contact: ContactId
    agent: AgentId
    by_agent: bool


class Interrupted(Fact, frozen=True, tag="Interrupted"):
    """The agent's work on `contact` rests while he handles `by`."""

    contact: ContactId
    agent: AgentId
    by: ContactId


class InterruptionEnded(Fact, frozen=True, tag="InterruptionEnded"):
    """The work that had rested goes on."""

    contact: ContactId
    agent: AgentId


class Transferred(Fact, frozen=True, tag="Transferred"):
    """The agent handed it to another line; `escalated`: to one of a higher level."""

    contact: ContactId
    agent: AgentId
    from_line: LineId
    to_line: LineId
    escalated: bool


class Overflowed(Fact, frozen=True, tag="Overflowed"):
    """It left a line for another. `reason`: `waited too long`, `full` or `closed`."""

    contact: ContactId
    from_line: LineId
    to_line: LineId
    reason: str


class AgentLegLost(Fact, frozen=True, tag="AgentLegLost"):
    """The agent's leg died; the contact waits again."""

    contact: ContactId
    agent: AgentId


class Abandoned(Fact, frozen=True, tag="Abandoned"):
    """The other side left before an answer. `stage`: `greeting`, `waiting` or `offered`."""

    contact: ContactId
    line: LineId
    wait_ms: int
    stage: str
    leg_lost: bool


class Released(Fact, frozen=True, tag="Released"):
    """It ended. `by`: `caller`, `agent`, `leg lost`, `waited too long`; after a text `closed`, `full`."""

    contact: ContactId
    line: LineId
    by: str


class FlowedOut(Fact, frozen=True, tag="FlowedOut"):
    """It left for another service. `kind`: `voicemail` or `callback`; `wait_ms` since it was first queued."""

    contact: ContactId
    line: LineId
    kind: str
    wait_ms: int


class Deflected(Fact, frozen=True, tag="Deflected"):
    """It ended with the mandatory text of an incident, never queued. `by`: `caller` or `end` (the mode)."""

    contact: ContactId
    line: LineId
    incident: IncidentId
    by: str


class IncidentOn(Fact, frozen=True, tag="IncidentOn"):
    """An incident was declared; calls in its scope hear `greeting` from now on."""

    incident: IncidentId
    greeting: str
    mode: IncidentMode
    mandatory: bool
    expires_ms: int


class IncidentOff(Fact, frozen=True, tag="IncidentOff"):
    """An incident is over. `reason`: `by hand` or `expired`."""

    incident: IncidentId
    reason: str


class WrapUpStarted(Fact, frozen=True, tag="WrapUpStarted"):
    """After-contact work began; without an extension it is over at `until_ms`."""

    contact: ContactId
    agent: AgentId
    until_ms: int


class WrapUpExtension(Fact, frozen=True, tag="WrapUpExtension"):
    """The wrap-up lasts until `until_ms` now."""

    contact: ContactId
    agent: AgentId
    until_ms: int


class WrapUpCode(Fact, frozen=True, tag="WrapUpCode"):
    """The contact was coded; the last code counts."""

    contact: ContactId
    agent: AgentId
    code: str


class WrapUpOverdue(Fact, frozen=True, tag="WrapUpOverdue"):
    """Its time is over but the required code is missing."""

    contact: ContactId
    agent: AgentId


class WrapUpDone(Fact, frozen=True, tag="WrapUpDone"):
    """The wrap-up is over; `code` is empty when none was given."""

    contact: ContactId
    agent: AgentId
    code: str


class SignedIn(Fact, frozen=True, tag="SignedIn"):
    """The agent is signed in and ready."""

    agent: AgentId


class SignedOut(Fact, frozen=True, tag="SignedOut"):
    """The agent is signed out, or left the desk."""

    agent: AgentId


class Paused(Fact, frozen=True, tag="Paused"):
    """The agent takes no offers: he paused, or the desk's reason for no answer applies."""

    agent: AgentId
    reason: str


class Ready(Fact, frozen=True, tag="Ready"):
    """The pause of the agent is over."""

    agent: AgentId


class Reachable(Fact, frozen=True, tag="Reachable"):
    """A device of his for this medium is there."""

    agent: AgentId
    medium: Medium


class Unreachable(Fact, frozen=True, tag="Unreachable"):
    """His last device for this medium is gone."""

    agent: AgentId
    medium: Medium


ENDINGS: tuple[type[Fact], ...] = (Abandoned, Released, FlowedOut, Deflected)
"""Each contact that arrived ends by exactly one of these."""

AnyFact = (
    DeskSet | CalendarSet | IncidentOn | IncidentOff | Blocked | Arrived | Announced | Informed | Queued
    | Requeued | PreferredHeld | PreferredLet | Relaxed | Promoted | PriorityChange | TriedForgotten
    | PositionTold | Offered | Refused | NotAnswered | OfferLost | OfferWithdrawn | Answered | Held
    | Resumed | Interrupted | InterruptionEnded | Transferred | Overflowed | AgentLegLost | Abandoned
    | Released | FlowedOut | Deflected | WrapUpStarted | WrapUpExtension | WrapUpCode | WrapUpOverdue
    | WrapUpDone | SignedIn | SignedOut | Paused | Ready | Reachable | Unreachable
)  # fmt: skip
