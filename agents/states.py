"""The states of an agent and of one piece of his work, as tables: state → what happens → next state."""

from collections.abc import Mapping
from enum import StrEnum


class AgentState(StrEnum):
    SIGNED_OUT = "signed_out"
    READY = "ready"
    PAUSED = "paused"


AGENT: Mapping[AgentState, Mapping[str, AgentState]] = {
    AgentState.SIGNED_OUT: {
        "sign in": AgentState.READY,
    },
    AgentState.READY: {
        "pause": AgentState.PAUSED,
        "sign out": AgentState.SIGNED_OUT,
    },
    AgentState.PAUSED: {
        "ready": AgentState.READY,
        "pause": AgentState.PAUSED,
        "sign out": AgentState.SIGNED_OUT,
    },
}


class WorkState(StrEnum):
    """An offer, and once accepted the work that it became."""

    RESERVED = "reserved"
    """Kept free for somebody who is being called and has not answered yet."""
    RINGING = "ringing"
    HANDLING = "handling"
    RESTING = "resting"
    """Interrupted by a contact of another medium."""
    WRAP_UP = "wrap_up"
    CLOSED = "closed"


IN_HAND = (WorkState.HANDLING, WorkState.RESTING)
"""Accepted, and not over yet."""

WORK: Mapping[WorkState, Mapping[str, WorkState]] = {
    WorkState.RESERVED: {
        "ring": WorkState.RINGING,
        "free": WorkState.CLOSED,
    },
    WorkState.RINGING: {
        "accept": WorkState.HANDLING,
        "refuse": WorkState.CLOSED,
        "no answer": WorkState.CLOSED,
        "fail": WorkState.CLOSED,
        "withdraw": WorkState.CLOSED,
    },
    WorkState.HANDLING: {
        "interrupt": WorkState.RESTING,
        "put away": WorkState.CLOSED,
        "release": WorkState.WRAP_UP,
    },
    WorkState.RESTING: {
        "resume": WorkState.HANDLING,
        "put away": WorkState.CLOSED,
        "release": WorkState.WRAP_UP,
    },
    WorkState.WRAP_UP: {
        "end": WorkState.CLOSED,
    },
    WorkState.CLOSED: {},
}
