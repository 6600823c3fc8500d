"""Calls that we place: what was promised to whom, and the attempts that are under way."""

from typing import Literal

from msgspec import Struct

from agents.roster import CallId, ContactId
from agents.skills import AgentId
from queues.desk import TenantId

CALLBACK = "callback"
"""The purpose of calling back somebody to whom it was promised."""

CONSULT = "consult"
"""The purpose of calling somebody outside whom an agent wants to ask, or to hand his caller to."""

DIVERT = "divert"
"""The purpose of calling the number to which an agent's phone sends its calls."""

ALL_CLEAR = "all_clear"
"""The purpose of calling somebody who wants to be told that an incident is solved."""

ESCALATION = "escalation"
"""The purpose of calling the people of an escalation list."""

CallResult = Literal[
    "answered",
    "busy",
    "no answer",
    "refused",
    "failed",
    "refused by policy",
    "no room",
    "timed out",
    "cancelled",
]
"""How an attempt to call somebody ends, exactly once. `refused`: the channel would not dial that number.

`refused by policy`: no rule of the desk allows it any more; `no room`: too many calls by its rule already, at
once or within the hour. Of these two no channel ever heard.
"""


class Callback(Struct):
    """The promise to call the party of a contact back."""

    party: str
    """Opaque id of the number."""
    dial_class: str
    until_ms: int
    attempts: int = 0
    call: int = 0
    """The attempt that is under way; 0: none."""
    called_in: bool = False
    """Its party rang itself, and is on the line by that."""
    asleep: bool = False
    """It waits for its line to open."""
    kept: bool = False
    """The party and an agent were joined."""
    pending: bool = False
    """The party is being told of it, on the line: it is made when he goes, forgotten when he is answered."""


class OutboundCall(Struct):
    """An attempt to call somebody, until it is answered or has failed."""

    id: CallId
    contact: ContactId
    tenant: TenantId
    purpose: str
    dial_class: str
    channel: str = ""
    """By which it was placed; empty: no channel has heard of it."""
    refusal: CallResult | None = None
    """Why not: `refused by policy` or `no room`."""
    caller_id: str = ""
    prefixes: tuple[str, ...] = ()
    """As its rule said when it was allowed: see `queues.desk.OutboundRule`."""
    ring_ms: int = 0
    """How long it may ring; 0: as the contact's line says."""
    agent: AgentId = AgentId("")
    """Whose own phones are rung, which needs no rule; empty: a number outside."""


class Dialled(Struct, frozen=True, array_like=True):
    """A number of somebody outside was called; remembered for an hour."""

    at_ms: int
    tenant: TenantId
    purpose: str
    number: str
    """Its opaque id."""
