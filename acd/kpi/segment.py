"""A segment as plain data: one stay of a contact in one line, its outcome, and the work that came of it."""

from enum import StrEnum

from msgspec import Struct

from queues.desk import Medium


class Outcome(StrEnum):
    """How a segment ended. FLOWED_OUT: the contact went on elsewhere; `Segment.kind` says where to."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    FLOWED_OUT = "flowed out"
    BLOCKED = "blocked"
    INCIDENT = "incident"
    OPEN = "open"


class View(StrEnum):
    """To which interval a segment belongs."""

    ENTRY = "entry"
    """In which it entered the line: reports."""
    EVENT = "event"
    """In which its outcome was decided: live boards."""


GOES_ON = frozenset(("transfer", "overflow", "leg lost", "handed back", "deferred"))
"""Kinds of FLOWED_OUT after which the contact is still ours: another segment of it follows."""

BY_TREATMENT = "treatment"
"""By whom a contact was ended that its treatment sent away."""

BY_DESK = "waited too long"
"""Kind of an abandon by the desk's own doing. Never short, else throwing callers out would pay."""


class Segment(Struct, gc=False):
    """One stay of a contact in one line, and the work that came of it. Moments: Unix milliseconds, 0: never.

    `agent` is who answered; he and the times of his work stay with the segment that he answered, also when he
    handed the contact on (`FLOWED_OUT`, kind `transfer`).
    """

    contact: int
    """0 for what was blocked: it never became a contact."""
    party: str
    tenant: str
    line: str
    medium: Medium
    entry: str
    vip: bool
    arrived_ms: int
    number: int = 1
    """1 is the contact's first line, and so on."""
    cause: str = "arrived"
    """Why it entered the line: `arrived`, `transfer`, `overflow`, `leg lost`, `handed back`, `deferred`.

    `blocked`: it did not.
    """
    queued_ms: int = 0
    """When it entered the line; when it was blocked, or the announcement began, if it never did."""
    anchor_ms: int = 0
    """When the contact first waited in any line; 0: never."""
    ended_ms: int = 0
    """When the outcome was decided: the answer, if an agent kept it; the hand-over, if he did not."""
    outcome: Outcome = Outcome.OPEN
    kind: str = ""
    """Of a flow-out: `transfer`, `overflow`, `leg lost`, `handed back`, `deferred`, `voicemail`, `callback`.

    Of a block: its reason.

    Of an abandon: `greeting`, `waiting`, `offered`, `deferred`, `receiving`, `leg lost`,
    `waited too long`.

    Of an incident: by whom.
    """
    wait_ms: int = 0
    """In this line until the answer or, without one, the outcome; 0 if it never queued.

    Of an incident: how long the text was heard.
    """
    ticket: str = ""
    """That its contact belongs to, as far as is known."""
    agent: str = ""
    answered_ms: int = 0
    ring_ms: int = 0
    """Agents' phones rang so long for it, answered or not."""
    talk_ms: int = 0
    """Without hold, and without the time in which the work rested for another contact."""
    hold_ms: int = 0
    wrap_up_ms: int = 0
    done_ms: int = 0
    """When the work on it was over, wrap-up included."""
    replied_ms: int = 0
    """Mail and fax: when the agent closed it as answered."""
    code: str = ""
    escalated_ms: int = 0
    """When it was handed on to a line of a higher level."""
    told_ms: int = 0
    """When it was first told how long it would wait in this line."""
    told_wait_ms: int = 0
    """What it was told then, before it was rounded …"""
    told_band_ms: tuple[int, int] = (0, 0)
    """… and between what nine of ten waits should lie."""
    during_incident: bool = False
    """It was told of an incident."""

    @property
    def escalated(self) -> bool:
        """Whether it was handed on to a line of a higher level."""
        return self.escalated_ms > 0


def following(before: Segment, to_line: str, cause: str, t_ms: int) -> Segment:
    """The next segment of the same contact, which entered that line at `t_ms`."""
    who = before.contact, before.party, before.tenant, to_line, before.medium, before.entry, before.vip
    after = Segment(*who, before.arrived_ms, before.number + 1, cause, t_ms)
    after.anchor_ms, after.during_incident = before.anchor_ms, before.during_incident
    after.ticket = before.ticket
    return after
