"""The story of each contact of a recorded stretch: its tries, waits, offers and conversations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from acd.core import facts
from acd.core.events import OfferId
from acd.core.facts import ENDINGS, Fact
from acd.kpi.ledger import Ledger
from acd.kpi.segment import Outcome, Segment
from simulation.past.asked import Asked
from simulation.past.excerpt import Excerpt
from simulation.past.redials import WITHIN_MS

Unanswered = facts.Refused | facts.OfferLost | facts.NotAnswered | facts.OfferWithdrawn
OfOffer = facts.Offered | facts.Answered | Unanswered
_ENDS: Mapping[type[Fact], str] = {
    facts.Offered: "withdrawn",
    facts.Refused: "",
    facts.OfferLost: "",
    facts.Answered: "answered",
    facts.NotAnswered: "missed",
    facts.OfferWithdrawn: "withdrawn",
}


class Ring(NamedTuple):
    """What became of one offer of a contact."""

    rang_ms: int
    end: str
    """`answered`, `missed`, or `withdrawn`: it would have rung longer."""


class Story:
    """One contact, or one arrival that was turned away."""

    __slots__ = (
        "arrived_ms",
        "blocked",
        "contact",
        "heard_ms",
        "held",
        "incident",
        "informed_ms",
        "left",
        "over",
        "rings",
        "segments",
    )

    def __init__(self, contact: int, arrived_ms: int) -> None:
        self.contact = contact
        """0: it was turned away."""
        self.arrived_ms = arrived_ms
        self.blocked = not contact
        self.segments: list[Segment] = []
        """In their order; of those that an agent's lost leg cut in two, the parts are one."""
        self.rings: dict[OfferId, Ring] = {}
        """In the order in which they rang; without those that were refused or did not reach the agent."""
        self.left: facts.Abandoned | facts.FlowedOut | None = None
        """How it gave up waiting, if it did."""
        self.held = False
        """It waited for one agent before it was anybody's."""
        self.over = self.blocked
        """Its end is in the record."""
        self.incident = ""
        """The incident whose text it heard …"""
        self.informed_ms = 0
        """… from this moment on."""
        self.heard_ms: int | None = None
        """How long it heard the text before it hung up; None: it did not hang up."""

    @property
    def answered(self) -> list[Segment]:
        """The segments that an agent answered."""
        return [segment for segment in self.segments if segment.answered_ms]

    def talked_at(self, t_ms: int) -> bool:
        """Whether an agent had it then, or it was on its way to the next one."""
        return any(segment.answered_ms and segment.answered_ms <= t_ms for segment in self.segments)

    @property
    def failed_ms(self) -> int | None:
        """When it ended without an answer where it waited last; None: it was answered, or is not over."""
        if self.blocked:
            return self.arrived_ms
        if not self.segments or self.heard_ms is not None:
            return None
        last = self.segments[-1]
        return last.ended_ms if last.outcome in (Outcome.ABANDONED, Outcome.BLOCKED) else None

    def again_after_ms(self, follows: "Story") -> int:
        """From the failure until the next try."""
        return follows.arrived_ms - (self.failed_ms or self.arrived_ms)

    def waits_ms(self) -> Iterator[int]:
        """How long it waited each time: from the arrival, and again from each transfer, until an answer."""
        since_ms = self.arrived_ms
        for segment in self.segments:
            if segment.answered_ms:
                yield segment.answered_ms - since_ms
                since_ms = segment.ended_ms
        if self.segments and not self.segments[-1].answered_ms and self.left is None:
            yield self.segments[-1].ended_ms - since_ms

    @property
    def gave_up_after_ms(self) -> int | None:
        """Its patience, where that is known: it left of its own will after so long."""
        if self.left is None:
            return None
        handed_on = [segment.ended_ms for segment in self.answered]
        return self.left.t_ms - max([self.arrived_ms, *handed_on])


