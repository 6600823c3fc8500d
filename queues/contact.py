"""A live contact: one call, mail or fax from its arrival to its end."""

from msgspec import Struct

from agents.devices import Carrier
from agents.roster import ContactId
from agents.skills import AgentId
from queues.desk import EntryId, IncidentId, LineId, Medium, TenantId
from queues.message import Message, Recording
from queues.outbound import Callback
from queues.states import ContactState
from queues.treatment import Walk

NO_INCIDENT = IncidentId("")


class Contact(Struct):
    """Mutable; only the engine changes it. Times are Unix milliseconds."""

    id: ContactId
    carrier: Carrier
    """What carries its party; NOWHERE while it is parked."""
    entry: EntryId
    tenant: TenantId
    line: LineId
    medium: Medium
    party: str
    arrived_ms: int
    asked_class: int | None
    """Class that its entry, a VIP list or a supervisor gave it; None: that of its line."""
    head_start_ms: int
    state: ContactState = ContactState.GREETING
    anchor_ms: int = 0
    """When it first waited; survives transfer, overflow, refusal and restart."""
    line_since_ms: int = 0
    step: int = 0
    """Relaxations of its line that apply."""
    walk: Walk | None = None
    """Where it is in its treatment; None: it talks, or hears the music of its line."""
    interrupted: Walk | None = None
    """What it goes on with when the text of an incident has been heard that came between."""
    visit: int = 0
    """The number of what it was played last."""
    incident: IncidentId = NO_INCIDENT
    """Whose text it hears now, before anything else."""
    reserves: bool = False
    """It hears the greeting of its line, and has a place there already."""
    dial_class: str = ""
    """Of the number from which it calls."""
    language: str = ""
    """In which its party is spoken to; empty: in those of each text."""
    promoted: bool = False
    tried: list[AgentId] = []
    preferred: AgentId | None = None
    held_until_ms: int = 0
    """Held for `preferred` until then; 0: not held."""
    preferred_ms: int = 0
    offers: list[int] = []
    """Open offers while ringing; the accepted one while connected."""
    told_position: int = 0
    joined: list[Carrier] = []
    """What else of its party belongs to it."""
    ready_ms: int = 0
    """While it is deferred: when it is ready again."""
    parked: bool = False
    """Its party has no leg."""
    callback: Callback | None = None
    """What its party was promised last."""
    recording: Recording | None = None
    """What its party says is being recorded; it is offered to nobody."""
    message: Message | None = None
    """What its party has said, as long as it has not talked to an agent since."""

    collected: dict[str, str] | None = None
    """What its party has typed, by name: opaque ids; None: nothing."""

    @property
    def promise(self) -> Callback | None:
        """The callback that its party still waits for."""
        callback = self.callback
        return None if callback is None or callback.kept else callback

    @property
    def to_be_called(self) -> bool:
        """Whether its party has no leg since it is to be called back; else it has left a message."""
        return self.parked and self.promise is not None

    @property
    def to_be_heard(self) -> str:
        """Opaque id of the message that it has left; empty: its party is on the line, or is to be called."""
        message = self.message
        return message.recording if message is not None and self.parked and not self.to_be_called else ""
