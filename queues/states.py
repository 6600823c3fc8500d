"""The states of a contact, as a table: state → what happens → next state."""

from collections.abc import Mapping
from enum import StrEnum


class ContactState(StrEnum):
    GREETING = "greeting"
    """Is treated and in no line: before it (a greeting, a menu), or after its talk; not offered."""
    WAITING = "waiting"
    OFFERED = "offered"
    """At least one agent is rung; keeps its place."""
    DEFERRED = "deferred"
    """Not ready before its moment, before all of it was received, or before its message is kept.

    It keeps its anchor, but is in no line and offered to nobody.
    """
    CALLING = "calling"
    """Its party is being called; an agent has it in hand, or is reserved for it."""
    CONNECTED = "connected"
    ENDED = "ended"


CONTACT: Mapping[ContactState, Mapping[str, ContactState]] = {
    ContactState.GREETING: {
        "link": ContactState.GREETING,
        "enqueue": ContactState.WAITING,
        "receive": ContactState.DEFERRED,
        "deflect": ContactState.ENDED,
        "turn away": ContactState.ENDED,
        "call off": ContactState.ENDED,
        "seal": ContactState.DEFERRED,
        "leave message": ContactState.WAITING,
        "leave": ContactState.ENDED,
    },
    ContactState.WAITING: {
        "link": ContactState.GREETING,
        "offer": ContactState.OFFERED,
        "leave": ContactState.ENDED,
        "divert": ContactState.ENDED,
        "give up": ContactState.ENDED,
        "defer": ContactState.DEFERRED,
        "receive": ContactState.DEFERRED,
        "park": ContactState.WAITING,
        "seal": ContactState.DEFERRED,
        "leave message": ContactState.WAITING,
        "reserve": ContactState.CALLING,
        "called in": ContactState.WAITING,
        "close": ContactState.DEFERRED,
        "cancel": ContactState.ENDED,
        "consult over": ContactState.ENDED,
    },
    ContactState.OFFERED: {
        "link": ContactState.GREETING,
        "offer": ContactState.OFFERED,
        "accept": ContactState.CONNECTED,
        "call": ContactState.CALLING,
        "requeue": ContactState.WAITING,
        "receive": ContactState.DEFERRED,
        "park": ContactState.OFFERED,
        "leave message": ContactState.OFFERED,
        "called in": ContactState.OFFERED,
        "cancel": ContactState.ENDED,
        "consult over": ContactState.ENDED,
        "leave": ContactState.ENDED,
        "divert": ContactState.ENDED,
    },
    ContactState.DEFERRED: {
        "defer": ContactState.DEFERRED,
        "ready": ContactState.WAITING,
        "leave message": ContactState.WAITING,
        "leave": ContactState.ENDED,
        "give up": ContactState.ENDED,
        "cancel": ContactState.ENDED,
    },
    ContactState.CALLING: {
        "join": ContactState.CONNECTED,
        "reached": ContactState.GREETING,
        "call off": ContactState.ENDED,
        "answered": ContactState.WAITING,
        "agent left": ContactState.WAITING,
        "not reached": ContactState.DEFERRED,
        "give up": ContactState.ENDED,
        "cancel": ContactState.ENDED,
        "consult over": ContactState.ENDED,
    },
    ContactState.CONNECTED: {
        "leave": ContactState.ENDED,
        "release": ContactState.ENDED,
        "transfer": ContactState.WAITING,
        "agent leg lost": ContactState.WAITING,
        "hand back": ContactState.WAITING,
        "put away": ContactState.DEFERRED,
        "ask": ContactState.GREETING,
        "consult over": ContactState.ENDED,
    },
    ContactState.ENDED: {},
}
