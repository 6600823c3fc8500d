"""A desk, a caller, a phone and a trunk without a network: transaction layers that exchange bytes by hand."""

import asyncio
import dataclasses
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from msgspec.structs import replace

from acd.content.errors import VaultUnknownError
from acd.content.memory import MemoryContent
from acd.core.effects import AdmitContact, ConnectContact, OfferContact, PlaceCall, TreatContact
from acd.core.errors import Rejected
from acd.core.events import CallId, ContactArrived, ContactId, Event, OfferId
from acd.ports import Appended, ChannelRecord, DialClass, Identified, NewParty, NewPiece, PartyKind
from agents.devices import Carrier
from agents.skills import AgentId
from channels.media import events as media
from channels.media.commands import Accept, Answer, Command, LegId, Offer, SoundId
from channels.media.embedded.sessions import Sessions
from channels.media.engine import Trait
from channels.media.errors import MediaError
from channels.media.latch import Latch
from channels.media.negotiation import AudioSession, refusal
from channels.media.rtp import Address
from channels.media.sound.music import MUSIC
from channels.sip.b2bua import entrance, placing, targets
from channels.sip.b2bua.absent import Absent, PhoneId
from channels.sip.b2bua.calls import Calls
from channels.sip.b2bua.leg import Reach
from channels.sip.b2bua.naming import Naming
from channels.sip.b2bua.strangers import Strangers
from channels.sip.b2bua.telling import Telling
from channels.sip.prompts import Phrases
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request, Response, make_headers, parse
from channels.sip.protocol.outputs import NewRequest, Output, Refusal, ResponseReceived, SendTo
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.settings import read_settings
from config.schema import DirectorySettings, Names, Nat, Site
from config.table import RawTable
from queues.desk import Desk, TenantId
from queues.treatment import Playlist

DESK = Endpoint("192.0.2.1", 5060)
CALLER = Endpoint("192.0.2.7", 5060)
PHONE = Endpoint("192.0.2.9", 5060)
TRUNK = Endpoint("192.0.2.8", 5060)
TABLE: dict[str, Any] = {
    "listen": "127.0.0.1:5060",
    "advertise": "192.0.2.1",
    "phone_qualify": "0s",
    "trunks": [
        {"name": "pbx", "addresses": ["192.0.2.7"], "region": "AT", "latch": "network"},
        {"name": "out", "addresses": [], "outbound": "192.0.2.8:5060", "caller_id": "+49305550100"},
    ],
}
WELCOME, CHOOSE, CALM = SoundId("welcome-sound"), SoundId("choose-sound"), SoundId("calm-sound")
SPOKEN = Phrases(
    {"welcome": (("en", WELCOME),), "choose": (("en", CHOOSE),)}, {"default": MUSIC, "calm": CALM}, ()
)
NUMBER = "+49305550123"
NAMING = Naming(b"a secret of this desk")
PLACE = PlaceCall(
    call=CallId(7),
    contact=ContactId(1),
    party="party-1",
    dial_class="local",
    tenant=TenantId("acme"),
    purpose="callback",
    deadline_ms=30_000,
    carrier=Carrier("sip", ""),
)


def call_id_of(leg: str) -> str:
    """Of an INVITE of ours."""
    return f"{NAMING.tag(LegId(leg))}@acd"


@dataclass
class ScriptedHost:
    """Remembers events and records; rejects the kinds of event named in `rejects`."""

    events: list[Event] = field(default_factory=list)
    records: dict[str, bytes] = field(default_factory=dict)
    rejects: set[type[Event]] = field(default_factory=set)
    vips: set[str] = field(default_factory=set)
    numbers: dict[str, tuple[str, DialClass]] = field(default_factory=dict)
    """Party → its number and class now."""
    identified: list[str] = field(default_factory=list)
    """Addresses that were asked for."""
    networks: list[str] = field(default_factory=list)
    """The countries of the networks that wrote or will dial the numbers, in the order of the questions."""

    def submit(self, event: Event, records: Iterable[ChannelRecord] = ()) -> int:
        if type(event) in self.rejects:
            raise Rejected("as the test wants it")
        self.events.append(event)
        self.remember(records)
        return len(self.events)

    def remember(self, records: Iterable[ChannelRecord]) -> None:
        for record in records:
            if record.value is None:
                self.records.pop(record.key, None)
            else:
                self.records[record.key] = record.value

    def identify(
        self, kind: PartyKind, address: str, entry: str, ref: str, region: str = ""
    ) -> tuple[str, Identified]:
        """A known caller is a VIP of class 2 with a minute's head start. All call from local numbers."""
        self.networks.append(region)
        self.identified.append(address)
        vip = address in self.vips
        rank = 2 if vip else None, 60_000 if vip else 0
        return "party-1", Identified(address, "", *rank, dial_class=DialClass.LOCAL)

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        return MemoryContent(lambda: 0).append(batch)

    async def kept(self, seq: int, appended: Sequence[Appended], within_s: float) -> None:
        """What a script keeps is kept."""

    async def number(
        self, party: str, tenant: str, within_s: float, region: str = ""
    ) -> tuple[str, DialClass]:
        self.networks.append(region)
        try:
            return self.numbers[party]
        except KeyError as unknown:
            raise VaultUnknownError("never kept, or erased") from unknown

    async def document(self, document: str, within_s: float) -> bytes:
        raise VaultUnknownError("a script keeps nothing")


