"""A narrator, and what its stories are made of: events in with their times, a log of what came of them."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from acd.core import effects, events, facts
from acd.core.engine import Engine, Reaction
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
from queues.names import TreatmentId
from queues.treatment import POSITION, Phrase, Step, Treatment

START_MS = 1_800_000_000_000
"""Every story begins here; its times are milliseconds after it."""

SECOND = 1_000

POSITION_MS = 2_000
"""So long it takes to tell a position."""

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


def desk(*parts: Line | Agent | Entry | Treatment, **settings: Any) -> Desk:
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
        treatments=tuple(part for part in parts if isinstance(part, Treatment)),
        **settings,
    )


def entry(name: str, to_line: str, medium: Medium = VOICE, **rules: Any) -> Entry:
    plain = name if medium == VOICE else f"{name} {medium}"
    return Entry(EntryId(plain), TenantId("acme"), LineId(to_line), medium, **rules)


def treatment(name: str, *steps: Step) -> Treatment:
    return Treatment(TreatmentId(name), steps)


def declared(id: str = "vpn", mode: str = "inform", **rules: Any) -> events.IncidentDeclared:
    """An incident with the text `vpn down` for an hour, mandatory, unless `rules` say otherwise."""
    rules = {"greeting": f"{id} down", "expires_ms": START_MS + 3_600_000, **rules}
    return events.IncidentDeclared(Incident(id=IncidentId(id), mode=IncidentMode(mode), **rules))


class Story:
    """Drives an engine through a story. Deadlines fire exactly on time. `now` is ms after `start_ms`."""

    def __init__(
        self, opened: Desk, *, forgetful: bool = False, reloads: bool = False, start_ms: int = START_MS
    ) -> None:
        """After every event the engine is a new one, restored from the snapshot (`forgetful`), or the same
        desk is read again (`reloads`): neither may change what comes.
        """
        self.engine = Engine()
        self.start_ms = start_ms
        self.forgetful, self.reloads = forgetful, reloads
        self.now = 0
        self.facts: list[facts.Fact] = []
        self.effects: list[tuple[int, effects.Effect]] = []
        self.outcome = Reaction([], [])
        self.listening: list[tuple[int, int, int]] = []
        """When which contact has heard its position, and by which list."""
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
            self.engine.handle(event, self.start_ms + now)
        except Rejected as refusal:
            assert self.engine.snapshot() == before
            return str(refusal)
        raise AssertionError(f"{event} was taken")

    def until(self, now: int) -> "Story":
        """Time passes, deadlines fire, and whoever is told a position has heard it POSITION_MS later."""
        while (due := self._next()) is not None and due <= now:
            self.now = max(self.now, due)
            if self.listening and self.listening[0][0] == due:
                _, contact, visit = self.listening.pop(0)
                self._handle(events.PromptEnded(ContactId(contact), visit))
            else:
                self._handle(events.Tick())
        self.now = now
        return self

    def _next(self) -> int | None:
        """When something happens by itself."""
        contacts = self.engine.state.contacts
        self.listening = [
            (due, number, visit)
            for due, number, visit in self.listening
            if (one := contacts.get(number)) is not None and one.walk is not None and one.visit == visit
        ]
        deadline_ms = self.engine.next_deadline()
        due = [one[0] for one in self.listening[:1]]
        return min(due + ([] if deadline_ms is None else [deadline_ms - self.start_ms]), default=None)

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
        self._handle(events.Restarted(self.start_ms + now))
        return self

    def _handle(self, event: events.Event) -> None:
        self.outcome = self.engine.handle(event, self.start_ms + self.now)
        if self.forgetful:
            self.restart()
        if self.reloads:
            again = self.engine.handle(events.DeskChanged(self.engine.state.desk), self.start_ms + self.now)
            assert again.effects == [], "nothing has changed"
        self.facts.extend(self.outcome.facts)
        self.effects.extend((self.now, effect) for effect in self.outcome.effects)
        for effect in self.outcome.effects:
            if isinstance(effect, effects.TreatContact) and _tells_position(effect):
                self.listening.append((self.now + POSITION_MS, effect.contact, effect.visit))

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
        """What it is told now is over."""
        return self.at(now, events.PromptEnded(ContactId(contact)))

    def press(self, now: int, contact: int, key: str) -> "Story":
        """It is asked for a key, and presses one."""
        self.until(now)
        return self.at(now, events.KeyPressed(ContactId(contact), self.contact(contact).visit, key))

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
        return self.start_ms + now

    def answered_by(self, number: int) -> AgentId:
        """Who answered this contact last."""
        return next(fact.agent for fact in reversed(self.of(facts.Answered)) if fact.contact == number)

    def offer_to(self, who: str, now: int) -> OfferId:
        self.until(now)
        works = self.engine.state.seats[AgentId(who)].works
        return OfferId(next(work.id for work in works if work.state is WorkState.RINGING))

    def open_offers(self) -> list[OfferId]:
        """Offers that ring now."""
        return [one.offer for one in self.engine.standing() if isinstance(one, effects.OfferContact)]

    def rung(self, who: str) -> int | None:
        """The contact that this agent is rung for now."""
        works = self.engine.state.seats[AgentId(who)].works
        return next((work.contact for work in works if work.state is WorkState.RINGING), None)

    def shown(self, who: str) -> str:
        return shown_state(self.engine.state.seats[AgentId(who)])

    def contact(self, number: int) -> Contact:
        return self.engine.state.contacts[number]

    def position(self, number: int) -> int:
        return contact_view(self.engine.state, self.contact(number), self.start_ms + self.now).position

    def of(self, kind: type[F]) -> list[F]:
        """All facts of one class so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def ordered(self, kind: type[E]) -> list[E]:
        """All effects of one class so far."""
        return [effect for _, effect in self.effects if isinstance(effect, kind)]

    def heard_by(self, contact: int) -> list[tuple[int, tuple[str, ...], str]]:
        """(time, texts, music) of everything that it was played after the music of its admission."""
        return [
            (now, tuple(_said(phrase) for phrase in effect.hears.says), effect.hears.music)
            for now, effect in self.effects
            if isinstance(effect, effects.TreatContact) and effect.contact == contact
        ]

    def log(self, *kinds: type[facts.Fact]) -> list[Told]:
        """(time, what, contact, agent) of the facts of these classes, in order."""
        return [_told(fact, self.start_ms) for fact in self.facts if isinstance(fact, kinds)]

    def answered(self) -> list[int]:
        return [fact.contact for fact in self.of(facts.Answered)]


def _tells_position(effect: effects.TreatContact) -> bool:
    """Whether it tells the position and nothing else, and that is waited for."""
    return effect.hears.reports and {phrase.text for phrase in effect.hears.says} == {POSITION}


def _said(phrase: Phrase) -> str:
    return f"{phrase.text} {phrase.number}" if phrase.number else phrase.text


def _told(fact: facts.Fact, start_ms: int) -> Told:
    told: list[object] = [fact.t_ms - start_ms, type(fact).__name__]
    told += [value for name in ("contact", "agent") if (value := getattr(fact, name, None)) is not None]
    return tuple(told)


def change(opened: Desk, edit: Callable[[Line], Line]) -> events.DeskChanged:
    """The same desk with every line edited."""
    return events.DeskChanged(replace(opened, lines=tuple(edit(one) for one in opened.lines)))
