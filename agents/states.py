"""The states of an agent, of his work and of his part in it, as tables: state → what happens → next."""

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


class Role(StrEnum):
    """As what an agent takes part in a contact."""

    AGENT = "agent"
    """It is his: he is who was offered it, or who took it over."""
    CONSULTING = "consulting"
    """It is his, and he is aside, to ask somebody else."""
    CONSULTED = "consulted"
    """He is asked; his contact is the consult."""
    MEMBER = "member"
    """He talks with its party and its agent: a conference."""
    LISTENING = "listening"
    """A supervisor who hears both; nobody hears him."""
    WHISPERING = "whispering"
    """Agents hear him; nobody else does."""
    BARGING = "barging"
    """Everybody hears him."""
    LEFT = "left"


LISTENERS = (Role.LISTENING, Role.WHISPERING, Role.BARGING)
"""It is not theirs, and never becomes so."""

ROLE: Mapping[Role, Mapping[str, Role]] = {
    Role.AGENT: {
        "consult": Role.CONSULTING,
        "leave": Role.LEFT,
    },
    Role.CONSULTING: {
        "step back": Role.AGENT,
        "leave": Role.LEFT,
    },
    Role.CONSULTED: {
        "merge": Role.MEMBER,
        "take over": Role.AGENT,
        "leave": Role.LEFT,
    },
    Role.MEMBER: {
        "take over": Role.AGENT,
        "leave": Role.LEFT,
    },
    Role.LISTENING: {
        "whisper": Role.WHISPERING,
        "barge": Role.BARGING,
        "leave": Role.LEFT,
    },
    Role.WHISPERING: {
        "listen": Role.LISTENING,
        "barge": Role.BARGING,
        "leave": Role.LEFT,
    },
    Role.BARGING: {
        "listen": Role.LISTENING,
        "whisper": Role.WHISPERING,
        "leave": Role.LEFT,
    },
    Role.LEFT: {},
}
"""The moves of those who take part, as a table: role → move → next role."""


class Side(StrEnum):
    """Of a conversation: its agent, or its party."""

    TALKS = "talks"
    HOLDS = "holds"


def side(holds: bool) -> Side:
    """As a work keeps it."""
    return Side.HOLDS if holds else Side.TALKS


HOLD: Mapping[Side, Mapping[str, Side]] = {
    Side.TALKS: {"hold": Side.HOLDS},
    Side.HOLDS: {"resume": Side.TALKS},
}
"""Each side for itself."""


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
