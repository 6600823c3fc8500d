"""What people and the world outside did in a stretch of a journal, each thing with what it was an answer to.

Who is offered a contact answers so many milliseconds after it rings; who has answered hangs up so long after
that; who hears a text presses a key so long after it began. What answers to nothing (a caller comes, an agent
goes to lunch) has its own moment. So when the engine decides otherwise, they still act as they did.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from statistics import median_low
from typing import Any

from msgspec import Struct, field

from acd.core import events, facts
from acd.core.events import Event
from acd.core.facts import Fact
from agents.skills import AgentId

RINGS_MS = 3_000
"""So long somebody rings of whom nobody knows better."""
TALKS_MS = 180_000
"""And so long is talked, where nobody in that line ever was."""
SAYS_MS = 5_000
"""And so long takes a text that nobody heard to its end."""

OfferAnswer = events.OfferAccepted | events.OfferRefused | events.OfferFailed
Heard = events.PromptEnded | events.KeyPressed | events.DigitsCollected | events.MessageRecorded
CallEnd = events.CallAnswered | events.CallFailed

Hears = tuple[int, str, int, tuple[str, ...]]
"""(contact, treatment, step, texts)."""


class Deed(Struct, frozen=True):
    """Something that somebody did."""

    seq: int
    event: Event
    delay_ms: int = 0
    """After what it answers to."""


class Rang(Struct):
    """What an agent did about an offer."""

    offered_ms: int
    answer: Deed | None = None
    """None: nothing."""
    lasted_ms: int = -1
    """How long it rang, where it ended without him; -1: until the end of the record."""
    in_vain: bool = False
    """He let it ring (RONA)."""


class Spoken(Struct):
    """A contact was answered: by whom, when, and what everybody did about it from then on."""

    agent: AgentId
    t_ms: int
    deeds: list[Deed] = field(default_factory=list)


class Past(Struct):
    """The deeds of a stretch of a journal. Contacts have the numbers of the record."""

    plain: list[tuple[int, Deed]] = field(default_factory=list)
    """(moment, deed) of those that answer to nothing."""
    rang: dict[tuple[int, AgentId], deque[Rang]] = field(default_factory=lambda: defaultdict(deque))
    spoken: dict[int, list[Spoken]] = field(default_factory=lambda: defaultdict(list))
    """Contact → its answers, the first first."""
    heard: dict[Hears, deque[list[Deed]]] = field(default_factory=lambda: defaultdict(deque))
    called: dict[int, deque[list[Deed]]] = field(default_factory=lambda: defaultdict(deque))
    """Contact → what came of each attempt to call it."""
    cleared: dict[tuple[str, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    """Incident and who was linked to it → the contacts that the engine made to tell him its end, in order."""
    tried: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """Escalation, round and place in its list → the contact by which the engine called him."""
    made: dict[int, int] = field(default_factory=dict)
    """Entry → the contact (or consult) that it began."""
    late: dict[int, int] = field(default_factory=dict)
    """Moment of a deadline → when the server fired it, where that was later."""
    restarts: list[tuple[int, int]] = field(default_factory=list)
    """(since, until) the server was away."""


class Usual:
    """How long things take, as far as they were seen."""

    def __init__(self) -> None:
        self.rings: dict[AgentId, list[int]] = defaultdict(list)
        """Agent → how long he took to answer."""
        self.talks: dict[str, list[int]] = defaultdict(list)
        """Line → how long its contacts were talked to."""
        self.texts: dict[tuple[str, ...], list[int]] = defaultdict(list)
        """Texts → how long it took to say them."""
        self._offered: dict[int, int] = {}
        self._answered: dict[int, int] = {}
        self._hears: dict[int, facts.Treated] = {}

    def take(self, t_ms: int, event: Event, told: Sequence[Fact]) -> None:
        """An entry."""
        if isinstance(event, events.PromptEnded) and (heard := self._hears.get(event.contact)) is not None:
            self.texts[heard.says].append(t_ms - heard.t_ms)
        for fact in told:
            if isinstance(fact, facts.Offered):
                self._offered[fact.offer] = fact.t_ms
            elif isinstance(fact, facts.Treated):
                self._hears[fact.contact] = fact
            elif isinstance(fact, facts.Answered):
                self._answered[fact.contact] = fact.t_ms
                if (offered_ms := self._offered.pop(fact.offer, None)) is not None:
                    self.rings[fact.agent].append(fact.t_ms - offered_ms)
            elif isinstance(fact, facts.ENDINGS):
                self._over(fact)

    def ring_ms(self, agent: AgentId) -> int:
        """His own median, else that of everybody."""
        own = self.rings.get(agent) or [ms for answers in self.rings.values() for ms in answers]
        return median_low(own) if own else RINGS_MS

    def talk_ms(self, line: str) -> int:
        """The median of the line."""
        return median_low(self.talks[line]) if line in self.talks else TALKS_MS

    def text_ms(self, says: tuple[str, ...]) -> int:
        """The median of these texts."""
        return median_low(self.texts[says]) if says in self.texts else SAYS_MS

    def _over(self, fact: Any) -> None:
        answered_ms = self._answered.pop(fact.contact, None)
        self._hears.pop(fact.contact, None)
        if answered_ms is not None:
            self.talks[fact.line].append(fact.t_ms - answered_ms)


class Reading:
    """Makes a `Past` of the entries that are given to it in order."""

    def __init__(self) -> None:
        self.past = Past()
        self._offers: dict[int, Rang] = {}
        self._visits: dict[tuple[int, int], tuple[int, list[Deed]]] = {}
        self._now: dict[int, int] = {}
        """Contact → the number of what it hears."""
        self._calls: dict[int, tuple[int, list[Deed]]] = {}
        self._listed = 0
        """The contact by which a list calls somebody; that it began is told next."""

    def take(self, seq: int, t_ms: int, event: Event, told: Sequence[Fact], due_ms: int | None) -> None:
        """An entry; `due_ms`: the earliest deadline before it."""
        if isinstance(event, events.Tick | events.Restarted) and due_ms is not None and due_ms < t_ms:
            self.past.late[due_ms] = t_ms  # a restart comes before what was due
        if not isinstance(event, events.Tick):
            self._deed(seq, t_ms, event)
        for fact in told:
            self._fact(seq, fact)

    # ---- what was done

    def _deed(self, seq: int, t_ms: int, event: Event) -> None:
        deed = Deed(seq, event)
        if isinstance(event, OfferAnswer) and (rang := self._offers.get(event.offer)) is not None:
            rang.answer = Deed(seq, event, t_ms - rang.offered_ms)
        elif isinstance(event, Heard) and (visit := self._visits.get(self._visit(event))) is not None:
            since_ms, deeds = visit
            deeds.append(Deed(seq, event, t_ms - since_ms))
        elif isinstance(event, CallEnd) and (call := self._calls.get(event.call)) is not None:
            call[1].append(Deed(seq, event, t_ms - call[0]))
        elif (spoken := self.past.spoken.get(getattr(event, "contact", 0))) and not _of_no_talk(event):
            spoken[-1].deeds.append(Deed(seq, event, t_ms - spoken[-1].t_ms))
        else:
            self.past.plain.append((t_ms, deed))
            if isinstance(event, events.Restarted):
                self.past.restarts.append((event.since_ms, t_ms))

    def _visit(self, event: Heard) -> tuple[int, int]:
        return event.contact, event.visit or self._now.get(event.contact, 0)

    # ---- what was decided

    def _fact(self, seq: int, fact: Fact) -> None:
        past = self.past
        if isinstance(fact, facts.CalledOut):
            self._called_out(seq, fact)
        elif isinstance(fact, facts.EscalationTried):
            past.tried[fact.escalation, fact.round, fact.step] = self._listed = fact.called
        elif isinstance(fact, facts.Arrived):
            past.made[seq] = fact.contact
        elif isinstance(fact, facts.Consulted):
            past.made[seq] = fact.consult
        elif isinstance(fact, facts.Offered):
            rang = self._offers[fact.offer] = Rang(fact.t_ms)
            past.rang[fact.contact, fact.agent].append(rang)
        elif isinstance(fact, facts.Answered):
            past.spoken[fact.contact].append(Spoken(fact.agent, fact.t_ms))
        elif isinstance(fact, facts.NotAnswered | facts.OfferWithdrawn | facts.OfferLost):
            self._unanswered(fact)
        else:
            self._aside(fact)

    def _called_out(self, seq: int, fact: facts.CalledOut) -> None:
        """By the engine, to tell of an incident's end or for a list, or by the entry."""
        past = self.past
        if fact.incident:
            past.cleared[fact.incident, fact.linked].append(fact.contact)
        elif fact.contact != self._listed:
            past.made[seq] = fact.contact

    def _aside(self, fact: Fact) -> None:
        past = self.past
        if isinstance(fact, facts.Treated):
            deeds: list[Deed] = []
            past.heard[fact.contact, fact.treatment, fact.step, fact.says].append(deeds)
            self._visits[fact.contact, fact.visit] = fact.t_ms, deeds
            self._now[fact.contact] = fact.visit
        elif isinstance(fact, facts.CallPlaced):
            ends: list[Deed] = []
            past.called[fact.contact].append(ends)
            self._calls[fact.call] = fact.t_ms, ends

    def _unanswered(self, fact: facts.OfferFact) -> None:
        rang = self._offers.get(fact.offer)
        if rang is not None and rang.answer is None:
            rang.lasted_ms = fact.t_ms - rang.offered_ms
            rang.in_vain = isinstance(fact, facts.NotAnswered)


_NO_TALK: tuple[type[Event], ...] = (
    events.ContactArrived,
    events.CallbackPromised,
    events.CallbackCancelled,
    events.CallOutCancelled,
    events.PriorityChanged,
    events.LeaseRenewed,
)


def _of_no_talk(event: Any) -> bool:
    """Whether it has its own moment, although somebody has talked to that contact."""
    return isinstance(event, _NO_TALK)
