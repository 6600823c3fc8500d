"""For tests, ours and others': small desks and sites, a scripted channel, transcripts of an engine."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from acd.core.effects import AdmitContact, Effect, OfferContact
from acd.core.engine import Engine, Reaction
from acd.core.events import (
    AgentReachable,
    AgentSignedIn,
    ContactArrived,
    ContactId,
    ContactLeft,
    ContactReleased,
    DeskChanged,
    Event,
    OfferAccepted,
    OfferId,
    Tick,
)
from acd.core.facts import Fact
from acd.ports import ChannelRecord, Host, PartyKind
from agents.capacity import VOICE
from agents.devices import Carrier
from agents.skills import AgentId, SkillId
from config.api_tokens import ApiToken
from config.schema import ApiSettings, JournalKind, Names, ServerSettings, Site
from queues.desk import Agent, Desk, Entry, EntryId, Line, LineId, Medium, Tenant, TenantId, WrapUpRule

TENANT = TenantId("nordwind")
LINE = LineId("helpdesk")
SKILL = SkillId("german")
NUMBER = EntryId("voice:+49 30 555 0101")

OneEffect = TypeVar("OneEffect", bound=Effect)


def small_line(line: LineId = LINE, *, skill: SkillId = SKILL, level: int = 1, wrap_up_ms: int = 0) -> Line:
    """A line that needs one skill."""
    return Line(line, TENANT, (((skill, level),),), wrap_up=WrapUpRule(ms=wrap_up_ms))


def small_desk(
    agents: Sequence[str] = ("anna", "bert"), *, lines: Sequence[Line] = (), medium: Medium = VOICE
) -> Desk:
    """One tenant; `agents` who all have SKILL and one place for `medium`; an entry for the first line."""
    served = tuple(lines) or (small_line(),)
    return Desk(
        tenants=(Tenant(TENANT),),
        lines=served,
        entries=(Entry(NUMBER, TENANT, served[0].id, medium),),
        agents=tuple(Agent(AgentId(name), ((SKILL, 5),), ((medium, 1),)) for name in agents),
    )


def small_site(
    data_dir: Path,
    desk: Desk | None = None,
    *,
    journal: JournalKind = JournalKind.SQLITE,
    drain_ms: int = 500,
    tokens: Sequence[ApiToken] = (),
) -> Site:
    """A site with that desk, no channels, the API on a free port of the loopback."""
    api = ApiSettings("127.0.0.1", 0, None, tuple(tokens))
    return Site(
        desk=desk or small_desk(),
        calendars=(),
        server=ServerSettings(data_dir, journal, drain_ms, "UTC", api),
        names=Names({}, {}, {}, {}),
        languages=("en",),
        line_languages={},
        prompts={},
        music={},
        phones={},
        channels={},
    )


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
        party, person = "", ""
        if number:
            party, who = self.host.identify(PartyKind.NUMBER, number, entry, ref)
            person = who.person
        arrived = ContactArrived(ref, entry, self._medium, party, channel=self.name, person=person)
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


class Transcript:
    """An engine, what went in and what came out. Deadlines fire by themselves, as under a driver."""

    def __init__(self, desk: Desk | None = None, t_ms: int = 0, engine: Engine | None = None) -> None:
        self.engine = engine or Engine()
        self.effects: list[tuple[int, Effect]] = []
        self.facts: list[Fact] = []
        self.events: list[tuple[int, Event]] = []
        if engine is None:
            self.at(t_ms, DeskChanged(desk or small_desk()))

    def at(self, t_ms: int, event: Event) -> Reaction:
        """Let deadlines fire up to `t_ms`, then the event. Raises Rejected."""
        self.until(t_ms)
        return self._handle(event, t_ms)

    def until(self, t_ms: int) -> None:
        """Let all deadlines fire that are due by `t_ms`, each at its own time."""
        while (due_ms := self.engine.next_deadline()) is not None and due_ms <= t_ms:
            self._handle(Tick(), due_ms)

    def sign_in(self, t_ms: int, *agents: str, medium: Medium = VOICE) -> None:
        """The agents sign in, each with a device."""
        for name in agents:
            self.at(t_ms, AgentReachable(AgentId(name), medium))
            self.at(t_ms, AgentSignedIn(AgentId(name)))

    def open_offers(self) -> list[OfferId]:
        """Offers that ring now."""
        return [one.offer for one in self.engine.standing() if isinstance(one, OfferContact)]

    def lines(self) -> list[str]:
        """The effects as `t_ms Kind field=value …`, for comparison with an expected story."""
        return [f"{t_ms} {_spelled(effect)}" for t_ms, effect in self.effects]

    def _handle(self, event: Event, t_ms: int) -> Reaction:
        outcome = self.engine.handle(event, t_ms)
        self.events.append((t_ms, event))
        self.effects.extend((t_ms, effect) for effect in outcome.effects)
        self.facts.extend(outcome.facts)
        return outcome


def _spelled(effect: Effect) -> str:
    fields = " ".join(f"{name}={getattr(effect, name)}" for name in effect.__struct_fields__)
    return f"{type(effect).__name__} {fields}"
