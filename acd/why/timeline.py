"""The decisions about one contact, noted while an engine goes through its journal; it changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from acd.core import events, facts
from acd.core.admission import better
from acd.core.engine import Engine
from acd.core.facts import Fact
from acd.core.state import State
from acd.why.score import Idle, Standing, chosen_by, decided_by, idle, rivals, standing
from acd.why.verdict import Bar, Rule, Verdict, case_of, free_for, verdict, verdicts
from agents.roster import Seat
from agents.skills import AgentId
from queues.contact import Contact
from queues.desk import LineId
from queues.states import ContactState

MOST_RIVALS = 5
"""So many of those who waited behind it are named."""


class Note(Struct, frozen=True):
    """A rule that took effect, or a fact: a key of `acd.why.words.SENTENCES`, and what it says."""

    key: str
    said: Mapping[str, Any]


class Look(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A moment at which somebody was looked for, or at which an agent was given something else."""

    outcome: str
    """`offered`, `reserved`, `nobody`, or `passed over` (an agent who could serve it got another contact)."""
    line: LineId
    standing: Standing
    agent: AgentId | None = None
    """Who was chosen."""
    choice: str = ""
    """As in `Offered`: `agent chosen`, `contact chosen` or `reserved`."""
    policy: str = ""
    bar: str = ""
    """Why it could be offered to nobody at all: `recording` or `no room`."""
    verdicts: tuple[Verdict, ...] = ()
    idle: tuple[Idle, ...] = ()
    """Those who could have taken it, the best first."""
    rivals: tuple[Standing, ...] = ()
    """Other contacts for that agent, the first in rank first."""
    decided_by: str = ""
    """What made the difference to the next best agent or contact; empty: there was none."""


class Step(Struct, frozen=True):
    """What one fact or one look says. `t_ms` in Unix milliseconds."""

    seq: int
    by: str
    t_ms: int
    notes: tuple[Note, ...]
    look: Look | None = None


class Spell(Struct, frozen=True):
    """As long as the contact was in a line: an agent of those whom it was meant for, and what kept him."""

    agent: AgentId
    from_ms: int
    until_ms: int
    bars: tuple[Bar, ...]


