"""The API's view of the desk: a follower's own copy for what is read, the server's socket for the rest."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from importlib.metadata import version
from pathlib import Path

import structlog
from msgspec.structs import replace

from acd.core import view
from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.events import ContactId
from acd.core.facts import Fact, IncidentWarned
from acd.core.view import ContactView, EscalationView, IncidentView, Status
from acd.feed import cursor as cursors
from acd.feed.consumer import Consumer, CursorGone
from acd.feed.cursor import Cursor, Epochs
from acd.feed.messages import Entries
from acd.feed.ring import Unwritten
from acd.follow.follower import Follower
from acd.journal.codec import decode_facts
from acd.observe import metrics
from acd.observe.fact_counts import FactCounts
from acd.observe.figures import Figures
from acd.observe.health import Health
from acd.observe.metrics import Exposed
from acd.observe.pauses import LoopLag
from acd.ports import JournalEntry
from acd.web.asking import LOOK_BACK_S, LOOK_S, Asking
from acd.web.control import (
    Page,
)
from acd.web.link import Link, NoAnswer
from acd.web.protocol import (
    AreFigures,
    AskFigures,
    AskHealth,
    IsHealth,
    Welcome,
)
from acd.web.recent import CAPACITY, RecentFacts
from agents.skills import AgentId
from queues.desk import EntryId, Incident, LineId

_log = structlog.get_logger("acd.incidents")


class Following(Asking):
    """Implements acd.web.control.Control in the web process, and watches the follower for metrics."""

    def __init__(self, link: Link, welcome: Welcome) -> None:
        self.follower = Follower(self)
        self.lag = LoopLag()
        self.has_begun = asyncio.Event()
        """The copy stands; what follows is told entry by entry."""
        self._facts = FactCounts()
        self._recent = RecentFacts()
        self.met(link, welcome)
        self.begin_anew()

    def met(self, link: Link, welcome: Welcome) -> None:
        """This is the server from now on. The copy, and what was counted, stay as they are."""
        self._link, self._welcome = link, welcome
        self._epochs = Epochs(welcome.epochs)
        self._count_after = 0

    def begin_anew(self) -> None:
        """The next that comes is a snapshot; until it is there, the copy is shown as it stands."""
        self.has_begun.clear()
        self._count_after = self._welcome.count_after

    def begun(self, engine: Engine) -> None:
        """As Watcher says."""
        self._recent.begun(engine, self.follower.seq)
        live = engine.state.contacts.values()
        self._facts = FactCounts((ContactId(contact.id), contact.medium) for contact in live)
        self.has_begun.set()

    def saw(self, entry: JournalEntry, facts: Sequence[Fact]) -> None:
        """As Watcher says."""
        self._recent.saw(entry, facts)
        self._facts.observe(facts)
        for fact in facts:
            if isinstance(fact, IncidentWarned):
                _log.warning(
                    "an incident ends soon", incident=fact.incident, left_ms=fact.expires_ms - fact.t_ms
                )
        if entry.seq == self._count_after:
            self._facts.begin()

    async def look_back(self, path: Path) -> None:
        """Take in the facts from before the snapshot: clients may come with cursors from there."""
        first = self._recent.first
        if first == 0:
            return
        consumer = Consumer(path, str(Cursor(self._epochs.current, max(0, first - CAPACITY))))
        found: list[tuple[JournalEntry, Sequence[Fact]]] = []
        async with aclosing(consumer.deliveries()) as deliveries, asyncio.timeout(LOOK_BACK_S):
            async for delivery in deliveries:
                if isinstance(delivery, Entries):
                    older = (entry for entry in delivery.entries if entry.seq <= first)
                    found += ((entry, decode_facts(entry.facts)) for entry in older)
                    if cursors.parse(delivery.cursor).seq >= first:
                        break
        self._recent.came_before(found)

    async def health(self) -> Health:
        """What the server says of itself; if it says nothing, that it does not answer."""
        try:
            return (await self._ask(AskHealth(), LOOK_S, IsHealth)).health
        except NoAnswer as silence:
            reason = str(silence)
            return Health("unreachable", reason, reason, {}, version("acd-engine"), ENGINE_VERSION)

    async def metrics(self) -> bytes:
        """Prometheus text."""
        figures: Figures | None = None
        with suppress(NoAnswer):  # `acd_server_up` says so
            figures = (await self._ask(AskFigures(), LOOK_S, AreFigures)).figures
        state, now_ms = self.follower.engine.state, self.now_ms()
        lines, agents = view.line_views(state, now_ms), view.agent_views(state)
        return metrics.text(
            Exposed(
                facts=self._facts,
                lines=lines,
                agents=agents,
                entry_ms=state.now_ms,
                age_ms=self.age_ms(),
                lag=self.lag.pauses,
                figures=figures,
            )
        )

    def status(self, contacts: int) -> Status:
        """Lines, agents, and the first `contacts` contacts."""
        found = view.status(self.follower.engine.state, self.now_ms(), contacts, self._heard_ms())
        late = self.unwritten()
        return replace(found, unwritten=late.entries, unwritten_since_ms=late.since_ms)

    def incidents(self) -> tuple[Incident, ...]:
        """As the port says."""
        return view.incidents(self.follower.engine.state)

    def escalations(self) -> tuple[EscalationView, ...]:
        """As the port says."""
        return view.escalations(self.follower.engine.state)

    def incident(self, name: str) -> IncidentView | None:
        """As the port says."""
        return view.incident_view(self.follower.engine.state, name, self.now_ms())

    def lines_of(self, client: str) -> frozenset[LineId]:
        """As the port says."""
        lines = self.follower.engine.state.lines.values()
        return frozenset(line.id for line in lines if line.tenant == client)

    def entries_of(self, client: str) -> frozenset[EntryId]:
        """As the port says."""
        entries = self.follower.engine.state.entries.values()
        return frozenset(entry.id for entry in entries if entry.tenant == client)

    def agents_with(self, contact: ContactId) -> tuple[AgentId, ...]:
        """As the port says; in the order of the roster."""
        seats = self.follower.engine.state.seats.values()
        return tuple(seat.record.id for seat in seats if any(work.contact == contact for work in seat.works))

    def availability(self, agent: AgentId) -> str | None:
        """`signed_out`, `ready` or `paused`; None: unknown agent."""
        seat = self.follower.engine.state.seats.get(agent)
        return None if seat is None else seat.record.state.value

    def contact(self, contact: ContactId) -> ContactView | None:
        """One contact; None: not live."""
        state = self.follower.engine.state
        found = state.contacts.get(contact)
        return None if found is None else view.contact_view(state, found, self.now_ms())

    def cursor(self) -> str:
        """As the port says."""
        return self.follower.cursor

    def age_ms(self) -> int:
        """As the port says."""
        return max(0, self.now_ms() - self._heard_ms())

    def unwritten(self) -> Unwritten:
        """As the port says."""
        late = self.follower.unwritten
        return late._replace(since_ms=late.since_ms + self._welcome.clock_ms) if late.entries else late

    async def follow(self, after: str, wait_s: float) -> Page:
        """As the port says."""
        at = cursors.parse(after or self.cursor())
        if not self._epochs.holds(at, self.follower.seq):
            raise CursorGone("the facts before this cursor are not those of this journal")
        await self.follower.reached(at.seq + 1, wait_s)
        entries = self._recent.after(at.seq)
        if entries is None:
            raise CursorGone("what follows this cursor is not kept any more")
        taken = list(entries)
        seq = taken[-1][0] if taken else at.seq
        facts = [one for _, found in taken for one in found]
        return Page(str(Cursor(cursors.parse(self.follower.cursor).epoch, seq)), facts)

    def to_clear(self) -> tuple[Incident, ...]:
        """As the port says."""
        return view.to_clear(self.follower.engine.state)

    def now_ms(self) -> int:
        """The server's time: both processes have the machine's monotonic clock in common."""
        now_ms = time.monotonic_ns() // 1_000_000 + self._welcome.clock_ms
        return max(now_ms, self.follower.engine.state.now_ms)

    def _heard_ms(self) -> int:
        """When the server last said something; it does so every two seconds at least."""
        return self.follower.heard_ms + self._welcome.clock_ms
