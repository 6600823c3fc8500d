"""The engine: the one place where an event is turned into effects and facts."""

from collections.abc import Callable, Mapping
from typing import Any, final

from msgspec import Struct

from acd.core import (
    admission,
    all_clear,
    answers,
    callbacks,
    calling,
    calling_out,
    closing,
    connection,
    consults,
    deferral,
    devices,
    diverting,
    escalations,
    events,
    hearing,
    incidents,
    leases,
    links,
    listening,
    lists,
    messages,
    presence,
    rebuild,
    reception,
    restart,
    room,
    snapshot,
    talk_limits,
    targets,
    waiting,
    wrap_up,
)
from acd.core.deadlines import Kind
from acd.core.effects import Effect
from acd.core.errors import Overdue, TimeWentBack
from acd.core.facts import Fact
from acd.core.settle import settle
from acd.core.state import State

ENGINE_VERSION = 5
"""Grows whenever the same journal would yield other facts."""

ON_EVENT: Mapping[type[events.Event], Callable[[State, Any], None]] = {
    events.Restarted: restart.restarted,
    events.DeskChanged: rebuild.desk_changed,
    events.CalendarChanged: rebuild.calendar_changed,
    events.IncidentDeclared: hearing.incident_declared,
    events.IncidentChanged: hearing.incident_changed,
    events.IncidentEnded: all_clear.ended,
    events.ContactLinked: links.linked,
    events.ListChanged: lists.changed,
    events.ContactArrived: admission.arrived,
    events.MediumChanged: reception.medium_changed,
    events.PageReceived: reception.page_received,
    events.ContactReceived: reception.received,
    events.PromptEnded: hearing.prompt_ended,
    events.KeyPressed: hearing.key_pressed,
    events.DigitsCollected: hearing.digits_collected,
    events.MessageRecorded: messages.recorded,
    events.PriorityChanged: admission.priority_changed,
    events.ContactLeft: connection.left,
    events.ContactDiverted: waiting.diverted,
    events.CallbackPromised: callbacks.promised,
    events.CallbackCancelled: callbacks.cancelled,
    events.CallOut: calling_out.opened,
    events.CallOutCancelled: calling_out.cancelled,
    events.EscalationStarted: escalations.started,
    events.EscalationCancelled: escalations.cancelled,
    events.NoticeTaken: escalations.notice_taken,
    events.CallAnswered: calling.answered,
    events.CallFailed: calling.failed,
    events.ContactReleased: connection.released,
    events.LegLost: devices.leg_lost,
    events.LeaseRenewed: leases.renewed,
    events.ContactHeld: connection.held,
    events.ContactResumed: connection.resumed,
    events.ContactDeferred: deferral.deferred,
    events.ContactTransferred: connection.transferred,
    events.ConsultStarted: consults.started,
    events.ConsultEnded: consults.ended,
    events.ConsultMerged: consults.merged,
    events.ListenStarted: listening.started,
    events.AgentPrompted: connection.agent_prompted,
    events.OfferAccepted: answers.accepted,
    events.OfferRefused: answers.refused,
    events.OfferFailed: devices.failed,
    events.OfferDiverted: diverting.diverted,
    events.AgentSignedIn: presence.signed_in,
    events.AgentSignedOut: presence.signed_out,
    events.AgentPaused: presence.paused,
    events.AgentReady: presence.ready,
    events.AgentReachable: devices.reachable,
    events.AgentUnreachable: devices.unreachable,
    events.DeviceVanished: devices.vanished,
    events.TicketGiven: wrap_up.ticketed,
    events.WrapUpCoded: wrap_up.coded,
    events.WrapUpExtended: wrap_up.extended,
    events.WrapUpEnded: wrap_up.ended,
}
"""What each event does; `Tick` fires deadlines instead."""

