"""One leg of a call: that of the party, who called or is called, or that of an agent who is rung or talks."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct

from acd.core.effects import TreatContact
from channels.media.commands import LegId, SoundId
from channels.sip.meanings import Meaning
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import Dialog
from channels.sip.protocol.message import Request
from channels.sip.protocol.outputs import ClientKey, ServerKey

if TYPE_CHECKING:
    from channels.sip.b2bua.call import Call
    from channels.sip.b2bua.diverting import Elsewhere


class Reach(NamedTuple):
    """Whom an INVITE may go to."""

    key: str
    """Which phone (`Binding.key`); empty: no phone of an agent."""
    uri: str
    at: Endpoint


class LegStage(StrEnum):
    """How far a leg has come."""

    OPENING = "opening"
    """The INVITE has no final response yet, theirs (caller) or ours (agent, or a party whom we call)."""
    UP = "up"
    """Answered with 2xx."""


class Rung(Struct):
    """An INVITE of ours that has no final response yet, as a restart sends it again."""

    invite: bytes
    host: str
    port: int
    """Where it went to."""
    phone: str = ""
    """Which of the agent's phones (`Binding.key`)."""
    number: int = 1
    """Makes its branch."""


class Ringing(Struct, eq=False):
    """The same, as long as this process waits for the response."""

    key: ClientKey
    rung: Rung
    request: Request
    heard: bool = False
    """There was a sign of life."""
    over: bool = False
    """Given up: its final response decides nothing."""


class LegRecord(Struct):
    """What a restart needs of a leg."""

    id: LegId
    """Names the leg to the media engine; that of a party is also the contact's `ref`."""
    agent: str = ""
    """Empty: this is the contact's own leg, the caller's."""
    contact: int = 0
    offer: int = 0
    stage: LegStage = LegStage.OPENING
    invite: bytes = b""
    """The caller's INVITE as long as the leg is opening."""
    host: str = ""
    port: int = 0
    """Where that came from; of a party whom we call, where ours goes to."""
    dialog: Dialog | None = None
    show_as: str = ""
    """Name and number of the caller as the agent's phone shows it: a From value without tag."""
    entry: str = ""
    """Which number of ours the caller has dialled."""
    diverted: str = ""
    """Who has diverted the caller to us: a Diversion value."""
    to_tag: str = ""
    """Ours, towards the party: the same in every response to his INVITE, or in ours, also after a restart."""
    answer: bytes = b""
    """Body of our 200 to the caller, for when he repeats his INVITE after a restart."""
    late_offer: bool = False
    """We made the offer in our 200; the answer comes with the ACK."""
    held: bool = False
    """The party of this leg has put the other one on hold."""
    music: str = "default"
    """What the caller hears while waiting, and either side while the other holds."""
    call: int = 0
    """The attempt by which we called him; 0: he called us."""
    outside: bool = False
    """It is an agent's, and goes to an outside number to which his phone has diverted it."""
    caller_id: str = ""
    """What a party whom we call sees of us; empty: what the trunk's table says."""
    rung: list[Rung] = []
    rings: int = 0
    """How many INVITEs of ours there were."""

    def to_record(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_record(cls, record: bytes) -> "LegRecord":
        """Raises msgspec.MsgspecError. Up to 0.1.0 a leg rang one phone, whose INVITE stood in `invite`."""
        read = msgspec.msgpack.decode(record, type=cls)
        if read.invite and (read.agent or read.call):
            read.rung, read.rings = [Rung(read.invite, read.host, read.port)], 1
            read.invite = b""
        return read


class Leg:
    """A leg and what of it lives only in this process."""

    __slots__ = (
        "accepted",
        "accepting",
        "ack_owed",
        "admitted",
        "aside",
        "call",
        "elsewhere",
        "gone",
        "hears",
        "id",
        "invite_key",
        "is_caller",
        "is_placed",
        "keyed",
        "keyed_ms",
        "message",
        "place",
        "probe",
        "reaches",
        "record",
        "reinvite",
        "request",
        "results",
        "ringing",
        "role",
        "silent_ms",
        "won",
    )

    def __init__(self, record: LegRecord, call: "Call") -> None:
        self.id, self.record, self.call = record.id, record, call
        self.is_caller, self.is_placed = not record.agent, record.call > 0
        """A caller's leg by which we called him. Up to his answer it is in no contact's call."""
        self.request: Request | None = None
        """The caller's open INVITE."""
        self.invite_key: ServerKey | None = None
        """The caller's INVITE, also after its 200: until the leg ends."""
        self.accepted: ServerKey | None = None
        """The INVITE of the peer, its first or a later one, whose 200 has no ACK yet."""
        self.reaches: Sequence[Reach] = ()
        """Whom our INVITEs go to; used once, when the media have made the offer."""
        self.elsewhere: Elsewhere | None = None
        """The number outside to which one of an agent's phones sends its calls."""
        self.ringing: dict[ClientKey, Ringing] = {}
        self.won: Ringing | None = None
        self.results: list[Meaning] = []
        """INVITEs of ours without a final response, the one answered 2xx, and what others mean."""
        self.accepting = False
        """Whom we rang has answered, and the media have not said yet whether his answer fits."""
        self.ack_owed = False
        """The 2xx to our INVITE has no ACK yet."""
        self.probe: ClientKey | None = None
        self.silent_ms: int | None = None
        """The newest question whether it is still there; when its silence was told last."""
        self.admitted = False
        """The engine took the contact: it is answered as soon as the media have answered."""
        self.reinvite: tuple[ServerKey, Request] | None = None
        """A request for a new session that the media have not answered yet."""
        self.gone = False
        """Ended, or to be ended as soon as that is possible: a CANCEL crossed the answer."""
        self._init_hearing()

    def _init_hearing(self) -> None:
        self.hears: TreatContact | None = None
        """What a party hears who waits; None: an agent, or the music of its line."""
        self.keyed, self.keyed_ms = 0, -1_000
        """The list (its `visit`) of which a key was told last, and when."""
        self.message, self.role = SoundId(""), ""
        """What an agent hears who has taken a message; as what he takes part (`agents.states.Role`)."""
        self.place = ""
        """Where its call has put it, as told to the media; empty: that is not known, or it hears a list."""
        self.aside: Call | None = None
        """The consult in which an agent asks somebody meanwhile."""
