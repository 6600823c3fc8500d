"""Agents come and go: signing in and out, pauses."""

from acd.core import facts
from acd.core.answers import agent_gone
from acd.core.connection import hand_all_back
from acd.core.errors import Rejected
from acd.core.events import (
    AgentPaused,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
)
from acd.core.state import State, step
from acd.core.wrap_up import come_back, gone_home
from agents.states import AGENT


def signed_in(state: State, event: AgentSignedIn) -> None:
    seat = state.seat(event.agent)
    record = seat.record
    if not seat.listed:
        raise Rejected(f"agent {event.agent} has left the desk")
    record.state = step(AGENT, record.state, "sign in")
    record.reason, record.since_ms = "", state.now_ms
    record.signed_in_ms = record.idle_since_ms = state.now_ms
    record.busy_ms = record.occupancy_permille = 0
    state.tell(facts.SignedIn(state.now_ms, event.agent))
    come_back(state, seat)
    state.serve(seat)


def signed_out(state: State, event: AgentSignedOut) -> None:
    seat = state.seat(event.agent)
    seat.record.state = step(AGENT, seat.record.state, "sign out")
    seat.record.reason, seat.record.since_ms = "", state.now_ms
    state.tell(facts.SignedOut(state.now_ms, event.agent))
    agent_gone(state, seat)
    hand_all_back(state, seat.works, "signed out")
    gone_home(state, seat)


def paused(state: State, event: AgentPaused) -> None:
    """Raises Rejected when the desk does not know the reason."""
    seat = state.seat(event.agent)
    if event.reason not in (*state.desk.pause_reasons, state.desk.no_answer_reason):
        raise Rejected(f"'{event.reason}' is not a pause reason of this desk")
    seat.record.state = step(AGENT, seat.record.state, "pause")
    seat.record.reason, seat.record.since_ms = event.reason, state.now_ms
    state.tell(facts.Paused(state.now_ms, event.agent, event.reason))
    agent_gone(state, seat)


def ready(state: State, event: AgentReady) -> None:
    seat = state.seat(event.agent)
    seat.record.state = step(AGENT, seat.record.state, "ready")
    seat.record.reason = ""
    seat.record.since_ms = seat.record.idle_since_ms = state.now_ms
    state.tell(facts.Ready(state.now_ms, event.agent))
    state.serve(seat)