ON_DEADLINE: Mapping[Kind, Callable[[State, int], None]] = {
    Kind.WRAP_UP: wrap_up.wrap_up_due,
    Kind.RING: answers.not_answered,
    Kind.PREFERRED: waiting.preferred_waited,
    Kind.RELAX: waiting.relax,
    Kind.PROMOTE: waiting.promote,
    Kind.RETRY: waiting.forget_tried,
    Kind.MAX_WAIT: waiting.waited_too_long,
    Kind.TREATMENT: hearing.due,
    Kind.INCIDENT: incidents.expired,
    Kind.DEVICE: devices.stayed_away,
    Kind.LEG: devices.leg_stayed_away,
    Kind.READY: reception.due,
    Kind.CALL: calling.timed_out,
    Kind.PROMISE: callbacks.expired,
    Kind.CLOSES: closing.closed,
    Kind.LEASE: leases.ended,
    Kind.MESSAGE: messages.never_sealed,
    Kind.ROOM: room.hour_over,
    Kind.ALL_CLEAR: all_clear.due,
    Kind.WARN: incidents.ends_soon,
    Kind.ESCALATION: escalations.due,
    Kind.TALK: talk_limits.due,
    Kind.TARGET: targets.due,
}


@final
class Reaction(Struct, frozen=True, gc=False):
    """What an event led to, in order. An effect's id is (sequence number of the entry, index here)."""

    effects: list[Effect]
    facts: list[Fact]


class Engine:
    """The state of the desk as a function of its journal. Not thread-safe, and needs no lock: one caller.

    Times are whole Unix milliseconds, always given; nothing here reads a clock.
    """

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()

    def handle(self, event: events.Event, now_ms: int) -> Reaction:
        """Apply the event at `now_ms`.

        Raises Rejected (illegal now; nothing has changed), Overdue (a deadline at or before `now_ms` was
        not fired by a `Tick` first; but `Restarted` comes before them), TimeWentBack.
        """
        state = self.state
        if now_ms < state.now_ms:
            raise TimeWentBack(f"{now_ms} is before {state.now_ms}")
        kind = type(event)
        if kind is events.Tick:
            return self._tick(now_ms)
        if state.deadlines.earliest_ms <= now_ms and kind is not events.Restarted:
            due_ms = state.deadlines.next()
            if due_ms is not None and due_ms <= now_ms:
                raise Overdue(f"a deadline at {due_ms} must fire before {kind.__name__} at {now_ms}")
        before_ms, state.now_ms, state.event_ms = state.now_ms, now_ms, now_ms
        effects: list[Effect] = []
        told: list[Fact] = []
        state.effects, state.facts = effects, told
        state.order, state.tell = effects.append, told.append
        try:
            ON_EVENT[kind](state, event)
            if state.unmatched or state.unserved or state.unranked or state.room_moved or state.untreated:
                settle(state)
        except Exception:
            state.now_ms = before_ms
            raise
        return Reaction(effects, told)

    def _tick(self, now_ms: int) -> Reaction:
        """Fire what is due, one deadline after the other, each at its own time."""
        state = self.state
        state.event_ms = now_ms
        state.begin()
        while (due := state.deadlines.pop(now_ms)) is not None:
            t_ms, kind, number = due
            state.now_ms = max(state.now_ms, t_ms)
            ON_DEADLINE[kind](state, number)
            settle(state)
        state.now_ms = now_ms
        return Reaction(state.effects, state.facts)

    def next_deadline(self) -> int | None:
        """When the driver must send the next `Tick`, in Unix milliseconds; None: never."""
        return self.state.deadlines.next()

    def standing(self) -> list[Effect]:
        """The effects in force, for a restart: see `acd.core.law`."""
        return restart.standing(self.state)

    def snapshot(self) -> bytes:
        """The state as bytes; equal states give equal bytes."""
        return snapshot.save(self.state, ENGINE_VERSION)

    @classmethod
    def restore(cls, saved: bytes) -> "Engine":
        """Raises UnreadableSnapshot: damaged, or of another engine version."""
        return cls(snapshot.load(saved, ENGINE_VERSION))
