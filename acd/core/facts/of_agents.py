"""Facts about agents: presence, wrap-up, interruptions."""

from acd.core.events import ContactId
from acd.core.facts.fact import Fact
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import Medium


class SignedIn(Fact, frozen=True, tag="SignedIn"):
    """The agent is signed in and ready."""

    agent: AgentId


class SignedOut(Fact, frozen=True, tag="SignedOut"):
    """The agent is signed out, or left the desk."""

    agent: AgentId


class Paused(Fact, frozen=True, tag="Paused"):
    """The agent takes no offers: he paused, or the desk's reason for no answer applies."""

    agent: AgentId
    reason: str


class Ready(Fact, frozen=True, tag="Ready"):
    """The pause of the agent is over."""

    agent: AgentId


class Reachable(Fact, frozen=True, tag="Reachable"):
    """A device of his for this medium is there."""

    agent: AgentId
    medium: Medium


class DeviceAway(Fact, frozen=True, tag="DeviceAway"):
    """A device of his is away without a word; until `until_ms` it is waited for."""

    agent: AgentId
    device: Carrier
    until_ms: int


class DeviceBack(Fact, frozen=True, tag="DeviceBack"):
    """The device is there again, in time."""

    agent: AgentId
    device: Carrier


class DeviceGone(Fact, frozen=True, tag="DeviceGone"):
    """A device that was away is none of his any more."""

    agent: AgentId
    device: Carrier


class Unreachable(Fact, frozen=True, tag="Unreachable"):
    """His last device for this medium is gone."""

    agent: AgentId
    medium: Medium


class WrapUpStarted(Fact, frozen=True, tag="WrapUpStarted"):
    """After-contact work began; without an extension it is over at `until_ms`."""

    contact: ContactId
    agent: AgentId
    until_ms: int


class WrapUpExtension(Fact, frozen=True, tag="WrapUpExtension"):
    """The wrap-up lasts until `until_ms` now."""

    contact: ContactId
    agent: AgentId
    until_ms: int


class WrapUpCode(Fact, frozen=True, tag="WrapUpCode"):
    """The contact was coded; the last code counts."""

    contact: ContactId
    agent: AgentId
    code: str


class WrapUpOverdue(Fact, frozen=True, tag="WrapUpOverdue"):
    """Its time is over but the required code is missing."""

    contact: ContactId
    agent: AgentId


class WrapUpDone(Fact, frozen=True, tag="WrapUpDone"):
    """The wrap-up is over; `code` is empty when none was given."""

    contact: ContactId
    agent: AgentId
    code: str


class Interrupted(Fact, frozen=True, tag="Interrupted"):
    """The agent's work on `contact` rests while he handles `by`."""

    contact: ContactId
    agent: AgentId
    by: ContactId


class InterruptionEnded(Fact, frozen=True, tag="InterruptionEnded"):
    """The work that had rested goes on."""

    contact: ContactId
    agent: AgentId
