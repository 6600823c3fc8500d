"""Counts of segments, by the symbols of the KPI definitions; sums of counts are counts."""

from collections.abc import Mapping

from msgspec import Struct

from acd.kpi.ledger import Outcome, Segment
from acd.kpi.segment import BY_DESK, View
from agents.capacity import VOICE
from queues.calendar import Clock, WallClock


class Terms(Struct, frozen=True):
    """What a report has agreed on, beside the definitions; printed with them."""

    threshold_ms: int = 20_000
    """T: answered in time means within it, inclusive."""
    short_ms: int = 5_000
    """s: a caller who gives up below it is a short abandon."""
    view: View = View.ENTRY
    reply_ms: int = 8 * 3_600_000
    """Mail and fax: a human reply is in time within it, in the line's own business time."""
    clocks: Mapping[str, Clock] = {}
    """Line → its business time; lines not named here reckon in wall-clock time."""


class Counts(Struct, gc=False):
    """What is counted of some segments: of a line in an interval, of a client, of a simulated day.

    `_ms` are sums of milliseconds, except `longest_…`. N = `arrived` = O + B + M (+ what is `open` yet), with
    O = `offered` = A + X + F.
    """

    arrived: int = 0
    """N: all."""
    blocked: int = 0
    """B: turned away: line full, closed."""
    incident: int = 0
    """M: ended in the text of an incident."""
    answered: int = 0
    """A: answered, and ended by caller or agent; not those handed on, which are F here and A elsewhere."""
    abandoned: int = 0
    """X: gave up, or waited longer than the line lets anybody wait."""
    short: int = 0
    """Xs: gave up before s."""
    flowed_out: int = 0
    """F: to another line, voicemail, a callback."""
    voicemails: int = 0
    """Of F, those who left a message, or left for another voicemail."""
    open: int = 0
    """Not over yet: waits, talks, or is wrapped up. In none of the others, nor in any average."""
    in_time: int = 0
    """A_T: of A, those with wait ≤ T."""
    abandoned_in_time: int = 0
    """X_T: of X, those with wait ≤ T."""
    wait_ms: int = 0
    """Waits of A."""
    response_ms: int = 0
    """Waits of A with the announcements before: from the arrival, where the contact came directly."""
    abandoned_wait_ms: int = 0
    """Waits of X."""
    longest_wait_ms: int = 0
    """Longest wait of A."""
    longest_abandoned_ms: int = 0
    """Longest wait of X."""
    ring_ms: int = 0
    """Agents' phones rang so long, answered or not."""
    talk_ms: int = 0
    """Conversation without hold, of `handled`."""
    hold_ms: int = 0
    """Hold, of `handled`."""
    wrap_up_ms: int = 0
    """After-contact work, of `handled`."""
    handled: int = 0
    """Had an agent: A and those that an agent handed on."""
    escalated: int = 0
    """Of `handled`, those handed on to a line of a higher level."""
    escalation_ms: int = 0
    """From the arrival to that."""
    escalation_handling_ms: int = 0
    """From the answer to that."""
    coded: int = 0
    """Of `handled`, those with a wrap-up code."""
    written: int = 0
    """Mails and faxes that were replied to, ended without a reply, or are overdue."""
    replied: int = 0
    """Of `written`, those with a human reply."""
    replied_in_time: int = 0
    """Of `replied`, those within the business time agreed on."""
    reply_ms: int = 0
    """From the arrival to the reply, in business time."""
    informed: int = 0
    """Were told of an incident, whatever became of them; M is a part of them."""
    vip: int = 0
    """Had a head start, or a class of their own below that of their line."""
    customers: int = 0
    """Cases of parties who were answered, gave up or were turned away (`acd.kpi.customers`)."""
    customers_reached: int = 0
    """Of these, the ones that were answered."""
    resolvable: int = 0
    """Answered contacts of known parties, with the time of a re-contact over."""
    recontacted: int = 0
    """Of these, those whose party came again in time."""
    resolved_first: int = 0
    """Of `resolvable`: not escalated, not `recontacted`, and no answered contact of the party before it."""
    callbacks: int = 0
    """Promised callbacks (`acd.kpi.callbacks`); the first one of a contact is one of F as well."""
    callbacks_kept: int = 0
    """Of these, those in which the party and an agent spoke."""
    callbacks_lost: int = 0
    """Those in which they will not: not reached, too old, cancelled."""
    callback_calls: int = 0
    """Calls that were placed for them."""
    callback_ms: int = 0
    """From the promise until it was kept."""
    lists: int = 0
    """Escalation lists that were walked to an end, not called off (`acd.core.escalations`)."""
    lists_taken: int = 0
    """Of these, those that somebody took over by his key."""
    lists_taken_ms: int = 0
    """From their begin to that."""
    surveys: int = 0
    """Parties who were asked about their talk (`acd.kpi.surveys`)."""
    surveys_answered: int = 0
    """Of these, those who pressed a digit."""
    survey_points: int = 0
    """The sum of these digits: of each party the first."""
    tickets: int = 0
    """Service requests: tickets to which contacts belong (`acd.kpi.tickets`)."""
    ticket_handling_ms: int = 0
    """Work on all contacts of these."""
    waits_told: int = 0
    """Of A, those who were told how long they would wait."""
    waits_in_band: int = 0
    """Of these, those who then waited as long as nine of ten should (`low_ms` to `high_ms` of `WaitTold`)."""
    told_error_ms: int = 0
    """By how much they then waited more or less than they were told first, before it was rounded."""
    busy_ms: int = 0
    """Agents: talk, hold, ring and wrap-up (`acd.kpi.occupancy`)."""
    present_ms: int = 0
    """Agents: signed in and not paused."""

    @property
    def offered(self) -> int:
        """O = A + X + F."""
        return self.answered + self.abandoned + self.flowed_out

    def add(self, other: "Counts") -> None:
        """Add the counts of other segments; the longest waits are the longer ones."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest_wait_ms = max(self.longest_wait_ms, other.longest_wait_ms)
        self.longest_abandoned_ms = max(self.longest_abandoned_ms, other.longest_abandoned_ms)


_SUMS = tuple(name for name in Counts.__struct_fields__ if not name.startswith("longest_"))

_WALL = WallClock()
_NOT_OURS = (Outcome.FLOWED_OUT, Outcome.BLOCKED, Outcome.INCIDENT)


def moment(segment: Segment, view: View) -> int:
    """The moment whose interval the segment is counted in."""
    return segment.queued_ms if view is View.ENTRY else segment.ended_ms


def count(segment: Segment, terms: Terms, counts: Counts) -> None:
    """Count the segment, once and in one interval with all that belongs to it."""
    counts.arrived += 1
    if segment.outcome is Outcome.ANSWERED:
        _count_answered(segment, terms, counts)
    else:
        _count_unanswered(segment, terms, counts)
    counts.ring_ms += segment.ring_ms
    if segment.answered_ms:
        _count_work(segment, counts)
    if segment.vip:
        counts.vip += 1
    if segment.during_incident:
        counts.informed += 1
    if segment.medium != VOICE:
        _count_reply(segment, terms, counts)


def is_short(segment: Segment, terms: Terms) -> bool:
    """Whether it is an abandon below `short_ms`, by the caller's own doing."""
    return (
        segment.outcome is Outcome.ABANDONED and segment.wait_ms < terms.short_ms and segment.kind != BY_DESK
    )


