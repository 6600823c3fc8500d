"""The API's view of the desk: a follower's own copy for what is read, the server's socket for the rest."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import structlog
from msgspec.structs import replace

from acd.content.errors import NotErasedYetError, VaultError, VaultUnknownError
from acd.core import view
from acd.core.engine import ENGINE_VERSION, Engine
from acd.core.errors import Rejected
from acd.core.events import ContactId, Event
from acd.core.facts import Fact, IncidentWarned
from acd.core.view import ContactView, IncidentView, Status
from acd.feed import cursor as cursors
from acd.feed.consumer import Consumer, CursorGone
from acd.feed.cursor import Cursor, Epochs
from acd.feed.messages import Entries
from acd.feed.ring import Unwritten
from acd.follow.follower import Follower
from acd.journal.codec import decode_facts, encode_event
from acd.observe import metrics
from acd.observe.fact_counts import FactCounts
from acd.observe.figures import Figures
from acd.observe.health import Health
from acd.observe.metrics import Exposed
from acd.observe.pauses import LoopLag
from acd.ports import About, ContactRef, JournalEntry, Listed, NewPiece, Told
from acd.web.control import (
    ClearWish,
    IncidentRefused,
    IncidentWish,
    JournalUnreadable,
    KeyReused,
    ListHeld,
    ListRow,
    ListTaken,
    ListVersion,
    NotDurable,
    Page,
    SiteApplied,
    WriteKey,
)
from acd.web.link import Link, LinkError, NoAnswer
from acd.web.protocol import (
    STORE_S,
    Abandon,
    Append,
    ApplySite,
    AreDocuments,
    AreFigures,
    AreLists,
    AreRows,
    AreVersions,
    Ask,
    AskDocument,
    AskDocuments,
    AskFigures,
    AskHealth,
    AskHistory,
    AskLists,
    AskOutside,
    AskRows,
    AskVersions,
    CallBack,
    ChangeIncident,
    ClearIncident,
    Declare,
    Done,
    Erase,
    Erased,
    IsDocument,
    IsHealth,
    IsHistory,
    IsPiece,
    Kept,
    ListsTaken,
    OfIncident,
    Read,
    Repeat,
    SiteIs,
    Storing,
    Submit,
    TakeLists,
    Unknown,
    Welcome,
)
from acd.web.recent import CAPACITY, RecentFacts
from agents.skills import AgentId
from queues.desk import EntryId, Incident, LineId

_log = structlog.get_logger("acd.incidents")

LOOK_S = 2.0
"""For what the server can say at once."""
CHANGE_S = 12.0
"""For a change; the server itself waits 10 s for the disk and then says so."""
HISTORY_S = 30.0
"""An old contact lies in archives that have to be searched."""
DOCUMENT_S = 12.0
"""For a piece of a document, or for the disk that takes it."""
LISTS_S = 30.0
"""The directory's file may be busy with a list that is just being taken in."""
LOOK_BACK_S = 30.0
SILENCE_S = 10.0
"""A server that says nothing for so long, not even to the follower, hangs: no disk has to be waited for."""
SEEN_S = 2.0
"""A change that is synced is seen by whoever reads next, unless the feed is later than this."""

Expected = TypeVar("Expected")


