"""The back-to-back user agent: all calls, between engine, media and network. No I/O, no clock."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from acd.core.effects import ConnectContact, PlaceCall
from acd.core.events import ContactId
from acd.ports import ChannelRecord
from channels.media.commands import Answer, Close, Command, LegId, Offer, SoundId
from channels.media.engine import MediaEngine
from channels.media.sdp import CONTENT_TYPE
from channels.sip.b2bua.absent import Absent
from channels.sip.b2bua.call import Call
from channels.sip.b2bua.leg import Leg, Reach, Ringing
from channels.sip.b2bua.naming import Naming
from channels.sip.b2bua.telling import Telling
from channels.sip.backlog import Backlog
from channels.sip.protocol.address import Endpoint
from channels.sip.protocol.dialog import Dialog, DialogId
from channels.sip.protocol.message import Header, Request
from channels.sip.protocol.outputs import ClientKey, Refusal, ServerKey
from channels.sip.protocol.transactions import TransactionLayer
from channels.sip.settings import SipSettings
from config.schema import Nat
from queues.desk import TenantId

NAME = "sip"

ALLOW: Header = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, REFER")
ACCEPT: Header = ("Accept", f"{CONTENT_TYPE}, multipart/mixed")
SDP: Header = ("Content-Type", CONTENT_TYPE)


class Typed(NamedTuple):
    """What a caller has typed, of which list, and whose content it is."""

    contact: ContactId
    visit: int
    ref: str
    tenant: TenantId
    digits: str


Errand = Typed | Path | ConnectContact | SoundId
"""To keep: a string, or a sealed recording. To be heard: a message by an agent. To remove: an old one."""

InviteId = tuple[str, str, int]
"""Call-ID, From tag, CSeq number."""

KNOWN_PEERS = 1024
"""Trunks and phones of one site; of more the answer is worked out again."""

EARLIER = ClientKey("", "INVITE")
"""Stands for an INVITE that an earlier process sent."""


class Phones(Protocol):
    absent: Absent
    """Who takes it from there forgets a phone that registers."""

    def where(self, agent: str) -> Sequence[Reach]:
        """The agent's phones that are there, as far as is known."""

    def all_of(self, agent: str) -> Sequence[Reach]:
        """All that are registered."""

    def user_of(self, agent: str) -> str:
        """The user part of his address."""

    def refusal(self, request: Request, source: Endpoint, now_ms: int) -> Refusal | None:
        """What is said to a REGISTER that is not to be carried out."""

    def is_at(self, host: str) -> bool:
        """Whether a phone is registered from this IP address."""

    def nat_of(self, agent: str) -> Nat:
        """How his phone is treated."""


