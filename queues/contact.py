"""A live contact: one call, mail or fax from its arrival to its end."""

from msgspec import Struct

from agents.devices import Carrier
from agents.roster import ContactId
from agents.skills import AgentId
from queues.desk import EntryId, IncidentId, LineId, Medium, TenantId
from queues.message import Message, Recording
from queues.names import TreatmentId
from queues.outbound import Callback
from queues.states import ContactState
from queues.treatment import NO_TREATMENT, Walk

NO_INCIDENT = IncidentId("")


class Reception(Struct):
    """What a party sends in parts."""

    pages: int = 0
    """So many are safe."""
    over: bool = False
    """No more are waited for."""
    complete: bool = False
    """The sender said that this was all."""


class Contact(Struct, gc=False):
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
    concerned: tuple[int, ...] = ()
    """Running numbers of the incidents within whose scope it came."""
    informed: tuple[int, ...] = ()
    """Of these, those that it was told of."""
    reserves: bool = False
    """It hears the greeting of its line, and has a place there already."""
    dial_class: str = ""
    """Of the number from which it calls."""
    language: str = ""
    """In which its party is spoken to; empty: in those of each text."""
    promoted: bool = False
    late: str = ""
    """What was told of its target: `near`, `missed`; `met`: it was answered before. Empty: nothing yet."""
    tried: list[AgentId] = []
    preferred: AgentId | None = None
    held_until_ms: int = 0
    """Held for `preferred` until then; 0: not held."""
    preferred_ms: int = 0
    person: str = ""
    """Who its party is, by the client's lists; empty: nobody they know."""
    spoke_ms: int = 0
    """When `preferred` spoke with that person last, if that is why; 0: somebody named him."""
    offers: list[int] = []
    """Open offers while ringing; the accepted one while connected."""
    told_position: int = 0
    joined: list[Carrier] = []
    """What else of its party belongs to it."""
    ready_ms: int = 0
    """While it is deferred: when it is ready again, or until when the next part of it is waited for."""
    parked: bool = False
    """Its party has no leg: to be called back, or all is there that it sent; nor has a consult."""
    reception: Reception | None = None
    """Of what came in parts; None: it was all there when it arrived."""
    callback: Callback | None = None
    """What its party was promised last."""
    guests: list[int] = []
    """The works of those who take part beside its agent: in a conference, or listening."""
    outside: list[Carrier] = []
    """Legs of those outside who were consulted and have stayed."""
    consult: int = 0
    """The contact by which its agent asks somebody now; 0: none."""
    consults: int = 0
    """It is such a consult, about this contact; 0: it is none."""
    asker: int = 0
    """Of a consult: the work of the agent who asks. He stands where a caller would."""
    call: int = 0
    """Of a consult, or a contact that the desk began: the attempt to call somebody that is under way."""
    purpose: str = ""
    """Why the desk began it (an escalation, an all-clear); empty: its party did."""
    clears: int = 0
    """Running number of the incident of whose end its party is told; 0: of none."""
    told: TreatmentId = NO_TREATMENT
    """What whoever is called for that purpose hears."""
    escalation: int = 0
    """By which somebody on a list is called, and has not taken it over; 0: none."""
    recording: Recording | None = None
    """What its party says is being recorded; it is offered to nobody."""
    message: Message | None = None
    """What its party has said, as long as it has not talked to an agent since."""
    collected: dict[str, str] | None = None
    """What its party has typed, by name: opaque ids; None: nothing."""

    def waited_ms(self, now_ms: int) -> int:
        """Since it first waited; 0: it never has."""
        return now_ms - self.anchor_ms if self.anchor_ms else 0

    @property
    def receiving(self) -> bool:
        """Whether it is not ready because more of it is still to come."""
        return self.reception is not None and not self.reception.over

    @property
    def to_call(self) -> bool:
        """Whether it has no leg and can be answered only by calling its party back.

        Where every contact comes by, `parked` is asked first: a property costs.
        """
        return self.parked and self.promise is not None

    @property
    def waits_apart(self) -> bool:
        """Whether it has no leg, and is to be called back or to be heard: in the hours of its line only."""
        return self.parked and (self.message is not None or self.promise is not None)

    @property
    def promise(self) -> Callback | None:
        """The callback that its party still waits for."""
        callback = self.callback
        return None if callback is None or callback.kept else callback

    @property
    def to_be_heard(self) -> str:
        """Opaque id of the message that it has left; empty: its party is on the line, or is to be called."""
        message = self.message
        return message.recording if message is not None and self.parked and not self.to_call else ""
