"""The agents of the desk as the engine knows them: state, reachability, work in hand."""

from collections.abc import Collection, Mapping
from typing import Any, NewType

from msgspec import Struct

from agents.capacity import Medium, can_take
from agents.devices import Carrier, Device
from agents.skills import AgentId, SkillId
from agents.states import AgentState, Role, WorkState

ContactId = NewType("ContactId", int)
OfferId = NewType("OfferId", int)
CallId = NewType("CallId", int)
"""Running number of an attempt to call somebody."""


_READY, _RINGING, _WRAP_UP = AgentState.READY, WorkState.RINGING, WorkState.WRAP_UP
_RESERVED = WorkState.RESERVED
"""A member of an enum costs five times as much to look up as a name of the module."""


class Work(Struct, gc=False):
    """An offer and, once accepted, the work it became. Times are Unix milliseconds."""

    id: OfferId
    contact: ContactId
    agent: AgentId
    carrier: Carrier
    """The one device that carries it: it is rung, and it accepts."""
    medium: Medium
    line: str
    state: WorkState
    since_ms: int
    """When the present state began."""
    started_ms: int
    """When it was offered."""
    interrupted_by: int = 0
    code: str = ""
    extended_ms: int = 0
    overdue: bool = False
    agent_holds: bool = False
    """He does not want to hear the party."""
    party_holds: bool = False
    role: Role = Role.AGENT
    consult: int = 0
    """Of one who was consulted and stayed, or took over: the number of that consult; else 0."""
    diverted: str = ""
    """Dial class of the number outside to which his device sends it; empty: it rings himself."""
    talks_ms: int = 0
    """Since when he talks with the party of a line that limits that; 0: nobody watches it."""


class AgentRecord(Struct):
    """What changes about an agent. Times are Unix milliseconds."""

    id: AgentId
    number: int
    """Place in the roster; decides ties."""
    state: AgentState = AgentState.SIGNED_OUT
    reason: str = ""
    since_ms: int = 0
    devices: list[Device] = []
    """In the order in which they came; the first that carries a medium is the one that is offered."""
    reachable: list[Medium] = []
    """The media that any of them carries now, sorted: what matching looks at."""
    idle_since_ms: int = 0
    last_offer: int = 0
    signed_in_ms: int = 0
    busy_ms: int = 0
    occupancy_permille: int = 0
    """Busy share of the time since signing in, taken when he last became idle."""


class Seat:
    """An agent's record with what his configuration says; rebuilt whenever the desk changes."""

    __slots__ = (
        "capacity", "entered", "epoch", "free", "listed", "needs", "reached", "record",
        "skills", "whole", "works",
    )  # fmt: skip

    def __init__(
        self, record: AgentRecord, skills: Mapping[SkillId, int], capacity: Mapping[Medium, int]
    ) -> None:
        self.record = record
        self.skills = skills
        self.capacity = capacity
        self.needs: list[Any] = []
        """The `queues.need.Need`s that he meets; this package only carries them."""
        self.works: list[Work] = []
        self.reached: list[Medium] | None = None
        self.whole: tuple[Medium, ...] = ()
        """Of what media he is free with nothing in hand, while the record's `reachable` is that list."""
        self.free: tuple[Medium, ...] = ()
        """Media of which he could be offered a contact right now."""
        self.epoch = 0
        """Grows whenever `free` or his place among the idle changes; dates his entries in the pools."""
        self.entered = 0
        """The epoch of his entries in the pools; he is still to be entered when it is not `epoch`."""
        self.listed = True
        """False: he left the desk and only finishes what he has in hand."""


def free_media(seat: Seat, interrupts: Collection[tuple[Medium, Medium]]) -> tuple[Medium, ...]:
    """Media of which the agent may be offered a contact now.

    None while he is not ready, is reserved or rung, or wraps up: an offer would cut his wrap-up short.
    """
    record = seat.record
    if record.state is not _READY:
        return ()
    works = seat.works
    if not works:
        if record.reachable is not seat.reached:
            seat.reached = record.reachable
            seat.whole = tuple(medium for medium in record.reachable if seat.capacity.get(medium, 0))
        return seat.whole
    handled = []
    for work in works:
        if work.state is _RINGING or work.state is _WRAP_UP or work.state is _RESERVED:
            return ()
        handled.append(work.medium)
    free = [medium for medium in record.reachable if can_take(medium, handled, seat.capacity, interrupts)]
    return tuple(free)


def device_for(record: AgentRecord, medium: Medium) -> Carrier:
    """The device that carries an offer of this medium. Raises LookupError: he is not reachable by it."""
    for device in record.devices:
        if medium in device.media and not device.gone_ms:
            return device.carrier
    raise LookupError(f"agent {record.id} is not reachable by {medium}")


def carries(record: AgentRecord, carrier: Carrier) -> bool:
    """Whether this device of his is there."""
    return any(device.carrier == carrier and not device.gone_ms for device in record.devices)


SHOWN = {state: state.value for state in AgentState}
"""What is shown of an agent without work."""


def shown_state(seat: Seat) -> str:
    """The one word that desktops and the board show for an agent."""
    shown = SHOWN[seat.record.state]
    for work in seat.works:
        if work.state is WorkState.RINGING:
            return "offered"
        if work.state is WorkState.RESERVED:
            return "reserved"
        if work.state is not WorkState.WRAP_UP:
            shown = "handling"
        elif shown != "handling":
            shown = "wrap_up"
    return shown