class Following:
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

    async def change(self, event: Event | None, by: str, key: WriteKey | None) -> int:
        """As the port says; returns when the follower has it, too."""
        encoded = b"" if event is None else encode_event(event)
        seq = (await self._ask(Submit(encoded, by, key), CHANGE_S, Done)).seq
        await self.follower.reached(seq, SEEN_S)
        return seq

    async def promise_callback(self, contact: ContactId, number: str, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(CallBack(contact, number, by, key))

    async def consult_outside(
        self, contact: ContactId, agent: AgentId, number: str, by: str, key: WriteKey | None
    ) -> int:
        """As the port says."""
        return await self._stored(AskOutside(contact, agent, number, by, key))

    async def _stored(self, wish: CallBack | AskOutside | OfIncident) -> int:
        """Wait for more than the journal, and until the change is seen here."""
        seq = (await self._ask_while_it_lives(wish, Done)).seq
        await self.follower.reached(seq, SEEN_S)
        return seq

    async def repeated(self, key: WriteKey) -> int | None:
        """As the port says."""
        answer = await self._ask(Repeat(key), CHANGE_S, (Done, Unknown))
        return answer.seq if isinstance(answer, Done) else None

    async def erase(self, value: str, tenant: str | None) -> tuple[int, int]:
        """As the port says."""
        erased = await self._ask_while_it_lives(Erase(value, tenant), Erased)
        return erased.contacts, erased.lists

    async def take_lists(self, by: str) -> list[ListTaken]:
        """As the port says."""
        return (await self._ask_while_it_lives(TakeLists(by), ListsTaken)).lists

    async def lists(self) -> list[ListHeld]:
        """As the port says."""
        return (await self._ask(AskLists(), LISTS_S, AreLists)).lists

    async def list_versions(self, tenant: str, kind: str) -> list[ListVersion]:
        """As the port says."""
        return (await self._ask(AskVersions(tenant, kind), LISTS_S, AreVersions)).versions

    async def list_rows(self, tenant: str, kind: str, version: int, start: int, by: str) -> list[ListRow]:
        """As the port says."""
        return (await self._ask(AskRows(tenant, kind, version, start, by), LISTS_S, AreRows)).rows

    async def apply_site(self, by: str, *, look: bool) -> SiteApplied:
        """As the port says."""
        return (await self._ask_while_it_lives(ApplySite(by, look), SiteIs)).applied

    async def declare_incident(self, incident: Incident, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(Declare(incident, by, key))

    async def change_incident(self, wish: IncidentWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(ChangeIncident(wish, by, key))

    def to_clear(self) -> tuple[Incident, ...]:
        """As the port says."""
        return view.to_clear(self.follower.engine.state)

    async def clear_incident(self, wish: ClearWish, by: str, key: WriteKey | None) -> int:
        """As the port says."""
        return await self._stored(ClearIncident(wish, by, key))

    async def history(self, contact: ContactId) -> list[Told]:
        """As the port says."""
        found = await self._ask(AskHistory(contact), HISTORY_S, IsHistory)
        return list(map(Told, found.seqs, found.by, decode_facts(found.facts)))

    async def about(self, document: str) -> About:
        """As the port says."""
        found = await self._ask(AskDocument(document), DOCUMENT_S, IsDocument)
        return About(ContactRef(found.tenant, found.ref), found.kind, found.size, found.whole)

    async def documents(self, contacts: Sequence[ContactRef], most: int) -> list[Listed]:
        """As the port says."""
        asked = AskDocuments(list(contacts), most)
        return (await self._ask(asked, DOCUMENT_S, AreDocuments)).documents

    async def piece(self, document: str, number: int) -> bytes | None:
        """As the port says."""
        return (await self._ask(Read(document, number), DOCUMENT_S, IsPiece)).data

    async def append(self, piece: NewPiece) -> str:
        """As the port says."""
        contact, kind, data, of, last = piece
        return (await self._ask(Append(*contact, kind, data, of, last), DOCUMENT_S, Kept)).document

    async def abandon(self, document: str) -> None:
        """As the port says; a server that does not hear it gives the document up by itself."""
        with suppress(NoAnswer, VaultError):
            await self._ask(Abandon(document), LOOK_S, Done)

    def now_ms(self) -> int:
        """The server's time: both processes have the machine's monotonic clock in common."""
        now_ms = time.monotonic_ns() // 1_000_000 + self._welcome.clock_ms
        return max(now_ms, self.follower.engine.state.now_ms)

    def _heard_ms(self) -> int:
        """When the server last said something; it does so every two seconds at least."""
        return self.follower.heard_ms + self._welcome.clock_ms

    async def _ask(
        self, ask: Ask, patience_s: float, expected: type[Expected] | tuple[type[Expected], ...]
    ) -> Expected:
        """Raises NoAnswer, and what the port promises for the server's refusals."""
        try:
            answer = await self._link.ask(ask, patience_s)
        except LinkError as refusal:
            raise _REFUSALS.get(refusal.code, NoAnswer)(str(refusal)) from refusal
        if not isinstance(answer, expected):
            raise NoAnswer(f"the server answered {type(answer).__name__}")
        return answer

    async def _ask_while_it_lives(self, ask: Storing, expected: type[Expected]) -> Expected:
        """What rewrites files takes long, but the server says every two seconds that it is there."""
        asking = asyncio.ensure_future(self._ask(ask, STORE_S + LOOK_S, expected))
        try:
            while not asking.done():
                await asyncio.wait([asking], timeout=1.0)
                silent_s = self.follower.silent_s
                if not asking.done() and silent_s >= SILENCE_S:
                    raise NoAnswer(
                        f"the server says nothing since {silent_s:.0f} s: what became of it is not known"
                    )
            return asking.result()
        finally:
            asking.cancel()


_REFUSALS: dict[str, type[Exception]] = {
    "rejected": Rejected,
    "not_durable": NotDurable,
    "journal_unreadable": JournalUnreadable,
    "key_reused": KeyReused,
    "incident_refused": IncidentRefused,
    "unknown": VaultUnknownError,
    "not_erased_yet": NotErasedYetError,
    "not_stored": VaultError,
}