class ScriptedMedia:
    """An engine without sound: negotiates as the embedded one does, and writes down every command.

    While `deaf` it answers nothing. `fail` makes a command fail as a real engine would tell it.
    """

    traits: frozenset[Trait] = frozenset()
    found: frozenset[LegId] = frozenset()
    fallen_silent: frozenset[LegId] = frozenset()
    deadline_s = 5.0

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.deaf = False
        self.events: deque[media.Event] = deque()
        self._sessions = Sessions(latch=Latch.NEVER, silent_s=0)
        self._ports = count(20_000, 2)

    def send(self, command: Command) -> None:
        self.commands.append(command)
        if self.deaf or not isinstance(command, Offer | Answer | Accept):
            return
        try:
            event = self._sessions.negotiate(command, Address("192.0.2.1", next(self._ports)))
        except MediaError as error:
            self.fail(command.leg, type(command).__name__.lower(), error.code)
        else:
            self.events.append(event)

    def refuses(self, sdp: bytes) -> str:
        return refusal(sdp, DESK.host)

    def tell(self, event: media.Event) -> None:
        self.events.append(event)

    def fail(self, leg: LegId, command: str, code: str) -> None:
        self.tell(media.Failed(leg, command, code, "as the test wants it"))

    def sent(self, *kinds: type[Command]) -> list[Command]:
        """The commands of these kinds, oldest first."""
        return [command for command in self.commands if isinstance(command, kinds)]


class Side:
    """A caller, a phone or a trunk: a transaction layer, and what came of it."""

    def __init__(self, address: Endpoint) -> None:
        ids = count(1)
        self.address = address
        self.layer = TransactionLayer(f"{address.host}:{address.port}", lambda: f"{address.host}-{next(ids)}")
        self.requests: list[NewRequest] = []
        self.responses: list[Response] = []
        self.other: list[Output] = []

    def take(self, out: Output) -> None:
        if isinstance(out, NewRequest):
            self.requests.append(out)
        elif isinstance(out, ResponseReceived):
            self.responses.append(out.response)
        else:
            self.other.append(out)

    @property
    def statuses(self) -> list[int]:
        return [response.status for response in self.responses]