class Stories:
    """A fold of the facts of an excerpt."""

    def __init__(self) -> None:
        self.by_contact: dict[int, Story] = {}
        self.by_ref: dict[tuple[int, str], Story] = {}
        """(moment of arrival, ref) → its story."""
        self.lost_offers = 0
        """Offers that were refused or did not reach the agent."""
        self.asked = Asked()
        self._ledger = Ledger(self._finished)
        self._rings: dict[OfferId, int] = {}

    def take(self, batch: Iterable[Fact]) -> None:
        """Fold the facts of one event."""
        batch = list(batch)
        self.asked.take(batch)
        for fact in batch:
            self._told(fact)
            if isinstance(fact, OfOffer):
                self._ring(fact, _ENDS[type(fact)])
            if isinstance(fact, ENDINGS) and fact.contact in self.by_contact:  # type: ignore[attr-defined]
                self.by_contact[fact.contact].over = True  # type: ignore[attr-defined]
        self._ledger.take(batch)

    def _told(self, fact: Fact) -> None:
        match fact:
            case facts.Arrived():
                story = self.by_contact[fact.contact] = Story(fact.contact, fact.t_ms)
                self.by_ref[fact.t_ms, fact.ref] = story
            case facts.Blocked():
                self.by_ref[fact.t_ms, fact.ref] = Story(0, fact.t_ms)
            case facts.PreferredHeld():
                self._held(fact)
            case facts.Abandoned() | facts.FlowedOut() | facts.Informed() | facts.Deflected():
                self._left(fact)

    def close(self, now_ms: int) -> None:
        """What is not over at `now_ms` is told as far as it went."""
        self._ledger.close(now_ms)
        for story in self.by_contact.values():
            story.segments = _joined(sorted(story.segments, key=lambda segment: segment.number))

    def _finished(self, segment: Segment) -> None:
        if segment.contact in self.by_contact:
            self.by_contact[segment.contact].segments.append(segment)

    def _ring(self, fact: OfOffer, end: str) -> None:
        """It rang until now, and this became of it; nothing: as if it had never rung."""
        story = self.by_contact.get(self.asked.subject(fact.contact))
        since_ms = self._rings.setdefault(fact.offer, fact.t_ms)
        self.lost_offers += not end
        if story is None:
            return
        if end:
            story.rings[fact.offer] = Ring(fact.t_ms - since_ms, end)
        else:
            story.rings.pop(fact.offer, None)

    def _held(self, fact: facts.PreferredHeld) -> None:
        if fact.contact in self.by_contact:
            self.by_contact[fact.contact].held = True

    def _left(self, fact: facts.Abandoned | facts.FlowedOut | facts.Informed | facts.Deflected) -> None:
        story = self.by_contact.get(fact.contact)
        if story is None:
            return
        match fact:
            case facts.Informed():
                story.incident, story.informed_ms = fact.incident, fact.t_ms
            case facts.Deflected():
                story.heard_ms = fact.t_ms - story.informed_ms
            case facts.Abandoned() | facts.FlowedOut():
                story.left = fact


def stories_of(excerpt: Excerpt) -> Stories:
    """The stories of all contacts of the excerpt, those that were there before it too, as far as it tells."""
    stories = Stories()
    for told in excerpt.told:
        stories.take(told)
    stories.close(max(excerpt.last_ms, excerpt.start_ms))
    return stories


def _joined(segments: list[Segment]) -> list[Segment]:
    """Segments as the model knows them: a conversation whose agent was lost goes on with the next one."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and joined[-1].kind == "leg lost" and joined[-1].answered_ms:
            last = joined.pop()
            segment.talk_ms += last.talk_ms
            segment.hold_ms += last.hold_ms
        joined.append(segment)
    return joined


def chains(keyed: Mapping[int, tuple[str, Story]]) -> Iterator[list[int]]:
    """The tries of each customer, as numbers of arrivals: who was not served and came again within hours.

    `keyed`: number of the arrival → (who comes by which entry; empty: nobody knows who, story), in the order
    of time. Each arrival is in one chain.
    """
    open_: dict[str, list[int]] = {}
    for number, (who, story) in keyed.items():
        chain = open_.get(who)
        if chain is not None:
            failed_ms = keyed[chain[-1]][1].failed_ms
            if failed_ms is not None and story.arrived_ms - failed_ms <= WITHIN_MS and len(chain) < 15:
                chain.append(number)
                continue
            yield chain
        open_[who or f"unknown {number}"] = [number]
    yield from open_.values()