class Calls:
    """Every call, and the names by which messages, effects and media find its legs.

    `now_ms` is set before each of them comes.
    """

    def __init__(
        self,
        *,
        settings: SipSettings,
        telling: Telling,
        layer: TransactionLayer,
        media: MediaEngine,
        phones: Phones,
        make_id: Callable[[], str],
        naming: Naming,
    ) -> None:
        self.layer = layer
        self.telling = telling
        self.host, self.tell, self.count = telling.host, telling.tell, telling.count
        self.media, self.phones, self.make_id, self.naming = media, phones, make_id, naming
        self.now_ms = 0
        self.draining = False
        self.without_media = False
        """The media process is gone and not yet back."""
        self.backlog = Backlog()
        """Of the transport: whether new calls are more than we can do."""
        self.contact_header = f"<sip:acd@{layer.sent_by}>"
        self.by_contact: dict[int, Call] = {}
        self.legs: dict[str, Leg] = {}
        self.by_dialog: dict[DialogId, Leg] = {}
        self.unheard: deque[tuple[int, Leg, Ringing]] = deque()
        """Who was sent an INVITE, and until when he may be silent; the earliest first."""
        self.wanted: dict[int, PlaceCall] = {}
        """Calls that are to be placed, and have no leg yet: their numbers are being read."""
        self.unread: deque[PlaceCall] = deque()
        """Those of them whose number nobody has begun to read; for whoever may wait for the vault."""
        self.errands: deque[Errand] = deque()
        """What takes a while, for whoever may wait for a disk."""
        self.errand_came: Callable[[], None] = lambda: None
        """Called for each of them."""
        self.by_transaction: dict[ClientKey | ServerKey, Leg] = {}
        """Requests of ours whose outcome concerns a leg, and INVITEs of callers."""
        self.answered_before: dict[InviteId, Leg] = {}
        """Callers' legs that an earlier process answered, by their INVITE; it may come again."""
        self.take(settings)

    def take(self, settings: SipSettings) -> None:
        """These hold from now on, also after another site file."""
        self.settings = settings
        self.trunk_of = lru_cache(maxsize=KNOWN_PEERS)(settings.trunk_of)
        self.nat_of = lru_cache(maxsize=KNOWN_PEERS)(settings.nat_of)
        self.latch_of = lru_cache(maxsize=KNOWN_PEERS)(settings.latch_of)
        self.entry_of = lru_cache(maxsize=KNOWN_PEERS)(settings.dialled.entry_of)

    @property
    def in_use(self) -> bool:
        """Whether a call is left; a phone that never answers our INVITE or CANCEL is none."""
        return any(not leg.gone for leg in self.legs.values())

    def negotiate(self, leg: Leg, sdp: bytes, like: Leg | None = None, host: str = "") -> None:
        """Answer the peer's offer, or make ours if it has none, with the codec of `like`.

        `host`: where the peer signals from, if not as ever.
        """
        near, first = host or leg.record.host, LegId("" if like is None else like.id)
        latch = self.latch_of(near) if leg.is_caller else self.settings.phone_latch
        self.media.send(Answer(leg.id, sdp, near, latch) if sdp else Offer(leg.id, first, near, latch))

    def send(self, commands: Iterable[Command]) -> None:
        """To the media engine."""
        for command in commands:
            self.media.send(command)

    def leave_to_others(self, errand: Errand) -> None:
        """A recording is to be kept, an agent to hear a message, or a sound to be removed."""
        self.errands.append(errand)
        self.errand_came()

    # Legs by their names

    def call_of(self, contact: int) -> Call:
        """The call of a contact that the engine knows."""
        call = self.by_contact.get(contact)
        if call is None:
            call = self.by_contact[contact] = Call(contact)
        return call

    def caller_of(self, contact: int) -> Leg | None:
        call = self.by_contact.get(contact)
        return call.caller if call is not None else None

    def agent_of(self, offer: int) -> Leg | None:
        """The leg that an offer rings, or rang."""
        return self.legs.get(f"o{offer}")

    def add(self, leg: Leg) -> Leg:
        self.legs[leg.id] = leg
        if leg.is_caller:
            leg.call.caller = leg
        else:
            leg.call.agents[leg.record.offer] = leg
        return leg

    def adopt(self, leg: Leg, dialog: Dialog) -> None:
        """The leg's dialog is known from now on."""
        leg.record.dialog = dialog
        self.by_dialog[dialog.id] = leg

    def leg_of(self, request: Request) -> Leg | None:
        """The leg whose dialog a request of the peer belongs to."""
        return self.by_dialog.get((request.call_id, request.to.tag, request.from_.tag))

    # A leg's record and its end

    def saved(self, leg: Leg) -> ChannelRecord:
        return ChannelRecord(NAME, leg.id, leg.record.to_record())

    def save(self, leg: Leg) -> None:
        self.host.remember((self.saved(leg),))

    def forget(self, leg: Leg) -> ChannelRecord:
        """Close the leg's media and drop it everywhere; returns the record that deletes it."""
        leg.gone = True
        self.legs.pop(leg.id, None)
        if leg.record.dialog is not None:
            self.by_dialog.pop(leg.record.dialog.id, None)
        for key in (leg.invite_key, leg.accepted, leg.won.key if leg.won else None):
            if key is not None:
                self.by_transaction.pop(key, None)
        if leg.reinvite is not None:  # RFC 3261 §15.1.2: what is pending in the dialog gets 487
            self.layer.reply(leg.reinvite[0], 487, self.now_ms)
        if leg.message:
            self.leave_to_others(leg.message)
        for call in (leg.call, leg.aside):
            if call is not None:
                self.take_out(leg, call)
        self.media.send(Close(leg.id))
        return ChannelRecord(NAME, leg.id, None)

    def arrange(self, call: Call) -> None:
        """Each who talks in it hears what he ought to by now."""
        self.send(call.arranged(self.music_of(call)))

    def music_of(self, call: Call) -> SoundId:
        """What they hear there who do not talk."""
        caller = call.caller or call.asker
        return self.settings.sounds.music("default" if caller is None else caller.record.music)

    def take_out(self, leg: Leg, call: Call) -> None:
        """It is in this call no more; who stays there goes on."""
        call.drop(leg)
        self.arrange(call)
        if call.caller is None and call.asker is None and not call.agents and not call.talking:
            self.by_contact.pop(call.contact, None)

    def move(self, leg: Leg, contact: int) -> Call:
        """The leg of an agent belongs to this contact from now on, if it did not; he asks nobody."""
        if leg.aside is not None:
            self.take_out(leg, leg.aside)
            leg.aside, leg.place = None, ""
        call = self.call_of(contact)
        if leg.call is not call:
            self.take_out(leg, leg.call)
            leg.call, leg.record.contact, leg.place = call, contact, ""
            call.agents[leg.record.offer] = leg
            self.save(leg)
        return call

    def acknowledge(self, leg: Leg) -> None:
        """Send the ACK of the 2xx to our INVITE; repeats of that 2xx get it, too."""
        dialog, leg.ack_owed = leg.record.dialog, False
        if dialog is not None:
            self.layer.send_ack(leg.won.key if leg.won else EARLIER, dialog.ack(), dialog.destination())

    def bye(self, leg: Leg) -> None:
        """End the leg's dialog; its answer is of no consequence."""
        dialog = leg.record.dialog
        if leg.ack_owed:  # RFC 3261 §13.2.2.4: also a 2xx that nobody wants is acknowledged first
            self.acknowledge(leg)
        if dialog is not None:
            self.layer.send_request(dialog.request("BYE"), dialog.destination(), self.now_ms)

    def hang_up(self, leg: Leg) -> None:
        """End an answered leg: the engine wants it, or its answer came too late."""
        self.bye(leg)
        self.host.remember((self.forget(leg),))
