"""A desk, a caller and a phone without a network: three transaction layers that exchange bytes by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from acd.content.memory import MemoryContent
from acd.core.effects import AdmitContact, OfferContact
from acd.core.errors import Rejected
from acd.core.events import ContactArrived, ContactId, Event, OfferId
from acd.ports import Appended, NewParty, NewPiece, Record
from agents.capacity import VOICE
from agents.skills import AgentId
from channels.media.negotiation import AudioSession
from channels.media.port import LegId
from channels.media.rtp import Address
from channels.sip.b2bua import switch
from channels.sip.b2bua.exchange import Exchange, Opened
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.message import Request, Response, make_headers, parse
from channels.sip.protocol.outputs import NewRequest, Output, ResponseReceived, SendTo
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.settings import read_settings
from config.schema import Site
from config.table import RawTable

DESK = Endpoint("192.0.2.1", 5060)
CALLER = Endpoint("192.0.2.7", 5060)
PHONE = Endpoint("192.0.2.9", 5060)
TABLE = {"listen": "127.0.0.1:5060", "trunks": [{"name": "pbx", "addresses": ["192.0.2.7"]}]}


@dataclass
class ScriptedHost:
    """Remembers events and records; rejects the kinds of event named in `rejects`."""

    events: list[Event] = field(default_factory=list)
    records: dict[str, bytes] = field(default_factory=dict)
    rejects: set[type[Event]] = field(default_factory=set)

    def submit(self, event: Event, records: Iterable[Record] = ()) -> int:
        if type(event) in self.rejects:
            raise Rejected("as the test wants it")
        self.events.append(event)
        self.remember(records)
        return len(self.events)

    def remember(self, records: Iterable[Record]) -> None:
        for record in records:
            if record.value is None:
                self.records.pop(record.key, None)
            else:
                self.records[record.key] = record.value

    def vault_party(self, kind: str, value: str, entry: str, ref: str) -> str:
        return "party-1"

    def append(self, batch: Sequence[NewParty | NewPiece]) -> Appended:
        return MemoryContent(lambda: 0).append(batch)

    async def kept(self, seq: int, appended: Sequence[Appended], within_s: float) -> None:
        """What a script keeps is kept."""


class NotedMedia:
    """Writes down every command."""

    def __init__(self) -> None:
        self.commands: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **_: self.commands.append((name, *args))


class Side:
    """A caller or a phone: a transaction layer, and what came of it."""

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

    def __init__(self) -> None:
        self.now_ms = 0
        self.host, self.media = ScriptedHost(), NotedMedia()
        self.caller, self.phone = Side(CALLER), Side(PHONE)
        self.sides = {CALLER: self.caller, PHONE: self.phone}
        ids = count(1)
        self.layer = TransactionLayer("192.0.2.1:5060", lambda: f"desk-{next(ids)}")
        site = SimpleNamespace(
            channels={"sip": RawTable("site.toml", "sip", TABLE)},
            server=SimpleNamespace(data_dir=Path("var")),
        )
        self.exchange = Exchange(
            settings=read_settings(cast(Site, site)),
            host=self.host,
            layer=self.layer,
            media=cast(Any, self.media),
            ports=self,
            phones=self,
            make_id=lambda: f"leg-{next(ids)}",
        )
        self._ports = count(20_000, 2)
        self.deaf: set[Endpoint] = set()
        """Sides that get nothing any more."""
        self.registered = True

    # Ports and Phones of the exchange

    def want(self, leg: LegId, then: Opened) -> None:
        then(Address("192.0.2.1", next(self._ports)))

    def where(self, agent: str) -> tuple[str, Endpoint] | None:
        return (f"sip:{agent}@192.0.2.9:5060", PHONE) if self.registered else None

    def user_of(self, agent: str) -> str:
        return agent

    # Moving packets and time

    def run(self) -> None:
        """Deliver everything; what a side sends meanwhile, too."""
        moved = True
        while moved:
            moved = self._deliver(self.layer.take(), None)
            for side in self.sides.values():
                moved = self._deliver(side.layer.take(), side) or moved

    def _deliver(self, outputs: Sequence[Output], side: Side | None) -> bool:
        for out in outputs:
            if isinstance(out, SendTo):
                self._carry(out, side)
            elif side is not None:
                side.take(out)
            else:
                switch.handle(self.exchange, out)
        return bool(outputs)

    def _carry(self, packet: SendTo, sender: Side | None) -> None:
        message = parse(packet.data)
        if sender is not None:
            self._deliver(self.layer.receive(message, sender.address, self.now_ms), None)
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
            due = min((t for layer in layers if (t := layer.next_deadline()) is not None), default=None)
            if due is None or due > end_ms:
                break
            self.now_ms = self.exchange.now_ms = due
            self._deliver(self.layer.expire(due), None)
            for side in self.sides.values():
                self._deliver(side.layer.expire(due), side)
            self.run()
        self.now_ms = self.exchange.now_ms = end_ms

    # What the parties do

    def invite(
        self,
        source: Endpoint = CALLER,
        headers: Mapping[str, str] | None = None,
        *,
        branch: str = "invite-1",
        call_id: str = "call-1",
    ) -> Request:
        """The caller (or somebody else) sends an INVITE to the hotline."""
        request = Request(
            method="INVITE",
            uri="sip:+49305550101@192.0.2.1",
            headers=make_headers(
                ("Max-Forwards", "70"),
                ("From", '"Carla Muster" <sip:+49305550199@192.0.2.7>;tag=c1'),
                ("To", "<sip:+49305550101@192.0.2.1>"),
                ("Call-ID", call_id),
                ("CSeq", "1 INVITE"),
                ("Contact", "<sip:carla@192.0.2.7>"),
                ("Content-Type", "application/sdp"),
                more=tuple((headers or {}).items()),
            ),
            body=AudioSession(1, "192.0.2.7", 30_000).offer(),
        )
        self.sides[source].layer.send_request(request, DESK, self.now_ms, branch=branch)
        self.run()
        return request

    def admit(self) -> AdmitContact:
        """The engine took the call that arrived last, as contact 1."""
        arrived = next(event for event in reversed(self.host.events) if isinstance(event, ContactArrived))
        effect = AdmitContact(ContactId(1), arrived.ref, VOICE, "", False, "default")
        self.carry_out(effect)
        return effect

    def offer(self, number: int = 1, agent: str = "anna") -> OfferContact:
        effect = OfferContact(OfferId(number), ContactId(1), AgentId(agent), VOICE, 20_000)
        self.carry_out(effect)
        return effect

    def carry_out(self, effect: Any) -> None:
        self.exchange.now_ms = self.now_ms
        switch.carry_out(self.exchange, effect)
        self.run()

    def phone_answers(self, status: int = 200) -> None:
        """The phone answers the INVITE that it got last."""
        invite = [new for new in self.phone.requests if new.request.method == "INVITE"][-1]
        headers: Mapping[str, str] = {"Contact": "<sip:anna@192.0.2.9>", "Content-Type": "application/sdp"}
        body = b""
        if status == 200:
            body = AudioSession(1, "192.0.2.9", 40_000).answer(invite.request.body)
        more = list(headers.items()) if body else []
        self.phone.layer.reply(invite.key, status, self.now_ms, headers=more, body=body)
        self.run()
