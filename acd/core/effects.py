"""What is to be done: the engine's orders to channels and desktops. Carried out at least once."""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from acd.core.events import ContactId, OfferId
from agents.skills import AgentId
from queues.desk import Medium


class Delivery(StrEnum):
    """What must have become of the event before its effect may be carried out."""

    WRITTEN = "written"
    """Survives the death of the process."""
    SYNCED = "synced"
    """Survives the death of the machine."""


class Effect(Struct, frozen=True, tag=True, gc=False):
    """Base of all effects. An effect's id is (sequence number of its entry, index within it).

    `after_restart` says what a restart does, as nobody knows then whether it was carried out: `standing` (the
    engine states it anew as long as it holds, and its key makes a repetition harmless), `swept` (a leg that
    stands in no effect any more is ended) or `dropped` (it has lost its meaning).
    """

    key: ClassVar[str] = ""
    after_restart: ClassVar[str] = "dropped"


class RejectContact(Effect, frozen=True):
    """Refuse it; it never became a contact."""

    key = "ref"
    after_restart = "swept"
    ref: str
    medium: Medium
    reason: str
    """`unknown entry`, `closed` or `full`."""


class AdmitContact(Effect, frozen=True):
    """Take it: answer the call, play the greeting (if any), then the music."""

    key = "contact"
    after_restart = "standing"
    contact: ContactId
    ref: str
    medium: Medium
    greeting: str
    """Of the line, or of an incident; empty: none. Mails and faxes have none."""
    report_end: bool
    """The greeting is mandatory: its end must be reported by PromptEnded, even if nothing could be played."""
    music: str


class AnnouncePosition(Effect, frozen=True):
    """Tell the waiting party how many are served before, plus one."""

    key = "(seq, index)"
    after_restart = "dropped"
    contact: ContactId
    medium: Medium
    position: int


class OfferContact(Effect, frozen=True):
    """Ring the agent."""

    key = "offer"
    after_restart = "standing"
    offer: OfferId
    contact: ContactId
    agent: AgentId
    medium: Medium
    deadline_ms: int


class WithdrawOffer(Effect, frozen=True):
    """Stop ringing him."""

    key = "offer"
    after_restart = "swept"
    offer: OfferId
    contact: ContactId
    agent: AgentId
    medium: Medium
    cause: str
    """`no answer`, `contact ended`, `answered elsewhere`, `agent left`, `unreachable`."""


class ConnectContact(Effect, frozen=True):
    """Join the contact with the agent who accepted this offer."""

    key = "offer"
    after_restart = "standing"
    offer: OfferId
    contact: ContactId
    agent: AgentId
    medium: Medium


class ReturnToWaiting(Effect, frozen=True):
    """The agent is off this contact (transfer, lost leg): let it wait on with music."""

    key = "(seq, index)"
    after_restart = "dropped"
    contact: ContactId
    medium: Medium
    music: str


class ReleaseContact(Effect, frozen=True):
    """End the contact's own leg."""

    key = "contact"
    after_restart = "swept"
    contact: ContactId
    medium: Medium
    cause: str
    """`agent`, `waited too long`, `voicemail`, `callback`; after the text of an incident `incident`, `closed`
    or `full`.
    """


class ReleaseAgent(Effect, frozen=True):
    """End the agent's leg of this contact."""

    key = "(contact, agent)"
    after_restart = "swept"
    contact: ContactId
    agent: AgentId
    medium: Medium


class ShowAgent(Effect, frozen=True):
    """The agent's displayed state changed: desktops, board and publisher show it."""

    key = "(seq, index)"
    after_restart = "standing"
    agent: AgentId
    state: str
    """`signed_out`, `ready`, `paused`, `offered`, `handling` or `wrap_up`."""
    reason: str
    since_ms: int


AnyEffect = (
    RejectContact
    | AdmitContact
    | AnnouncePosition
    | OfferContact
    | WithdrawOffer
    | ConnectContact
    | ReturnToWaiting
    | ReleaseContact
    | ReleaseAgent
    | ShowAgent
)


def delivery(effect: Effect) -> Delivery:
    """When `effect` may leave: an accepted mail or fax is a promise to its sender, so it must be synced."""
    if isinstance(effect, AdmitContact) and effect.medium is not Medium.VOICE:
        return Delivery.SYNCED
    return Delivery.WRITTEN