def _count_answered(segment: Segment, terms: Terms, counts: Counts) -> None:
    wait_ms = segment.wait_ms
    counts.answered += 1
    if wait_ms <= terms.threshold_ms:
        counts.in_time += 1
    counts.wait_ms += wait_ms
    counts.response_ms += wait_ms
    if segment.queued_ms == segment.anchor_ms:
        counts.response_ms += segment.anchor_ms - segment.arrived_ms
    counts.longest_wait_ms = max(counts.longest_wait_ms, wait_ms)
    if segment.told_ms:
        _count_told(segment, counts)


def _count_told(segment: Segment, counts: Counts) -> None:
    waited_ms, (low_ms, high_ms) = segment.answered_ms - segment.told_ms, segment.told_band_ms
    counts.waits_told += 1
    counts.waits_in_band += low_ms <= waited_ms <= high_ms
    counts.told_error_ms += abs(waited_ms - segment.told_wait_ms)


def _count_unanswered(segment: Segment, terms: Terms, counts: Counts) -> None:
    outcome = segment.outcome
    if outcome is Outcome.ABANDONED:
        _count_abandoned(segment, terms, counts)
    elif outcome is Outcome.FLOWED_OUT:
        counts.flowed_out += 1
        counts.voicemails += segment.kind == "voicemail"
    elif outcome is Outcome.BLOCKED:
        counts.blocked += 1
    elif outcome is Outcome.INCIDENT:
        counts.incident += 1
    else:
        counts.open += 1


def _count_abandoned(segment: Segment, terms: Terms, counts: Counts) -> None:
    wait_ms = segment.wait_ms
    counts.abandoned += 1
    if wait_ms <= terms.threshold_ms:
        counts.abandoned_in_time += 1
    if is_short(segment, terms):
        counts.short += 1
    counts.abandoned_wait_ms += wait_ms
    counts.longest_abandoned_ms = max(counts.longest_abandoned_ms, wait_ms)


def _count_work(segment: Segment, counts: Counts) -> None:
    counts.handled += 1
    counts.talk_ms += segment.talk_ms
    counts.hold_ms += segment.hold_ms
    counts.wrap_up_ms += segment.wrap_up_ms
    if segment.code:
        counts.coded += 1
    if segment.escalated_ms:
        counts.escalated += 1
        counts.escalation_ms += segment.escalated_ms - segment.arrived_ms
        counts.escalation_handling_ms += segment.escalated_ms - segment.answered_ms


def _count_reply(segment: Segment, terms: Terms, counts: Counts) -> None:
    """A mail or fax counts where it ended; one that is still open counts when it is overdue."""
    if segment.outcome in _NOT_OURS:
        return
    clock = terms.clocks.get(segment.line, _WALL)
    taken_ms = clock.elapsed(segment.replied_ms or segment.done_ms) - clock.elapsed(segment.arrived_ms)
    if segment.replied_ms:
        counts.written += 1
        counts.replied += 1
        counts.reply_ms += taken_ms
        counts.replied_in_time += taken_ms <= terms.reply_ms
    elif taken_ms > terms.reply_ms or segment.outcome is not Outcome.OPEN:
        counts.written += 1
