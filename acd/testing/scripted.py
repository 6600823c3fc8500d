"""A channel without a network: the test plays callers and phones."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from acd.core.effects import AdmitContact, Effect, OfferContact
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    ContactId,
    ContactLeft,
    ContactReleased,
    OfferAccepted,
)
from acd.ports import ChannelRecord, Host, PartyKind, Words
from acd.testing.sites import NUMBER
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId
from queues.desk import EntryId, Medium

OneEffect = TypeVar("OneEffect", bound=Effect)


class Carried(NamedTuple):
    """An effect as it reached the channel."""

    effect: Effect
    seq: int
    place: int
    """Its index within the entry."""


class ScriptedChannel:
    """A Channel without a network: the test plays callers and phones and looks at the effects."""

    def __init__(self, name: str = "scripted", medium: Medium = VOICE) -> None:
        self.name = name
        self.carried: list[Carried] = []
        self.standing: list[Effect] = []
        self.records: dict[str, bytes] = {}
        self.stopped = False
        self.draining = False
        self.started = False
        self.learnt: dict[str, tuple[Words, ...]] = {}
        """Texts of incidents by name."""
        self.on_learn: Callable[[], Awaitable[object]] | None = None
        """Awaited within `learn`, to take its time or to fail."""
        self.on_start: Callable[[], Awaitable[object]] | None = None
        """Awaited within `start`, to take its time, to submit something or to fail."""
        self.on_effect: Callable[[Effect], None] | None = None
        """Called with every effect, to answer it at once or to fail."""
        self._host: Host | None = None
        self._medium = medium
        self._calls = 0

    @property
    def host(self) -> Host:
        """The server's side; there once the channel is started."""
        assert self._host is not None, "the channel is not started"
        return self._host

    async def start(self, host: Host, records: Mapping[str, bytes], standing: Sequence[Effect]) -> None:
        """As the port says; keeps what it got for the test to see."""
        self._host, self.records, self.standing = host, dict(records), list(standing)
        if self.on_start is not None:
            await self.on_start()
        self.started = True

    async def learn(self, texts: Mapping[str, Sequence[Words]]) -> None:
        """As the port says."""
        if self.on_learn is not None:
            await self.on_learn()
        self.learnt = {name: tuple(words) for name, words in texts.items()}

    def carry_out(self, effect: Effect, seq: int, index: int) -> None:
        """Note the effect, then let the script answer."""
        assert self.started, "no effect comes before its channel has started"
        self.carried.append(Carried(effect, seq, index))
        if self.on_effect is not None:
            self.on_effect(effect)

    def counts(self) -> Mapping[str, int]:
        """As the port says: effects seen."""
        return {"effects": len(self.carried)}

    async def drain(self) -> None:
        """Nothing to wait for."""
        self.draining = True

    async def stop(self) -> None:
        """As the port says."""
        self.stopped = True

    def sign_in(self, *agents: str) -> None:
        """The agents sign in, each with a phone."""
        for name in agents:
            device = Carrier(self.name, name)
            self.host.submit(AgentReachable(AgentId(name), self._medium, device))
            self.host.submit(AgentSignedIn(AgentId(name)))

    def arrive(self, entry: EntryId = NUMBER, records: Sequence[ChannelRecord] = (), number: str = "") -> str:
        """A contact comes in, from this number if one is given; returns its ref."""
        self._calls += 1
        ref = f"{self.name}-{self._calls}"
        party, person, dial_class = "", "", ""
        if number:
            party, who = self.host.identify(PartyKind.NUMBER, number, entry, ref)
            person, dial_class = who.person, who.dial_class.value
        arrived = ContactArrived(
            ref, entry, self._medium, party, channel=self.name, dial_class=dial_class, person=person
        )
        self.host.submit(arrived, records)
        return ref

    def accept(self, offer: OfferContact) -> None:
        """The agent answers."""
        self.host.submit(OfferAccepted(offer.offer))

    def leave(self, contact: int) -> None:
        """The caller hangs up."""
        self.host.submit(ContactLeft(ContactId(contact)))

    def release(self, contact: int, agent: str) -> None:
        """The agent hangs up."""
        self.host.submit(ContactReleased(ContactId(contact), AgentId(agent)))

    def seen(self, kind: type[OneEffect]) -> list[OneEffect]:
        """The effects of that kind, in the order in which they arrived."""
        return [carried.effect for carried in self.carried if isinstance(carried.effect, kind)]

    def contact_of(self, ref: str) -> int:
        """The number the engine gave. Raises LookupError: not admitted (yet)."""
        for admitted in self.seen(AdmitContact):
            if admitted.carrier.ref == ref:
                return admitted.contact
        raise LookupError(f"{ref} was not admitted")