class Timeline:
    """Give it what the engine does, entry by entry: `before`, then `saw` for each fact, then `after`."""

    def __init__(self, contact: int) -> None:
        self.contact = contact
        self.steps: list[Step] = []
        self.spells: list[Spell] = []
        self.passed_over: list[Look] = []
        """By whom it was overtaken, one look for each."""
        self.heard: list[str] = []
        """Incidents that it was told of."""
        self._held_for: AgentId | None = None
        self._last_offer: dict[AgentId, int] = {}
        self._now: dict[AgentId, tuple[int, tuple[Bar, ...]]] = {}
        self._seq, self._by = 0, ""
        self._event: events.Event = events.Tick()

    def begin(self, state: State) -> None:
        """The state from which it goes on."""
        self._last_offer = {name: seat.record.last_offer for name, seat in state.seats.items()}

    def before(self, seq: int, by: str, event: events.Event) -> None:
        """The entry that follows."""
        self._seq, self._by, self._event = seq, by, event

    def saw(self, state: State, fact: Fact) -> None:
        """A fact, in its moment."""
        if isinstance(fact, facts.Decision):
            if fact.contact == self.contact:
                self._add(state, fact, self._decision(state, fact))
            elif fact.choice != "reserved":  # that was decided when he was reserved
                self._overtaken(state, fact)
            if isinstance(fact, facts.Offered):
                self._last_offer[fact.agent] = fact.offer
        elif is_about(fact, self.contact):
            self._remember(fact)
            self._add(state, fact, None)

    def after(self, engine: Engine, told: Sequence[Fact]) -> None:
        """What the entry has led to."""
        state = engine.state
        contact = state.contacts.get(self.contact)
        mine = any(is_about(fact, self.contact) for fact in told)
        if contact is None or contact.id not in state.board.places:
            self._close_spells(state.now_ms)
            return
        if mine and contact.state is ContactState.WAITING:
            self._looked_for(state, contact)
        self._follow(state, contact, told, anew=mine)

    def close(self, now_ms: int) -> None:
        """Nothing more is known."""
        self._close_spells(now_ms)

    # ---- facts

    def _remember(self, fact: Fact) -> None:
        if isinstance(fact, facts.PreferredHeld):
            self._held_for = fact.agent
        elif isinstance(fact, facts.PreferredLet | facts.Queued | facts.Answered):
            self._held_for = None
        elif isinstance(fact, facts.Informed):
            self.heard.append(fact.incident)

    def _add(self, state: State, fact: Fact, look: Look | None) -> None:
        said = to_builtins(fact)
        notes = (Note(said.pop("type"), said), *_rules(state, self._event, fact))
        self.steps.append(Step(self._seq, self._by, fact.t_ms, notes, look))

    # ---- looks

    def _decision(self, state: State, fact: facts.Decision) -> Look:
        contact, seat = state.contacts[fact.contact], state.seats[fact.agent]
        case = case_of(state, contact, fact.offer, self._held_for)
        found = verdicts(state, case)
        free = [state.seats[one.agent] for one in found if not one.bars]
        order = sorted((idle(case, one, self._offered(one)) for one in free), key=lambda one: one.key)
        others: list[Standing] = []
        if fact.choice == "contact chosen":
            others = rivals(state, case, seat)
        mine, decided = standing(state, contact), ""
        if others:
            decided = decided_by(mine, others[0])
        elif fact.choice == "agent chosen":
            rest = [one for one in order if one.agent != fact.agent]
            chosen = next((one for one in order if one.agent == fact.agent), None)
            decided = chosen_by(case.line.policy, chosen, rest[0]) if chosen and rest else ""
        return Look(
            outcome="reserved" if isinstance(fact, facts.Reserved) else "offered",
            line=contact.line,
            standing=mine,
            agent=fact.agent,
            choice=fact.choice,
            policy=fact.policy,
            verdicts=tuple(found),
            idle=tuple(order),
            rivals=tuple(others[:MOST_RIVALS]),
            decided_by=decided,
        )

    def _offered(self, seat: Seat) -> int:
        """The number of his last offer before this one."""
        return self._last_offer.get(seat.record.id, 0)

    def _overtaken(self, state: State, fact: facts.Decision) -> None:
        """The agent of that offer could have served this one, which waited."""
        contact = state.contacts.get(self.contact)
        if contact is None or contact.state is not ContactState.WAITING:
            return
        place = state.board.places.get(contact.id)
        if place is None or not place.in_bucket or fact.agent not in place.need.fitness:
            return
        seat = state.seats[fact.agent]
        if fact.agent in contact.tried or not free_for(state, seat, contact.medium, fact.offer):
            return
        mine, theirs = standing(state, contact), standing(state, state.contacts[fact.contact])
        look = Look(
            outcome="passed over",
            line=contact.line,
            standing=mine,
            agent=fact.agent,
            rivals=(theirs,),
            decided_by=decided_by(theirs, mine),
        )
        self.passed_over.append(look)
        said = {"agent": fact.agent, "rival": fact.contact, "line": fact.line}
        self.steps.append(Step(self._seq, self._by, fact.t_ms, (Note("PassedOver", said),), look))

    def _looked_for(self, state: State, contact: Contact) -> None:
        """It changed, and it still waits: nobody could take it."""
        place, bar = state.board.places[contact.id], ""
        if not place.in_bucket:
            bar = "recording" if contact.recording is not None else "no room"
        look = Look(
            outcome="nobody",
            line=contact.line,
            standing=standing(state, contact),
            policy=state.lines[contact.line].policy,
            bar=bar,
            verdicts=tuple(verdicts(state, case_of(state, contact))),
        )
        self.steps.append(Step(self._seq, self._by, state.now_ms, (Note("LookedFor", {"bar": bar}),), look))

    # ---- what kept everybody meanwhile

    def _follow(self, state: State, contact: Contact, told: Sequence[Fact], *, anew: bool) -> None:
        case = case_of(state, contact)
        moved = {name for fact in told for name in (getattr(fact, "agent", None),) if name}
        moved |= {fact.from_agent for fact in told if isinstance(fact, facts.TakenOver)}
        everybody = anew or not self._now or any(isinstance(fact, facts.DeskSet) for fact in told)
        for name in list(state.seats) if everybody else moved & state.seats.keys():
            found = verdict(state, case, state.seats[name])
            later = any(bar.rule is Rule.SKILL and bar.until_ms for bar in found.bars)
            self._spell(name, found.bars if found.his or later else None, state.now_ms)

    def _spell(self, name: AgentId, bars: tuple[Bar, ...] | None, now_ms: int) -> None:
        since = self._now.pop(name, None)
        if since is not None and since[1] == bars:
            self._now[name] = since
            return
        if since is not None and since[0] < now_ms:
            self.spells.append(Spell(name, since[0], now_ms, since[1]))
        if bars is not None:
            self._now[name] = (now_ms, bars)

    def _close_spells(self, now_ms: int) -> None:
        for name in list(self._now):
            self._spell(name, None, now_ms)


def is_about(fact: Fact, contact: int) -> bool:
    """Also of a consult, which its facts name beside the contact that it is about."""
    return contact in (getattr(fact, "contact", 0), getattr(fact, "consult", 0))


def _rules(state: State, event: events.Event, fact: Fact) -> Iterator[Note]:
    """What a fact does not say: by which rule of the desk it is so."""
    if isinstance(fact, facts.Arrived) and isinstance(event, events.ContactArrived):
        yield from _claim(state, event)
    elif isinstance(fact, facts.Queued):
        contact, line = state.contacts[fact.contact], state.lines[fact.line]
        if contact.asked_class is None and fact.priority_class == line.priority_class:
            yield Note("ClassOfLine", {"line": line.id, "priority_class": line.priority_class})
    elif isinstance(fact, facts.Treated):
        walk = state.contacts[fact.contact].walk
        if walk is not None and walk.turned_away:
            yield Note("TurnedAway", {"line": state.contacts[fact.contact].line, "reason": walk.turned_away})
    elif isinstance(fact, facts.NotAnswered):
        yield Note("Rona", {"agent": fact.agent, "pause": state.desk.no_answer_reason})


def _claim(state: State, event: events.ContactArrived) -> Iterator[Note]:
    """Class and head start by its entry or by a list: the better of the two counts."""
    entry = state.entries[event.entry]
    asked_class, head_start_ms = better(event.priority_class, event.head_start_ms, entry)
    if asked_class is not None:
        whose = "ClassOfList" if asked_class == event.priority_class else "ClassOfEntry"
        yield Note(whose, {"entry": entry.id, "priority_class": asked_class})
    if head_start_ms:
        whose = "HeadStartOfList" if head_start_ms == event.head_start_ms else "HeadStartOfEntry"
        yield Note(whose, {"entry": entry.id, "head_start_ms": head_start_ms})
