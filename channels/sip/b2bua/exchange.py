"""The B2BUA: binds callers' legs, agents' legs, the engine and the media together. No I/O, no clock."""

from collections.abc import Callable, Iterable
from typing import Protocol

from acd.core.events import Event
from acd.ports import Host, Record
from channels.media.port import LegId, MediaPort
from channels.media.rtp import Address
from channels.sip.b2bua.leg import Leg
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import Dialog, DialogId
from channels.sip.protocol.message import Header, Request
from channels.sip.protocol.outputs import ClientKey, ServerKey
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.settings import SipSettings

NAME = "sip"

ALLOW: Header = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS")
SDP: Header = ("Content-Type", "application/sdp")

InviteId = tuple[str, str, int]
"""Call-ID, From tag, CSeq number."""

Opened = Callable[[Address | None], None]


class Ports(Protocol):
    def want(self, leg: LegId, then: Opened) -> None:
        """Open the leg and call `then` with its local address, at once if a port is at hand."""


class Phones(Protocol):
    def where(self, agent: str) -> tuple[str, Endpoint] | None:
        """Contact URI of the agent's phone and where its packets come from; None: not registered."""

    def user_of(self, agent: str) -> str:
        """The user part of his address."""


class Exchange:
    """State shared by the functions of `caller`, `phone` and `indialog`. `now_ms` is set before each call."""

    def __init__(
        self,
        *,
        settings: SipSettings,
        host: Host,
        layer: TransactionLayer,
        media: MediaPort,
        ports: Ports,
        phones: Phones,
        make_id: Callable[[], str],
    ) -> None:
        self.settings, self.host, self.layer = settings, host, layer
        self.media, self.ports, self.phones, self.make_id = media, ports, phones, make_id
        self.now_ms = 0
        self.draining = False
        self.without_media = False
        """The media process is gone and not yet back."""
        self.legs: dict[str, Leg] = {}
        self.dialogs: dict[DialogId, Leg] = {}
        self.callers: dict[int, Leg] = {}
        """Contact → the caller's leg."""
        self.rung: dict[int, Leg] = {}
        """Offer → the agent's leg, ringing or up."""
        self.handling: dict[int, Leg] = {}
        """Contact → the leg of the agent who is connected."""
        self.ours: dict[ClientKey, Leg] = {}
        """Client transactions whose outcome concerns a leg."""
        self.opening: dict[ServerKey, Leg] = {}
        """INVITEs of callers without a final response."""
        self.answered_before: dict[InviteId, Leg] = {}
        """Callers' legs that an earlier process answered, by their INVITE; it may come again."""
        self.counts: dict[str, int] = {}

    @property
    def contact_header(self) -> str:
        return f"<sip:acd@{self.layer.sent_by}>"

    @property
    def in_use(self) -> bool:
        """Whether a call is left; a phone that never answers our INVITE or CANCEL is none."""
        return any(not leg.gone for leg in self.legs.values())

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def add(self, leg: Leg) -> Leg:
        self.legs[leg.id] = leg
        return leg

    def adopt(self, leg: Leg, dialog: Dialog) -> None:
        """The leg's dialog is known from now on."""
        leg.record.dialog = dialog
        self.dialogs[dialog.id] = leg

    def leg_of(self, request: Request) -> Leg | None:
        """The leg whose dialog a request of the peer belongs to."""
        return self.dialogs.get((request.call_id, request.to.tag, request.from_.tag))

    def partner(self, leg: Leg) -> Leg | None:
        """The other leg of a connected contact."""
        contact = leg.record.contact
        return self.handling.get(contact) if leg.is_caller else self.callers.get(contact)

    def saved(self, leg: Leg) -> Record:
        return Record(NAME, leg.id, leg.record.to_record())

    def submit(self, event: Event, records: Iterable[Record] = ()) -> None:
        """Raises acd.core.errors.Rejected."""
        self.host.submit(event, records)

    def forget(self, leg: Leg) -> Record:
        """Close the leg's media and drop it from every index; returns the record that deletes it."""
        self.legs.pop(leg.id, None)
        if leg.record.dialog is not None:
            self.dialogs.pop(leg.record.dialog.id, None)
        if leg.invite_key is not None:
            self.opening.pop(leg.invite_key, None)
        if leg.our_invite is not None:
            self.ours.pop(leg.our_invite, None)
        if leg.is_caller:
            self.callers.pop(leg.record.contact, None)
        else:
            self.rung.pop(leg.record.offer, None)
            if self.handling.get(leg.record.contact) is leg:
                del self.handling[leg.record.contact]
        self.media.close(LegId(leg.id))
        leg.gone = True
        return Record(NAME, leg.id, None)

    def bye(self, leg: Leg) -> None:
        """End the leg's dialog; its answer is of no consequence."""
        dialog = leg.record.dialog
        if dialog is not None:
            self.layer.send_request(dialog.request("BYE"), dialog.destination(), self.now_ms)

    def set_remote(self, leg: Leg) -> None:
        """Tell the media engine what was negotiated last."""
        session = leg.record.session
        if session is None or session.remote is None or session.send_payload_type is None:
            return
        remote = session.remote
        address = Address(remote.host, remote.port)
        payload_type = int(session.codec) if session.codec is not None else 0
        latch = self.settings.symmetric_rtp
        self.media.set_remote(LegId(leg.id), address, payload_type, dtmf=remote.dtmf, latch=latch)
