"""Facts about contacts: from their arrival to their end."""

from acd.core.events import ContactId
from acd.core.facts.fact import Fact
from agents.skills import AgentId
from queues.desk import EntryId, IncidentId, LineId, Medium, TenantId


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


class Arrived(Fact, frozen=True, tag="Arrived", omit_defaults=True):
    """A contact was admitted: from here on it is accounted for until one of `ENDINGS`.

    What it has by default is not written: digests of 0.1.0 know no `continues`.
    """

    contact: ContactId
    ref: str
    entry: EntryId
    tenant: TenantId
    line: LineId
    medium: Medium
    party: str
    vip: bool
    """Its entry or its VIP list gives it a head start, or a class of its own below that of the line."""
    continues: ContactId | None = None
    """The contact that is over, and that this one goes on with."""
    person: str = ""
    """Whose it is, by the client's lists: an opaque id; empty: nobody they know."""


class Joined(Fact, frozen=True, tag="Joined"):
    """Its party added to it: another mail of the same matter. It is no contact of its own."""

    contact: ContactId
    ref: str
    party: str


class Ticketed(Fact, frozen=True, tag="Ticketed"):
    """It belongs to this ticket, from its arrival on."""

    contact: ContactId
    ticket: str


class Deferred(Fact, frozen=True, tag="Deferred"):
    """It waits for its moment, in no line."""

    contact: ContactId
    line: LineId
    agent: AgentId | None
    """Who had it in hand; None: it waited."""
    until_ms: int


class MediumChange(Fact, frozen=True, tag="MediumChange"):
    """It turned out to be of another medium: it is a contact of that entry now, as if it had come so."""

    contact: ContactId
    from_line: LineId
    """In which it waited, or was to wait."""
    entry: EntryId
    line: LineId
    medium: Medium


class Receiving(Fact, frozen=True, tag="Receiving"):
    """What its party sends is being received; until then it is in no line.

    `until_ms`: so long the first part is waited for.
    """

    contact: ContactId
    line: LineId
    until_ms: int


class PageKept(Fact, frozen=True, tag="PageKept"):
    """So many pages of it are safe; the next is waited for."""

    contact: ContactId
    pages: int


class Received(Fact, frozen=True, tag="Received"):
    """No more of it comes, and it is ready. `by`: `channel`, `caller`, `leg lost` or `timed out`."""

    contact: ContactId
    line: LineId
    pages: int
    complete: bool
    """The sender said that this was all."""
    by: str


class LegGone(Fact, frozen=True, tag="LegGone"):
    """Its party has hung up after what it sent was received, or stopped coming; it goes on without."""

    contact: ContactId


class Queued(Fact, frozen=True, tag="Queued"):
    """It waits in `line`. `anchor_ms` is when it first waited, whatever happened since."""

    contact: ContactId
    line: LineId
    priority_class: int
    head_start_ms: int
    anchor_ms: int
    cause: str
    """`arrived`, `transfer`, `overflow`, `leg lost`, `handed back`, `deferred` (it is due), `joined` or
    `received`.

    `message`: its party has left one, and was in no line. Of a parked contact also `callback` (its party was
    called and waits for an agent) or `called in`.
    """


class Requeued(Fact, frozen=True, tag="Requeued"):
    """No offer of it rings any more; it is back in its old place."""

    contact: ContactId
    line: LineId


class PreferredHeld(Fact, frozen=True, tag="PreferredHeld"):
    """It is held for its preferred agent until `until_ms`."""

    contact: ContactId
    agent: AgentId
    until_ms: int
    spoke_ms: int = 0
    """When he and that person began to speak last, if that is why; 0: somebody named him."""


class PreferredLet(Fact, frozen=True, tag="PreferredLet"):
    """It is held no longer. `reason`: `waited`, `agent left` or `tried`."""

    contact: ContactId
    agent: AgentId
    reason: str


class TargetNear(Fact, frozen=True, tag="TargetNear"):
    """It waits, and the target of its line passes at `due_ms` if nobody answers before."""

    contact: ContactId
    line: LineId
    due_ms: int
    """0: later than the calendar of the line knows."""


class TargetMissed(Fact, frozen=True, tag="TargetMissed"):
    """The target of its line has passed and nobody has answered it; `wait_ms` since it was first queued."""

    contact: ContactId
    line: LineId
    wait_ms: int


class Relaxed(Fact, frozen=True, tag="Relaxed"):
    """Relaxation `step` (1, 2, …) of its line applies: more agents may serve it."""

    contact: ContactId
    step: int


class Promoted(Fact, frozen=True, tag="Promoted"):
    """Its target was near: it has this class now."""

    contact: ContactId
    priority_class: int


class PriorityChange(Fact, frozen=True, tag="PriorityChange"):
    """Its class or head start changed by hand or by a list; the class is that asked for, before promotion."""

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


class Transferred(Fact, frozen=True, tag="Transferred"):
    """The agent handed it to another line; `escalated`: to one of a higher level."""

    contact: ContactId
    agent: AgentId
    from_line: LineId
    to_line: LineId
    escalated: bool


class Overflowed(Fact, frozen=True, tag="Overflowed"):
    """It left a line for another. `reason`: `waited too long`, `full`, `closed`, or `chosen` by its party."""

    contact: ContactId
    from_line: LineId
    to_line: LineId
    reason: str


class AgentLegLost(Fact, frozen=True, tag="AgentLegLost"):
    """The agent's leg died; the contact waits again."""

    contact: ContactId
    agent: AgentId


class HandedBack(Fact, frozen=True, tag="HandedBack"):
    """Its agent signed out or stayed away, and it could be put aside: it waits again, at its old place."""

    contact: ContactId
    agent: AgentId
    reason: str
    """`signed out` or `stayed away`; of one who waited for a called party, `gave up` or `lost`."""


class Abandoned(Fact, frozen=True, tag="Abandoned"):
    """The other side left before an answer. `stage`: `greeting`, `waiting`, `offered` or `deferred`.

    `receiving`: not a single page of it had come.
    """

    contact: ContactId
    line: LineId
    wait_ms: int
    stage: str
    leg_lost: bool


class Released(Fact, frozen=True, tag="Released"):
    """It ended. `by`: `caller`, `agent`, `leg lost`, `waited too long`.

    By a treatment, or after the text of an incident: `closed`, `full` or `treatment`.

    Handed to somebody outside: `outside`, when he has gone.

    Of a parked contact: `not reached`, `promise expired` or `cancelled`.
    """

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
    """It ended by an incident that it was told of. `by`: `caller` or `end` (the mode), never queued.

    `key`: its party wants to be told when it is solved, and may have waited before.
    """

    contact: ContactId
    line: LineId
    incident: IncidentId
    by: str
