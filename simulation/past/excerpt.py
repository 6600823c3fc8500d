"""What a stretch of a record holds: desk, arrivals, facts, who was there; read once, from its beginning."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from acd.core import facts
from acd.core.events import (
    AnyEvent,
    CalendarChanged,
    ContactArrived,
    DeskChanged,
    IncidentDeclared,
    OfferId,
)
from acd.core.facts import ENDINGS, Fact
from acd.journal.codec import decode_event, decode_facts
from acd.ports import JournalEntry
from queues.desk import Desk, Incident
from simulation.past.presence import Presence
from simulation.scenario import Duty

_TOLD_BY_EVENT = (facts.Arrived, facts.Blocked, facts.DeskSet, facts.CalendarSet, facts.IncidentOn)
"""Facts of events that say more than they do."""


class Coming(Struct, frozen=True):
    """One arrival, taken or not."""

    t_ms: int
    event: ContactArrived


class Declared(Struct, frozen=True):
    """An incident, and how long it was on."""

    incident: Incident
    start_ms: int
    end_ms: int


class Excerpt(Struct, frozen=True):
    """The stretch [start_ms, end_ms) of a record, and of what came after it only how it went on."""

    start_ms: int
    end_ms: int
    last_ms: int
    """Of the last entry read; the desk may have stopped then, before the end of the stretch."""
    desk: Desk
    """The last one of the stretch, with all lines, entries and agents that the ones before had."""
    desks: int
    """How many there were in the stretch."""
    comings: tuple[Coming, ...]
    """In the order of the record; a call that turned out to be a fax comes as one."""
    before: tuple[tuple[Fact, ...], ...]
    """Facts so far of each contact that was there when the stretch began."""
    batches: Sequence[list[Fact]]
    """Facts within the stretch, event by event."""
    after: Sequence[list[Fact]]
    """Facts after it."""
    opening: tuple[Fact, ...]
    """Who was signed in when it began."""
    duties: tuple[Duty, ...]
    back_ms: Mapping[OfferId, int]
    """Offer that was not answered → how long its agent was away for it."""
    incidents: tuple[Declared, ...]
    """Those of the stretch, also if they were declared before it."""

    @property
    def told(self) -> Iterator[Sequence[Fact]]:
        """All facts of all its contacts, those that were there before it too, in order."""
        return chain(self.before, self.batches, self.after)


class Excerpting:
    """A fold of entries, from the first one of a journal on, into the excerpt of one stretch."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._start_ms, self._end_ms = start_ms, end_ms
        self._desk: Desk | None = None
        self._desks = 0
        self._comings: list[Coming] = []
        self._came: dict[int, int] = {}
        """Contact → which of these it is."""
        self._live: dict[int, list[Fact]] = {}
        self._before: tuple[tuple[Fact, ...], ...] | None = None
        self._opening: tuple[Fact, ...] = ()
        self._batches: list[list[Fact]] = []
        self._after: list[list[Fact]] = []
        self._presence = Presence()
        self._duties: tuple[Duty, ...] | None = None
        self._incidents: list[Declared] = []
        self._last_ms = 0

    def take(self, entry: JournalEntry) -> None:
        """Fold the next entry. Raises msgspec.MsgspecError for one that this version cannot read."""
        self._last_ms = entry.t_ms
        if entry.t_ms >= self._start_ms and self._before is None:
            self._begin()
        if entry.t_ms >= self._end_ms and self._duties is None:
            self._duties = self._presence.duties(self._start_ms, self._end_ms)
        batch: list[Fact] = list(decode_facts(entry.facts))
        for fact in batch:
            if isinstance(fact, _TOLD_BY_EVENT):
                self._told(decode_event(entry.event), entry.t_ms, fact)
            elif isinstance(fact, facts.IncidentOff | facts.MediumChange):
                self._told_later(fact)
        self._presence.take(batch)
        if entry.t_ms < self._start_ms:
            self._follow(batch)
        elif batch:
            (self._batches if entry.t_ms < self._end_ms else self._after).append(batch)

    def excerpt(self) -> Excerpt | None:
        """All of it; None when there was no desk, or nothing at all, in the stretch."""
        if self._desk is None or self._before is None:
            return None
        duties = self._duties
        if duties is None:  # the record ends within the stretch, and with it everybody's duty
            duties = self._presence.duties(self._start_ms, self._last_ms + 1)
        return Excerpt(
            start_ms=self._start_ms,
            end_ms=self._end_ms,
            last_ms=self._last_ms,
            desk=self._desk,
            desks=self._desks,
            comings=tuple(self._comings),
            before=self._before,
            batches=self._batches,
            after=self._after,
            opening=self._opening,
            duties=duties,
            back_ms=self._presence.back_ms,
            incidents=tuple(one for one in self._incidents if one.end_ms > self._start_ms),
        )

    def _begin(self) -> None:
        self._before = tuple(tuple(told) for told in self._live.values())
        reason = self._desk.no_answer_reason if self._desk is not None else ""
        self._opening = tuple(self._presence.opening(self._start_ms, reason))

    def _told(self, event: AnyEvent, t_ms: int, fact: Fact) -> None:
        within = self._start_ms <= t_ms < self._end_ms
        match event:
            case ContactArrived() if within:
                self._came[getattr(fact, "contact", 0)] = len(self._comings)
                self._comings.append(Coming(t_ms, event))
            case DeskChanged() if t_ms < self._end_ms:
                old = self._desk if within and self._desk is not None else event.desk
                self._desk = union(old, event.desk)
                self._desks = self._desks + 1 if within else 1
            case CalendarChanged() if self._desk is not None:
                others = (one for one in self._desk.calendars if one.id != event.calendar.id)
                self._desk = replace(self._desk, calendars=(*others, event.calendar))
            case IncidentDeclared() if t_ms < self._end_ms:
                self._incidents.append(Declared(event.incident, t_ms, event.incident.expires_ms))

    def _told_later(self, fact: facts.IncidentOff | facts.MediumChange) -> None:
        """How long it was on; or what it was in truth, so that the model's comes as that."""
        if isinstance(fact, facts.IncidentOff):
            self._incidents = [_ended(one, fact) for one in self._incidents]
        elif fact.contact in self._came:
            index = self._came[fact.contact]
            coming = self._comings[index]
            event = replace(coming.event, entry=fact.entry, medium=fact.medium)
            self._comings[index] = replace(coming, event=event)

    def _follow(self, batch: Iterable[Fact]) -> None:
        """Keep what was told of contacts that are still there."""
        for fact in batch:
            contact = getattr(fact, "contact", None)
            if isinstance(fact, ENDINGS):
                self._live.pop(contact or 0, None)
            elif isinstance(fact, facts.Arrived):
                self._live[fact.contact] = [fact]
            elif contact in self._live:
                self._live[contact].append(fact)


def _ended(one: Declared, fact: facts.IncidentOff) -> Declared:
    ends = one.incident.id == fact.incident and fact.t_ms < one.end_ms
    return replace(one, end_ms=fact.t_ms) if ends else one


def union(old: Desk, new: Desk) -> Desk:
    """The new desk, and after its own the agents, lines and entries that only the old one had."""

    def both(name: str) -> tuple[object, ...]:
        mine = getattr(new, name)
        known = {one.id for one in mine}
        return (*mine, *(one for one in getattr(old, name) if one.id not in known))

    return replace(new, **{name: both(name) for name in ("agents", "lines", "entries", "calendars")})