class World:
    """Everything together; `run` delivers packets until nobody sends any more."""

    def __init__(self, desk: Desk = Desk(), **table: Any) -> None:  # noqa: B008  (frozen)
        """`table`: keys of `[sip]` that differ from TABLE. Its clients are German."""
        self.now_ms, self.table, self.desk = 0, TABLE | table, desk
        self.line_names = {line.id: str(line.id) for line in desk.lines}
        self.host, self.media = ScriptedHost(), ScriptedMedia()
        self.caller, self.phone, self.trunk = Side(CALLER), Side(PHONE), Side(TRUNK)
        self.sides = {CALLER: self.caller, PHONE: self.phone, TRUNK: self.trunk}
        self.telling = Telling(self.host)
        self.deaf: set[Endpoint] = set()
        """Sides that get nothing any more."""
        self.registered, self.absent = True, Absent()
        self.phones = [PHONE]
        """Of every agent."""
        self.nat = Nat.ALWAYS
        """Of every phone."""
        self._ids = count(1)
        self.begin()

    def site(self) -> Site:
        """As far as the channel reads it."""
        site = SimpleNamespace(
            channels={"sip": RawTable("site.toml", "sip", self.table)},
            server=SimpleNamespace(data_dir=Path("var")),
            desk=self.desk,
            directory=DirectorySettings({tenant.id: "DE" for tenant in self.desk.tenants}, 5, ()),
            names=Names({one.id: str(one.id) for one in self.desk.tenants}, self.line_names, {}, {}),
        )
        return cast(Site, site)

    def begin(self) -> None:
        """A process of the desk; it knows of no calls yet."""
        self.layer = TransactionLayer("192.0.2.1:5060", lambda: f"desk-{next(self._ids)}")
        self.calls = Calls(
            settings=dataclasses.replace(read_settings(self.site()), sounds=SPOKEN),
            telling=self.telling,
            layer=self.layer,
            media=self.media,
            phones=self,
            make_id=lambda: f"leg-{next(self._ids)}",
            naming=NAMING,
        )
        self.calls.now_ms = self.now_ms
        self.layer.screen = partial(entrance.screen, self.calls)
        self.layer.may_answer = Strangers(self.calls).may_answer
        self.layer.stands_in = partial(targets.stands_in, self.calls)

    # Phones of the calls

    def where(self, agent: str) -> list[Reach]:
        return [one for one in self.all_of(agent) if not self.absent.is_away(PhoneId(agent, one.key))]

    def all_of(self, agent: str) -> list[Reach]:
        found = [Reach(f"{at.host}", f"sip:{agent}@{at.host}:{at.port}", at) for at in self.phones]
        return found if self.registered else []

    def user_of(self, agent: str) -> str:
        return agent

    def refusal(self, request: Request, source: Endpoint, now_ms: int) -> Refusal | None:
        return None

    def is_at(self, host: str) -> bool:
        return self.registered and host == PHONE.host

    def nat_of(self, agent: str) -> Nat:
        return self.nat

    def at(self, address: Endpoint) -> Side:
        """Who is at this address; somebody new if nobody is."""
        return self.sides.setdefault(address, Side(address))

    @property
    def caller_leg(self) -> LegId:
        """The leg of contact 1's caller."""
        leg = self.calls.caller_of(1)
        assert leg is not None
        return leg.id

    # Moving packets and time

    def run(self) -> None:
        """Deliver everything; what a side sends meanwhile, too."""
        moved = True
        while moved:
            moved = self._deliver(self.layer.take(), None)
            while self.media.events:
                entrance.heard(self.calls, self.media.events.popleft())
                moved = True
            for side in self.sides.values():
                moved = self._deliver(side.layer.take(), side) or moved

    def _deliver(self, outputs: Sequence[Output], side: Side | None) -> bool:
        for out in outputs:
            if isinstance(out, SendTo):
                self._carry(out, side)
            elif side is not None:
                side.take(out)
            else:
                entrance.ON_OUTPUT[type(out)](self.calls, out)
        return bool(outputs)

    def _carry(self, packet: SendTo, sender: Side | None) -> None:
        message = parse(packet.data)
        if sender is not None:
            came = self.layer.receive(message, sender.address, self.now_ms, len(packet.data))
            self._deliver(came, None)
        else:
            side = self.sides[packet.destination]
            if side.address in self.deaf:
                return
            self._deliver(side.layer.receive(message, DESK, self.now_ms), side)

    def pass_time(self, ms: int) -> None:
        """Fire every timer of the next `ms` milliseconds, each at its time."""
        end_ms = self.now_ms + ms
        while True:
            layers = [self.layer, *(side.layer for side in self.sides.values())]
            planned = [entrance.next_deadline(self.calls), *(layer.next_deadline() for layer in layers)]
            due = min((moment for moment in planned if moment is not None), default=None)
            if due is None or due > end_ms:
                break
            self.now_ms = self.calls.now_ms = due
            outputs = self.layer.expire(due)
            entrance.expire(self.calls)
            self._deliver(outputs, None)
            for side in self.sides.values():
                self._deliver(side.layer.expire(due), side)
            self.run()
        self.now_ms = self.calls.now_ms = end_ms

    # What the parties do

    def invite(
        self,
        source: Endpoint = CALLER,
        headers: Mapping[str, str] | None = None,
        *,
        contact: str = "<sip:carla@192.0.2.7>",
        uri: str = "sip:+49305550101@192.0.2.1",
        from_: str = '"Carla Muster" <sip:+49305550199@192.0.2.7>',
        to: str = "<sip:+49305550101@192.0.2.1>",
        branch: str = "invite-1",
        call_id: str = "call-1",
        body: bytes | None = None,
    ) -> Request:
        """The caller (or somebody else) sends an INVITE to the hotline."""
        request = Request(
            method="INVITE",
            uri=uri,
            headers=make_headers(
                ("Max-Forwards", "70"),
                ("From", f"{from_};tag=c1"),
                ("To", to),
                ("Call-ID", call_id),
                ("CSeq", "1 INVITE"),
                ("Contact", contact),
                ("Content-Type", "application/sdp"),
                more=tuple((headers or {}).items()),
            ),
            body=AudioSession(1, "192.0.2.7", 30_000).offer() if body is None else body,
        )
        self.sides[source].layer.send_request(request, DESK, self.now_ms, branch=branch)
        self.run()
        return request

    def admit(self) -> AdmitContact:
        """The engine took the call that arrived last, as contact 1."""
        arrived = next(event for event in reversed(self.host.events) if isinstance(event, ContactArrived))
        effect = AdmitContact(ContactId(1), "default", carrier=Carrier("sip", arrived.ref))
        self.carry_out(effect)
        return effect

    def treat(self, hears: Playlist, visit: int = 1) -> TreatContact:
        """The engine lets the party of contact 1 hear this."""
        effect = TreatContact(ContactId(1), visit, hears, carrier=Carrier("sip", self.caller_leg))
        self.carry_out(effect)
        return effect

    def offered(self, number: int, agent: str = "anna") -> OfferContact:
        return OfferContact(
            OfferId(number), ContactId(1), AgentId(agent), 20_000, carrier=Carrier("sip", agent)
        )

    def offer(self, number: int = 1, agent: str = "anna") -> OfferContact:
        effect = self.offered(number, agent)
        self.carry_out(effect)
        return effect

    def place(self, call: int = 7, **changes: Any) -> PlaceCall:
        """The engine wants the party of contact 1 called; its number is read at once."""
        self.host.numbers.setdefault("party-1", (NUMBER, DialClass.LOCAL))
        effect = replace(PLACE, call=CallId(call), **changes)
        self.carry_out(effect)
        self.read_numbers()
        return effect

    def read_numbers(self) -> None:
        """What the channel does about calls whose number is to be read."""
        while self.calls.unread:
            wanted = self.calls.unread.popleft()
            try:
                found = asyncio.run(self.host.number(wanted.party, wanted.tenant, 5.0))
            except VaultUnknownError:
                placing.not_read(self.calls, wanted, "refused")
            else:
                placing.dial(self.calls, wanted, *found)
        self.run()

    def admit_called(self, call: int = 7) -> AdmitContact:
        """The engine took the leg that answered."""
        effect = AdmitContact(ContactId(1), "calm", carrier=Carrier("sip", f"c{call}"))
        self.carry_out(effect)
        return effect

    def agent_waits(self) -> None:
        """Anna has accepted a contact without a leg, whose party is being called."""
        self.offer()
        self.phone_answers()
        self.connect()
        self.place()

    def connect(self, number: int = 1, agent: str = "anna") -> ConnectContact:
        effect = ConnectContact(OfferId(number), ContactId(1), AgentId(agent), carrier=Carrier("sip", agent))
        self.carry_out(effect)
        return effect

    def carry_out(self, effect: Any) -> None:
        self.calls.now_ms = self.now_ms
        entrance.carry_out(self.calls, effect)
        self.run()

    def phone_answers(self, status: int = 200) -> None:
        """The phone answers the INVITE that it got last."""
        self._answer_last(self.phone, status, "<sip:anna@192.0.2.9>")

    def party_answers(self, status: int = 200, body: bytes | None = None) -> None:
        """The trunk answers the INVITE that it got last."""
        self._answer_last(self.trunk, status, "<sip:out@192.0.2.8>", body)

    def _answer_last(self, side: Side, status: int, contact: str, body: bytes | None = None) -> None:
        invite = [new for new in side.requests if new.request.method == "INVITE"][-1]
        self.answer(side, invite, status, contact, body)

    def answer(
        self, side: Side, invite: NewRequest, status: int, contact: str, body: bytes | None = None
    ) -> None:
        """A phone or the trunk answers this INVITE of ours. Raises IllegalMoveError: it was cancelled."""
        more = []
        if status == 200:
            more = [("Contact", contact), ("Content-Type", "application/sdp")]
            if body is None:
                body = AudioSession(1, side.address.host, 40_000).answer(invite.request.body)
        side.layer.reply(invite.key, status, self.now_ms, headers=more, body=body or b"")
        self.run()
