"""Builders and a narrator for story tests: events in with their times, a log of what came of them."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.engine import Engine, Outcome
from acd.core.errors import Rejected
from acd.core.events import ContactId, OfferId
from acd.core.view import contact_view
from agents.capacity import VOICE
from agents.roster import shown_state
from agents.skills import AgentId, SkillId
from agents.states import WorkState
from queues.contact import Contact
from queues.desk import (
    DEFAULT_MEDIA,
    Agent,
    Desk,
    Entry,
    EntryId,
    Incident,
    IncidentId,
    IncidentMode,
    Line,
    LineId,
    Medium,
    Tenant,
    TenantId,
)

START_MS = 1_800_000_000_000
"""Every story begins here; its times are milliseconds after it."""

SECOND = 1_000

Told = tuple[object, ...]
"""(time, what, contact or None, agent or None) of one fact, without trailing Nones."""

E = TypeVar("E", bound=effects.Effect)
F = TypeVar("F", bound=facts.Fact)


def line(name: str = "help", skill: str = "help", level: int = 1, **rules: Any) -> Line:
    """A line that needs one skill, rung for 20 s, without wrap-up, unless `rules` say otherwise."""
    rules.setdefault("needs", (((SkillId(skill), level),),))
    return Line(LineId(name), TenantId("acme"), **rules)


def agent(name: str, *capacity: tuple[Medium, int], **levels: int) -> Agent:
    """An agent with these skill levels (`help=1` if none is named) who takes one call at a time."""
    skills = tuple((SkillId(skill), level) for skill, level in sorted((levels or {"help": 1}).items()))
    return Agent(AgentId(name), skills, capacity or ((VOICE, 1),))


def desk(*parts: Line | Agent | Entry, **settings: Any) -> Desk:
    """A desk of these parts, with an entry per line and medium named like `help` or `help mail`."""
    lines = tuple(part for part in parts if isinstance(part, Line))
    named = tuple(part for part in parts if isinstance(part, Entry))
    media = [traits.id for traits in settings.get("media", DEFAULT_MEDIA)]
    entries = tuple(entry(one.id, one.id, medium) for one in lines for medium in media)
    known = {one.id for one in named}
    return Desk(
        tenants=(Tenant(TenantId("acme")),),
        lines=lines,
        entries=(*named, *(one for one in entries if one.id not in known)),
        agents=tuple(part for part in parts if isinstance(part, Agent)),
        **settings,
    )


def entry(name: str, to_line: str, medium: Medium = VOICE, **rules: Any) -> Entry:
    plain = name if medium == VOICE else f"{name} {medium}"
    return Entry(EntryId(plain), TenantId("acme"), LineId(to_line), medium, **rules)


def declared(id: str = "vpn", mode: str = "inform", **rules: Any) -> events.IncidentDeclared:
    """An incident with the text `vpn down` for an hour, mandatory, unless `rules` say otherwise."""
    rules = {"greeting": f"{id} down", "expires_ms": START_MS + 3_600_000, **rules}
    return events.IncidentDeclared(Incident(id=IncidentId(id), mode=IncidentMode(mode), **rules))


class Story:
    """Drives an engine through a story. Deadlines fire exactly on time. `now` is ms after START_MS."""

    def __init__(self, opened: Desk, *, forgetful: bool = False) -> None:
        """`forgetful`: after every event the engine is a new one, restored from the snapshot."""
        self.engine = Engine()
        self.forgetful = forgetful
        self.now = 0
        self.facts: list[facts.Fact] = []
        self.effects: list[tuple[int, effects.Effect]] = []
        self.outcome = Outcome([], [])
        self.at(0, events.DeskChanged(opened))

    # ---- events in

    def at(self, now: int, event: events.Event) -> "Story":
        """The event happens; raises Rejected if it is illegal."""
        self.until(now)
        self._handle(event)
        return self

    def rejects(self, now: int, event: events.Event) -> str:
        """The event is illegal and changes not a byte; returns the reason."""
        self.until(now)
        before = self.engine.snapshot()
        try:
            self.engine.handle(event, START_MS + now)
        except Rejected as refusal:
            assert self.engine.snapshot() == before
            return str(refusal)
        raise AssertionError(f"{event} was taken")

    def until(self, now: int) -> "Story":
        """Time passes, deadlines fire."""
        while (due_ms := self.engine.next_deadline()) is not None and due_ms <= START_MS + now:
            self.now = max(self.now, due_ms - START_MS)
            self._handle(events.Tick())
        self.now = now
        return self

    def late_until(self, now: int) -> "Story":
        """Time passes, and all deadlines of it fire at once at its end."""
        self.now = now
        self._handle(events.Tick())
        return self

    def away(self, now: int, until: int) -> "Story":
        """The server dies at `now` and is back at `until`, from its snapshot."""
        self.until(now)
        self.late_until(now).restart()
        self.now = until
        self._handle(events.Restarted(START_MS + now))
        return self

    def _handle(self, event: events.Event) -> None:
        self.outcome = self.engine.handle(event, START_MS + self.now)
        if self.forgetful:
            self.restart()
        self.facts.extend(self.outcome.facts)
        self.effects.extend((self.now, effect) for effect in self.outcome.effects)

    def ready(self, now: int, *names: str, media: tuple[Medium, ...] = (VOICE,)) -> "Story":
        """They sign in with a phone (or what `media` need), in this order."""
        for name in names:
            for medium in media:
                self.at(now, events.AgentReachable(AgentId(name), medium))
            self.at(now, events.AgentSignedIn(AgentId(name)))
        return self

    def arrive(self, now: int, to: str = "help", medium: Medium = VOICE, **said: Any) -> int:
        """A contact arrives at an entry; returns its number."""
        number = self.engine.state.last_contact + 1
        name = to if medium == VOICE else f"{to} {medium}"
        self.at(now, events.ContactArrived(f"ref-{now}-{number}", EntryId(name), medium, **said))
        return number

    def accept(self, now: int, who: str) -> "Story":
        return self.at(now, events.OfferAccepted(self.offer_to(who, now)))

    def refuse(self, now: int, who: str) -> "Story":
        return self.at(now, events.OfferRefused(self.offer_to(who, now)))

    def release(self, now: int, contact: int, who: str) -> "Story":
        return self.at(now, events.ContactReleased(ContactId(contact), AgentId(who)))

    def heard(self, now: int, contact: int) -> "Story":
        """The mandatory greeting, or the text of an incident, is over."""
        return self.at(now, events.PromptEnded(ContactId(contact)))

    def leave(self, now: int, contact: int) -> "Story":
        return self.at(now, events.ContactLeft(ContactId(contact)))

    def code(self, now: int, contact: int, who: str, code: str) -> "Story":
        return self.at(now, events.WrapUpCoded(ContactId(contact), AgentId(who), code))

    def restart(self) -> "Story":
        """The process dies; another one goes on from its snapshot."""
        self.engine = Engine.restore(self.engine.snapshot())
        return self

    # ---- what came of them

    @property
    def agents(self) -> list[AgentId]:
        """In the order of the roster."""
        return list(self.engine.state.seats)

    def moment(self, now: int) -> int:
        """As facts say it."""
        return START_MS + now

    def answered_by(self, number: int) -> AgentId:
        """Who answered this contact last."""
        return next(fact.agent for fact in reversed(self.of(facts.Answered)) if fact.contact == number)

    def offer_to(self, who: str, now: int) -> OfferId:
        self.until(now)
        works = self.engine.state.seats[AgentId(who)].works
        return OfferId(next(work.id for work in works if work.state is WorkState.RINGING))

    def rung(self, who: str) -> int | None:
        """The contact that this agent is rung for now."""
        works = self.engine.state.seats[AgentId(who)].works
        return next((work.contact for work in works if work.state is WorkState.RINGING), None)

    def shown(self, who: str) -> str:
        return shown_state(self.engine.state.seats[AgentId(who)])

    def contact(self, number: int) -> Contact:
        return self.engine.state.contacts[number]

    def position(self, number: int) -> int:
        return contact_view(self.engine.state, self.contact(number), START_MS + self.now).position

    def of(self, kind: type[F]) -> list[F]:
        """All facts of one class so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def ordered(self, kind: type[E]) -> list[E]:
        """All effects of one class so far."""
        return [effect for _, effect in self.effects if isinstance(effect, kind)]

    def log(self, *kinds: type[facts.Fact]) -> list[Told]:
        """(time, what, contact, agent) of the facts of these classes, in order."""
        return [_told(fact) for fact in self.facts if isinstance(fact, kinds)]

    def answered(self) -> list[int]:
        return [fact.contact for fact in self.of(facts.Answered)]


def _told(fact: facts.Fact) -> Told:
    told: list[object] = [fact.t_ms - START_MS, type(fact).__name__]
    told += [value for name in ("contact", "agent") if (value := getattr(fact, name, None)) is not None]
    return tuple(told)


def change(opened: Desk, edit: Callable[[Line], Line]) -> events.DeskChanged:
    """The same desk with every line edited."""
    return events.DeskChanged(replace(opened, lines=tuple(edit(one) for one in opened.lines)))
